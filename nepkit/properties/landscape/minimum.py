"""Structures brought to rest: atoms alone, or atoms and cell, with the symmetry kept where asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS, FIRE, LBFGS
from numpy.typing import NDArray

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.frames import Labels, set_labels
from nepkit.models.potentials import Potential, PotentialCalculator
from nepkit.structures.symmetry import dataset

Array = NDArray[np.float64]
Cell = Literal["fixed", "isotropic", "full"]

CELLS: tuple[Cell, ...] = ("fixed", "isotropic", "full")
"""What may change of the cell: nothing, its volume, or everything."""

OPTIMISERS = {"lbfgs": LBFGS, "bfgs": BFGS, "fire": FIRE}
"""Optimisers of ASE by name; L-BFGS takes the fewest steps and no time of its own."""

STIFFNESS = 70.0
"""Curvature that L-BFGS begins with, eV/A^2; as in ASE."""

_APART = 3.0  # a volume, or a distance from the start in units of the longest cell edge, beyond which a run is lost


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure, with energy, forces and virial as labels.
    start_energy, energy : float
        eV.
    max_force : float
        Longest force on an atom that may move, eV/A: the length of the vector, not its largest component.
    max_stress : float or None
        Largest component of the stress that is not yet at the wanted pressure, GPa; None where the cell is fixed.
    steps : int
        Steps taken.
    converged : bool
        Whether the forces (and the stress) are as small as asked for.
    reason : str
        Why it stopped; empty where converged.
    space_groups : (str, str)
        International symbols at the start and at the end, to 0.01 A; empty where there is no cell.
    stiffness : float
        Typical curvature along the path, eV/A^2: where to begin with a similar structure in a fixed cell.
    """

    atoms: Atoms
    start_energy: float
    energy: float
    max_force: float
    max_stress: float | None
    steps: int
    converged: bool
    reason: str
    space_groups: tuple[str, str]
    stiffness: float = STIFFNESS


def relax(
    atoms: Atoms,
    potential: Potential,
    *,
    fmax: float = 0.01,
    steps: int = 500,
    cell: Cell = "fixed",
    pressure: float = 0.0,
    symmetry: bool = False,
    optimiser: str = "lbfgs",
    stiffness: float = STIFFNESS,
    watch: Callable[[Atoms], None] | None = None,
) -> Minimum:
    """Minimise the energy of a structure; a constraint of the atoms is kept.

    Parameters
    ----------
    atoms : ase.Atoms
        Start; it is not changed.
    potential : Potential
        Any.
    fmax : float
        Converged when no force is longer, eV/A; of the cell, its energy gradient with respect to strain divided by the
        number of atoms counts as a force, as in ASE.
    steps : int
        Most steps.
    cell : {"fixed", "isotropic", "full"}
        What may change of the cell.
    pressure : float
        GPa, for a cell that may change.
    symmetry : bool
        Whether the space group of the start is kept.
    optimiser : str
        A name in `OPTIMISERS`.
    stiffness : float
        Curvature that L-BFGS begins with, eV/A^2; that of a similar structure saves steps.
    watch : callable, optional
        Called with a labelled copy of the structure at every step.

    Returns
    -------
    Minimum
        Also where it did not converge, or the potential gave no finite number after the first step: then it holds the
        last structure that could be computed, and says why.

    Raises
    ------
    InputError
        Where the start itself cannot be computed, or a cell shall change that cannot.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> found = relax(bulk("Cu", a=3.7), load_potential("emt"), cell="isotropic", fmax=1e-4)
    >>> found.converged, round(float(found.atoms.cell.cellpar()[0]) * 2**0.5, 2)
    (True, 3.59)
    """
    work = _prepared(atoms, potential, cell, symmetry)
    moved = work if cell == "fixed" else _filter(work, cell, pressure)
    settings: dict[str, Any] = {"alpha": stiffness} if optimiser in ("lbfgs", "bfgs") else {}
    engine = OPTIMISERS[optimiser](moved, logfile=None, **settings)
    history = _History(work)
    converged, reason = False, ""
    try:
        for converged in engine.irun(fmax=fmax, steps=steps):
            history.add(work)
            if watch is not None:
                watch(history.last)
            if reason := history.lost():
                converged = False
                break
    except InputError as error:
        if not history.energies:
            raise
        reason = str(error)
    if not converged and not reason:
        reason = f"not converged within {steps} steps"
    return Minimum(
        atoms=history.last,
        start_energy=history.energies[0],
        energy=history.energies[-1],
        max_force=float(np.linalg.norm(history.forces, axis=1).max()),
        max_stress=None if cell == "fixed" else _residual(history.last, cell, pressure),
        steps=len(history.energies) - 1,
        converged=bool(converged),
        reason=reason,
        space_groups=(_space_group(atoms), _space_group(history.last)),
        stiffness=history.stiffness() if cell == "fixed" else STIFFNESS,
    )


