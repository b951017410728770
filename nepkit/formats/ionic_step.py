"""What a reader gathers of one ionic step, and the one way from there to a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.formats.format import Reading, keep_isotopes
from nepkit.frames import Labels, set_labels

UNCONVERGED = "electronic steps not converged"
CUT_SHORT = "cut short"
WITHOUT_FORCES = "without forces, which earlier steps have"
UNTOLD = "the output does not say whether its electronic steps converged"


@dataclass
class IonicStep:
    """One ionic step of a calculation.

    Parameters
    ----------
    cell : ndarray, shape (3, 3), optional
        A.
    symbols : list of str
        Elements.
    positions : ndarray, shape (N, 3), optional
        A.
    failed : bool
        Whether its electronic steps did not converge.
    energy : float, optional
        eV, the one whose derivatives the forces are.
    forces : ndarray, shape (N, 3), optional
        eV/A.
    stress : ndarray, shape (3, 3), optional
        eV/A^3, positive under tension.
    virial : ndarray, shape (3, 3), optional
        eV, of programs that print it; ``stress`` is not used then.
    masses : sequence of float, optional
        amu; those of isotopes are kept.
    pbc : bool or sequence of bool
        A step that is periodic nowhere needs no cell.
    untold : bool
        Whether the output does not say how its electronic steps ended.
    missing : str
        Why a step without positions is none.
    """

    cell: np.ndarray | None = None
    symbols: list[str] = field(default_factory=list)
    positions: np.ndarray | None = None
    failed: bool = False
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None
    virial: np.ndarray | None = None
    masses: Sequence[float] | np.ndarray | None = None
    pbc: bool | Sequence[bool] = True
    untold: bool = False
    missing: str = CUT_SHORT

    def finish(self, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
        """Yield the step as a frame, or note in ``reading`` why it is none.

        Raises
        ------
        InputError
            Where its numbers are not finite or not one row per atom.
        """
        if self.failed:
            reading.drop(number, UNCONVERGED)
        elif self.energy is None or self.positions is None or (np.any(self.pbc) and self.cell is None):
            reading.drop(number, self.missing)
        elif self.forces is None and reading.with_forces:
            reading.drop(number, WITHOUT_FORCES)
        elif self.untold:
            reading.drop(number, UNTOLD)
        else:
            reading.with_forces |= self.forces is not None
            yield self._frame(number, path)

    def _frame(self, number: int, path: Path) -> Atoms:
        rows, tensor = (len(self.symbols), 3), (3, 3)
        for name, shape in {
            "energy": (), "positions": rows, "forces": rows, "cell": tensor, "stress": tensor, "virial": tensor
        }.items():  # fmt: skip
            told = getattr(self, name)
            if told is not None and not (np.shape(told) == shape and np.isfinite(told).all()):
                raise InputError(
                    f"{path}, step {number}: {name} of shape {np.shape(told)}, expected finite numbers of shape "
                    f"{shape}; is the file cut short?"
                )
        atoms = Atoms(self.symbols, positions=self.positions, cell=self.cell, pbc=self.pbc)
        if self.masses is not None and len(self.masses) == len(atoms):
            keep_isotopes(atoms, self.masses)
        virial = self.virial
        if virial is None and self.stress is not None and atoms.cell.volume > 0.0:
            virial = conventions.virial_from_stress(self.stress, atoms.cell.volume)
        set_labels(atoms, Labels(energy=self.energy, forces=self.forces, virial=virial))
        atoms.info["source"] = f"{path.name}:{number}"
        return atoms
