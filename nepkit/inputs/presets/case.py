"""What a template of run.in is filled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.inputs.potential import PotentialHeader
from nepkit.structures.supercells import replicated

STEP_WITH_HYDROGEN, STEP = 0.5, 1.0
"""fs; an O-H stretch takes 9 fs, lattice modes of other elements 30 fs or more."""


@dataclass(frozen=True)
class Case:
    """A simulation to be set up.

    Parameters
    ----------
    atoms : Atoms
        The structure.
    potentials : tuple of str
        Potential files as run.in names them.
    headers : tuple of PotentialHeader
        Their heads.
    temperature : float
        K.
    pressure : float
        GPa.
    length : float
        Simulated time of the production run, ps.
    direction : str
        x, y or z: along which heat flows.
    time_step : float or None
        fs; by the lightest element when None.
    copies : tuple of int or None
        Repetitions of the cell; as many as the cutoff asks for when None.
    grouped : bool
        Whether model.xyz is written with the repetitions and groups in it.
    """

    atoms: Atoms
    potentials: tuple[str, ...]
    headers: tuple[PotentialHeader, ...]
    temperature: float = 300.0
    pressure: float = 0.0
    length: float = 1000.0
    direction: str = "x"
    time_step: float | None = None
    copies: tuple[int, int, int] | None = None
    grouped: bool = False

    def __post_init__(self) -> None:
        known = self.headers[0].elements if self.headers else ()
        for element in dict.fromkeys(self.atoms.get_chemical_symbols()):
            if known and element not in known:
                raise UnknownNameError(f"the potential does not know {element}: {did_you_mean(element, known)}")
        if self.atoms.cell.rank < 3:
            raise InputError("the structure has no cell; give it one with vacuum")

    @property
    def step(self) -> float:
        """Time step, fs."""
        if self.time_step is not None:
            return self.time_step
        return STEP_WITH_HYDROGEN if "H" in self.atoms.get_chemical_symbols() else STEP

    @property
    def why_step(self) -> str:
        """The reason for the time step."""
        if self.time_step is not None:
            return "fs, as asked for"
        if self.step == STEP_WITH_HYDROGEN:
            return "fs; hydrogen vibrates within 9 fs"
        return "fs; without hydrogen"

    def steps(self, picoseconds: float) -> int:
        """Return the number of steps of a time, in whole thousands."""
        return max(1000, round(picoseconds / self.step) * 1000)

    def every(self, femtoseconds: float) -> int:
        """Return the number of steps between samples."""
        return max(1, round(femtoseconds / self.step))

    @property
    def cutoff(self) -> float | None:
        """Largest radial cutoff, A."""
        return max((header.cutoff for header in self.headers if header.cutoff is not None), default=None)

    @property
    def smallest(self) -> float:
        """Thickness of the cell from which on GPUMD takes its fast way, A (src/force/nep.cu)."""
        return 2.5 * (self.cutoff + 1) if self.cutoff is not None else 20.0

    @cached_property
    def repetitions(self) -> tuple[int, int, int]:
        """Repetitions of the cell."""
        if self.copies is not None:
            return self.copies
        thickness = 1 / np.linalg.norm(np.linalg.inv(self.atoms.cell.array), axis=0)
        wanted = [int(np.ceil(1.001 * self.smallest / value)) for value in thickness]
        counts = [count if periodic else 1 for count, periodic in zip(wanted, self.atoms.pbc, strict=True)]
        return (counts[0], counts[1], counts[2])

    @property
    def axis(self) -> int:
        """Number of the direction."""
        return "xyz".index(self.direction)

    @cached_property
    def model(self) -> Atoms:
        """The whole simulation cell."""
        return replicated(self.atoms, self.repetitions)

    @property
    def elements(self) -> list[str]:
        """Elements of the structure, in alphabetical order: the order of groups by element."""
        return sorted(set(self.atoms.get_chemical_symbols()))

    @property
    def orthogonal(self) -> bool:
        """Whether the cell has right angles, along x, y and z."""
        cell = self.atoms.cell.array
        return bool(np.allclose(cell, np.diag(np.diag(cell)), atol=1e-6))

    def longer(self, axis: int, times: int) -> Case:
        """Return the case with more repetitions along one axis."""
        counts = list(self.repetitions)
        counts[axis] *= times
        return replace(self, copies=(counts[0], counts[1], counts[2]))

    def has_groups(self, methods: Sequence[str]) -> bool:
        """Return whether the structure itself has groups by element, where that is all that is wanted."""
        labels = self.atoms.arrays.get("group")
        if labels is None or list(methods) != ["element"]:
            return False
        first = np.asarray(labels).reshape(len(self.atoms), -1)[:, 0]
        symbols = np.array(self.atoms.get_chemical_symbols())
        return all(len(set(symbols[first == label])) == 1 for label in np.unique(first))
