"""Fit long-range charges atop a frozen NEP by Gauss-Newton on energies, forces and virials."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import ase
import numpy as np
from numpy.typing import NDArray

from .backend import Namespace
from .blocks import assign_blocks
from .charge_table import element_charges
from .checks import check_frames, check_model, unknown_compositions
from .correction import LongRangePotential
from .errors import SettingsError
from .gauss_newton import rank_and_condition
from .kernels import gpumd, smeared_within
from .moments import HiddenCharges
from .nepfile import NEP
from .objective import Weights
from .oxidation import oxidation_states
from .parameters import Layout
from .problem import CUT, FIRST_RIDGE, FULL, Fitted, Problem, Progress, available_threads
from .results import ChargeFit, RangeDiagnosis, Ridge, Stages
from .store import FrameStore
from .verdict import by_block, gain, held_out_loss, sentence

FloatArray = NDArray[np.float64]


@dataclass
class _Clock:
    """Wall time by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    mark: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self.mark = now - self.mark, now
        self.seconds["total"] = now - self.started


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

    The network below the readout stays frozen. The energies of the elements (a constant per atom of every type) are
    always fitted, since reference energies of another DFT code differ by such constants.

    Parameters
    ----------
    nep
        A NEP without charges, uniform cutoffs.
    frames
        Training frames with energies and forces (and virials; for other labels see `weights`).
        Give their total charge as ``info["charge"]`` where it is not zero.
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
        Weight of every kind of label; by default of energies, forces and virials alone. Born effective charges then
        only give sqrt_epsilon_inf, one factor after the fit.
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
    clock = _Clock()
    _check_settings(mode, scales, charges, short_range)
    _check_positive(memory_gb=memory_gb, threads=1 if threads is None else threads, tolerance=tolerance)
    check_model(nep)
    start_charges = oxidation_states(nep.elements, initial_charges)
    notes = check_frames(nep, frames, start_charges, explicit=initial_charges is not None, name="training frame")
    if test is not None:
        check_frames(nep, test, start_charges, explicit=False, name="test frame")
        notes += unknown_compositions(nep.elements, frames, test)
    interactions = {FULL: gpumd(mode, nep.cutoff_radial)}
    if range_diagnosis:
        interactions[CUT] = smeared_within(nep.cutoff_radial)
    threads = threads or available_threads()
    gb_per_atom = memory_gb / sum(len(atoms) for atoms in (*frames, *(test or ())))

    def store(items: Sequence[ase.Atoms], name: str) -> FrameStore:
        def report(done: int, total: int) -> None:
            if progress is not None:
                progress(f"features of the {name}s", done, total, "")

        share = gb_per_atom * sum(len(atoms) for atoms in items)
        options = {"xp": xp, "memory_gb": share, "threads": threads, "name": name, "progress": report}
        return FrameStore(nep, items, interactions, **options)

    problem = Problem(
        nep=nep,
        train=store(frames, "training frame"),
        test=store(test, "test frame") if test else None,
        layout=Layout(len(nep.elements), nep.neurons),
        weights=weights or Weights(),
        blocks=assign_blocks(frames),
        test_blocks=assign_blocks(test) if test else None,
        threads=threads,
        tolerance=tolerance,
        progress=progress,
    )
    clock.lap("features")

    readout, base, first = short_range == "readout", problem.start(), prior or FIRST_RIDGE
    mask = problem.layout.mask
    frozen = problem.minimise(None, base, base, first, mask(charges="none", readout=False), "frozen NEP")
    refit = problem.minimise(None, base, base, first, mask(charges="none", readout=True), "readout refit")
    refit = refit if prior else problem.refine(None, refit, "readout refit")
    clock.lap("readout")

    scaled = any(getattr(problem.weights, kind) for kind in {"bec", "dipole"} & set(problem.train.label_counts()))
    free = mask(charges=charges, readout=readout, scale=scaled)
    best, starts = problem.best_start(FULL, start_charges, scales, free, first, "charges")
    best = best if prior else problem.refine(FULL, best, "charges")
    if not scaled:
        best, more = _with_born_scale(problem, best)
        notes += more
    clock.lap("charges")

    cut = None
    if range_diagnosis:
        likely = [start.scale for start in starts[:2]]
        cut, _ = problem.best_start(CUT, start_charges, likely, free, best.ridge, "charges cut to pairs")
        cut = cut if prior else problem.refine(CUT, cut, "charges cut to pairs")
    clock.lap("range")

    helps, verdict = _judge(problem, refit, best, cut)
    rank, condition = rank_and_condition(best.solution.normal.curvature.sum(axis=0)[np.ix_(free, free)])
    blocks = len(best.solution.normal.loss)
    result = ChargeFit(
        potential=_potential(problem, best.solution.parameters, mode),
        train=_stages(problem, frozen, refit, best, test=False),
        test=_stages(problem, frozen, refit, best, test=True) if test else None,
        charges=element_charges(problem, best, {e: starts[0].scale * q for e, q in start_charges.items()}),
        range=None if cut is None else _diagnose(problem, refit, cut, best),
        verdict=verdict,
        charges_help=helps,
        ridge=best.ridge,
        ridge_chosen=prior is None and blocks > 1,
        starts=starts,
        rank=rank,
        parameters=int(free.sum()),
        condition=condition,
        blocks=blocks,
        iterations=best.solution.iterations,
        converged=best.solution.converged,
        seconds=clock.seconds,
        storage=problem.train.storage,
        notes=tuple(notes),
    )
    clock.lap("report")
    return result


