"""Mean squared displacements over all time origins, by fast Fourier transform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.analysis.transport.displacement import drift
from nepkit.errors import InputError, UnknownNameError, did_you_mean

Array = NDArray[np.float64]

#: Series that are transformed at once; few, so that they stay in the cache.
CHUNK = 48


@dataclass(frozen=True)
class Displacements:
    """Mean squared displacements against lag time.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag times, ps; the first is zero.
    tensor : dict of str to ndarray, shape (L, 3, 3)
        By label, A^2: the mean over atoms and origins of displacement times displacement. Its elements off the
        diagonal are zero when they were not asked for.
    count : dict of str to int
        Atoms of every label.
    frames : int
        Frames that the origins were taken from.
    collective : ndarray, shape (L, 3, 3), optional
        The same of the total dipole, e^2 A^2; not divided by the number of ions.
    """

    time: Array
    tensor: dict[str, Array]
    count: dict[str, int]
    frames: int
    collective: Array | None = None

    def directions(self, label: str) -> Array:
        """Return the displacements along x, y and z, shape (L, 3), A^2."""
        self.check(label)
        return np.asarray(np.diagonal(self.tensor[label], axis1=1, axis2=2))

    def total(self, label: str) -> Array:
        """Return the sum over the directions, shape (L,), A^2."""
        return np.asarray(self.directions(label).sum(axis=1))

    def check(self, label: str) -> None:
        """Raise `UnknownNameError` where a label has no displacements."""
        if label not in self.tensor:
            raise UnknownNameError(f"no displacements of {label}: {did_you_mean(label, self.tensor)}")


def msd(
    positions: ArrayLike,
    interval: float = 1.0,
    *,
    labels: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    framework: ArrayLike | None = None,
    charges: ArrayLike | None = None,
    longest: float = 0.5,
    tensor: bool = False,
) -> Displacements:
    """Average squared displacements over atoms and all time origins.

    The mean over origins is the difference of the mean squares and the autocorrelation, the latter from power spectra
    that are summed over atoms before the one transform back (the method of doi:10.1051/sfn/201112010). Work grows as
    F log F, and the memory beyond the input is a few MB.

    Parameters
    ----------
    positions : array_like, shape (F, N, 3)
        Unwrapped positions at equal intervals, A.
    interval : float
        Time between frames, ps.
    labels : sequence of str, optional
        A label per atom, for instance its element or group; ``"all"`` for every atom when left out.
    only : sequence of str, optional
        Labels that are wanted; all when left out.
    framework : array_like, shape (N,), optional
        Weights of the mean whose motion is removed, see `displacement.framework_weights`.
    charges : array_like, shape (N,), optional
        Charges, e, of the collective displacement.
    longest : float
        Longest lag as a share of the trajectory: beyond a half few origins are left.
    tensor : bool
        Whether the elements off the diagonal are wanted.

    Raises
    ------
    InputError
        Where the shape is wrong, a number is not finite, or there is one frame alone.

    Examples
    --------
    >>> walk = np.arange(5.0)[:, None, None] * np.array([[[1.0, 0, 0], [-1.0, 0, 0]]])
    >>> msd(walk, 0.1).total("all").round(12)
    array([0., 1., 4.])
    """
    paths = np.asarray(positions)
    if paths.ndim != 3 or paths.shape[2] != 3 or not paths.shape[1]:
        raise InputError(f"positions of shape {paths.shape}, expected (frames, atoms, 3)")
    frames, atoms, _ = paths.shape
    if frames < 2:
        raise InputError(f"{frames} frame, at least two are needed for a displacement")
    if not interval > 0.0:
        raise InputError(f"an interval of {interval} ps between frames, expected more than zero")
    names = np.full(atoms, "all") if labels is None else np.asarray(labels)
    if len(names) != atoms:
        raise InputError(f"{len(names)} labels for {atoms} atoms")
    lags = max(1, min(frames - 1, int(longest * (frames - 1)))) + 1
    shift = None if framework is None else drift(paths, np.asarray(framework, dtype=float))
    wanted = list(dict.fromkeys(names.tolist())) if only is None else list(only)
    found, count = {}, {}
    for name in wanted:
        index = np.flatnonzero(names == name)
        if not len(index):
            raise UnknownNameError(f"no {name} among the atoms: {did_you_mean(name, set(names.tolist()))}")
        found[name] = _average(_series(paths, index, shift), frames, lags, tensor) / len(index)
        count[name] = len(index)
    collective = None
    if charges is not None:
        dipole = total_dipole(paths, np.asarray(charges, dtype=float), shift)
        collective = _average(iter([_centred(dipole.T[:, None, :])]), frames, lags, tensor)
    return Displacements(interval * np.arange(lags), found, count, frames, collective)


def total_dipole(positions: Array, charges: Array, shift: Array | None = None) -> Array:
    """Return the sum of charge times position of every frame, e A, shape (F, 3)."""
    if charges.shape != positions.shape[1:2]:
        raise InputError(f"charges of shape {charges.shape} for {positions.shape[1]} atoms")
    dipole = np.stack([charges @ frame for frame in positions])
    return dipole if shift is None else dipole - charges.sum() * shift


def _series(paths: Array, index: NDArray[np.int64], shift: Array | None) -> Iterator[Array]:
    """Yield the paths of some atoms after others as contiguous series (3, atoms, F) around zero."""
    size = max(1, CHUNK // 3)
    whole = len(index) == index[-1] - index[0] + 1  # a slice is read faster than a list
    for start in range(0, len(index), size):
        part = index[start : start + size]
        chosen = paths[:, part[0] : part[-1] + 1] if whole else paths[:, part]
        if shift is not None:
            chosen = chosen - shift[:, None, :]
        rows = np.array(chosen, dtype=float, order="C").reshape(len(paths), -1)
        # Copied twice: from long rows to short ones, then on end within the cache.
        series = np.ascontiguousarray(rows.T).reshape(-1, 3, len(paths)).swapaxes(0, 1)
        yield _centred(series)


def _centred(series: Array) -> Array:
    mean = series.mean(axis=2, keepdims=True)
    if not np.isfinite(mean).all():
        raise InputError("a position is not finite; remove the frame")
    return np.ascontiguousarray(series - mean)  # small numbers lose fewer digits


def _average(chunks: Iterator[Array], frames: int, lags: int, tensor: bool) -> Array:
    """Return the sum over atoms of the displacement tensor, averaged over origins, shape (lags, 3, 3)."""
    from scipy.fft import irfft, next_fast_len, rfft

    length = next_fast_len(frames + lags, real=True)
    pairs = [(0, 0), (1, 1), (2, 2)] + [(0, 1), (0, 2), (1, 2)] * tensor
    spectra = {pair: np.zeros(length // 2 + 1) for pair in pairs}
    products = {pair: np.zeros(frames) for pair in pairs}
    for series in chunks:
        transform = rfft(series, length, axis=2).view(float)
        for a, b in pairs:
            power = np.einsum("ni,ni->i", transform[a], transform[b])
            spectra[a, b] += power[0::2] + power[1::2]
            products[a, b] += np.einsum("nt,nt->t", series[a], series[b])
    result = np.zeros((lags, 3, 3))
    origins = frames - np.arange(lags)
    for (a, b), spectrum in spectra.items():
        # The imaginary part is odd in the lag, and the sum of both orders of a and b has none.
        correlation = irfft(spectrum + 0j, length)[:lags]
        sums = np.concatenate([[0.0], np.cumsum(products[a, b])])
        squares = sums[origins] + sums[-1] - sums[frames - origins]
        result[:, a, b] = result[:, b, a] = (squares - 2.0 * correlation) / origins
    result[0] = 0.0
    for axis in range(3):
        np.maximum(result[:, axis, axis], 0.0, out=result[:, axis, axis])  # rounding
    return result
