"""One call's data and settings, and the fits that are made of them: start, prior strength, refinement."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .backend import to_numpy
from .gauss_newton import Prior, Solution, cross_validate, minimise, without_block
from .moments import HiddenCharges
from .nepfile import NEP
from .objective import Errors, Objective, Weights, errors
from .parameters import BoolArray, Layout
from .results import Ridge, Start
from .store import FrameStore
from .verdict import FrameErrors, frame_errors

FloatArray = NDArray[np.float64]
#: Called with a stage, how much of it is done, how much there is, and a detail such as the objective.
Progress = Callable[[str, int, int, str], None]

#: Names of the interactions in a store: the full periodic sum, what ends at the NEP's cutoff, and at two cutoffs.
FULL, CUT, SCREENED = "full", "cut", "screened"
#: Where the longer of the two controls ends, in cutoffs.
LONGER = 2.0
#: Prior with which starts are compared before cross-validation chooses its strength.
FIRST_RIDGE = Ridge(charges=1e-5, readout=1e-5)
RIDGE_GRID = tuple(10.0**k for k in range(-9, 0))
#: Ridge on the energies of the elements: only fixes combinations that no frame distinguishes.
ENERGY_RIDGE = 1e-9
#: The hold on mean charges, as a share of the objective reached: below it, so that data that know better win.
TIE_BREAKER = 0.3
MOST_ITERATIONS = 60


def available_threads() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Fitted:
    """A solution with the prior that it was found with and the parameters that were free."""

    solution: Solution
    prior: Prior
    ridge: Ridge
    free: BoolArray


@dataclass(frozen=True)
class Problem:
    """What stays the same through all fits of one call.

    Attributes
    ----------
    nep
        The frozen network.
    train, test
        Features of the frames.
    layout, weights
        Order of the parameters; weight of every kind of label.
    blocks, test_blocks
        Block of every frame.
    threads, tolerance, progress
        As given to `fit_charges`.
    unseen
        Test frames, by index, that are no training frames; all of them if None.
    """

    nep: NEP
    train: FrameStore
    test: FrameStore | None
    layout: Layout
    weights: Weights
    blocks: NDArray[np.int64]
    test_blocks: NDArray[np.int64] | None
    threads: int
    tolerance: float
    progress: Progress | None
    unseen: Sequence[int] | None = None

    @property
    def judged_on_test(self) -> bool:
        """Whether there are test frames that are no training frames."""
        return self.test is not None and (self.unseen is None or len(self.unseen) > 0)

    def objective(self, interaction: str | None, *, test: bool = False) -> Objective:
        """Return the objective of the training or test frames; without interaction there are no charges."""
        store = self.test if test else self.train
        assert store is not None
        blocks = self.test_blocks if test else self.blocks
        return Objective(store, self.layout, self.weights, interaction=interaction, blocks=blocks, threads=self.threads)

    def errors(self, interaction: str | None, parameters: FloatArray, *, test: bool = False) -> Errors:
        """Return the errors of a model on the training or test frames."""
        return errors(self.objective(interaction, test=test).residuals(parameters))

    def held_out(self, interaction: str | None, fitted: "Fitted") -> FrameErrors:
        """Return errors by frame on frames that a fit has not seen.

        The unseen test frames; without any, every block of training frames by the linearised fit to the other blocks;
        with a single block the training frames themselves, as one cluster, from which nothing follows.
        """
        if self.judged_on_test:
            assert self.test is not None
            assert self.test_blocks is not None
            chosen = np.arange(len(self.test)) if self.unseen is None else np.asarray(self.unseen)
            residuals = self.objective(interaction, test=True).residuals(fitted.solution.parameters, chosen)
            return frame_errors(residuals, self.test_blocks[chosen], np.asarray(self.test.atoms)[chosen])
        objective = self.objective(interaction)
        count = int(self.blocks.max()) + 1
        if count == 1:
            return frame_errors(objective.residuals(fitted.solution.parameters), self.blocks, self.train.atoms)
        residuals = [{}] * len(self.blocks)
        for block in range(count):
            inside = np.flatnonzero(self.blocks == block)
            without = without_block(fitted.solution, fitted.prior, fitted.free, block)
            for index, found in zip(inside, objective.residuals(without, inside), strict=True):
                residuals[index] = found
        return frame_errors(residuals, self.blocks, self.train.atoms)

    def born_scale(self, parameters: FloatArray) -> float | None:
        """Return the sqrt_epsilon_inf with which charges give the Born effective charges of the training frames best.

        Returns
        -------
        float or None
            Least squares over all components; None without such labels or with charges that give none.
        """
        product = square = 0.0
        vector = np.append(parameters[self.layout.charges], 1.0)
        for index in range(len(self.train)):
            features, _ = self.train.load(index, None)
            if features.bec is not None and features.labels.bec is not None:
                model = to_numpy(features.bec) @ vector
                product += float((model * features.labels.bec.reshape(model.shape)).sum())
                square += float((model**2).sum())
        return product / square if square > 0 else None

    def start(self, charges: Mapping[str, float] | None = None) -> FloatArray:
        """Return the parameters of the frozen NEP with constant charges (none by default)."""
        vector = np.zeros(self.layout.size)
        if charges is not None:
            family = HiddenCharges.fixed(charges, self.nep.elements, self.layout.neurons)
            vector[self.layout.charges] = family.parameters
        vector[self.layout.readout] = self.nep.w1.ravel()
        vector[self.layout.scale] = 1.0
        return vector

    def prior(self, centre: FloatArray, ridge: Ridge) -> Prior:
        """Return the ridge of a given strength towards a point."""
        strength = np.zeros(self.layout.size)
        strength[self.layout.charges] = ridge.charges
        strength[self.layout.readout] = ridge.readout
        strength[self.layout.energies] = ENERGY_RIDGE
        return Prior(centre, strength, np.sqrt(ridge.element_charges) * self.mean_charges)

    @cached_property
    def mean_charges(self) -> FloatArray:
        """Mean charge of every element over the training frames as a linear map of the parameters, shape (T, n)."""
        sums, atoms = np.zeros((self.layout.types, self.layout.size)), np.zeros(self.layout.types)
        for index in range(len(self.train)):
            features, _ = self.train.load(index, None)
            columns, types = to_numpy(features.columns), to_numpy(features.response.batch.types)
            for t in np.unique(types):
                sums[t, self.layout.charges] += columns[types == t, :-1].sum(axis=0)
                atoms[t] += (types == t).sum()
        return sums / np.maximum(atoms, 1)[:, None]

    def minimise(
        self, interaction: str | None, start: FloatArray, centre: FloatArray, ridge: Ridge, free: BoolArray, stage: str
    ) -> Fitted:
        """Fit from one start with one prior."""

        def report(iteration: int, value: float) -> None:
            if self.progress is not None:
                self.progress(stage, iteration, MOST_ITERATIONS, f"objective {value:.4g}")

        prior = self.prior(centre, ridge)
        solution = minimise(
            self.objective(interaction),
            start,
            prior,
            free,
            tolerance=self.tolerance,
            most_iterations=MOST_ITERATIONS,
            report=report,
        )
        return Fitted(solution, prior, ridge, free)

    def best_start(
        self,
        interaction: str,
        charges: Mapping[str, float],
        scales: Sequence[float],
        free: BoolArray,
        ridge: Ridge,
        stage: str,
    ) -> tuple[Fitted, tuple[Start, ...]]:
        """Fit from the charges at every scale; return the best fit and an account of all, the best first."""
        found = []
        for scale in scales:
            centre = self.start({element: scale * charge for element, charge in charges.items()})
            fitted = self.minimise(interaction, centre, centre, ridge, free, f"{stage}, start {scale:g}")
            found.append((scale, fitted))
        found.sort(key=lambda entry: entry[1].solution.objective)
        starts = tuple(
            Start(scale, f.solution.objective, f.solution.iterations, f.solution.converged) for scale, f in found
        )
        return found[0][1], starts

    def refine(self, interaction: str | None, fitted: Fitted, stage: str) -> Fitted:
        """Let cross-validation and the objective reached choose the prior's strength, fit again, and repeat once."""
        for _ in range(2):
            ridge = self._choose_ridge(fitted)
            if ridge == fitted.ridge:
                break
            start, centre = fitted.solution.parameters, fitted.prior.centre
            fitted = self.minimise(interaction, start, centre, ridge, fitted.free, stage)
        return fitted

    def _choose_ridge(self, fitted: Fitted) -> Ridge:
        """Return the prior strengths with the lowest cross-validated loss around a solution, one after the other."""
        chosen, free = fitted.ridge, fitted.free
        hold = TIE_BREAKER * float(fitted.solution.normal.loss.sum())
        if hold < 0.5 * chosen.element_charges:
            chosen = replace(chosen, element_charges=hold)
        if len(fitted.solution.normal.loss) < 2:
            return chosen
        for name, part in (("charges", self.layout.charges), ("readout", self.layout.readout)):
            if free[part].any():
                grid = [replace(chosen, **{name: strength}) for strength in RIDGE_GRID]
                priors = [self.prior(fitted.prior.centre, ridge) for ridge in grid]
                scores = cross_validate(fitted.solution, priors, free).sum(axis=1)
                chosen = grid[int(np.argmin(scores))]
        return chosen
