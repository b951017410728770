"""NEP and qNEP files, evaluated by NEP_CPU through calorine, by lr_correction, or by PyNEP where it is installed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell

from lr_correction.backend import to_numpy
from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.errors import ModelError
from lr_correction.nepfile import read_nep
from lr_correction.saved import load_charges
from nepkit.core import conventions
from nepkit.core.device import array_module
from nepkit.core.errors import InputError, NepkitError
from nepkit.frames import Labels
from nepkit.models.potentials.potential import (
    Array,
    CalculatorPotential,
    Potential,
    PotentialCalculator,
    place,
    require_finite,
)
from nepkit.models.prediction import Model, load_model, network, predict

BACKENDS = ("calorine", "lr_correction")
"""Who evaluates a NEP: NEP_CPU in C++ through calorine, or our own arrays, which also live on a GPU."""

_ENGINES = 8  # objects of calorine kept, each for one number of atoms: making one reads the file again
_GAP = 1.0  # A beyond the cutoff between copies of a system that has none


class NepPotential(Potential):
    """A NEP or qNEP file evaluated by calorine.

    A direction that is not periodic gets a cell so long that nothing sees its copies; only a model with charges, whose
    forces reach further, must be periodic.

    Parameters
    ----------
    path : str or Path
        ``nep.txt`` of a potential.

    Examples
    --------
    >>> NepPotential("nep.txt").compute([atoms])[0].energy  # doctest: +SKIP
    -12.3
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = str(path)
        nep = read_nep(path)
        self.elements = nep.elements
        self.cutoff = nep.cutoff_radial
        self.has_charges = bool(nep.charge_mode)
        self.sqrt_epsilon_inf = nep.sqrt_epsilon_inf
        self._engines: OrderedDict[int, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the C++ objects behind; they are made anew."""
        return {**self.__dict__, "_engines": OrderedDict()}

    def __copy__(self) -> NepPotential:
        """Return the same model with engines of its own."""
        made = NepPotential.__new__(NepPotential)
        made.__dict__.update(self.__getstate__())
        return made

    def calculator(self) -> Any:
        """Return a new ASE calculator with a state of its own."""
        return PotentialCalculator(self.__copy__())

    def check(self, atoms: Atoms, where: str = "frame") -> None:
        """Raise InputError for a frame that this model cannot be given: calorine's C++ would end the process."""
        super().check(atoms, where)
        if self.has_charges and not all(atoms.pbc):
            flags = " ".join("T" if flag else "F" for flag in atoms.pbc)
            raise InputError(f'{where}: pbc is "{flags}", but charges need "T T T": set a periodic cell with vacuum')

    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return what the model says about every frame; see `Potential.compute`."""
        found = []
        for number, atoms in enumerate(frames, start=first):
            where = place(source, number)
            results, volume = self._results(atoms, where)
            born = results.get("born_effective_charges")
            made = Labels(
                energy=float(results["energy"]),
                forces=results["forces"],
                virial=conventions.virial_from_stress(conventions.matrix(results["stress"], "ase"), volume),
                charges=results.get("charges"),
                bec=None if born is None or not bec else np.reshape(born, (-1, 3, 3)),
            )
            found.append(require_finite(made, where, self.name))
        return found

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the energy of every atom, eV; with charges the electrostatic energy is divided as GPUMD does."""
        return np.array(self._results(atoms, "frame")[0]["energies"], dtype=float)

    def descriptors(self, atoms: Atoms, where: str = "frame") -> Array:
        """Return the scaled descriptors of every atom, shape (N, D), as GPUMD's ``output_descriptor`` gives them."""
        return np.array(self._results(atoms, where, "descriptors")[0]["descriptors"], dtype=float)

    def _results(self, atoms: Atoms, where: str, wanted: str = "energy") -> tuple[dict[str, Any], float]:
        self.check(atoms, where)
        work = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
        if not all(atoms.pbc):
            work.cell = Cell(_isolated(atoms, float(self.cutoff or 0.0)))
        engine = self._engine(len(work))
        try:
            engine.calculate(work, properties=[wanted])
        except RuntimeError as error:  # raised by the C++ code, for instance for too many neighbours
            reason = str(error).split(". ")[0].rstrip(".")
            raise InputError(f"{where}: {reason}; is the cell too thin, or are atoms too close?") from None
        return engine.results, float(work.cell.volume)

    def _engine(self, atoms: int) -> Any:
        if atoms not in self._engines:
            from calorine.calculators import CPUNEP

            self._engines[atoms] = CPUNEP(str(self.path))
            if len(self._engines) > _ENGINES:
                self._engines.popitem(last=False)
        self._engines.move_to_end(atoms)
        return self._engines[atoms]


def _isolated(atoms: Atoms, cutoff: float) -> Array:
    """Return a cell whose copies along the directions that are not periodic are beyond the cutoff."""
    cell = atoms.cell.array.copy()
    cell[~atoms.pbc] = 0.0
    cell = np.array(Cell(cell).complete().array)
    for axis in np.flatnonzero(~atoms.pbc):
        along = atoms.positions @ cell[axis]
        cell[axis] *= np.ptp(along) + cutoff + _GAP
    return cell


class ArrayPotential(Potential):
    """A NEP, or a NEP with charges, evaluated by lr_correction on numpy or cupy arrays.

    Parameters
    ----------
    model : NEP or LongRangePotential
        The model.
    name : str
        What it is called in messages and results.
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, model: Model, name: str, device: str = "cpu") -> None:
        array_module(device)  # a missing GPU is told before anything else is done
        self.model, self.name, self.device = model, name, device
        self.elements = network(model).elements
        self.cutoff = network(model).cutoff_radial
        self.has_charges = model is not network(model)
        self.sqrt_epsilon_inf = network(model).sqrt_epsilon_inf

    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return what the model says about every frame; see `Potential.compute`."""
        found = predict(self.model, list(frames), bec=bec, source=source, first=first, xp=array_module(self.device))
        return [require_finite(one, place(source, number), self.name) for number, one in enumerate(found, start=first)]

    def descriptors(self, atoms: Atoms, where: str = "frame") -> Array:
        """Return the scaled descriptors of every atom, shape (N, D)."""
        self.check(atoms, where)
        nep = network(self.model)
        batch = Batch.from_atoms([atoms], nep.elements, array_module(self.device))
        return to_numpy(forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors)


def nep_family(text: str, device: str = "cpu", backend: str = "calorine") -> Potential:
    """Return the potential of a NEP or qNEP file; on a GPU it is evaluated by lr_correction."""
    if device != "cpu" or backend == "lr_correction":
        return ArrayPotential(load_model(text), text, device)
    return NepPotential(text)


def charges_family(text: str, device: str = "cpu", backend: str = "calorine") -> Potential:
    """Return the potential of a NEP and the charges that lr_correction has saved beside it, ``nep.txt+charges.npz``."""
    model, _, charges = text.rpartition("+")
    return ArrayPotential(load_charges(read_nep(model), charges), text, device)


def pynep_family(text: str, device: str = "cpu", backend: str = "calorine") -> Potential:
    """Return a NEP file evaluated by PyNEP, which reads a model with charges as if it had none."""
    nep = read_nep(text)
    if nep.charge_mode:
        raise ModelError(f"{text}: PyNEP misreads models with charges; leave the prefix pynep: away")
    try:
        made = import_module("pynep.calculate").NEP
    except ImportError:
        raise NepkitError(f"PyNEP is not installed: pip install pynep, or give {text} without the prefix") from None
    return CalculatorPotential(lambda: made(text), f"pynep:{text}", nep.elements, nep.cutoff_radial)