def _prepared(atoms: Atoms, potential: Potential, cell: Cell, symmetry: bool) -> Atoms:
    work = atoms.copy()
    set_labels(work, (found := potential.compute([work], source="structure", bec=False)[0]))
    if cell != "fixed" and not all(atoms.pbc):
        raise InputError("a cell can only relax where the structure is periodic in all directions; keep it fixed")
    if cell != "fixed" and found.virial is None:
        raise InputError(f"{potential.name} gives no stress, which a cell needs to relax; keep it fixed")
    work.calc = PotentialCalculator(
        potential
    )  # which refuses numbers that are not finite, as not every calculator does
    if symmetry:
        if atoms.constraints:
            raise InputError("either the symmetry is kept or the constraints that the structure has; remove one")
        work.set_constraint(FixSymmetry(work))
    return work


def _filter(work: Atoms, cell: Cell, pressure: float) -> FrechetCellFilter:
    return FrechetCellFilter(
        work, hydrostatic_strain=cell == "isotropic", scalar_pressure=pressure / conventions.EV_PER_A3_IN_GPA
    )


class _History:
    """What is remembered of the steps: energies, the last structure, and curvature."""

    def __init__(self, start: Atoms) -> None:
        self._start = start.positions.copy(), float(start.cell.volume), float(start.cell.lengths().max())
        self.energies: list[float] = []
        self.forces: Array = np.zeros((0, 3))
        self.last: Atoms = start
        self._before: tuple[Array, Array] | None = None
        self._curvatures: list[float] = []

    def add(self, work: Atoms) -> None:
        forces, results = work.get_forces(), work.calc.results
        if self._before is not None:
            moved, pulled = work.positions - self._before[0], self._before[1] - forces
            if (along := float((moved * pulled).sum())) > 0.0:
                self._curvatures.append(float((pulled**2).sum()) / along)
        self._before = work.positions.copy(), forces
        self.energies.append(float(work.get_potential_energy()))
        self.forces = forces
        self.last = _snapshot(work, results)

    def lost(self) -> str:
        """Return why the run makes no sense any more, or nothing."""
        positions, volume, edge = self._start
        if volume > 0.0 and not volume / _APART < self.last.cell.volume < volume * _APART:
            return (
                f"the volume changed {self.last.cell.volume / volume:.2g}-fold: the structure flies apart or collapses"
            )
        far = float(np.linalg.norm(self.last.positions - positions, axis=1).max())
        if edge > 0.0 and far > _APART * edge:
            return f"an atom moved by {far:.1f} A: the structure flies apart"
        return ""

    def stiffness(self) -> float:
        return float(np.median(self._curvatures)) if self._curvatures else STIFFNESS


def _snapshot(work: Atoms, results: dict[str, Any]) -> Atoms:
    made = work.copy()
    made.set_constraint([one for one in work.constraints if not isinstance(one, FixSymmetry)])
    virial = None
    if "stress" in results and work.cell.volume > 0.0:
        virial = conventions.virial_from_stress(conventions.matrix(results["stress"], "ase"), work.cell.volume)
    set_labels(made, Labels(energy=float(results["energy"]), forces=np.array(results["forces"]), virial=virial))
    return made


def _residual(atoms: Atoms, cell: Cell, pressure: float) -> float:
    stress = conventions.matrix(atoms.calc.results["stress"], "ase") * conventions.EV_PER_A3_IN_GPA
    left = stress + pressure * np.eye(3)
    return float(abs(np.trace(left)) / 3.0 if cell == "isotropic" else np.abs(left).max())


def _space_group(atoms: Atoms) -> str:
    if not all(atoms.pbc) or atoms.cell.volume == 0.0:
        return ""
    try:
        return str(dataset(atoms, 0.01).international)
    except InputError:
        return ""
