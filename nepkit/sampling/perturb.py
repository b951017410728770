"""Copies of a structure with atoms displaced and the cell strained, none with atoms too close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.frames import without_results

Style = Literal["uniform", "normal", "const"]

_TRIES = 100


def perturbed(
    atoms: Atoms,
    count: int,
    *,
    displacement: float = 0.2,
    strain: float = 0.03,
    style: Style = "uniform",
    min_radii: float = 0.6,
    seed: int | tuple[int, ...] = 0,
) -> Iterator[Atoms]:
    """Yield perturbed copies; labels are left out, other columns stay.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    count : int
        How many copies.
    displacement : float
        A. uniform: anywhere within this distance; normal: standard deviation of the length along every axis is this by
        the root of 3; const: exactly this far in any direction.
    strain : float
        Largest magnitude of a component of the symmetric strain of the cell, uniform.
    style : str
        Of the displacements.
    min_radii : float
        No two atoms come nearer than this part of the sum of their covalent radii; a copy where they do is drawn again.
    seed : int or tuple of int
        Of the random numbers.

    Raises
    ------
    InputError
        Where hundred draws in a row have atoms too close, or a number is negative.

    Examples
    --------
    >>> from ase.build import bulk
    >>> [len(made) for made in perturbed(bulk("NaCl", "rocksalt", 5.6), 2)]
    [2, 2]
    """
    if count < 1 or displacement < 0 or not 0 <= strain < 1 or min_radii < 0:
        raise InputError("perturbing needs at least 1 copy, a displacement of 0 or more and a strain from 0 to below 1")
    rng = np.random.default_rng(seed)
    plain = without_results(atoms)
    for number in range(1, count + 1):
        for _ in range(_TRIES):
            made = plain.copy()
            change = rng.uniform(-strain, strain, (3, 3))
            made.set_cell(made.cell.array @ (np.eye(3) + np.triu(change) + np.triu(change, 1).T), scale_atoms=True)
            made.positions += _displacements(rng, len(made), displacement, style)
            if not _too_close(made, min_radii):
                break
        else:
            raise InputError(
                f"copy {number}: atoms too close in {_TRIES} draws; take a smaller displacement than {displacement:g} A"
            )
        yield made


def _displacements(rng: np.random.Generator, count: int, size: float, style: str) -> NDArray[np.float64]:
    if style == "normal":
        return rng.normal(scale=size / np.sqrt(3.0), size=(count, 3)) if size else np.zeros((count, 3))
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = np.cbrt(rng.uniform(size=(count, 1))) if style == "uniform" else np.ones((count, 1))
    return np.asarray(size * lengths * directions)


def _too_close(atoms: Atoms, part: float) -> bool:
    radii = covalent_radii[atoms.numbers]
    cutoff = 2.0 * part * float(radii.max())
    if cutoff <= 0.0:
        return False
    near = neighbours(atoms.positions, atoms.cell.array, cutoff, atoms.pbc)
    return bool((near.distance < part * (radii[near.first] + radii[near.second])).any())
