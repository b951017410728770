"""Polarisation of every cell of a network: Born effective charges times displacements, divided by the volume.

Every cell is a centre with the neighbours around it, each shared with the other cells that have it
(Meyer and Vanderbilt, doi:10.1103/PhysRevB.65.104111): P = e/V sum_k w_k Z*_k (r_k - r_centre). Charges that do not add
up to zero in a cell are made to by shifting all of them alike, since P would depend on the origin otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.models.potentials import Potential
from nepkit.models.potentials.potential import place
from nepkit.structures.local.displacements import CentreVectors
from nepkit.structures.local.neighbours import Neighbours

Array = NDArray[np.float64]

E_PER_A2 = 16.02176634
"""C/m^2 of one e/A^2: the elementary charge of the SI, doi:10.1103/RevModPhys.93.025010."""


@dataclass(frozen=True)
class Polarisation:
    """Polarisation of every cell in every frame.

    Parameters
    ----------
    vectors : CentreVectors
        C/m^2, shape (F, C, 3).
    excess : float
        Largest charge of a cell before it was made neutral, e: the trace of the tensor over 3.
    """

    vectors: CentreVectors
    excess: float

    @property
    def total(self) -> Array:
        """Polarisation of every frame, C/m^2, shape (F, 3): the mean over its cells."""
        return np.asarray(self.vectors.values.mean(axis=1))


def polarisation(
    frames: Iterable[Atoms],
    shells: Sequence[Neighbours],
    charges: Mapping[str, float] | Potential | None = None,
    *,
    source: str = "frame",
) -> Polarisation:
    """Return the local polarisation of frames.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        With the atoms of the structure that the shells were found in.
    shells : sequence of Neighbours
        Around the same centres, such as 6 O and 8 Ba around Ti.
    charges : mapping of str to float, or Potential, or None
        Born effective charge of every element, e; a model that gives tensors, computed for every frame; or None for
        the ``bec`` that the frames carry.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where an atom belongs to no cell, an element or frame has no charge, or a frame has too few atoms.
    """
    centres = shells[0].centres
    volume_share = 1.0 / len(centres)
    weights: list[Array] | None = None
    rows, excess = [], 0.0
    for number, atoms in enumerate(frames, 1):
        where = place(source, number)
        if weights is None:
            weights = _weights(shells, atoms, where)
        born = _born(atoms, charges, where)
        moment, extra = _moments(atoms, shells, weights, born, where)
        excess = max(excess, extra)
        rows.append(moment * (E_PER_A2 / (atoms.cell.volume * volume_share)))
    if not rows:
        raise InputError(f"{source}: no frames")
    return Polarisation(CentreVectors(np.array(rows), centres, "C/m^2", "polarization"), excess)


def _weights(shells: Sequence[Neighbours], atoms: Atoms, where: str) -> list[Array]:
    """Return the share of every neighbour in a cell, shape (C, n) for every shell."""
    cells = np.zeros(len(atoms))
    cells[shells[0].centres] += 1.0
    for shell in shells:
        if max(shell.index.max(), shell.centres.max()) >= len(atoms):
            raise InputError(f"{where}: {len(atoms)} atoms, but the neighbours are of a structure with more")
        np.add.at(cells, shell.index.ravel(), 1.0)
    if (alone := np.flatnonzero(cells == 0.0)).size:
        symbol = atoms.symbols[int(alone[0])]
        raise InputError(f"{where}: atom {alone[0] + 1} ({symbol}) belongs to no cell; add a shell of {symbol}")
    if (cells[shells[0].centres] > 1.0).any():
        raise InputError("a centre is a neighbour too; take other elements for the shells")
    return [1.0 / cells[shell.index] for shell in shells]


def _born(atoms: Atoms, charges: Mapping[str, float] | Potential | None, where: str) -> Array:
    """Return a tensor for every atom, polarisation first, shape (N, 3, 3), e."""
    if isinstance(charges, Mapping):
        if missing := sorted(set(atoms.symbols) - set(charges)):
            raise InputError(f"{where}: no charge of {missing[0]}; give it in --charges")
        return np.array([charges[symbol] for symbol in atoms.symbols])[:, None, None] * np.eye(3)
    if charges is not None:
        charges.check(atoms, where)
    found = labels(atoms, where).bec if charges is None else charges.compute([atoms], source="structure")[0].bec
    if found is None:
        whose = "the frame carries" if charges is None else f"{charges.name} gives"
        raise InputError(f"{where}: {whose} no Born effective charges; give a qNEP as --model, or --charges Ba=2.7,...")
    return found


def _moments(
    atoms: Atoms, shells: Sequence[Neighbours], weights: Sequence[Array], born: Array, where: str
) -> tuple[Array, float]:
    """Return the dipole of every cell, e A, shape (C, 3), and the largest charge before it was made neutral, e."""
    centres = shells[0].centres
    charge, weight = born[centres].copy(), np.ones(len(centres))
    for shell, share in zip(shells, weights, strict=True):
        charge += np.einsum("cn,cnab->cab", share, born[shell.index])
        weight += share.sum(axis=1)
    shift = charge / weight[:, None, None]
    moment = np.zeros((len(centres), 3))
    for shell, share in zip(shells, weights, strict=True):
        neutral = born[shell.index] - shift[:, None]
        moment += np.einsum("cn,cnab,cnb->ca", share, neutral, shell.vectors(atoms))
    return moment, float(np.abs(np.trace(charge, axis1=1, axis2=2)).max() / 3.0)
