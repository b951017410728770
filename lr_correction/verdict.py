"""Does a family of moments help, and what of it is beyond the cutoff, and long range? Measured statements with errors.

Models are compared on the same held-out frames, pair by pair: what counts is the logarithm of the ratio of their errors
in a cluster of frames (a trajectory, or one frame where frames are independent), its mean over clusters, Student's
interval of that, and its sign. A few hard frames cannot hide what the many say, as in a ratio of two averages.

Every family is fitted with three interactions that differ in their range alone (`kernels.screened`): one that ends at
the NEP's cutoff, one that ends at twice that, and the full sum. A gain that the first one makes as well is flexibility
of the short-range model. A gain that the second one makes as well is a longer range than the cutoff, as a NEP of longer
cutoff would have. Only what the full sum gains over both is the long range of charges.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, stdtrit

FloatArray = NDArray[np.float64]

#: Smallest relative gain in error that counts.
LEAST_GAIN = 0.02
#: A gain must be there with this probability, by force or by energy; both are looked at, hence half of 2 %.
CONFIDENCE = 0.99
#: Gains of this size in force and in energy must be ruled out before it is said that something does not help.
LARGE = {"force": 0.10, "energy": 0.50}
#: Range of a family's gain, from nothing to the whole: what `Judgement.range` holds.
NOTHING, WITHIN, BEYOND, LONG, UNKNOWN = "none", "within the cutoff", "beyond the cutoff", "long range", "unknown"


@dataclass(frozen=True)
class FrameErrors:
    """Mean square errors of one model on held-out frames.

    Attributes
    ----------
    force, energy
        Mean square error of every frame, shape (n,): (eV/angstrom)^2 and (eV/atom)^2.
    atoms
        Number of atoms of every frame, shape (n,).
    clusters
        Frames with the same number belong together, shape (n,).
    """

    force: FloatArray
    energy: FloatArray
    atoms: NDArray[np.int64]
    clusters: NDArray[np.int64]


@dataclass(frozen=True)
class Gain:
    """By how much the error of one model is lower than that of another on the same frames.

    Attributes
    ----------
    value
        Relative gain, 1 minus the geometric mean of the ratio of errors over clusters.
    error
        Its standard error; infinite with one cluster.
    low, high
        Ends of the interval of the gain (`CONFIDENCE` on either side).
    pooled
        1 minus the ratio of the root mean square errors over all frames.
    better, clusters
        In how many clusters of how many the error is lower.
    """

    value: float
    error: float
    low: float
    high: float
    pooled: float
    better: int
    clusters: int

    def __str__(self) -> str:
        """Return for instance ``12.3 +- 1.1 % lower``."""
        error = f" +- {100 * self.error:.1f}" if np.isfinite(self.error) else ""
        return f"{100 * abs(self.value):.1f}{error} % {'lower' if self.value >= 0 else 'higher'}"

    @property
    def sure(self) -> bool:
        """Whether there is a gain, and one that counts, also over all frames together.

        Sure by Student's interval, or by how many clusters gain (a sign test), which does not care how much they do.
        """
        chance = float(bdtrc(self.better - 1, self.clusters, 0.5)) if self.better else 1.0
        certain = self.low > 0.0 or chance < 1.0 - CONFIDENCE
        return certain and self.value > LEAST_GAIN and self.pooled > 0.0


@dataclass(frozen=True)
class Comparison:
    """A model against another: gains in force error and in energy error."""

    force: Gain
    energy: Gain

    @property
    def better(self) -> bool:
        """Whether forces or energies gain and the other does not lose."""
        return (self.force.sure and self.energy.high >= 0.0) or (self.energy.sure and self.force.high >= 0.0)

    @property
    def no_better(self) -> bool:
        """Whether large gains are ruled out."""
        pooled = self.energy.pooled
        hidden = pooled > LARGE["energy"] or (pooled > LARGE["force"] and self.energy.high > LARGE["energy"])
        return not self.better and self.force.high < LARGE["force"] and not hidden


@dataclass(frozen=True)
class Judgement:
    """What one family of moments brings.

    Attributes
    ----------
    family
        Its name, such as ``charges``.
    helps
        Whether it lowers the error of the model without it; None where the frames cannot tell.
    range
        Of its gain: ``none``, ``within the cutoff``, ``beyond the cutoff``, ``long range`` or ``unknown``.
    over_reference, over_near, over_screened
        The full sum against the model without the family, and against the family with the two shorter ranges; None
        where those were not fitted.
    text
        All that in one sentence.
    """

    family: str
    helps: bool | None
    range: str
    over_reference: Comparison
    over_near: Comparison | None
    over_screened: Comparison | None
    text: str

    def summary(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for JSON."""

        def plain(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: plain(item) for key, item in value.items()}
            return None if isinstance(value, float) and not np.isfinite(value) else value

        result: dict[str, Any] = plain(asdict(self))
        return result


