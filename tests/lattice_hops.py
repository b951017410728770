"""Ions that hop on a known lattice with a known rate, rattling at their sites; anions stay."""

import numpy as np
from ase import Atoms

A = 3.0  # A, between sites
SIDE = 4  # sites along every cell vector
SITES = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def box(skew=True):
    return A * SIDE * np.array([[1, 0, 0], [0.2 * skew, 1, 0], [-0.15 * skew, 0.1 * skew, 1]])


def hops(seed=0, *, share=0.02, ions=20, frames=2000, rattle=0.25, breathe=0.0, reverse=None, drift=0.0, skew=True):
    """Fractional paths (F, N, 3) of ions, hops per frame and ion ``share``; and the hops, (frame, ion, step).

    ``reverse`` is the probability that a hop undoes the last one along a line; hops are then along a alone.
    """
    rng = np.random.default_rng(seed)
    place = rng.permutation(SITES)[:ions].astype(float)
    last = rng.choice([-1, 1], ions)
    moved = rng.random((frames, ions)) < share
    moved[0] = False
    rows, done = [], []
    for frame in range(frames):
        for ion in np.flatnonzero(moved[frame]):
            step = np.zeros(3)
            if reverse is None:
                step[rng.integers(3)] = rng.choice([-1, 1])
            else:
                last[ion] *= -1 if rng.random() < reverse else 1
                step[0] = last[ion]
            place[ion] += step
            done.append((frame, ion, step))
        rows.append(place / SIDE)
    paths = np.array(rows) + 1.0 / (2 * SIDE)
    paths += (rng.normal(scale=rattle, size=paths.shape)) @ np.linalg.inv(box(skew))
    return paths + drift * np.arange(frames)[:, None, None], done


def trajectory(paths, *, seed=0, breathe=0.0, interval=0.1, drift=0.0, skew=True):
    """Wrapped frames of Li at fractional paths and a resting anion lattice, whose cell breathes and that drifts."""
    rng = np.random.default_rng(seed)
    frames, anions = [], SITES / SIDE
    for number, lithium in enumerate(paths):
        cell = box(skew) * (1.0 + breathe * rng.normal())
        place = np.concatenate([lithium, anions + drift * number])
        atoms = Atoms(["Li"] * len(lithium) + ["Cl"] * len(anions), scaled_positions=place % 1.0, cell=cell, pbc=True)
        atoms.info["Time"] = 1000.0 * interval * number
        frames.append(atoms)
    return frames


def vacancy(seed=0, side=6, jumps=4000):
    """Paths over the sites (F, N, 3) of all atoms of a simple cubic crystal with one vacancy, one jump a frame."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.array([side**2, side, 1])
    atom, place, empty = np.arange(len(corners)) - 1, corners[1:].copy(), 0
    rows = [place.copy()]
    for axis, sign in zip(rng.integers(0, 3, jumps), rng.choice([-1, 1], jumps), strict=True):
        step = np.zeros(3, dtype=int)
        step[axis] = sign
        target = int(((corners[empty] + step) % side) @ weights)
        place[atom[target]] -= step
        atom[empty], atom[target], empty = atom[target], -1, target
        rows.append(place.copy())
    return np.array(rows)
