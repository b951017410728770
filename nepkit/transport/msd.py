"""Mean squared displacements over all time origins, by fast Fourier transform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft as scipy_fft

from lr_correction.backend import namespace, to_numpy
from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.transport.displacement import drift, weighted_sum

Array = NDArray[np.float64]

#: Series that are transformed at once; few, so that they stay in the cache.
CHUNK = 48
#: The same on a GPU.
DEVICE_CHUNK = 3072


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
    positions: ArrayLike | Any,
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
        Unwrapped positions at equal intervals, A; a CuPy array is worked on where it is.
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
    xp = namespace(positions)
    paths: Any = np.asarray(positions) if xp is np else positions
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
    length = padded_length(frames, lags)
    shift = None if framework is None else drift(paths, xp.asarray(np.asarray(framework, dtype=float)))
    wanted = list(dict.fromkeys(names.tolist())) if only is None else list(only)
    found, count = {}, {}
    for name in wanted:
        index = np.flatnonzero(names == name)
        if not len(index):
            raise UnknownNameError(f"no {name} among the atoms: {did_you_mean(name, set(names.tolist()))}")
        chunks = _series(paths, index, shift, length)
        found[name] = _average(xp, chunks, frames, lags, tensor) / len(index)
        count[name] = len(index)
    collective = None
    if charges is not None:
        dipole = total_dipole(paths, xp.asarray(np.asarray(charges, dtype=float)), shift)
        collective = _average(
            xp, _series(dipole[:, None, :], np.zeros(1, dtype=np.int64), None, length), frames, lags, tensor
        )
    return Displacements(interval * np.arange(lags), found, count, frames, collective)


def total_dipole(positions: Any, charges: Any, shift: Any = None) -> Any:
    """Return the sum of charge times position of every frame, e A, shape (F, 3)."""
    if charges.shape != positions.shape[1:2]:
        raise InputError(f"charges of shape {charges.shape} for {positions.shape[1]} atoms")
    dipole = weighted_sum(charges, positions)
    return dipole if shift is None else dipole - charges.sum() * shift


def _series(paths: Any, index: NDArray[np.int64], shift: Any, length: int) -> Iterator[tuple[Any, Any]]:
    """Yield the paths of some atoms after others as series (atoms, 3, F) around zero, and padded with zeros."""
    xp = namespace(paths)
    frames = len(paths)
    whole = len(index) == index[-1] - index[0] + 1  # a slice is read faster than a list
    size = max(1, (CHUNK if xp is np else DEVICE_CHUNK) // 3)
    for start in range(0, len(index), size):
        part = index[start : start + size]
        chosen = paths[:, part[0] : part[-1] + 1] if whole else paths[:, part.tolist()]
        # Made contiguous first: long rows are then left behind, and put on end within the cache.
        rows = chosen.astype(xp.float64) if shift is None else chosen - shift[:, None, :]
        padded = xp.zeros((len(part), 3, length))
        series = padded[:, :, :frames]
        series[...] = rows.reshape(frames, -1).T.reshape(len(part), 3, frames)
        mean = series.mean(axis=2)
        if not bool(xp.isfinite(mean).all()):
            raise InputError("a position is not finite; remove the frame")
        series -= mean[:, :, None]  # small numbers lose fewer digits
        yield series, padded


def _average(xp: Any, chunks: Iterable[tuple[Any, Any]], frames: int, lags: int, tensor: bool) -> Array:
    """Return the sum over atoms of the displacement tensor, averaged over origins, shape (lags, 3, 3)."""
    fourier = scipy_fft if xp is np else xp.fft
    pairs = [(0, 0), (1, 1), (2, 2)] + [(0, 1), (0, 2), (1, 2)] * tensor
    length = padded_length(frames, lags)
    spectra = {pair: xp.zeros(length // 2 + 1) for pair in pairs}
    products = {pair: xp.zeros(frames) for pair in pairs}
    for series, padded in chunks:
        transform = fourier.rfft(padded, axis=2)
        real, imaginary = transform.real, transform.imag
        for a, b in pairs:
            spectra[a, b] += xp.einsum("ni,ni->i", real[:, a], real[:, b])
            spectra[a, b] += xp.einsum("ni,ni->i", imaginary[:, a], imaginary[:, b])
            products[a, b] += xp.einsum("nt,nt->t", series[:, a], series[:, b])
    result = np.zeros((lags, 3, 3))
    origins = frames - np.arange(lags)
    for (a, b), spectrum in spectra.items():
        # The imaginary part is odd in the lag, and the sum of both orders of a and b has none.
        correlation = scipy_fft.irfft(to_numpy(spectrum) + 0j, length)[:lags]
        sums = np.concatenate([[0.0], np.cumsum(to_numpy(products[a, b]))])
        squares = sums[origins] + sums[-1] - sums[frames - origins]
        result[:, a, b] = result[:, b, a] = (squares - 2.0 * correlation) / origins
    result[0] = 0.0
    for axis in range(3):
        np.maximum(result[:, axis, axis], 0.0, out=result[:, axis, axis])  # rounding
    return result


def padded_length(frames: int, lags: int) -> int:
    """Return a length for transforms at which the ends of series do not meet within the lags."""
    return int(scipy_fft.next_fast_len(frames + lags, real=True))
