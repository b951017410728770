"""Fit long-range charges atop a frozen NEP by Gauss-Newton on energies, forces and virials."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import ase
import numpy as np
from numpy.typing import NDArray

from .backend import Namespace, to_numpy
from .blocks import assign_blocks
from .checks import check_frames, check_model
from .correction import LongRangePotential
from .errors import SettingsError
from .gauss_newton import Prior, Solution, cross_validate, minimise, rank_and_condition, without_block
from .kernels import gpumd, smeared_within
from .moments import HiddenCharges
from .nepfile import NEP
from .objective import Errors, Objective, Weights, errors
from .oxidation import oxidation_states
from .parameters import BoolArray, Layout
from .results import ChargeFit, ElementCharge, RangeDiagnosis, Ridge, Stages, Start
from .store import FrameStore
from .verdict import by_block, gain, held_out_loss, sentence

FloatArray = NDArray[np.float64]
#: Called with a stage, how much of it is done, how much there is, and a detail such as the objective.
Progress = Callable[[str, int, int, str], None]

FULL, CUT = "full", "cut"
#: Prior with which starts are compared before cross-validation chooses its strength.
FIRST_RIDGE = Ridge(charges=1e-5, readout=1e-5)
RIDGE_GRID = tuple(10.0**k for k in range(-9, 0))
#: Ridge on the energies of the elements: only fixes combinations that no frame distinguishes.
ENERGY_RIDGE = 1e-9
MOST_ITERATIONS = 60


@dataclass(frozen=True)
class _Task:
    """What stays the same through all fits of one call."""

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

    def objective(self, interaction: str | None, *, test: bool = False) -> Objective:
        store = self.test if test else self.train
        assert store is not None
        blocks = self.test_blocks if test else self.blocks
        return Objective(store, self.layout, self.weights, interaction=interaction, blocks=blocks, threads=self.threads)

    def start(self, charges: Mapping[str, float] | None = None) -> FloatArray:
        """Return the parameters of the frozen NEP with constant charges."""
        vector = np.zeros(self.layout.size)
        if charges is not None:
            family = HiddenCharges.fixed(charges, self.nep.elements, self.layout.neurons)
            vector[self.layout.charges] = family.parameters
        vector[self.layout.readout] = self.nep.w1.ravel()
        vector[self.layout.scale] = 1.0
        return vector

    def prior(self, centre: FloatArray, ridge: Ridge) -> Prior:
        strength = np.zeros(self.layout.size)
        strength[self.layout.charges] = ridge.charges
        strength[self.layout.readout] = ridge.readout
        strength[self.layout.energies] = ENERGY_RIDGE
        return Prior(centre, strength)

    def minimise(self, interaction: str | None, start: FloatArray, prior: Prior, free: BoolArray, stage: str) -> Solution:
        def report(iteration: int, value: float) -> None:
            if self.progress is not None:
                self.progress(stage, iteration, MOST_ITERATIONS, f"objective {value:.4g}")

        return minimise(
            self.objective(interaction),
            start,
            prior,
            free,
            tolerance=self.tolerance,
            most_iterations=MOST_ITERATIONS,
            report=report,
        )

    def errors(self, interaction: str | None, parameters: FloatArray) -> tuple[Errors, Errors | None]:
        train = errors(self.objective(interaction).residuals(parameters))
        if self.test is None:
            return train, None
        return train, errors(self.objective(interaction, test=True).residuals(parameters))


@dataclass(frozen=True)
class _Fitted:
    """A fit with the prior that it was made with and its held-out loss by block."""

    solution: Solution
    prior: Prior
    ridge: Ridge
    free: BoolArray


def _choose_ridge(task: _Task, fitted: _Fitted, *, charges: bool, readout: bool) -> Ridge:
    """Return the prior strength with the lowest cross-validated loss around a solution."""
    if len(fitted.solution.normal.loss) < 2:
        return fitted.ridge
    grid = [
        Ridge(*pair)
        for pair in product(
            RIDGE_GRID if charges else (fitted.ridge.charges,), RIDGE_GRID if readout else (fitted.ridge.readout,)
        )
    ]
    priors = [task.prior(fitted.prior.centre, ridge) for ridge in grid]
    scores = cross_validate(fitted.solution, priors, fitted.free).sum(axis=1)
    return grid[int(np.argmin(scores))]


def _refine(task: _Task, interaction: str | None, fitted: _Fitted, ridge: Ridge | None, stage: str) -> _Fitted:
    """Choose the prior strength twice, fitting again after each choice; or fit with the given one."""
    layout, free = task.layout, fitted.free
    for _ in range(2):
        chosen = ridge or _choose_ridge(
            task, fitted, charges=bool(free[layout.charges].any()), readout=bool(free[layout.readout].any())
        )
        if chosen == fitted.ridge:
            break
        prior = task.prior(fitted.prior.centre, chosen)
        solution = task.minimise(interaction, fitted.solution.parameters, prior, free, stage)
        fitted = _Fitted(solution, prior, chosen, free)
    return fitted


def _best_start(
    task: _Task, interaction: str, charges: Mapping[str, float], scales: Sequence[float], free: BoolArray, ridge: Ridge
) -> tuple[_Fitted, tuple[Start, ...]]:
    """Fit from every start; return the best and an account of all, the best first."""
    found = []
    for scale in scales:
        centre = task.start({element: scale * charge for element, charge in charges.items()})
        prior = task.prior(centre, ridge)
        name = "charges" if interaction == FULL else "charges cut to pairs"
        solution = task.minimise(interaction, centre, prior, free, f"{name}, start {scale:g}")
        found.append((solution.objective, scale, _Fitted(solution, prior, ridge, free)))
    found.sort(key=lambda entry: entry[0])
    starts = tuple(Start(s, value, f.solution.iterations, f.solution.converged) for value, s, f in found)
    return found[0][2], starts


def _judge(task: _Task, refit: _Fitted, best: _Fitted, cut: _Fitted | None) -> tuple[bool, str]:
    """Say whether charges and the long range helped, on test frames or else by cross-validation."""
    fits = [(None, refit), (FULL, best), (CUT, cut)]
    losses = []
    for interaction, fitted in fits:
        if fitted is None:
            losses.append(None)
        elif task.test is None:
            losses.append(held_out_loss(fitted.solution, fitted.prior, fitted.free))
        else:
            losses.append(by_block(task.objective(interaction, test=True), fitted.solution.parameters))
    readout, full, pairs = losses
    assert readout is not None
    assert full is not None
    where = "cross-validated objective" if task.test is None else "forces of the test frames"
    return sentence(gain(readout, full), None if pairs is None else gain(pairs, full), where)


def _element_charges(task: _Task, fitted: _Fitted, start: Mapping[str, float]) -> dict[str, ElementCharge]:
    """Return mean, spread and jackknife error of the charges of every element."""
    layout = task.layout
    points = [fitted.solution.parameters]
    blocks = len(fitted.solution.normal.loss)
    if blocks > 1:
        points += [without_block(fitted.solution, fitted.prior, fitted.free, k) for k in range(blocks)]
    sums = np.zeros((len(points), layout.types))
    squares, counts = np.zeros(layout.types), np.zeros(layout.types)
    vectors = np.stack([np.append(point[layout.charges], 1.0) for point in points], axis=1)
    for index in range(len(task.train)):
        features, _ = task.train.load(index, None)
        values = to_numpy(features.columns) @ vectors
        types = to_numpy(features.response.batch.types)
        for t in np.unique(types):
            mine = values[types == t]
            sums[:, t] += mine.sum(axis=0)
            squares[t] += (mine[:, 0] ** 2).sum()
            counts[t] += len(mine)
    result = {}
    for t, element in enumerate(task.nep.elements):
        if not counts[t]:
            continue
        means = sums[:, t] / counts[t]
        error = float("nan")
        if blocks > 1:
            error = float(np.sqrt((blocks - 1) / blocks * ((means[1:] - means[1:].mean()) ** 2).sum()))
        spread = float(np.sqrt(max(squares[t] / counts[t] - means[0] ** 2, 0.0)))
        result[element] = ElementCharge(float(means[0]), spread, error, float(start[element]))
    return result


def _potential(task: _Task, parameters: FloatArray, mode: int) -> LongRangePotential:
    layout = task.layout
    nep = replace(task.nep, w1=parameters[layout.readout].reshape(layout.types, layout.neurons))
    return LongRangePotential(
        nep=nep,
        charges=HiddenCharges.from_parameters(parameters[layout.charges], layout.types),
        energies=tuple(float(e) for e in parameters[layout.energies]),
        mode=mode,
        sqrt_epsilon_inf=float(parameters[layout.scale]),
    )


def fit_charges(
    nep: NEP,
    frames: Sequence[ase.Atoms],
    *,
    test: Sequence[ase.Atoms] | None = None,
    mode: int = 2,
    initial_charges: Mapping[str, float] | None = None,
    scales: Sequence[float] = (1.0, 0.5, 0.3),
    charges: str = "environment",
    short_range: str = "readout",
    weights: Weights | None = None,
    prior: Ridge | None = None,
    range_diagnosis: bool = True,
    memory_gb: float = 4.0,
    threads: int | None = None,
    tolerance: float = 1e-5,
    xp: Namespace = np,
    progress: Progress | None = None,
) -> ChargeFit:
    """Fit charges that are linear in a NEP's hidden layer, together with its readout, by Gauss-Newton.

    The network below the readout stays frozen. The energies of the elements (a constant per atom of every type) are always
    fitted, since reference energies of another DFT code differ by such constants.

    Parameters
    ----------
    nep
        A NEP without charges, uniform cutoffs.
    frames
        Training frames with energies or forces (and virials, Born effective charges, dipoles, charges where present). Give
        their total charge as ``info["charge"]`` where it is not zero.
    test
        Held-out frames.
    mode
        qNEP charge mode: 2 (smeared charges, recommended) or 1 (point charges).
    initial_charges
        Starting charge by element, e; by default the common oxidation state.
    scales
        The fit starts from the starting charges times each of these; the lowest objective is kept.
    charges
        ``"environment"`` (linear in the hidden layer plus a constant) or ``"fixed"`` (a constant per element).
    short_range
        ``"readout"`` (the readout w1 is solved together with the charges) or ``"frozen"``.
    weights
        Weight of every kind of label.
    prior
        Strength of the ridge towards the starting charges and the NEP's readout; None: chosen by cross-validation over
        blocks of frames (by ``info["trajectory"]`` where present).
    range_diagnosis
        Whether to fit also charges whose interaction is cut to pairs within the cutoff.
    memory_gb
        Memory limit, units of 1e9 bytes; features go to float32 or temporary files beyond it.
    threads
        Frames worked on at the same time; by default all cores.
    tolerance
        Converged when a Gauss-Newton step predicts a smaller relative decrease of the objective.
    xp
        Array module: ``numpy`` or ``cupy``.
    progress
        Called with stage, done, total and a detail.

    Returns
    -------
    ChargeFit

    Raises
    ------
    ModelError
        For a model that already has charges or has typewise cutoffs.
    DataError
        For frames without labels, with unknown elements, or charged without saying so.
    SettingsError
        For arguments out of range.

    Examples
    --------
    >>> fit = fit_charges(read_nep("nep.txt"), frames, test=held_out)  # doctest: +SKIP
    >>> fit.verdict  # doctest: +SKIP
    'the long range helps: ...'
    """
    started = time.perf_counter()
    seconds: dict[str, float] = {}
    _check_settings(mode, scales, charges, short_range)
    check_model(nep)
    start_charges = oxidation_states(nep.elements, initial_charges)
    notes = check_frames(nep, frames, start_charges, explicit=initial_charges is not None)
    if test is not None:
        check_frames(nep, test, start_charges, explicit=False, name="test frame")
    threads = threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else threads or os.cpu_count() or 1
    interactions = {FULL: gpumd(mode, nep.cutoff_radial)}
    if range_diagnosis:
        interactions[CUT] = smeared_within(nep.cutoff_radial)

    def store(items: Sequence[ase.Atoms], name: str) -> FrameStore:
        def report(done: int, total: int) -> None:
            if progress is not None:
                progress(f"features of the {name}s", done, total, "")

        return FrameStore(
            nep, items, interactions, xp=xp, memory_gb=memory_gb, threads=threads, name=name, progress=report
        )

    train_store = store(frames, "training frame")
    test_store = store(test, "test frame") if test else None
    seconds["features"] = time.perf_counter() - started
    layout = Layout(len(nep.elements), nep.neurons)
    blocks = assign_blocks(frames)
    test_blocks = assign_blocks(test) if test else None
    task = _Task(
        nep, train_store, test_store, layout, weights or Weights(), blocks, test_blocks, threads, tolerance, progress
    )
    readout = short_range == "readout"
    has_scale = any(kind in train_store.label_counts() for kind in ("bec", "dipole"))

    mark = time.perf_counter()
    base = task.start()
    frozen_free = layout.mask(charges="none", readout=False)
    frozen_prior = task.prior(base, FIRST_RIDGE)
    frozen = task.minimise(None, base, frozen_prior, frozen_free, "frozen NEP")
    readout_free = layout.mask(charges="none", readout=True)
    first = task.minimise(None, base, frozen_prior, readout_free, "readout refit")
    refit = _refine(task, None, _Fitted(first, frozen_prior, FIRST_RIDGE, readout_free), prior, "readout refit")
    seconds["readout"] = time.perf_counter() - mark

    mark = time.perf_counter()
    free = layout.mask(charges=charges, readout=readout, scale=has_scale)
    best, starts = _best_start(task, FULL, start_charges, scales, free, prior or FIRST_RIDGE)
    best = _refine(task, FULL, best, prior, "charges")
    seconds["charges"] = time.perf_counter() - mark

    mark = time.perf_counter()
    cut = None
    if range_diagnosis:
        cut, _ = _best_start(task, CUT, start_charges, scales, free, best.ridge)
    seconds["range"] = time.perf_counter() - mark

    mark = time.perf_counter()
    tables = {
        "frozen": task.errors(None, frozen.parameters),
        "readout": task.errors(None, refit.solution.parameters),
        "charges": task.errors(FULL, best.solution.parameters),
    }
    train_errors = Stages(*(tables[key][0] for key in ("frozen", "readout", "charges")))
    test_errors = None
    if test_store is not None:
        test_errors = Stages(*(tables[key][1] for key in ("frozen", "readout", "charges")))  # type: ignore[arg-type]
    diagnosis = None
    if cut is not None:
        pick = 0 if test_store is None else 1
        cut_errors = task.errors(CUT, cut.solution.parameters)[pick]
        assert cut_errors is not None
        diagnosis = RangeDiagnosis(
            "train" if pick == 0 else "test", tables["readout"][pick], cut_errors, tables["charges"][pick]  # type: ignore[arg-type]
        )
    helps, verdict = _judge(task, refit, best, cut)
    curvature = best.solution.normal.curvature.sum(axis=0)[np.ix_(free, free)]
    rank, condition = rank_and_condition(curvature)
    kept = max(starts, key=lambda s: s is starts[0])
    element_charges = _element_charges(task, best, {e: kept.scale * q for e, q in start_charges.items()})
    seconds["report"] = time.perf_counter() - mark
    seconds["total"] = time.perf_counter() - started
    if not has_scale:
        notes.append("no Born effective charges or dipoles in the training frames: sqrt_epsilon_inf is set to 1")
    return ChargeFit(
        potential=_potential(task, best.solution.parameters, mode),
        train=train_errors,
        test=test_errors,
        charges=element_charges,
        range=diagnosis,
        verdict=verdict,
        charges_help=helps,
        ridge=best.ridge,
        ridge_chosen=prior is None and len(best.solution.normal.loss) > 1,
        starts=starts,
        rank=rank,
        parameters=int(free.sum()),
        condition=condition,
        blocks=len(best.solution.normal.loss),
        iterations=best.solution.iterations,
        converged=best.solution.converged,
        seconds=seconds,
        storage=train_store.storage,
        notes=tuple(notes),
    )


def _check_settings(mode: int, scales: Sequence[float], charges: str, short_range: str) -> None:
    if mode not in (1, 2):
        raise SettingsError(f"charge mode {mode} is not known: use 2 (smeared charges) or 1 (point charges)")
    if not scales or not all(np.isfinite(scales)) or 0.0 in scales:
        raise SettingsError("scales of the starting charges must be numbers other than zero")
    if charges not in ("environment", "fixed"):
        raise SettingsError(f'charges="{charges}" is not known: use "environment" or "fixed"')
    if short_range not in ("readout", "frozen"):
        raise SettingsError(f'short_range="{short_range}" is not known: use "readout" or "frozen"')
