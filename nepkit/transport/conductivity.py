"""Ionic conductivity of independent ions and of all charges together, and their ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import bootstrap
from nepkit.core.statistics.quantity import Quantity, of_blocks, of_variance
from nepkit.transport.blocks import block_slopes, blocks_that_fit
from nepkit.transport.diffusion import CM2_PER_S, Diffusion, surprising
from nepkit.transport.msd import Displacements
from nepkit.transport.tensor import Tensor, fitted_tensor
from nepkit.transport.window import Case

Array = NDArray[np.float64]

ELEMENTARY_CHARGE = 1.602176634e-19
"""Coulomb, exact in the SI."""


@dataclass(frozen=True)
class Conductivity:
    """Conductivity of a run.

    Parameters
    ----------
    nernst_einstein : Quantity
        As if the ions moved independently, mS/cm.
    collective : Quantity or None
        From the displacement of the total dipole (Einstein and Helfand), mS/cm; None without a trajectory.
    haven : Quantity or None
        Haven ratio: the first over the second; one for independent ions. None where the second came out negative, which
        happens in runs that are far too short for it.
    directions : tuple of Quantity
        Collective conductivity along the axes where it is known, else that of independent ions, mS/cm.
    trusted : str
        Where the error of ``collective`` comes from: ``"model"`` or ``"blocks"``; empty without it.
    tensor : Tensor or None
        Collective conductivity as a tensor, mS/cm, where the displacements have elements off the diagonal.
    """

    nernst_einstein: Quantity
    collective: Quantity | None
    haven: Quantity | None
    directions: tuple[Quantity, ...]
    trusted: str = ""
    tensor: Tensor | None = None


def conductivity_per_diffusion(volume: float, temperature: float) -> float:
    """Return the conductivity, mS/cm, of one elementary charge that diffuses with 1 cm^2/s in a volume.

    Parameters
    ----------
    volume : float
        A^3.
    temperature : float
        K.

    Examples
    --------
    >>> round(3584 * 8.036e-6 * conductivity_per_diffusion(143358.24, 950.159), 1)  # Li7La3Zr2O12
    393.1
    """
    if not volume > 0.0:
        raise InputError(f"a volume of {volume} A^3, expected more than zero")
    if not temperature > 0.0:
        raise InputError(f"a temperature of {temperature} K, expected more than zero")
    return 1e3 * ELEMENTARY_CHARGE / (volume * 1e-24 * BOLTZMANN * temperature)


def nernst_einstein(
    ions: Mapping[str, Diffusion], counts: Mapping[str, int], charges: Mapping[str, float], factor: float
) -> Quantity:
    """Return the sum of count times charge squared times diffusion coefficient, mS/cm.

    Parameters
    ----------
    ions, counts, charges : mapping by label
        Diffusion, number and charge (e) of every mobile ion.
    factor : float
        From `conductivity_per_diffusion`.
    """
    parts = [ions[name].D.scaled(factor * counts[name] * charges[name] ** 2, "mS/cm") for name in ions]
    if len(parts) == 1:
        return parts[0]
    value = sum(part.value for part in parts)
    error = float(np.sqrt(sum(part.error**2 for part in parts)))
    return of_variance(value, error / value, "mS/cm")


def conductivity(
    ions: Mapping[str, Diffusion],
    curves: Displacements,
    charges: Mapping[str, float],
    *,
    volume: float,
    temperature: float,
    counts: Mapping[str, int] | None = None,
    dipole: Array | None = None,
    axes: Sequence[int] = (0, 1, 2),
) -> Conductivity:
    """Return the conductivity of independent ions and, with the dipole, of all charges together.

    Parameters
    ----------
    ions : mapping of str to Diffusion
        Every mobile ion; the collective conductivity is fitted at the latest of their windows.
    curves : Displacements
        With ``collective`` where the collective conductivity is wanted.
    charges : mapping of str to float
        Charge of every ion, e.
    volume : float
        Mean volume, A^3.
    temperature : float
        K.
    counts : mapping of str to int, optional
        Number of ions; those of ``curves`` when left out.
    dipole : ndarray, shape (F, 3), optional
        Sum of charge times unwrapped position, e A: then the error is checked against blocks of time.
    axes : sequence of int
        Directions to average over; those of ``ions``.

    Raises
    ------
    InputError
        Where volume or temperature is not positive.

    Examples
    --------
    >>> run = open_run("run", ["Li"], charges=[1.0])  # doctest: +SKIP
    >>> found = {"Li": diffusion(run.curves, "Li")}  # doctest: +SKIP
    >>> conductivity(found, run.curves, {"Li": 1.0}, volume=5.4e4, temperature=600.0).haven  # doctest: +SKIP
    Quantity(value=0.61, error=0.08, unit='', low=0.47, high=0.79)
    """
    factor = conductivity_per_diffusion(volume, temperature)
    single = nernst_einstein(ions, curves.count if counts is None else counts, charges, factor)
    latest = max(ions.values(), key=lambda item: item.lags[0])
    # The dipole of ions of one charge stays where it is when there is nothing but them.
    if curves.collective is None or not curves.collective.max() > 1e-6 * max(map(abs, charges.values())) ** 2:
        only = latest if len(ions) == 1 else None
        along = () if only is None else tuple(
            part.scaled(single.value / only.D.value, "mS/cm") for part in only.directions
        )  # fmt: skip
        return Conductivity(single, None, None, along)
    values = np.diagonal(curves.collective, axis1=1, axis2=2)[:, list(axes)]
    lags = np.array(latest.lags)
    interval = float(curves.time[1])
    # One walker's own offset is too noisy to weigh the lags by: rattling is that of the ions.
    rattling = max(0.0, 0.5 * latest.offset / (latest.slope * interval))
    case = Case(np.asarray(values), 1.0, curves.frames, 0.0, rattling)
    line = case.fit(lags)
    unit = factor * CM2_PER_S / (2.0 * len(axes)) / interval
    together = of_variance(unit * line.slope, line.slope_error / abs(line.slope), "mS/cm")
    trusted = "model"
    blocks = blocks_that_fit(curves.frames, int(lags[-1])) if dipole is not None else 0
    if dipole is not None and blocks:
        slopes = block_slopes(dipole[:, None, :], lags, line.weights, blocks, axes=axes)
        other = of_blocks(together.value, unit * float(bootstrap(slopes).std()), blocks, "mS/cm")
        if surprising(together, other, blocks):
            together, trusted = other, "blocks"
    parts = []
    for axis in range(len(axes)):
        fit = case.fit(lags, axis)
        parts.append(of_variance(len(axes) * unit * fit.slope, fit.slope_error / abs(fit.slope), "mS/cm"))
    haven = haven_ratio(single, together) if together.value > 0.0 else None
    tensor = None
    if len(axes) == 3 and np.any(curves.collective[:, 0, 1]):
        relative = together.error / abs(together.value)
        tensor = fitted_tensor(curves.collective, latest.lags, line.weights.tolist(), relative, 3.0 * unit, "mS/cm")
    return Conductivity(single, together, haven, tuple(parts), trusted, tensor)


def haven_ratio(single: Quantity, together: Quantity) -> Quantity:
    """Return the ratio of two conductivities, corrected for the bias of one over a noisy number.

    Its error comes nearly all from the collective conductivity, whose mean has one walker where the other has all.
    """
    relative = together.error / abs(together.value)
    ratio = single.value / together.value
    both = float(np.hypot(relative, single.error / single.value))
    inverse = of_variance(1.0 / ratio, both, "")
    value = ratio * (1.0 - min(relative**2, 0.5))
    return Quantity(value, abs(value) * both, "", 1.0 / inverse.high, 1.0 / inverse.low)
