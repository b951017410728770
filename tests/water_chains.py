"""Chains of water along which hydroxide ions hop with a known rate: the geometry and the protons are explicit."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

SPACING = 2.8  # A, between oxygens
HELD, APART = 0.98, 6.0  # A, O-H and between chains


@dataclass(frozen=True)
class Chains:
    """Frames, and what was done: hops[c] lists (frame, direction) of every lasting hop of chain c; all changes."""

    frames: list
    hops: list
    changes: int


def chains(
    seed=0, *, rate=0.2, rattle=0.0, slide=0.0, count=6, length=10, frames=2000, interval=0.05, noise=0.03, skew=True,
    breathe=0.0, excess=-1,
):  # fmt: skip
    """One ion in each of some periodic chains.

    ``rate`` (1/ps) of lasting hops to either side together; ``rattle`` (1/ps) of hops that are undone in the next
    frame; ``slide`` (A^2/ps) the diffusion coefficient of a whole chain along itself; the cell is triclinic where
    ``skew``, and breathes by a share ``breathe``. ``excess`` is -1 for OH- and K+, +1 for H3O+ and Cl-.
    """
    rng = np.random.default_rng(seed)
    box = np.array([[SPACING * length, 0, 0], [3.0 * skew, APART * count, 0], [-2.0 * skew, 4.0 * skew, 2 * APART]])
    site = rng.integers(0, length, count)
    owner = _owners(site, count, length, excess)
    offset = np.zeros(count)
    made, hops, undo, changes = [], [[] for _ in range(count)], np.zeros(count, dtype=int), 0
    for frame in range(frames):
        for c in range(count):
            if not frame:
                break
            step = -undo[c]
            undo[c] = 0
            if not step and rng.random() < rate * interval:
                step = rng.choice([-1, 1])
                hops[c].append((frame, step))
            elif not step and rng.random() < rattle * interval:
                step = undo[c] = rng.choice([-1, 1])
            if step:
                changes += 1
                _transfer(owner[c], site[c], (site[c] + step) % length, excess)
                site[c] = (site[c] + step) % length
        offset += rng.normal(scale=np.sqrt(2 * slide * interval), size=count)
        cell = box * (1.0 + breathe * rng.normal())
        made.append(_frame(owner, site, offset, box, cell, length, noise, rng, 1000.0 * frame * interval, excess))
    return Chains(made, hops, changes)


def _owners(site, count, length, excess):
    """Each chain: the site of every proton that can move along it."""
    owner = []
    for c in range(count):
        sites = [s for s in range(length) if s != site[c]] if excess < 0 else [*range(length), site[c]]
        owner.append(np.array(sites))
    return owner


def _transfer(owner, old, new, excess):
    """Give a proton from the new site of OH- to the old one; of H3O+ the other way."""
    giver, taker = (new, old) if excess < 0 else (old, new)
    owner[np.flatnonzero(owner == giver)[0]] = taker


def _frame(owner, site, offset, box, cell, length, noise, rng, time, excess):
    places, symbols = [], []
    for c in range(len(site)):
        origin = np.array([0.0, (c + 0.25) * APART, APART])
        along = SPACING * np.arange(length) + offset[c]
        toward = (site[c] - np.arange(length) + length // 2) % length - length // 2
        places += [origin + np.array([x, 0, 0]) for x in along]
        symbols += ["O"] * length
        places += [origin + np.array([x, HELD, 0]) for x in along]  # the proton that never moves along the chain
        symbols += ["H"] * length
        seen = {}
        for s in owner[c]:
            # Both neighbours of OH- give to it; those of H3O+ take from it, so that its protons point both ways.
            sign = np.sign(toward[s]) * (1 if excess < 0 else -1) or (1 if seen.get(s) else -1)
            seen[s] = True
            places.append(origin + np.array([along[s] + HELD * sign, 0, 0]))
            symbols.append("H")
        places.append(origin - np.array([0.0, 0.0, APART]))
        symbols.append("K" if excess < 0 else "Cl")
    positions = np.array(places) + rng.normal(scale=noise, size=(len(places), 3))
    fractional = np.linalg.solve(box.T, positions.T).T
    atoms = Atoms(symbols, positions=fractional @ cell, cell=cell, pbc=True, info={"Time": time})
    atoms.wrap()
    return atoms