def gain(reference: FloatArray, model: FloatArray, clusters: NDArray[np.int64], weights: FloatArray) -> Gain:
    """Compare mean square errors by frame.

    Parameters
    ----------
    reference, model
        Mean square error of every frame, shape (n,).
    clusters
        Cluster of every frame, shape (n,).
    weights
        Weight of every frame, such as its number of atoms, shape (n,).

    Examples
    --------
    >>> one = np.ones(4)
    >>> found = gain(4 * one, one, np.arange(4), one)
    >>> found.value, found.better
    (0.5, 4)
    """
    tiny = np.finfo(float).tiny
    _, inverse = np.unique(clusters, return_inverse=True)
    sums = [np.bincount(inverse, weights=weights * values) + tiny for values in (reference, model)]
    logs = 0.5 * np.log(sums[1] / sums[0])
    count = len(logs)
    mean = float(logs.mean())
    error, margin = float("inf"), float("inf")
    if count > 1:
        error = float(logs.std(ddof=1) / np.sqrt(count))
        margin = float(stdtrit(count - 1, CONFIDENCE)) * error
    ratio = float(np.exp(mean))
    with np.errstate(over="ignore"):
        low, high = 1.0 - ratio * float(np.exp(margin)), 1.0 - ratio * float(np.exp(-margin))
    pooled = 1.0 - float(np.sqrt(sums[1].sum() / sums[0].sum()))
    return Gain(1.0 - ratio, ratio * error, low, high, pooled, int((logs < 0).sum()), count)


def compare(reference: FrameErrors, model: FrameErrors) -> Comparison:
    """Compare two models on the same frames."""
    atoms = reference.atoms.astype(float)
    return Comparison(
        force=gain(reference.force, model.force, reference.clusters, atoms),
        energy=gain(reference.energy, model.energy, reference.clusters, np.ones(len(atoms))),
    )


def judge(
    family: str,
    reference: FrameErrors,
    full: FrameErrors,
    near: FrameErrors | None = None,
    screened: FrameErrors | None = None,
    *,
    without: str = "the readout refit",
    where: str = "test frames",
    too_small: bool = False,
) -> Judgement:
    """Say whether a family of moments helps, and at what range.

    Parameters
    ----------
    family
        Name of the family, in the plural.
    reference
        Errors of the model without it.
    full, near, screened
        Errors with it: full sum, range of the cutoff, range of two cutoffs.
    without
        What the reference is called.
    where
        What the frames are called.
    too_small
        Whether the cells are too small to tell the full sum from the longer of the two ranges.
    """
    gained = compare(reference, full)
    frames = f"{len(full.force)} {where if len(full.force) > 1 else where.removesuffix('s')}"
    change = _change(gained, reference, full)

    def result(helps: bool | None, reach: str, text: str, *others: Comparison) -> Judgement:
        beyond, longer = (*others, None, None)[:2]
        return Judgement(family, helps, reach, gained, beyond, longer, text)

    if not gained.better and gained.no_better:
        return result(False, NOTHING, f"{family} do not help: {change} against {without} on {frames}")
    if not gained.better:
        return result(None, UNKNOWN, f"cannot tell from {frames} whether {family} help: {change} against {without}")
    text = f"{family} help: {change} against {without} on {frames}"
    if near is None:
        return result(True, UNKNOWN, text)
    beyond = compare(near, full)
    change = f"against an interaction that ends at the cutoff {_change(beyond, near, full)}"
    if not beyond.better and beyond.no_better:
        return result(True, WITHIN, f"{text}; not by their range, but as a more flexible model: {change}", beyond)
    if not beyond.better:
        return result(True, UNKNOWN, f"{text}; whether by their range cannot be told: {change}", beyond)
    text = f"{text}; a part is from beyond the cutoff: {change}"
    if screened is None:
        return result(True, BEYOND, text, beyond)
    longer = compare(screened, full)
    change = f"against one that ends at two cutoffs {_change(longer, screened, full)}"
    if longer.better:
        return result(True, LONG, f"{text}; the long range helps: {change}", beyond, longer)
    reason = "these cells are too small for that" if too_small else "a longer cutoff may do as well"
    return result(True, BEYOND, f"{text}; that it is long-ranged is not shown, {reason}: {change}", beyond, longer)


def _change(found: Comparison, reference: FrameErrors, model: FrameErrors) -> str:
    """Return the gains in words: forces first, energies where they say something, frames in how many of how many."""
    atoms = reference.atoms.astype(float)
    unit = "frames" if found.force.clusters == len(atoms) else "blocks"

    def words(gain: Gain, before: FloatArray, after: FloatArray, weights: FloatArray, label: str) -> str:
        first, last = (1e3 * float(np.sqrt(np.average(values, weights=weights))) for values in (before, after))
        often = f", in {gain.better} of {gain.clusters} {unit}" if gain.clusters > 1 else ""
        return f"{first:.1f} -> {last:.1f} {label} ({gain}{often})"

    text = f"forces {words(found.force, reference.force, model.force, atoms, 'meV/A')}"
    energy = found.energy
    if energy.sure or energy.high < 0 or energy.pooled > LARGE["force"]:
        text += f", energies {words(energy, reference.energy, model.energy, np.ones(len(atoms)), 'meV/atom')}"
    return text


def frame_errors(
    residuals: Sequence[dict[str, FloatArray]], clusters: NDArray[np.int64], atoms: Sequence[int] | NDArray[np.int64]
) -> FrameErrors:
    """Summarise residuals (label minus model, by kind) of frames as mean square errors."""
    return FrameErrors(
        force=np.array([float(np.mean(frame["force"] ** 2)) for frame in residuals]),
        energy=np.array([float(np.mean(frame["energy"] ** 2)) for frame in residuals]),
        atoms=np.asarray(atoms, dtype=np.int64),
        clusters=np.asarray(clusters),
    )
