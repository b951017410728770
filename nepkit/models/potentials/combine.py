"""Sums and committees of potentials, which are potentials themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import Labels
from nepkit.models.potentials.potential import Array, Potential

_QUANTITIES = ("energy", "forces", "virial", "charges", "bec")


class _Several(Potential):
    """What sums and committees share: the elements and the reach of all their members."""

    def __init__(self, members: Sequence[Potential]) -> None:
        if not members:
            raise ValueError("at least one potential is needed")
        self.members = tuple(members)
        known = [member.elements for member in members if member.elements is not None]
        self.elements = (
            tuple(symbol for symbol in known[0] if all(symbol in other for other in known)) if known else None
        )
        cutoffs = [member.cutoff for member in members]
        self.cutoff = None if None in cutoffs else max(cutoff for cutoff in cutoffs if cutoff is not None)

    def _all(self, frames: Iterable[Atoms], source: str, bec: bool, first: int) -> list[list[Labels]]:
        given = list(frames)
        return [member.compute(given, source=source, bec=bec, first=first) for member in self.members]


class SumPotential(_Several):
    """The sum of potentials, such as a short-range model and a dispersion correction.

    Examples
    --------
    >>> from nepkit.models.potentials import load_potential
    >>> from ase.build import bulk
    >>> emt = load_potential("emt")
    >>> round(SumPotential([emt, emt]).compute([bulk("Cu")])[0].energy, 4)
    -0.0114
    """

    def __init__(self, members: Sequence[Potential]) -> None:
        super().__init__(members)
        self.name = "+".join(member.name for member in members)
        self.has_charges = any(member.has_charges for member in members)

    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return the sums; charges are those of the members that have any. See `Potential.compute`."""
        return [_sum(row) for row in zip(*self._all(frames, source, bec, first), strict=True)]

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the energy of every atom, eV."""
        total: Array = np.sum([member.site_energies(atoms) for member in self.members], axis=0)
        return total


def _sum(row: Sequence[Labels]) -> Labels:
    made: dict[str, Any] = {}
    for name in _QUANTITIES:
        values = [value for one in row if (value := getattr(one, name)) is not None]
        complete = len(values) == len(row) or name in ("charges", "bec")
        made[name] = sum(values[1:], start=values[0]) if values and complete else None
    return Labels(**made)


@dataclass(frozen=True)
class Spread:
    """What a committee says about one frame.

    Parameters
    ----------
    mean : Labels
        Mean over the members.
    deviation : Labels
        Sample standard deviation over the members (n - 1), of every number by itself.
    members : tuple of Labels
        What each of them says.
    """

    mean: Labels
    deviation: Labels
    members: tuple[Labels, ...]

    @property
    def force(self) -> NDArray[np.float64]:
        """Deviation of the force on every atom as a vector, shape (N,), eV/A: root of the summed variances."""
        spread: NDArray[np.float64] = np.linalg.norm(np.asarray(self.deviation.forces), axis=1)
        return spread


class Committee(_Several):
    """Several models of the same physics: the mean is a potential, the spread tells where they disagree.

    Examples
    --------
    >>> from nepkit.models.potentials import load_potential
    >>> from ase.build import bulk
    >>> committee = Committee([load_potential("emt"), load_potential("emt")])
    >>> committee.spread([bulk("Cu")])[0].force
    array([0.])
    """

    def __init__(self, members: Sequence[Potential]) -> None:
        if len(members) < 2:
            raise InputError("a committee needs at least two models")
        super().__init__(members)
        self.name = ", ".join(member.name for member in members)
        self.has_charges = all(member.has_charges for member in members)

    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return the means; see `Potential.compute`."""
        return [row.mean for row in self.spread(frames, source=source, bec=bec, first=first)]

    def spread(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Spread]:
        """Return mean, standard deviation and members of every frame."""
        return [_spread(row) for row in zip(*self._all(frames, source, bec, first), strict=True)]

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the mean energy of every atom, eV."""
        mean: Array = np.mean([member.site_energies(atoms) for member in self.members], axis=0)
        return mean


def _spread(row: tuple[Labels, ...]) -> Spread:
    mean: dict[str, Any] = {}
    deviation: dict[str, Any] = {}
    for name in _QUANTITIES:
        values = [getattr(one, name) for one in row]
        if all(value is not None for value in values):
            mean[name], deviation[name] = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    return Spread(Labels(**mean), Labels(**deviation), row)
