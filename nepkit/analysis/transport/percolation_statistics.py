"""How often a network percolates, and at which loading it begins to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.analysis.transport.percolation import Percolation, contacts, percolation
from nepkit.analysis.transport.quantity import Quantity
from nepkit.errors import InputError, UnknownNameError, did_you_mean
from nepkit.frames import Snapshot
from nepkit.progress import track

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


def threshold(
    loading: ArrayLike, length: ArrayLike, successes: ArrayLike, trials: ArrayLike, dimension: int = 3
) -> tuple[Quantity, Quantity]:
    """Return the loading at which an infinite system begins to percolate, and the probability there.

    Curves of systems of different size cross at the threshold, and fall on one curve against
    ``(loading - threshold) * length**(1/nu)``; here that curve is a logistic function, fitted by maximum likelihood.

    Parameters
    ----------
    loading, length, successes, trials : array_like, shape (P,)
        Loading, linear size of the system, how many of how many samples percolated; at least two sizes.
    dimension : int
        2 or 3.

    Raises
    ------
    InputError
        Where there are fewer than two sizes, or no sample does or none fails to percolate.
    """
    from scipy.optimize import minimize

    x, size, good, total = (np.asarray(item, dtype=float) for item in (loading, length, successes, trials))
    if len(np.unique(size)) < 2:
        raise InputError("a threshold needs systems of at least two sizes")
    if good.sum() in (0.0, total.sum()):
        raise InputError("every sample percolates or none does; widen the range of loadings")
    stretch = size ** (1.0 / CORRELATION_LENGTH_EXPONENT[dimension])
    scale = float(np.ptp(x)) or 1.0
    middle = float((x * total).sum() / total.sum())

    def curve(parameters: Array) -> Array:
        argument = parameters[1] + np.exp(parameters[2]) * (x - middle - scale * parameters[0]) / scale * stretch
        return np.asarray(np.clip(1.0 / (1.0 + np.exp(-np.clip(argument, -500, 500))), 1e-12, 1.0 - 1e-12))

    def loss(parameters: Array) -> float:
        share = curve(parameters)
        return -float((good * np.log(share) + (total - good) * np.log(1.0 - share)).sum())

    start = np.array([0.0, 0.0, np.log(4.0 / stretch.mean())])
    best = np.asarray(minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-9}).x)
    share = curve(best)
    # Fisher information of binomial counts: n p' p'^T / (p (1 - p)).
    step = 1e-5
    slopes = np.stack([(curve(best + d) - curve(best - d)) / (2 * step) for d in step * np.eye(3)], axis=1)
    information = (slopes * (total / (share * (1.0 - share)))[:, None]).T @ slopes
    errors = np.sqrt(np.diag(np.linalg.pinv(information)))
    place, spread = middle + scale * float(best[0]), scale * float(errors[0])
    height = 1.0 / (1.0 + float(np.exp(-best[1])))
    width = height * (1.0 - height) * float(errors[1])
    return (
        Quantity(place, spread, "", place - 1.959964 * spread, place + 1.959964 * spread),
        Quantity(height, width, "", height - 1.959964 * width, height + 1.959964 * width),
    )
