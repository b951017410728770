"""What every potential can do, and the two adapters between it and ASE's calculators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.frames import Labels

Array = NDArray[np.float64]

_THINNEST = 1e-3  # A; lattice vectors below it are no cell


class Potential(ABC):
    """Energy, forces and virial of frames, and charges where the model has them.

    Attributes
    ----------
    name : str
        As on the command line, such as the path of a nep.txt.
    elements : tuple of str or None
        Chemical symbols that the model knows; None where it does not say.
    cutoff : float or None
        Largest distance between atoms that see each other, A; None where the model does not say.
    has_charges : bool
        Whether `compute` gives charges and Born effective charges.
    sqrt_epsilon_inf : float or None
        Root of the electronic dielectric constant, where the model says one.
    """

    name: str
    elements: tuple[str, ...] | None = None
    cutoff: float | None = None
    has_charges: bool = False
    sqrt_epsilon_inf: float | None = None

    @abstractmethod
    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return what the model says about every frame; nothing is kept from one frame to the next.

        Parameters
        ----------
        frames : iterable of ase.Atoms
            They are not changed, and whatever labels they carry is ignored.
        source : str
            What messages call the frames, such as the name of their file.
        bec : bool
            Whether Born effective charges are wanted; they cost time in some models.
        first : int
            Number of the first frame in messages.

        Raises
        ------
        InputError
            For an element that the model lacks, a cell it cannot use, or numbers that are not finite; names the frame.
        """

    def calculator(self) -> Any:
        """Return a new ASE calculator with a state of its own."""
        return PotentialCalculator(self)

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the energy of every atom, shape (N,), eV, whose sum is the energy of the frame.

        Raises
        ------
        InputError
            Where the model has no such division.
        """
        raise InputError(f"{self.name}: this model does not divide its energy among atoms; use a NEP, MACE or EMT")

    def check(self, atoms: Atoms, where: str = "frame") -> None:
        """Raise InputError for a frame that no potential, or not this one, can be given."""
        if not len(atoms):
            raise InputError(f"{where}: no atoms")
        if self.elements is not None and not _known(self.elements)[atoms.numbers].all():
            unknown = min(set(atoms.symbols) - set(self.elements))
            raise InputError(f"{where}: element {unknown} is not in the model, which knows {' '.join(self.elements)}")
        cell, pbc = atoms.cell.array, atoms.pbc
        if not (np.isfinite(atoms.positions).all() and np.isfinite(cell).all()):
            raise InputError(f"{where}: positions and cell must be finite numbers")
        # The least singular value of three vectors is at least their volume by the square of their norm.
        if pbc.all() and abs(np.linalg.det(cell)) > _THINNEST * (cell**2).sum():
            return
        periodic = cell[pbc]
        if len(periodic) and np.linalg.svd(periodic, compute_uv=False).min() < _THINNEST:
            raise InputError(f"{where}: periodic, but the lattice vectors are no cell; set the Lattice or pbc='F F F'")


@lru_cache
def _known(elements: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return whether a model knows an element, by atomic number."""
    found = np.zeros(len(chemical_symbols), dtype=bool)
    found[[atomic_numbers[symbol] for symbol in elements]] = True
    return found


def place(source: str, number: int) -> str:
    """Return what a message calls a frame, counted from 1; "structure" is the only one."""
    if source in ("frame", "structure"):
        return f"frame {number}" if source == "frame" else source
    return f"{source}, frame {number}"


def require_finite(found: Labels, where: str, name: str) -> Labels:
    """Return the labels, or raise InputError where energy or forces are not finite numbers."""
    forces = () if found.forces is None else found.forces
    if found.energy is None or not np.isfinite(found.energy) or not np.isfinite(forces).all():
        raise InputError(
            f"{where}: {name} gives an energy or forces that are not finite numbers; are atoms on top of each other?"
        )
    return found


