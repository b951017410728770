"""Diffusion coefficients with errors, from mean squared displacements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import bootstrap
from nepkit.core.statistics.quantity import Quantity, of_blocks, of_normal, of_variance
from nepkit.transport.blocks import block_slopes, blocks_that_fit, kurtosis
from nepkit.transport.covariance import Line, ordinary_slope
from nepkit.transport.msd import Displacements
from nepkit.transport.window import STRAIGHT, Case, NotDiffusiveError, find_window, lags_of_window, rattles

Array = NDArray[np.float64]

CM2_PER_S = 1e-4
"""One A^2/ps in cm^2/s."""

#: Blocks are believed rather than the model when so large a scatter has no more than this probability.
SURPRISE = 0.25
#: Lags that contribute less than this to the slope, relative to the largest contribution, are left out of blocks.
NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Diffusion:
    """Diffusion coefficient of one kind of ion.

    Parameters
    ----------
    label : str
        Element or group.
    D : Quantity
        Diffusion coefficient, cm^2/s, with the error of the two below that the data support; in a window chosen by
        hand it is that of ``line``, as in published values.
    model : Quantity
        The same with the error of independent ions (generalised least squares).
    blocks : Quantity or None
        With the error from blocks of time; None without a trajectory or with too short a one.
    trusted : str
        Whose error is used: ``"model"`` or ``"blocks"``.
    line : Quantity
        From the unweighted straight line in the same window, which is what most programs print.
    directions : tuple of Quantity
        Along x, y and z, cm^2/s.
    window : tuple of float
        First and last lag of the fit, ps.
    exponent : Quantity
        Of the displacement above its offset against time; one for diffusion.
    offset, slope : float
        Of the fitted line, A^2 and A^2/ps, summed over directions.
    lags : tuple of int
        Lags of the fit in frames.
    weights : tuple of float
        The slope (A^2/frame) is their product with the values at these lags.
    notes : tuple of str
        What the user should know.
    """

    label: str
    D: Quantity
    model: Quantity
    blocks: Quantity | None
    trusted: str
    line: Quantity
    directions: tuple[Quantity, ...]
    window: tuple[float, float]
    exponent: Quantity
    offset: float
    slope: float
    lags: tuple[int, ...]
    weights: tuple[float, ...]
    notes: tuple[str, ...] = ()


def diffusion(
    curves: Displacements,
    label: str,
    *,
    positions: Array | None = None,
    shift: Array | None = None,
    window: tuple[float, float] | None = None,
    axes: Sequence[int] = (0, 1, 2),
) -> Diffusion:
    """Fit the diffusion coefficient of one kind of ion.

    Parameters
    ----------
    curves : Displacements
        Mean squared displacements.
    label : str
        Which of them.
    positions : ndarray, shape (F, N, 3), optional
        The unwrapped paths of these ions alone, A: then the error is checked against blocks of time, and the
        discreteness of jumps is taken into account.
    shift : ndarray, shape (F, 3), optional
        Motion of the framework in ``positions``.
    window : pair of float, optional
        Part of the lag range to fit, for instance ``(0.4, 0.8)``; found automatically when left out.
    axes : sequence of int
        Directions to average over.

    Raises
    ------
    NotDiffusiveError
        Where there is no diffusive regime; says why.

    Examples
    --------
    >>> from nepkit.transport import msd
    >>> steps = np.random.default_rng(0).normal(scale=0.2, size=(1000, 100, 3))  # D = 0.02 A^2/frame
    >>> found = diffusion(msd(steps.cumsum(axis=0)), "all")
    >>> found.D.low < 2e-6 < found.D.high
    True
    """
    values = curves.directions(label)[:, list(axes)]
    if not values.max() > 1e-9:  # A^2, what rounding leaves
        raise NotDiffusiveError(f"{label} does not move at all: its positions are constant")
    if len(values) < 8:
        raise NotDiffusiveError(f"{len(values)} lags are too few for a line with an error; at least 8 are needed")
    case = Case(values, curves.count[label], curves.frames, 0.0)
    if positions is None:
        lags = lags_of_window(len(values), window) if window else find_window(case, curves.time, label)
        return _result(case, curves, label, lags, None, tuple(axes), by_hand=window is not None)
    search = replace(case, kurtosis=kurtosis(positions, max(1, len(values) // 50), shift))
    for _ in range(2):
        lags = lags_of_window(len(values), window) if window else find_window(search, curves.time, label)
        case = replace(case, kurtosis=kurtosis(positions, int(lags[0]), shift))
        slopes = _block_slopes(case, lags, positions, shift, list(axes))
        found = _result(case, curves, label, lags, slopes, tuple(axes), by_hand=window is not None)
        if window or found.trusted == "model" or found.blocks is None:
            break
        # Ions that move together are fewer walkers, whose displacements bend more by chance: look again.
        search = replace(case, walkers=case.walkers * (found.model.error / found.blocks.error) ** 2)
    return found


def _block_slopes(
    case: Case, lags: NDArray[np.int64], positions: Array, shift: Array | None, axes: list[int]
) -> Array | None:
    """Return the slope in every block of time; None where the run is too short for blocks."""
    blocks = blocks_that_fit(case.frames, int(lags[-1]))
    if not blocks:
        return None
    # Weights fade away quickly with the lag, and their displacements need not be computed.
    weights = case.fit(lags).weights
    share = np.abs(weights * case.values[lags].sum(axis=1))
    used = share > NEGLIGIBLE * share.max()
    return block_slopes(positions, lags[used], weights[used], blocks, shift=shift, axes=axes)


def _result(
    case: Case,
    curves: Displacements,
    label: str,
    lags: NDArray[np.int64],
    slopes: Array | None,
    axes: tuple[int, ...],
    by_hand: bool,
) -> Diffusion:
    interval = float(curves.time[1])
    factor = CM2_PER_S / (2.0 * len(axes)) / interval
    line = case.fit(lags)
    if not line.slope > 0.0:
        raise NotDiffusiveError(
            f"the displacement of {label} does not grow in this window; choose another or run longer"
        )
    plain, plain_error = ordinary_slope(lags.astype(float), case.values[lags].sum(axis=1), case.covariance(lags, line))
    model = of_variance(factor * line.slope, line.slope_error / line.slope, "cm^2/s")
    blocks, widen = None, 1.0
    if slopes is not None:
        blocks = of_blocks(model.value, factor * float(bootstrap(slopes).std()), len(slopes), "cm^2/s")
        if surprising(model, blocks, len(slopes)):
            widen = blocks.error / model.error
    unweighted = of_variance(factor * plain, widen * plain_error / abs(plain), "cm^2/s")
    quoted = blocks if blocks is not None and widen > 1.0 else model
    trusted = "model" if quoted is model else "blocks"
    directions = []
    for axis in range(len(axes)):
        along = case.fit(lags, axis)
        relative = widen * along.slope_error / (abs(along.slope) or 1.0)  # no motion at all along this one
        directions.append(of_variance(len(axes) * factor * along.slope, relative, "cm^2/s"))
    return Diffusion(
        label=label,
        D=unweighted if by_hand else quoted,
        model=model,
        blocks=blocks,
        trusted=trusted,
        line=unweighted,
        directions=tuple(directions),
        window=(float(curves.time[lags[0]]), float(curves.time[lags[-1]])),
        exponent=of_normal(1.0 + line.bend, line.bend_error, ""),
        offset=line.offset,
        slope=line.slope / interval,
        lags=tuple(lags.tolist()),
        weights=tuple(line.weights.tolist()),
        notes=_notes(label, line, lags, trusted),
    )  # fmt: skip


def surprising(model: Quantity, blocks: Quantity, number: int) -> bool:
    """Return whether blocks scatter more than the model of independent ions lets them, other than by chance."""
    from scipy.special import chdtrc  # scipy.stats takes much longer to import

    freedom = number - 1
    return bool(chdtrc(freedom, freedom * (blocks.error / model.error) ** 2) < SURPRISE)


def _notes(label: str, line: Line, lags: NDArray[np.int64], trusted: str) -> tuple[str, ...]:
    notes = []
    if trusted == "blocks":
        notes.append(
            f"blocks of time scatter more than independent {label} would: they move together, the blocks are quoted"
        )
    if abs(line.bend) > max(3.0 * line.bend_error, STRAIGHT):
        notes.append(
            f"{label}: in this window the displacement grows as time to the power {1.0 + line.bend:.2f} "
            f"+- {line.bend_error:.2f}, so it is not diffusive there"
        )
    if rattles(line, lags):
        notes.append(f"{label} mostly rattles in place in this window: its error is a guess")
    if line.bend_error > 0.3:
        notes.append(f"{label}: too few ions or too short a run to tell diffusion from slower motion")
    return tuple(notes)


def finite_size_correction(temperature: float, viscosity: float, length: float) -> float:
    """Return what periodic images take from the diffusion coefficient of a fluid in a cubic cell, cm^2/s; add it.

    ``xi kT / (6 pi eta L)`` with xi = 2.837297 (Yeh and Hummer, doi:10.1021/jp0477147). Solids need none: their
    framework carries no flow.

    Parameters
    ----------
    temperature : float
        K.
    viscosity : float
        Pa s.
    length : float
        Edge of the cell, A.

    Examples
    --------
    >>> round(finite_size_correction(298.15, 0.89e-3, 20.0) * 1e5, 3)  # water, 1e-5 cm^2/s
    0.348
    """
    if not (temperature > 0.0 and viscosity > 0.0 and length > 0.0):
        raise InputError("temperature, viscosity and length must be more than zero")
    joule = 1.380649e-23 * temperature
    return 1e4 * 2.837297 * joule / (6.0 * np.pi * viscosity * length * 1e-10)
