"""What a reader gathers of one ionic step before it becomes a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core import conventions
from nepkit.formats.format import Reading
from nepkit.formats.outcar import CUT_SHORT, UNCONVERGED
from nepkit.frames import Labels, set_labels


@dataclass
class IonicStep:
    """One ionic step of a periodic calculation.

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
        eV.
    forces : ndarray, shape (N, 3), optional
        eV/A.
    stress : ndarray, shape (3, 3), optional
        eV/A^3, positive under tension.
    """

    cell: np.ndarray | None = None
    symbols: list[str] = field(default_factory=list)
    positions: np.ndarray | None = None
    failed: bool = False
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None

    def finish(self, number: int, path: Path, reading: Reading) -> Iterator[Atoms]:
        """Yield the step as a frame, or note in ``reading`` why it is none."""
        if self.failed:
            reading.drop(number, UNCONVERGED)
        elif self.energy is None or self.positions is None or self.cell is None:
            reading.drop(number, CUT_SHORT)
        else:
            atoms = Atoms(self.symbols, positions=self.positions, cell=self.cell, pbc=True)
            virial = None if self.stress is None else conventions.virial_from_stress(self.stress, atoms.cell.volume)
            set_labels(atoms, Labels(energy=self.energy, forces=self.forces, virial=virial))
            atoms.info["source"] = f"{path.name}:{number}"
            yield atoms