class PotentialCalculator(Calculator):  # type: ignore[misc]
    """ASE calculator of a potential.

    Parameters
    ----------
    potential : Potential
        Computes one frame at a time; Born effective charges only when asked for.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> atoms = bulk("Cu")
    >>> atoms.calc = PotentialCalculator(load_potential("emt"))
    >>> round(float(atoms.get_potential_energy()), 4)
    -0.0057
    """

    def __init__(self, potential: Potential) -> None:
        self.implemented_properties = ["energy", "free_energy", "forces", "stress"]
        if potential.has_charges:
            self.implemented_properties += ["charges", "born_effective_charges"]
        super().__init__()
        self.atoms: Atoms | None
        self.potential = potential

    def check_state(self, atoms: Atoms, tol: float = 0.0) -> list[str]:
        """Return what changed since the last structure; exact, and much faster than ASE's: it is asked all the time."""
        mine = self.atoms
        if mine is None or len(mine) != len(atoms):
            return list(all_changes)
        now, before = _state(atoms), _state(mine)
        return [name for name, a, b in zip(all_changes, now, before, strict=True) if not _same(a, b)]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute everything that the potential gives for the structure."""
        self.refresh(self.atoms if atoms is None else atoms, bec="born_effective_charges" in properties)

    def refresh(self, atoms: Atoms, bec: bool = False) -> dict[str, Any]:
        """Compute a structure that is known to be another than the last one, and return the results."""
        (found,) = self.potential.compute([atoms], source="structure", bec=bec)
        self._remember(atoms)
        self.results = {"energy": found.energy, "free_energy": found.energy, "forces": found.forces}
        volume = abs(float(np.linalg.det(atoms.cell.array)))
        if found.virial is not None and volume > 0.0:
            stress = conventions.stress_from_virial(found.virial, volume)
            self.results["stress"] = conventions.components(stress, "ase")
        if found.charges is not None:
            self.results["charges"] = found.charges
        if found.bec is not None:
            self.results["born_effective_charges"] = found.bec
        return self.results

    def _remember(self, atoms: Atoms) -> None:
        mine: Atoms | None = self.atoms
        if mine is None or mine is atoms or set(self.check_state(atoms)) - {"positions", "cell"}:
            self.atoms = atoms.copy()
        else:
            mine.arrays["positions"][:] = atoms.positions
            mine.cell.array[:] = atoms.cell.array


def _state(atoms: Atoms) -> tuple[Any, ...]:
    """Return what a calculator's results depend on, in the order of ASE's `all_changes`."""
    more = atoms.arrays
    return (
        atoms.positions, atoms.numbers, atoms.cell.array, atoms.pbc, more.get("initial_charges"),
        more.get("initial_magmoms"),
    )  # fmt: skip


def _same(a: Any, b: Any) -> bool:
    return a is b or (a is not None and b is not None and bool((a == b).all()))


@dataclass
class CalculatorPotential(Potential):
    """Any ASE calculator as a potential.

    Parameters
    ----------
    factory : callable
        Returns a new calculator with a state of its own; large weights may be shared among them.
    name : str
        What it is called in messages and results.
    elements : tuple of str, optional
        Elements that it knows.
    cutoff : float, optional
        A.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> potential = CalculatorPotential(EMT, "emt")
    >>> round(potential.compute([bulk("Cu")])[0].energy, 4)
    -0.0057
    """

    factory: Callable[[], Any]
    name: str
    elements: tuple[str, ...] | None = None
    cutoff: float | None = None

    def __post_init__(self) -> None:
        self._shared: Any = None
        self._lock = RLock()  # the calculator in use holds one structure at a time, however many threads ask
        #: How another process makes the same potential; factories are often functions that cannot be sent.
        self.remake: tuple[Callable[..., Potential], tuple[Any, ...]] | None = None

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Leave the calculator in use behind: it belongs to this process."""
        return self.remake or (_restored, ({**self.__dict__, "_shared": None, "_lock": None},))

    @property
    def has_charges(self) -> bool:  # type: ignore[override]
        """Whether the calculator gives charges."""
        return "charges" in self._calculator().implemented_properties

    def _calculator(self) -> Any:
        with self._lock:
            if self._shared is None:
                self._shared = self.calculator()
            return self._shared

    def calculator(self) -> Any:
        """Return a new calculator."""
        return self.factory()

    def compute(
        self, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, first: int = 1
    ) -> list[Labels]:
        """Return what the calculator says about every frame; see `Potential.compute`."""
        calculator, found = self._calculator(), []
        for number, atoms in enumerate(frames, start=first):
            where = place(source, number)
            self.check(atoms, where)
            work = atoms.copy()  # the calculator may keep what it is given
            try:
                with self._lock:
                    calculator.reset()  # nothing of an earlier frame may reach this one
                    result = self._one(calculator, work, bec)
            except (ValueError, RuntimeError, NotImplementedError, KeyError, IndexError, AssertionError) as error:
                # Calculators refuse a structure with any of these; their own text says why.
                reason = str(error) or type(error).__name__
                raise InputError(f"{where}: {self.name} cannot compute it: {reason}") from error
            found.append(require_finite(result, where, self.name))
        return found

    def _one(self, calculator: Any, atoms: Atoms, bec: bool) -> Labels:
        known = calculator.implemented_properties
        energy = float(calculator.get_property("energy", atoms))
        forces = np.array(calculator.get_property("forces", atoms), dtype=float)
        virial = charges = born = None
        if "stress" in known and atoms.cell.volume > 0.0:
            given = np.asarray(calculator.get_property("stress", atoms), dtype=float)
            stress = given if given.shape == (3, 3) else conventions.matrix(given, "ase")  # CHGNet gives a matrix
            virial = conventions.virial_from_stress(stress, atoms.cell.volume)
        if "charges" in known:
            charges = np.array(calculator.get_property("charges", atoms), dtype=float)
        if bec and "born_effective_charges" in known:
            born = np.array(calculator.get_property("born_effective_charges", atoms), dtype=float).reshape(-1, 3, 3)
        return Labels(energy=energy, forces=forces, virial=virial, charges=charges, bec=born)

    def site_energies(self, atoms: Atoms) -> Array:
        """Return the energy of every atom, eV."""
        calculator = self._calculator()
        if "energies" not in calculator.implemented_properties:
            return super().site_energies(atoms)
        self.check(atoms)
        with self._lock:
            calculator.reset()
            return np.array(calculator.get_property("energies", atoms.copy()), dtype=float)


def _restored(state: dict[str, Any]) -> CalculatorPotential:
    made = CalculatorPotential.__new__(CalculatorPotential)
    made.__dict__.update(state)
    made._lock = RLock()
    return made
