"""NEP_CPU in C++ through calorine: the second opinion, and what works where our own engine was not compiled."""

from __future__ import annotations

import contextlib
import io
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell

from lr_correction.engine import Evaluation
from lr_correction.errors import ModelError
from lr_correction.nep import NEP
from nepkit.models.potentials.potential import Array

_KEPT = 8  # objects of NEP_CPU kept, each for one number of atoms: making one reads the file again
_GAP = 1.0  # A beyond the cutoff between copies of a system that has none


class CalorineEngine:
    """A model file evaluated by NEP_CPU, one structure at a time however many threads ask.

    calorine's module of C++ is used without its calculator, whose import takes seconds. A direction that is not
    periodic gets a cell so long that nothing sees its copies.

    Parameters
    ----------
    path : Path
        ``nep.txt``, version 4.
    nep : NEP
        What is in it.

    Raises
    ------
    ModelError
        For a version that calorine does not read.
    """

    def __init__(self, path: Path, nep: NEP) -> None:
        if nep.version != 4:
            raise ModelError(f"{path}: calorine reads version 4 of NEP, this is version {nep.version}")
        self.path, self.nep = path, nep
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._lock = Lock()

    def evaluate(self, atoms: Atoms, *, bec: bool = False, features: bool = False, forces: bool = True) -> Evaluation:
        """Return what the model says; with ``features`` the descriptors and nothing else.

        Raises
        ------
        RuntimeError
            Where NEP_CPU refuses the structure.
        """
        cell = atoms.cell.array
        if not all(atoms.pbc):
            cell = _isolated(atoms, self.nep.cutoff_radial)
        count = len(atoms)
        with self._lock:
            program = self._program(atoms, cell)
            if features:
                values = np.array(program.get_descriptors()).reshape(-1, count).T
                return Evaluation(np.zeros(count), np.zeros((count, 3)), np.zeros((3, 3)), descriptors=values)
            charges = born = None
            if self.nep.charge_mode:
                energies, by_atom, virials, *rest = program.get_potential_forces_virials_and_charges()
                charges, born = np.array(rest[0]), np.array(rest[1]).reshape(9, count).T.reshape(count, 3, 3)
            else:
                energies, by_atom, virials = program.get_potential_forces_and_virials()
        virial = np.array(virials).reshape(9, count).sum(axis=1).reshape(3, 3)
        return Evaluation(
            np.array(energies), np.array(by_atom).reshape(3, count).T.copy(), 0.5 * (virial + virial.T), charges,
            born if bec else None,
        )  # fmt: skip

    def _program(self, atoms: Atoms, cell: Array) -> Any:
        """Return the object of C++ with this structure in it."""
        box, places = list(cell.T.ravel()), list(atoms.positions.T.ravel())
        symbols, count = atoms.get_chemical_symbols(), len(atoms)
        if count not in self._kept:
            from _nepy import NEPY  # a part of calorine

            with contextlib.redirect_stdout(io.StringIO()):  # it reports on the model
                self._kept[count] = NEPY(str(self.path), count, box, symbols, places, atoms.get_masses())
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        program = self._kept[count]
        self._kept.move_to_end(count)
        program.set_cell(box)
        program.set_symbols(symbols)
        program.set_positions(places)
        return program


def _isolated(atoms: Atoms, cutoff: float) -> Array:
    """Return a cell whose copies along the directions that are not periodic are beyond the cutoff."""
    cell = atoms.cell.array.copy()
    cell[~atoms.pbc] = 0.0
    cell = np.array(Cell(cell).complete().array)
    for axis in np.flatnonzero(~atoms.pbc):
        along = atoms.positions @ cell[axis]
        cell[axis] *= np.ptp(along) + cutoff + _GAP
    return cell
