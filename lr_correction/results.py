"""What a charge fit reports."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .correction import LongRangePotential
from .objective import Errors
from .verdict import Judgement

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ElementCharge:
    """Charges of one element over the training frames, e.

    Attributes
    ----------
    mean, std
        Mean and standard deviation over the atoms.
    error
        Standard error of the mean from a block jackknife over frames or trajectories; NaN with fewer than two blocks.
    start
        Starting charge.
    """

    mean: float
    std: float
    error: float
    start: float


@dataclass(frozen=True)
class Stages:
    """Errors of the three models on the same frames: frozen NEP, readout refit, NEP with charges."""

    frozen: Errors
    readout: Errors
    charges: Errors


@dataclass(frozen=True)
class Start:
    """One start of the fit: scale of the starting charges, objective reached, iterations, whether it converged."""

    scale: float
    objective: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class Ridge:
    """Strength of the prior: adds ``strength * (parameter - start)^2`` summed to the objective.

    Attributes
    ----------
    charges
        Of the charge parameters, (eV/angstrom)^2 / e^2.
    readout
        Of the readout weights, 1/angstrom^2.
    element_charges
        Of the mean charge of every element over the training frames, (eV/angstrom)^2 / e^2: a tie-breaker, since forces
        determine how charges change much better than what they are. A fit that chooses the strengths lowers it with the
        objective.
    """

    charges: float
    readout: float
    element_charges: float = 1e-3


@dataclass(frozen=True)
class RangeDiagnosis:
    """Where the gain of the charges comes from: errors of four models on the same frames.

    Attributes
    ----------
    frames
        ``"test"`` or ``"train"``: the frames on which the errors were taken.
    readout
        Readout refit, no charges.
    short_range_charges
        Charges whose interaction ends at the NEP's cutoff.
    screened
        Charges whose interaction ends at two cutoffs.
    full
        Charges with the full periodic sum.
    """

    frames: str
    readout: Errors
    short_range_charges: Errors
    screened: Errors
    full: Errors


@dataclass(frozen=True)
class ChargeFit:
    """Result of `fit_charges`.

    Attributes
    ----------
    potential
        The corrected model: evaluates frames, is exported by `export.write_qnep`.
    train, test
        Errors of frozen NEP, readout refit and charges; `test` is None without test frames.
    charges
        Per element.
    range
        Range diagnosis; None when it was not asked for.
    verdict
        One sentence: whether charges, and the long range, helped.
    charges_help
        Whether they lowered the held-out error significantly, at whatever range.
    judgements
        What the verdict rests on, for every family of moments.
    ridge
        Prior strength used.
    ridge_chosen
        Whether cross-validation chose it.
    starts
        Every start, the one kept first.
    rank, parameters, condition
        Numerical rank, number of free parameters, and condition of the data's normal equations.
    blocks
        Number of blocks for cross-validation and the jackknife.
    iterations
        Gauss-Newton linearisations of the kept fit.
    converged
        Whether the kept fit met its tolerance.
    seconds
        Wall time by stage, ``total`` among them.
    storage
        How features were kept: float64, float32 or disk.
    notes
        What the user should know: assumptions, defaults, limits met.
    """

    potential: LongRangePotential
    train: Stages
    test: Stages | None
    charges: Mapping[str, ElementCharge]
    range: RangeDiagnosis | None
    verdict: str
    charges_help: bool
    judgements: tuple[Judgement, ...]
    ridge: Ridge
    ridge_chosen: bool
    starts: tuple[Start, ...]
    rank: int
    parameters: int
    condition: float
    blocks: int
    iterations: int
    converged: bool
    seconds: Mapping[str, float]
    storage: str
    notes: tuple[str, ...] = field(default=())

    def summary(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for JSON."""
        result: dict[str, Any] = {
            "train": asdict(self.train),
            "test": None if self.test is None else asdict(self.test),
            "charges": {element: _without_nan(asdict(charge)) for element, charge in self.charges.items()},
            "range": None,
            "verdict": self.verdict,
            "charges_help": self.charges_help,
            "judgements": [judgement.summary() for judgement in self.judgements],
            "ridge": {**asdict(self.ridge), "chosen_by_cross_validation": self.ridge_chosen},
            "starts": [asdict(start) for start in self.starts],
            "rank": self.rank,
            "parameters": self.parameters,
            "condition": self.condition,
            "blocks": self.blocks,
            "iterations": self.iterations,
            "converged": self.converged,
            "seconds": self.seconds["total"],
            "seconds_by_stage": dict(self.seconds),
            "storage": self.storage,
            "mode": self.potential.mode,
            "sqrt_epsilon_inf": self.potential.sqrt_epsilon_inf,
            "notes": list(self.notes),
        }
        if self.range is not None:
            detail = {key: value for key, value in asdict(self.range).items() if key != "frames"}
            result["range"] = {
                **{key: value["force_mev_a"] for key, value in detail.items()},
                "frames": self.range.frames,
                "errors": detail,
            }
        return result


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN: what is not known is null."""
    return {key: None if math.isnan(value) else value for key, value in values.items()}
