"""Fit long-range charges atop a frozen NEP by Gauss-Newton on energies, forces and virials."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ase
import numpy as np

from .backend import Namespace
from .blocks import assign_blocks
from .checks import check_frames, check_model, unknown_compositions
from .errors import SettingsError
from .kernels import Interaction, gpumd, screened
from .nepfile import NEP
from .objective import Weights
from .oxidation import oxidation_states
from .parameters import Layout
from .problem import CUT, FIRST_RIDGE, FULL, LONGER, SCREENED, Fitted, Problem, Progress, available_threads
from .report import Clock, Fits, report
from .results import ChargeFit, Ridge
from .sanity import check_labels, repeated_frames
from .store import FrameStore


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
        Whether to fit also charges whose interaction ends at the cutoff, and at two cutoffs, as the verdict needs.
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
    clock = Clock()
    _check_settings(mode, scales, charges, short_range)
    _check_positive(memory_gb=memory_gb, threads=1 if threads is None else threads, tolerance=tolerance)
    check_model(nep)
    start = oxidation_states(nep.elements, initial_charges)
    notes = check_frames(nep, frames, start, explicit=initial_charges is not None, name="training frame")
    if test is not None:
        check_frames(nep, test, start, explicit=False, name="test frame")
        notes += unknown_compositions(nep.elements, frames, test)
    seen = repeated_frames(frames, test or ())
    if seen:
        index, other = next(iter(seen.items()))
        notes.append(
            f"{len(seen)} of {len(test or ())} test frames are training frames (test frame {index + 1} is training"
            f" frame {other + 1}): the verdict leaves them out, the errors do not"
        )
    interactions = {FULL: gpumd(mode, nep.cutoff_radial)}
    if range_diagnosis:
        interactions[CUT] = screened(nep.cutoff_radial, nep.cutoff_radial)
        interactions[SCREENED] = screened(nep.cutoff_radial, LONGER * nep.cutoff_radial)
    options = {"xp": xp, "threads": threads or available_threads(), "progress": progress}
    stores = _stores(nep, frames, test or (), interactions, memory_gb, options)
    problem = Problem(
        nep=nep,
        train=stores[0],
        test=stores[1],
        layout=Layout(len(nep.elements), nep.neurons),
        weights=weights or Weights(),
        blocks=assign_blocks(frames),
        test_blocks=assign_blocks(test) if test else None,
        unseen=[index for index in range(len(test or ())) if index not in seen],
        threads=options["threads"],
        tolerance=tolerance,
        progress=progress,
    )
    clock.lap("features")
    for part, name in ((frames, "training frame"), (test or (), "test frame")):
        if part:
            frozen = problem.objective(None, test=part is test).residuals(problem.start())
            notes += check_labels(part, frozen, nep.elements, name)
    fits = _fit_all(problem, start, scales, charges, short_range == "readout", prior, range_diagnosis, clock)
    if not fits.best.free[problem.layout.scale]:
        best, more = _with_born_scale(problem, fits.best)
        fits, notes = replace(fits, best=best), notes + more
    result = report(problem, fits, start, mode, notes, clock.seconds, chosen=prior is None)
    clock.lap("report")
    return result


def _stores(
    nep: NEP,
    frames: Sequence[ase.Atoms],
    test: Sequence[ase.Atoms],
    interactions: Mapping[str, Interaction],
    memory_gb: float,
    options: Mapping[str, Any],
) -> tuple[FrameStore, FrameStore | None]:
    """Return the features of training and test frames, which share the memory by their atoms."""
    gb_per_atom = memory_gb / sum(len(atoms) for atoms in (*frames, *test))
    progress = options["progress"]

    def store(items: Sequence[ase.Atoms], name: str) -> FrameStore:
        def tell(done: int, total: int) -> None:
            if progress is not None:
                progress(f"features of the {name}s", done, total, "")

        share = gb_per_atom * sum(len(atoms) for atoms in items)
        settings = {**options, "memory_gb": share, "name": name, "progress": tell}
        return FrameStore(nep, items, dict(interactions), **settings)

    return store(frames, "training frame"), store(test, "test frame") if test else None


def _fit_all(
    problem: Problem,
    start: Mapping[str, float],
    scales: Sequence[float],
    charges: str,
    readout: bool,
    prior: Ridge | None,
    range_diagnosis: bool,
    clock: Clock,
) -> Fits:
    """Fit the frozen NEP's energies, the readout, the charges, and charges of shorter range."""
    base, first, mask = problem.start(), prior or FIRST_RIDGE, problem.layout.mask

    def refined(interaction: str | None, fitted: Fitted, stage: str) -> Fitted:
        return fitted if prior else problem.refine(interaction, fitted, stage)

    frozen = problem.minimise(None, base, base, first, mask(charges="none", readout=False), "frozen NEP")
    refit = problem.minimise(None, base, base, first, mask(charges="none", readout=True), "readout refit")
    refit = refined(None, refit, "readout refit")
    clock.lap("readout")

    scaled = any(getattr(problem.weights, kind) for kind in {"bec", "dipole"} & set(problem.train.label_counts()))
    free = mask(charges=charges, readout=readout, scale=scaled)
    best, starts = problem.best_start(FULL, start, scales, free, first, "charges")
    best = refined(FULL, best, "charges")
    clock.lap("charges")

    controls: dict[str, Fitted] = {}
    for interaction in (CUT, SCREENED) if range_diagnosis else ():
        stage = f"charges, {interaction}"
        found = [problem.best_start(interaction, start, [starts[0].scale], free, best.ridge, stage)[0]]
        for other in (best, *controls.values()):  # no worse than what fits of other range found
            moved = problem.minimise(
                interaction, other.solution.parameters, other.prior.centre, best.ridge, free, f"{stage}, from another"
            )
            found.append(moved)
        kept = min(found, key=lambda fitted: fitted.solution.objective)
        controls[interaction] = refined(interaction, kept, stage)
    clock.lap("range")
    return Fits(frozen, refit, best, starts, controls)


def _with_born_scale(problem: Problem, best: Fitted) -> tuple[Fitted, list[str]]:
    """Set the sqrt_epsilon_inf that a fit without weight on Born effective charges left at 1, and say how."""
    scale = problem.born_scale(best.solution.parameters)
    if scale is None:
        return best, ["no Born effective charges in the training frames: sqrt_epsilon_inf is set to 1"]
    parameters = best.solution.parameters.copy()
    parameters[problem.layout.scale] = scale
    note = "Born effective charges of the training frames gave sqrt_epsilon_inf alone; with a weight they are fitted"
    return replace(best, solution=replace(best.solution, parameters=parameters)), [note]


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
