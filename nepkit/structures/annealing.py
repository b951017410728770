"""Low orderings of disordered crystals by annealing, where there are too many to look at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.structures.ordering import SAME, Marks, Orderings, made_ordering, ranked
from nepkit.structures.sites import Integers, Problem, Species
from nepkit.structures.symmetry import SYMPREC


def sample_orderings(
    problem: Problem,
    *,
    keep: int = 10,
    steps: int = 20_000,
    runs: int = 4,
    seed: int = 0,
    symprec: float = SYMPREC,
) -> Orderings:
    """Return the lowest orderings that annealing finds: exchanges of atoms between sites of one kind (Metropolis).

    Every run starts from a random ordering at a temperature of the mean size of a change and cools by a factor of 100;
    the best ones of all runs are returned, one of those that symmetry makes the same.

    Parameters
    ----------
    problem : Problem
        What is to be ordered.
    keep : int
        How many to return.
    steps : int
        Exchanges that are tried in a run.
    runs : int
        Independent runs.
    seed : int
        Of the random numbers.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where no run finds an ordering that keeps atoms apart.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nepkit.formats.disorder import occupied
    >>> sites = occupied(Atoms("Na", cell=[2.8] * 3, pbc=True), {"Na": {"Na": 0.5, "Cl": 0.5}}).repeated((2, 2, 2))
    >>> found = sample_orderings(Problem(sites, {"Na": 1.0, "Cl": -1.0}), keep=1, steps=300)
    >>> found.total, round(found.lowest[0].energy, 3)  # rock salt
    (70, -35.949)
    """
    rng = np.random.default_rng(seed)
    marks = Marks(problem, symprec)
    best: dict[int, tuple[float, Species]] = {}
    with task(f"Annealing ({problem.total:.4g} orderings)", runs) as step:
        for _ in range(runs):
            found = _anneal(problem, steps, rng, 8 * keep)
            rows = np.array([species for _, species in found], dtype=np.int8).reshape(len(found), len(problem.fixed))
            for mark, item in zip(marks.of(rows).tolist(), found, strict=True):
                best.setdefault(mark, item)
            step.advance(1, f"lowest {min((item[0] for item in best.values()), default=np.inf):.4f} eV")
    if not best:
        raise InputError(f"no ordering found with atoms {problem.closest:g} A apart; lower --closest, or raise --steps")
    order = sorted(best, key=lambda mark: (round(best[mark][0] / SAME), best[mark][1].tobytes()))[:keep]
    lowest = [made_ordering(problem, *best[mark], None) for mark in order]
    return Orderings(problem.total, None, ranked(lowest), problem.charge, runs * steps)


def _random(problem: Problem, rng: np.random.Generator) -> Species:
    species = problem.fixed.copy()
    for places, counts in zip(problem.shared, problem.counts, strict=True):
        kinds = np.repeat(list(counts), list(counts.values())).astype(np.int8)
        species[places] = rng.permutation(kinds)
    return species


def _anneal(problem: Problem, steps: int, rng: np.random.Generator, keep: int) -> Sequence[tuple[float, Species]]:
    """Return the lowest orderings of one run with their energies."""
    state = _State(problem, _random(problem, rng))
    pairs = _pairs(problem, steps, rng)
    gains = [abs(state.change(i, j)[0]) for i, j in pairs[:200].tolist()]
    hot = float(np.mean([gain for gain in gains if gain > 0.0] or [1.0]))
    temperatures = (hot * np.geomspace(1.0, 1e-2, steps)).tolist()
    accept = rng.uniform(size=steps).tolist()
    found: dict[bytes, tuple[float, Species]] = {}
    for (i, j), temperature, chance in zip(pairs.tolist(), temperatures, accept, strict=True):
        gain, crowding = state.change(i, j)
        # Atoms that are too close come apart first; none come together again.
        if crowding > 0 or (crowding == 0 and gain > 0 and chance >= math.exp(-gain / temperature)):
            continue
        if state.species[i] != state.species[j]:
            state.exchange(i, j, gain, crowding)
        if state.clashes < 0.5:
            found[state.species.tobytes()] = (state.energy, state.species.copy())
            if len(found) > 16 * keep:
                found = dict(sorted(found.items(), key=lambda item: item[1][0])[:keep])
    lowest = sorted(found.values(), key=lambda item: item[0])[:keep]
    if not lowest:
        return []
    exact = problem.energies(np.array([species for _, species in lowest]))  # without the rounding of the steps
    return list(zip(exact.tolist(), [species for _, species in lowest], strict=True))


class _State:
    """An ordering and what is needed to exchange two of its atoms in a time that grows as the number of sites."""

    def __init__(self, problem: Problem, species: Species) -> None:
        self._matrix, self._near = problem.interaction, problem.barred.astype(float)
        self.species = species
        self._charges = problem.values[species]
        self._there = (species > 0).astype(float)
        self._potential, self._crowd = self._matrix @ self._charges, self._near @ self._there
        self.energy = 0.5 * float(self._charges @ self._potential)
        self.clashes = 0.5 * float(self._there @ self._crowd)

    def change(self, i: int, j: int) -> tuple[float, float]:
        """Return by how much an exchange changes the energy, eV, and the number of pairs that are too close."""
        step = self._charges[j] - self._charges[i]
        gain = step * (self._potential[i] - self._potential[j])
        gain += 0.5 * step**2 * (self._matrix[i, i] + self._matrix[j, j] - 2.0 * self._matrix[i, j])
        moved = self._there[j] - self._there[i]
        return gain, moved * (self._crowd[i] - self._crowd[j]) - moved**2 * self._near[i, j]

    def exchange(self, i: int, j: int, gain: float, crowding: float) -> None:
        """Exchange what is on two sites."""
        step, moved = self._charges[j] - self._charges[i], self._there[j] - self._there[i]
        for values in (self.species, self._charges, self._there):
            values[i], values[j] = values[j], values[i]
        self._potential += step * (self._matrix[i] - self._matrix[j])
        if moved:
            self._crowd += moved * (self._near[i] - self._near[j])
        self.energy += gain
        self.clashes += crowding


def _pairs(problem: Problem, steps: int, rng: np.random.Generator) -> Integers:
    """Return pairs of sites of one kind, shape (steps, 2)."""
    sizes = np.array([len(places) for places in problem.shared])
    kinds = rng.choice(len(sizes), size=steps, p=sizes / sizes.sum())
    first = (rng.uniform(size=steps) * sizes[kinds]).astype(int)
    second = (first + 1 + (rng.uniform(size=steps) * (sizes[kinds] - 1)).astype(int)) % sizes[kinds]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[kinds]
    every = np.concatenate(problem.shared)
    return np.stack([every[starts + first], every[starts + second]], axis=1)
