"""Whether a potential can be trusted to run: energy kept, heat endured, cells and pairs far from its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.dynamics import Simulation, energy_drift
from nepkit.properties.dynamics.short import Endured, endure
from nepkit.properties.dynamics.simulation import start_velocities

Array = NDArray[np.float64]

REACH = 6.0  # A within which a pair of elements is looked for
POINTS = 21  # of the curves over strain and distance
RATTLE = 0.01  # A, so that forces in a strained crystal are not zero by symmetry


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Parameters
    ----------
    name : str
        What.
    value : float
        What was found.
    error : float
        Standard error, NaN where it has none.
    unit : str
        Of both and of the limit.
    limit : float
        What was asked for.
    passed : bool
        Whether it was met.
    detail : str
        What went wrong; empty where nothing did.
    """

    name: str
    value: float
    error: float
    unit: str
    limit: float
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Trial:
    """What a potential is put through.

    Parameters
    ----------
    temperature : float
        K, of the run at constant energy; it must survive this one too.
    hotter : tuple of float
        K, rising; tried to see where it ends.
    picoseconds : float
        Length of every run.
    timestep : float
        fs.
    drift : float
        Largest drift of the energy, meV/atom/ps.
    strain : float
        Largest linear strain of the cell to both sides.
    closest : float
        Shortest distance of a pair, as a share of its distance in the structure.
    seed : int
        Of the velocities.

    Raises
    ------
    InputError
        Where a number makes no trial.
    """

    temperature: float = 300.0
    hotter: tuple[float, ...] = (600.0, 1000.0, 2000.0)
    picoseconds: float = 1.0
    timestep: float = 1.0
    drift: float = 1.0
    strain: float = 0.15
    closest: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.strain < 0.5:
            raise InputError(f"a strain of {self.strain:g} is no trial of a cell; give one below 0.5, such as 0.15")
        if not 0.0 < self.closest < 0.9:
            raise InputError(f"closest is {self.closest:g}, expected a share below 0.9, such as 0.5")
        if self.steps < 40:
            raise InputError(f"{self.picoseconds:g} ps are {self.steps} steps: too few to see a drift, at least 40")

    @property
    def steps(self) -> int:
        """Steps of every run."""
        return round(1e3 * self.picoseconds / self.timestep)

    @property
    def temperatures(self) -> tuple[float, ...]:
        """Temperatures to survive, rising, K."""
        return (self.temperature, *sorted(kelvin for kelvin in set(self.hotter) if kelvin > self.temperature))


def stability(atoms: Atoms, potential: Potential, trial: Trial, work: Work | None = None) -> tuple[Check, ...]:
    """Put a potential through a trial with one structure.

    Parameters
    ----------
    atoms : ase.Atoms
        Near a minimum of the potential, periodic, large enough for its cutoff.
    potential : Potential
        Model.
    trial : Trial
        What is tried, and the limits.
    work : Work, optional
        How the pieces are done.

    Raises
    ------
    InputError
        Where the potential cannot compute the structure as it is.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> trial = Trial(hotter=(), picoseconds=0.1, timestep=2.0)
    >>> found = stability(bulk("Cu", cubic=True), load_potential("emt"), trial)
    >>> [(check.name, check.passed) for check in found]
    [('energy drift', True), ('survives', True), ('compressed', True), ('stretched', True), ('close Cu-Cu', True)]
    """
    if len(atoms) < 2:
        raise InputError("one atom does not move; repeat the cell with nepkit structure supercell")
    if not atoms.pbc.all() or atoms.cell.rank < 3:
        raise InputError("stability is tried in a structure that is periodic in all directions; give it a cell")
    potential.compute([atoms], source="structure", bec=False)
    bare = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    pieces = [("drift", trial.temperature), *(("survive", kelvin) for kelvin in trial.temperatures)]
    pieces += [("strain", -trial.strain), ("strain", trial.strain)]
    runs = list((work or Work()).map(_piece, (potential, bare, trial), pieces, "Stability"))
    survived = [found for (kind, _), found in zip(pieces, runs, strict=True) if kind == "survive"]
    others = [found for (kind, _), found in zip(pieces, runs, strict=True) if kind != "survive"]
    return (others[0], _highest(survived, trial), *others[1:], *close_pairs(bare, potential, trial.closest))


def _piece(shared: tuple[Potential, Atoms, Trial], piece: tuple[str, float]) -> Check:
    potential, atoms, trial = shared
    kind, value = piece
    if kind == "drift":
        return kept_energy(atoms, potential, trial)
    if kind == "survive":
        return survival(atoms, potential, trial, value)
    return strained(atoms, potential, value)


def kept_energy(atoms: Atoms, potential: Potential, trial: Trial) -> Check:
    """Return the drift of the energy at constant energy, after as long a run under a thermostat."""
    name, unit = "energy drift", "meV/atom/ps"
    warm = _heated(atoms, potential, trial, trial.temperature)
    if not warm.reason:
        run = Simulation("nve", trial.steps, trial.temperature, trial.timestep, dump=1, thermo=1, seed=trial.seed)
        warm = endure(warm.atoms, potential.calculator(), run)
    if warm.reason:
        detail = _exploded(warm.steps, trial, warm.reason)
        return Check(name, float("nan"), float("nan"), unit, trial.drift, False, detail)
    time = np.asarray(1e-3 * trial.timestep * np.arange(1.0, len(warm.energy) + 1.0))
    slope, error = energy_drift(time, np.asarray(1e3 * warm.energy / len(atoms)))
    passed = abs(slope) - 2.0 * error <= trial.drift
    detail = "" if error < trial.drift else "the error is larger than the limit: a longer run tells more"
    return Check(name, slope, error, unit, trial.drift, passed, detail)