def _with_born_scale(problem: Problem, best: Fitted) -> tuple[Fitted, list[str]]:
    """Set the sqrt_epsilon_inf that a fit without weight on Born effective charges left at 1, and say how."""
    scale = problem.born_scale(best.solution.parameters)
    if scale is None:
        return best, ["no Born effective charges in the training frames: sqrt_epsilon_inf is set to 1"]
    parameters = best.solution.parameters.copy()
    parameters[problem.layout.scale] = scale
    note = "Born effective charges of the training frames gave sqrt_epsilon_inf alone; with a weight they are fitted"
    return replace(best, solution=replace(best.solution, parameters=parameters)), [note]


def _stages(problem: Problem, frozen: Fitted, refit: Fitted, best: Fitted, *, test: bool) -> Stages:
    return Stages(
        frozen=problem.errors(None, frozen.solution.parameters, test=test),
        readout=problem.errors(None, refit.solution.parameters, test=test),
        charges=problem.errors(FULL, best.solution.parameters, test=test),
    )


def _diagnose(problem: Problem, refit: Fitted, cut: Fitted, best: Fitted) -> RangeDiagnosis:
    test = problem.test is not None
    return RangeDiagnosis(
        frames="test" if test else "train",
        readout=problem.errors(None, refit.solution.parameters, test=test),
        short_range_charges=problem.errors(CUT, cut.solution.parameters, test=test),
        full=problem.errors(FULL, best.solution.parameters, test=test),
    )


def _judge(problem: Problem, refit: Fitted, best: Fitted, cut: Fitted | None) -> tuple[bool, str]:
    """Say whether charges and the long range helped, on test frames or else by cross-validation."""

    def losses(interaction: str | None, fitted: Fitted) -> FloatArray:
        if problem.test is None:
            return held_out_loss(fitted.solution, fitted.prior, fitted.free)
        return by_block(problem.objective(interaction, test=True), fitted.solution.parameters)

    full = losses(FULL, best)
    held_out = "cross-validated objective" if len(full) > 1 else "objective of the only training frame"
    where = held_out if problem.test is None else "forces of the test frames"
    return sentence(gain(losses(None, refit), full), None if cut is None else gain(losses(CUT, cut), full), where)


def _potential(problem: Problem, parameters: FloatArray, mode: int) -> LongRangePotential:
    layout = problem.layout
    return LongRangePotential(
        nep=replace(problem.nep, w1=parameters[layout.readout].reshape(layout.types, layout.neurons)),
        charges=HiddenCharges.from_parameters(parameters[layout.charges], layout.types),
        energies=tuple(float(energy) for energy in parameters[layout.energies]),
        mode=mode,
        sqrt_epsilon_inf=float(parameters[layout.scale]),
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


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise SettingsError(f"{name} is {value}, expected a positive number")
