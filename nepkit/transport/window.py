"""Which lags to fit: where the diffusive regime begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.transport.covariance import Line, fit_line, overlaps

Array = NDArray[np.float64]

#: Lags that a line is fitted through; more say nothing new, because they overlap.
POINTS = 12
#: A window found automatically ends at this multiple of its start.
REACH = 5.0
#: It starts at this multiple of the shortest lag at which no bend was seen: what is not seen may still be there.
MARGIN = 2.0
#: A bend within so many of its errors is none; a smaller number would reject many straight lines by chance.
DOUBT = 3.0
#: So many starts in a row must show no bend.
CONFIRM = 3
#: A bend smaller than this is taken for a straight line however well it is known.
STRAIGHT = 0.003


class NotDiffusiveError(InputError):
    """The displacements have no diffusive regime, or none that the data can show."""


@dataclass(frozen=True)
class Case:
    """What a fit needs: displacements by direction, and how independent they are.

    Parameters
    ----------
    values : ndarray, shape (L, A)
        Mean squared displacement against lag, by direction, A^2.
    walkers : float
        Number of independent walkers in the mean.
    frames : int
        Frames of the trajectory.
    kurtosis : float
        Fourth cumulant of a walker's displacement per frame, A^4; see `blocks.kurtosis`.
    rattling : float, optional
        Noise of the places over the variance of a step, in frames; taken from the offset of the line when left out.
    """

    values: Array
    walkers: float
    frames: int
    kurtosis: float
    rattling: float | None = None

    def covariance(self, lags: NDArray[np.int64], line: Line | None, axis: int | None = None) -> Array:
        """Return the covariance at some lags, summed over the directions or of one of them."""
        chosen = self.values if axis is None else self.values[:, axis : axis + 1]
        if self.rattling is None:
            rise = (chosen[lags[-1]] - chosen[lags[0]]) / (lags[-1] - lags[0])
        else:  # a difference of the displacements of one walker may be nothing or less
            rise = (chosen[lags] / (lags + 2.0 * self.rattling)[:, None]).mean(axis=0)
        floor = max(1e-3 * float(chosen[lags[-1]].max()) / lags[-1], 1e-12)  # a direction without any motion
        step = np.maximum(rise, floor)  # variance of a step, A^2 per frame
        rattling = self.rattling
        if rattling is None:
            rattling = 0.0 if line is None else max(0.0, 0.5 * line.offset / float(step.sum()))
        shared = overlaps(self.frames, lags)
        jumps = self.kurtosis * chosen.shape[1] / 3.0 * shared.first
        return np.asarray(((step**2).sum() * shared.gaussian(rattling) + jumps) / self.walkers)

    def fit(self, lags: NDArray[np.int64], axis: int | None = None) -> Line:
        """Fit a line; the covariance is that of a walk first, then with the rattling which that fit shows."""
        values = self.values[lags].sum(axis=1) if axis is None else self.values[lags, axis]
        time = lags.astype(float)
        line = fit_line(time, values, self.covariance(lags, None, axis))
        return fit_line(time, values, self.covariance(lags, line, axis))


def _points(start: float, stop: float) -> NDArray[np.int64]:
    return np.unique(np.round(np.geomspace(start, stop, POINTS)).astype(np.int64))


def lags_of_window(count: int, window: tuple[float, float]) -> NDArray[np.int64]:
    """Return lags spread over a part of the lag range.

    Raises
    ------
    InputError
        Where the window is not ``low < high`` within 0 and 1, or too narrow.
    """
    low, high = window
    if not 0.0 <= low < high <= 1.0:
        raise InputError(f"the window {low}:{high} is not two growing parts of the lag range between 0 and 1")
    lags = _points(max(1, int(low * count)), min(count - 1, int(high * count)))
    if len(lags) < 4:
        raise InputError(f"the window {low}:{high} has {len(lags)} lags of {count}; choose a wider one")
    return lags


def find_window(case: Case, time: Array, label: str) -> NDArray[np.int64]:
    """Return the lags from where on the displacement grows as a straight line, as far as the errors can tell.

    A start is good when the exponent of the rise is one within its error there and at the next starts.

    Raises
    ------
    NotDiffusiveError
        Where there is no good start.
    """
    last = len(case.values) - 1
    starts = np.unique(np.round(np.geomspace(1, max(1.0, last / 2.0), 24)).astype(np.int64))
    tried = [lags for lags in (_points(start, min(REACH * start, last)) for start in starts) if len(lags) > 3]
    seen: list[bool] = []
    for index, lags in enumerate(tried):
        line = case.fit(lags)
        seen.append(_is_straight(line) and not rattles(line, lags))
        if len(seen) >= CONFIRM and all(seen[-CONFIRM:]):
            start = min(MARGIN * tried[index - CONFIRM + 1][0], tried[-1][0])
            return _points(start, min(REACH * start, last))
    raise NotDiffusiveError(
        f"{label} {_reason(case, line, lags, time)}; run longer or hotter, or force a fit with --window"
    )


def _reason(case: Case, line: Line, lags: NDArray[np.int64], time: Array) -> str:
    span = f"between {time[lags[0]]:.4g} and {time[lags[-1]]:.4g} ps"
    reached = float(case.values[lags[-1]].sum())
    if not line.slope > 2.0 * line.slope_error:
        return (
            f"does not diffuse: {span} its displacement of {reached:.3g} A^2 grows by nothing that is above the noise"
        )
    if rattles(line, lags):
        return f"rattles in place: its displacement reaches {reached:.3g} A^2, {line.offset:.3g} of which is rattling"
    if abs(line.bend) > DOUBT * line.bend_error:
        power = f"{1.0 + line.bend:.2f} +- {line.bend_error:.2f}"
        return f"has no diffusive regime: {span} its displacement grows as time to the power {power}, not 1"
    return f"has no diffusive regime that can be told from noise: {span} the displacement is still too uncertain"


def rattles(line: Line, lags: NDArray[np.int64]) -> bool:
    """Return whether the displacement is mostly rattling about one place up to the last lag."""
    return line.offset > line.slope * float(lags[-1])


def _is_straight(line: Line) -> bool:
    if not line.slope > 2.0 * line.slope_error or not np.isfinite(line.bend):
        return False
    return abs(line.bend) <= max(DOUBT * line.bend_error, STRAIGHT)
