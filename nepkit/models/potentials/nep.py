"""NEP and qNEP files, evaluated by our own engine, by calorine, by arrays, or by PyNEP where it is installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from lr_correction.backend import to_numpy
from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.engine import Engine, Evaluation, kernel
from lr_correction.errors import ModelError
from lr_correction.nepfile import read_nep
from lr_correction.saved import load_charges
from nepkit.core.device import array_module
from nepkit.core.errors import InputError, NepkitError
from nepkit.frames import Labels
from nepkit.models.potentials.calorine import CalorineEngine
from nepkit.models.potentials.potential import (
    Array,
    CalculatorPotential,
    Potential,
    PotentialCalculator,
    place,
    require_finite,
)
from nepkit.models.prediction import Model, load_model, network, predict

BACKENDS = ("auto", "own", "calorine", "lr_correction")
"""Who evaluates a NEP: our own compiled engine, NEP_CPU in C++ through calorine, or our own arrays, which also live on
a GPU; auto is the first where it was compiled and else the second."""


class NepPotential(Potential):
    """A NEP or qNEP file evaluated by our own engine, or by calorine; any number of threads may share it.

    Only a model with charges, whose forces reach further than its cutoff, must be periodic in all directions.

    Parameters
    ----------
    path : str or Path
        ``nep.txt`` of a potential.
    engine : str
        ``"own"``, ``"calorine"``, or ``"auto"``: the first where it was compiled.
    single : bool
        Whether our own engine works on pairs in single precision: forces to about 1e-5 eV/A.

    Raises
    ------
    ModelError
        If the file is not a NEP, or the engine cannot take it.

    Examples
    --------
    >>> NepPotential("nep.txt").compute([atoms])[0].energy  # doctest: +SKIP
    -12.3
    """

    def __init__(self, path: str | Path, engine: str = "auto", *, single: bool = False) -> None:
        self.path = Path(path)
        self.name = str(path)
        self.nep = nep = read_nep(path)
        self.elements = nep.elements
        self.cutoff = nep.cutoff_radial
        self.has_charges = bool(nep.charge_mode)
        self.sqrt_epsilon_inf = nep.sqrt_epsilon_inf
        self.engine, self.single = engine if engine != "auto" else preferred(), single
        self._types = np.full(len(chemical_symbols), -1)  # by atomic number
        self._types[[atomic_numbers[symbol] for symbol in nep.elements]] = np.arange(len(nep.elements))
        self._evaluator: Engine | CalorineEngine | None = None
        self._made()  # what the engine cannot take is told at once

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is compiled behind; it is made anew."""
        return {**self.__dict__, "_evaluator": None}

    def __copy__(self) -> NepPotential:
        """Return the same model with an engine of its own."""
        made = NepPotential.__new__(NepPotential)
        made.__dict__.update(self.__getstate__())
        return made

    def calculator(self) -> Any:
        """Return a new ASE calculator with a state of its own."""
        return PotentialCalculator(self.__copy__())

    def check(self, atoms: Atoms, where: str = "frame") -> None:
        """Raise InputError for a frame that this model cannot be given."""
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
            result = self.evaluate(atoms, where, bec=bec)
            made = Labels(
                energy=result.energy, forces=result.forces, virial=result.virial, charges=result.charges, bec=result.bec
            )
            found.append(require_finite(made, where, self.name))
        return found

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the energy of every atom, eV; with charges the electrostatic energy is divided as GPUMD does."""
        return self.evaluate(atoms, "frame", forces=self.has_charges).energies

    def descriptors(self, atoms: Atoms, where: str = "frame") -> Array:
        """Return the scaled descriptors of every atom, shape (N, D), as GPUMD's ``output_descriptor`` gives them."""
        values = self.evaluate(atoms, where, features=True, forces=False).descriptors
        assert values is not None
        return values

    def evaluate(
        self, atoms: Atoms, where: str = "frame", *, bec: bool = False, features: bool = False, forces: bool = True
    ) -> Evaluation:
        """Return all that the engine says about a structure; see `lr_correction.engine.Engine.evaluate`.

        Raises
        ------
        InputError
            For a frame that the model cannot be given; names it.
        """
        self.check(atoms, where)
        evaluator = self._made()
        try:
            if isinstance(evaluator, CalorineEngine):
                return evaluator.evaluate(atoms, bec=bec, features=features, forces=forces)
            return evaluator.evaluate(
                atoms.positions,
                self._types[atoms.numbers],
                atoms.cell.array,
                atoms.pbc,
                bec=bec,
                features=features,
                forces=forces,
            )
        except ValueError as error:
            raise InputError(f"{where}: {error}") from None
        except RuntimeError as error:  # raised by NEP_CPU, for instance for too many neighbours
            reason = str(error).split(". ")[0].rstrip(".")
            raise InputError(f"{where}: {reason}; is the cell too thin, or are atoms too close?") from None

    def _made(self) -> Engine | CalorineEngine:
        evaluator = self._evaluator
        if evaluator is None:
            own = self.engine == "own"
            evaluator = Engine(self.nep, single=self.single) if own else CalorineEngine(self.path, self.nep)
            self._evaluator = evaluator
        return evaluator


def preferred() -> str:
    """Return who evaluates a NEP where nobody is asked for: "own" where it was compiled, else "calorine"."""
    return "calorine" if kernel() is None else "own"


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


def nep_family(text: str, device: str = "cpu", backend: str = "auto") -> Potential:
    """Return the potential of a NEP or qNEP file; on a GPU it is evaluated by lr_correction."""
    if device != "cpu" or backend == "lr_correction":
        return ArrayPotential(load_model(text), text, device)
    return NepPotential(text, backend)


def own_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return a NEP or qNEP file evaluated by our own engine."""
    return NepPotential(text, "own")


def single_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return a NEP or qNEP file evaluated by our own engine, the pairs in single precision."""
    return NepPotential(text, "own", single=True)


def calorine_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return a NEP or qNEP file evaluated by NEP_CPU through calorine."""
    return NepPotential(text, "calorine")


def charges_family(text: str, device: str = "cpu", backend: str = "auto") -> Potential:
    """Return the potential of a NEP and the charges that lr_correction has saved beside it, ``nep.txt+charges.npz``."""
    model, _, charges = text.rpartition("+")
    return ArrayPotential(load_charges(read_nep(model), charges), text, device)


def pynep_family(text: str, device: str = "cpu", backend: str = "auto") -> Potential:
    """Return a NEP file evaluated by PyNEP, which reads a model with charges as if it had none."""
    nep = read_nep(text)
    if nep.charge_mode:
        raise ModelError(f"{text}: PyNEP misreads models with charges; leave the prefix pynep: away")
    try:
        made = import_module("pynep.calculate").NEP
    except ImportError:
        raise NepkitError(f"PyNEP is not installed: pip install pynep, or give {text} without the prefix") from None
    return CalculatorPotential(lambda: made(text), f"pynep:{text}", nep.elements, nep.cutoff_radial)