def survival(atoms: Atoms, potential: Potential, trial: Trial, kelvin: float) -> Check:
    """Return for how long a run at a temperature did not explode, ps."""
    found = _heated(atoms, potential, trial, kelvin)
    detail = f"at {kelvin:g} K: {_exploded(found.steps, trial, found.reason)}" if found.reason else ""
    done = 1e-3 * trial.timestep * found.steps
    return Check(f"{kelvin:g} K", done, float("nan"), "ps", trial.picoseconds, not found.reason, detail)


def _heated(atoms: Atoms, potential: Potential, trial: Trial, kelvin: float) -> Endured:
    run = Simulation("nvt", trial.steps, kelvin, trial.timestep, thermostat="langevin", coupling=50.0, dump=1, thermo=1,
                     seed=trial.seed)  # fmt: skip
    work = atoms.copy()
    # Near a minimum half of the kinetic energy goes into the potential: start twice as hot.
    work.set_velocities(start_velocities(work, 2.0 * kelvin, np.random.default_rng([trial.seed, 0])))
    return endure(work, potential.calculator(), run)


def _exploded(steps: int, trial: Trial, reason: str) -> str:
    return f"exploded after {1e-3 * trial.timestep * steps:.3g} ps: {reason}"


def _highest(survived: Sequence[Check], trial: Trial) -> Check:
    """Return the highest temperature below the first one at which a run exploded."""
    value, detail = float("nan"), ""
    for kelvin, check in zip(trial.temperatures, survived, strict=True):
        if not check.passed:
            detail = check.detail
            break
        value = kelvin
    return Check("survives", value, float("nan"), "K", trial.temperature, value >= trial.temperature, detail)


def strained(atoms: Atoms, potential: Potential, strain: float) -> Check:
    """Return how far the cell can be strained before energy or forces are not finite, or the energy falls.

    A cell that is compressed ever more must cost ever more energy; one that is stretched need only have numbers.
    """
    start = atoms.copy()
    start.rattle(RATTLE, seed=0)
    values = np.linspace(0.0, strain, POINTS)
    frames = []
    for value in values:
        frames.append(start.copy())
        frames[-1].set_cell(atoms.cell.array * (1.0 + value), scale_atoms=True)
    place, reason = _climb(frames, potential, wall=strain < 0.0)
    name = "compressed" if strain < 0.0 else "stretched"
    detail = f"{reason} at a strain of {values[place]:+.3f}" if reason else ""
    reached = values[max(place - 1, 0)] if reason else strain
    return Check(name, float(reached), float("nan"), "strain", strain, not reason, detail)


def close_pairs(atoms: Atoms, potential: Potential, closest: float) -> tuple[Check, ...]:
    """Return, for every pair of elements, down to which distance two neighbours repel each other.

    The nearest two atoms of the pair are brought together along their bond while the others stay. Once the energy has
    risen it must rise on: where it falls, atoms that get over the wall fall into each other.
    """
    i, j, distance, bond = neighbor_list("ijdD", atoms, REACH)
    kinds = np.sort(np.stack([atoms.numbers[i], atoms.numbers[j]], axis=1), axis=1)
    found = []
    for kind in np.unique(kinds[i != j], axis=0):
        mine = np.flatnonzero((kinds == kind).all(axis=1) & (i != j))
        pair = mine[np.argmin(distance[mine])]
        found.append(_close_pair(atoms, potential, (int(i[pair]), int(j[pair])), bond[pair], closest))
    return tuple(found)


def _close_pair(atoms: Atoms, potential: Potential, pair: tuple[int, int], bond: Array, closest: float) -> Check:
    shares = np.linspace(1.0, closest, POINTS)
    frames = []
    for share in shares:
        work = atoms.copy()
        work.positions[pair[0]] += 0.5 * (1.0 - share) * bond
        work.positions[pair[1]] -= 0.5 * (1.0 - share) * bond
        frames.append(work)
    place, reason = _climb(frames, potential, wall=True)
    distances = shares * float(np.linalg.norm(bond))
    detail = f"{reason} at {distances[place]:.2f} A" if reason else ""
    reached = distances[max(place - 1, 0)] if reason else distances[-1]
    name = "-".join(sorted(atoms.symbols[list(pair)]))
    return Check(f"close {name}", float(reached), float("nan"), "A", float(distances[-1]), not reason, detail)


def _climb(frames: Sequence[Atoms], potential: Potential, *, wall: bool) -> tuple[int, str]:
    """Return the frame at which a row of ever harder ones goes wrong, and why; the reason is empty where none does."""
    energies: list[float] = []
    for place, frame in enumerate(frames):
        try:
            (found,) = potential.compute([frame], source="structure", bec=False)
        except InputError as error:
            return place, str(error).removeprefix("structure: ")
        assert found.energy is not None  # the potential has refused what it has none for
        energies.append(found.energy)
        noise = 1e-6 * len(frame)
        if wall and place and energies[-1] < energies[-2] - noise and energies[-2] > min(energies[:-1]) + noise:
            return place, "the energy falls"
    if wall and energies[-1] <= energies[0]:
        return len(frames) - 1, "the energy has not risen"
    return len(frames) - 1, ""
