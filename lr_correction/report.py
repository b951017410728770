"""From fits to what a user is told: errors, charges with their errors, range diagnosis, verdict."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .charge_table import element_charges
from .correction import LongRangePotential
from .gauss_newton import rank_and_condition
from .moments import HiddenCharges
from .objective import Errors
from .problem import CUT, FULL, LONGER, SCREENED, Fitted, Problem
from .results import ChargeFit, RangeDiagnosis, Stages, Start
from .verdict import Judgement, judge

FloatArray = NDArray[np.float64]


@dataclass
class Clock:
    """Wall time by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    mark: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """Note the time since the last lap."""
        now = time.perf_counter()
        self.seconds[stage], self.mark = now - self.mark, now
        self.seconds["total"] = now - self.started


@dataclass(frozen=True)
class Fits:
    """All fits of one call: frozen NEP, readout refit, the best charges with all starts, those of shorter range."""

    frozen: Fitted
    refit: Fitted
    best: Fitted
    starts: tuple[Start, ...]
    controls: Mapping[str, Fitted]


def report(
    problem: Problem,
    fits: Fits,
    start: Mapping[str, float],
    mode: int,
    notes: Sequence[str],
    seconds: Mapping[str, float],
    *,
    chosen: bool,
) -> ChargeFit:
    """Put the fits of a problem into a result.

    Parameters
    ----------
    problem, fits
        What was fitted.
    start
        Starting charge of every element before scaling, e.
    mode
        qNEP charge mode.
    notes
        What the user should know.
    seconds
        Wall time by stage; may still grow.
    chosen
        Whether cross-validation was to choose the prior.
    """
    best, starts = fits.best, fits.starts
    judgement = _judge(problem, fits)
    rank, condition = rank_and_condition(best.solution.normal.total_curvature[np.ix_(best.free, best.free)])
    blocks = len(best.solution.normal.loss)
    train = _stages(problem, fits, test=False)
    test = None if problem.test is None else _stages(problem, fits, test=True)
    return ChargeFit(
        potential=_potential(problem, best.solution.parameters, mode),
        train=train,
        test=test,
        charges=element_charges(problem, best, {e: starts[0].scale * q for e, q in start.items()}),
        range=_diagnose(problem, fits.controls, train, test) if fits.controls else None,
        verdict=judgement.text,
        charges_help=bool(judgement.helps),
        judgements=(judgement,),
        ridge=best.ridge,
        ridge_chosen=chosen and blocks > 1,
        starts=starts,
        rank=rank,
        parameters=int(best.free.sum()),
        condition=condition,
        blocks=blocks,
        iterations=best.solution.iterations,
        converged=best.solution.converged,
        seconds=seconds,
        storage=problem.train.storage,
        notes=tuple(notes),
    )


def _stages(problem: Problem, fits: Fits, *, test: bool) -> Stages:
    return Stages(
        frozen=problem.errors(None, fits.frozen.solution.parameters, test=test),
        readout=problem.errors(None, fits.refit.solution.parameters, test=test),
        charges=problem.errors(FULL, fits.best.solution.parameters, test=test),
    )


def _diagnose(problem: Problem, controls: Mapping[str, Fitted], train: Stages, test: Stages | None) -> RangeDiagnosis:
    stages = test or train

    def errors(name: str) -> Errors:
        return problem.errors(name, controls[name].solution.parameters, test=test is not None)

    return RangeDiagnosis(
        frames="test" if test else "train",
        readout=stages.readout,
        short_range_charges=errors(CUT),
        screened=errors(SCREENED),
        full=stages.charges,
    )


def _judge(problem: Problem, fits: Fits) -> Judgement:
    """Say whether charges and the long range helped, on test frames or else by cross-validation."""
    controls = {name: problem.held_out(name, fitted) for name, fitted in fits.controls.items()}
    judged = problem.test if problem.judged_on_test else problem.train
    assert judged is not None
    return judge(
        "charges",
        problem.held_out(None, fits.refit),
        problem.held_out(FULL, fits.best),
        controls.get(CUT),
        controls.get(SCREENED),
        where="test frames" if problem.judged_on_test else "held-out training frames",
        too_small=float(np.median(judged.heights)) < 2 * LONGER * problem.nep.cutoff_radial,
    )


def _potential(problem: Problem, parameters: FloatArray, mode: int) -> LongRangePotential:
    layout = problem.layout
    return LongRangePotential(
        nep=replace(problem.nep, w1=parameters[layout.readout].reshape(layout.types, layout.neurons)),
        charges=HiddenCharges.from_parameters(parameters[layout.charges], layout.types),
        energies=tuple(float(energy) for energy in parameters[layout.energies]),
        mode=mode,
        sqrt_epsilon_inf=float(parameters[layout.scale]),
    )
