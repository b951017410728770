"""How often a network percolates, and at which loading it begins to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.progress import track
from nepkit.core.statistics.quantity import Quantity
from nepkit.frames import Snapshot
from nepkit.percolation.clusters import Percolation, contacts, percolation

Array = NDArray[np.float64]

CORRELATION_LENGTH_EXPONENT = {2: 4.0 / 3.0, 3: 0.8765}
"""nu of percolation by dimension; the first is exact, the second of doi:10.1103/PhysRevE.87.052107."""


@dataclass(frozen=True)
class Network:
    """Percolation of a network along a trajectory.

    Parameters
    ----------
    rank : ndarray of int, shape (F,)
        Highest rank of a cluster in every frame.
    wraps : ndarray of bool, shape (F, 3)
        Whether a cluster winds around each cell vector.
    largest, endless : ndarray, shape (F,)
        Share of the nodes in the largest cluster and in all clusters that wrap.
    neighbours : ndarray, shape (F,)
        Mean number of neighbours.
    independent : float
        Number of independent frames, as the autocorrelation of their percolation tells it.
    """

    rank: NDArray[np.int64]
    wraps: NDArray[np.bool_]
    largest: Array
    endless: Array
    neighbours: Array
    independent: float

    def probability(self, rank: int = 1) -> Quantity:
        """Return the probability of a cluster of at least a rank."""
        return wilson(float((self.rank >= rank).mean()) * self.independent, self.independent)

    def along(self, axis: int) -> Quantity:
        """Return the probability of a cluster that winds around a cell vector."""
        return wilson(float(self.wraps[:, axis].mean()) * self.independent, self.independent)


def wilson(successes: float, trials: float) -> Quantity:
    """Return a probability with Wilson's 95 % interval, which is right near zero and one too.

    Its value is the plain share of successes (doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> wilson(0, 20).high.__round__(3)
    0.161
    """
    if not trials > 0.0:
        raise InputError("a probability needs at least one trial")
    z = 1.959964
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * float(np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2))
    return Quantity(share, half / z, "", max(0.0, middle - half), min(1.0, middle + half))


def independent_frames(values: ArrayLike) -> float:
    """Return how many independent values a stationary series is worth.

    Its length over the sum of its autocorrelation, which is cut where a pair of lags no longer adds (the initial
    positive sequence of doi:10.1214/ss/1177011137). A series that never changes is worth one.
    """
    series = np.asarray(values, dtype=float)
    count = len(series)
    centred = series - series.mean()
    variance = float(centred @ centred)
    if count < 2 or variance < 1e-12:
        return 1.0
    correlation = np.correlate(centred, centred, mode="full")[count - 1 :] / variance
    pairs = correlation[: count - count % 2].reshape(-1, 2).sum(axis=1)
    stop = int(np.argmax(pairs <= 0.0)) if (pairs <= 0.0).any() else len(pairs)
    inflation = max(2.0 * float(pairs[:stop].sum()) - 1.0, 1.0)
    return max(1.0, count / inflation)


def network(frames: Iterable[Any], elements: Sequence[str], cutoff: float, where: str = "trajectory") -> Network:
    """Follow the percolation of the atoms of some elements that are closer than a cutoff.

    Parameters
    ----------
    frames : iterable of ase.Atoms or Snapshot
        Periodic frames; snapshots that are far apart are worth more than many that are alike.
    elements : sequence of str
        Elements of the nodes.
    cutoff : float
        Longest distance of neighbours, A.
    where : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where no atom is of these elements or a frame has no cell.
    """
    found, neighbours = [], []
    for number, atoms in enumerate(track(map(Snapshot.of, frames), "Percolation"), 1):
        points = atoms.positions[nodes_of(atoms.symbols, elements, f"{where}, frame {number}")]
        try:
            edges = contacts(points, atoms.cell, cutoff)
        except InputError as error:
            raise InputError(f"{where}, frame {number}: {error}") from None
        found.append(percolation(len(points), *edges))
        neighbours.append(2.0 * len(edges[0]) / len(points))
    if not found:
        raise InputError(f"{where}: no frames")
    return collect(found, neighbours)


def nodes_of(symbols: Sequence[str], elements: Sequence[str], where: str) -> NDArray[np.int64]:
    """Return the places of the atoms of some elements; raise `UnknownNameError` where one is absent."""
    for element in elements:
        if element not in symbols:
            raise UnknownNameError(f"{where}: no {element}: {did_you_mean(element, set(symbols))}")
    return np.flatnonzero(np.isin(np.array(symbols), list(elements)))


def collect(clusters: Sequence[Percolation], neighbours: ArrayLike) -> Network:
    """Return the statistics of the clusters of every frame and the mean number of neighbours in it, shape (F,)."""
    rank = np.array([frame.highest for frame in clusters], dtype=np.int64)
    largest = np.array([frame.largest for frame in clusters])
    beside = np.asarray(neighbours, dtype=float)
    # Frames that all percolate do not tell how fast that changes; sizes and numbers of neighbours do.
    changing = [series for series in (rank, largest, beside) if np.ptp(series) > 0.0]
    worth = min((independent_frames(series) for series in changing), default=1.0)
    wraps = np.array([frame.wraps.any(axis=0) for frame in clusters])
    return Network(rank, wraps, largest, np.array([frame.endless for frame in clusters]), beside, worth)


CUBE = 0.460
"""Probability that something wraps around a cube in any direction at its threshold, whatever percolates in it
(doi:10.1103/PhysRevE.87.052107)."""


def threshold(
    loading: ArrayLike,
    length: ArrayLike,
    successes: ArrayLike,
    trials: ArrayLike,
    dimension: int = 3,
    height: float | None = None,
) -> tuple[Quantity, Quantity]:
    """Return the loading at which an infinite system begins to percolate, and the probability there.

    Curves of systems of different size cross at the threshold, and fall on one curve against
    ``(loading - threshold) * length**(1/nu)``; here that curve is a logistic function of a polynomial of degree 1 to 3,
    fitted by maximum likelihood. Degrees are averaged by Akaike's weights, and what they differ by is part of the
    error. Sizes should be ten times what is linked or more.

    Parameters
    ----------
    loading, length, successes, trials : array_like, shape (P,)
        Loading, linear size of the system, how many of how many samples percolated; at least two sizes.
    dimension : int
        2 or 3.
    height : float, optional
        The probability at the threshold where it is known, as `CUBE` is: then it is not fitted, and the threshold is
        much surer.

    Raises
    ------
    InputError
        Where there are fewer than two sizes, or no sample does or none fails to percolate.
    """
    x, size, good, total = (np.asarray(item, dtype=float) for item in (loading, length, successes, trials))
    if len(np.unique(size)) < 2:
        raise InputError("a threshold needs systems of at least two sizes")
    if good.sum() in (0.0, total.sum()):
        raise InputError("every sample percolates or none does; widen the range of loadings")
    scale = float(np.ptp(x)) or 1.0
    middle = float((x * total).sum() / total.sum())
    stretch = size ** (1.0 / CORRELATION_LENGTH_EXPONENT[dimension])
    curve = _ScalingCurve((x - middle) / scale, stretch / stretch.mean(), good, total, height)
    best = curve.fit()
    place, spread = middle + scale * best.place, scale * best.place_error
    height = 1.0 / (1.0 + float(np.exp(-best.offset)))
    width = height * (1.0 - height) * best.offset_error
    return (
        Quantity(place, spread, "", place - 1.959964 * spread, place + 1.959964 * spread),
        Quantity(height, width, "", max(0.0, height - 1.959964 * width), min(1.0, height + 1.959964 * width)),
    )


@dataclass(frozen=True)
class _Crossing:
    place: float
    place_error: float
    offset: float
    offset_error: float
    criterion: float


@dataclass(frozen=True)
class _ScalingCurve:
    """Successes at reduced loadings ``x`` and sizes; one curve against ``(x - place) * stretch`` goes through all."""

    x: Array
    stretch: Array
    good: Array
    total: Array
    height: float | None = None

    def share(self, parameters: Array) -> Array:
        """Return the probabilities: a logistic function of a polynomial."""
        place, offset, steepness, *bends = parameters
        if self.height is not None:
            offset = np.log(self.height / (1.0 - self.height))
        argument = (self.x - place) * self.stretch
        powers = [bend * argument ** (power + 2) for power, bend in enumerate(bends)]
        value = np.clip(offset + np.exp(np.clip(steepness, -20, 20)) * argument + sum(powers), -500, 500)
        return np.asarray(np.clip(1.0 / (1.0 + np.exp(-value)), 1e-12, 1.0 - 1e-12))

    def loss(self, parameters: Array) -> float:
        """Return minus the logarithm of the likelihood."""
        share = self.share(parameters)
        return -float((self.good * np.log(share) + (self.total - self.good) * np.log(1.0 - share)).sum())

    def fit(self) -> _Crossing:
        """Return the crossing, averaged over polynomials as high as the number of points allows."""
        from scipy.optimize import minimize

        start = np.array([0.0, 0.0, np.log(4.0)])
        found: list[_Crossing] = []
        for bends in range(3):
            if found and len(self.x) < 5 + 3 * bends:
                break
            options = {"maxiter": 8000, "fatol": 1e-9, "xatol": 1e-7, "maxfev": 8000}
            start = np.asarray(minimize(self.loss, start, method="Nelder-Mead", options=options).x)
            found.append(self._crossing(start))
            start = np.append(start, 0.0)
        weights = np.exp(-0.5 * (np.array([item.criterion for item in found]) - min(item.criterion for item in found)))
        place, place_error = _averaged(weights, [(item.place, item.place_error) for item in found])
        offset, offset_error = _averaged(weights, [(item.offset, item.offset_error) for item in found])
        return _Crossing(place, place_error, offset, offset_error, found[0].criterion)

    def _crossing(self, best: Array) -> _Crossing:
        share = self.share(best)
        # Fisher information of binomial counts: n p' p'^T / (p (1 - p)).
        step = 1e-5 * np.eye(len(best))
        slopes = np.stack([(self.share(best + d) - self.share(best - d)) / 2e-5 for d in step], axis=1)
        if self.height is not None:
            slopes[:, 1] = 0.0
        information = (slopes * (self.total / (share * (1.0 - share)))[:, None]).T @ slopes
        errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(information)), 0.0))
        # A curve that misses the points by more than chance is wrong by more than its errors say.
        freedom = len(self.x) - len(best)
        squares = float(
            ((self.good - self.total * share) ** 2 / (self.total * np.maximum(share * (1 - share), 1e-3))).sum()
        )
        widen = max(1.0, squares / freedom) ** 0.5 if freedom > 0 else 1.0
        criterion = 2.0 * self.loss(best) + 2.0 * len(best)
        offset = float(best[1]) if self.height is None else float(np.log(self.height / (1.0 - self.height)))
        return _Crossing(float(best[0]), widen * float(errors[0]), offset, widen * float(errors[1]), criterion)


def _averaged(weights: Array, found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return mean and error over models: their own errors and the scatter between them."""
    values, errors = np.array(found).T
    share = weights / weights.sum()
    mean = float(share @ values)
    return mean, float(np.sqrt(share @ (errors**2 + (values - mean) ** 2)))
