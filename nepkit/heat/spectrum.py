"""Conductivity or conductance by frequency, from spectral heat currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_runs
from nepkit.gpumd.heat import SpectralHeatCurrent
from nepkit.heat.components import MEGAWATT_PER_SQUARE_METRE, WATT_PER_METRE, Array


@dataclass(frozen=True)
class Spectrum:
    """Conductivity by frequency.

    Parameters
    ----------
    omega : ndarray, shape (W,)
        Angular frequency, THz.
    kappa : ndarray, shape (N, W, 2)
        Of every block of shc.out, in and out of plane, W/m/K/THz (MW/m^2/K/THz for a conductance): its integral over
        ``omega / (2 pi)`` is the conductivity. Negative values are kept: clipping them would add to the integral.
    time : ndarray, shape (T,)
        Correlation time, ps.
    correlation : ndarray, shape (N, T, 2)
        Virial-velocity correlation, A eV/ps.
    values : mapping of str to Mean
        Integrals ``in``, ``out`` and ``total``.
    unit : str
        Of the integrals.
    notes : tuple of str
        What the user should know.
    """

    omega: Array
    kappa: Array
    time: Array
    correlation: Array
    values: Mapping[str, Mean]
    unit: str = "W/m/K"
    notes: tuple[str, ...] = ()

    @property
    def frequency(self) -> Array:
        """Frequency (not angular), THz."""
        return self.omega / (2.0 * np.pi)

    def cumulative(self) -> Array:
        """Return the integral of the total up to every frequency, mean over blocks, shape (W,)."""
        from scipy.integrate import cumulative_trapezoid

        total = self.kappa.sum(axis=2).mean(axis=0)
        return np.asarray(cumulative_trapezoid(total, self.frequency, initial=0.0))


def spectrum(
    blocks: Sequence[SpectralHeatCurrent], *, force: float, temperature: float, volume: float, same: bool = True
) -> Spectrum:
    """Return the conductivity by frequency, ``J(omega) / (F T V)``.

    Fan and others, doi:10.1103/PhysRevB.99.064308; the current is as shc.out has it.

    Parameters
    ----------
    blocks : sequence of SpectralHeatCurrent
        From `nepkit.gpumd.heat.read_shc`.
    force : float
        Driving force parameter, 1/A, with its sign.
    temperature : float
        K.
    volume : float
        Of the atoms that the current is of, A^3.
    same : bool
        Whether the blocks are independent runs of one group, so that their scatter is an error.

    Examples
    --------
    >>> one = SpectralHeatCurrent(np.array([0.0]), np.ones((1, 2)), np.array([1.0, 2.0]), np.ones((2, 2)))
    >>> spectrum([one], force=1e-5, temperature=300.5, volume=1000.0).kappa[0, 0, 0].round(2)
    np.float64(533.17)
    """
    if not force or not temperature > 0.0 or not volume > 0.0:
        raise InputError(f"driving force {force:g}, temperature {temperature:g} or volume {volume:g} is not above zero")
    return _scaled(blocks, WATT_PER_METRE / (force * temperature * volume), "W/m/K", same)


def conductance_spectrum(
    blocks: Sequence[SpectralHeatCurrent], *, difference: float, volume: float, same: bool = True
) -> Spectrum:
    """Return the conductance between a heat source and a sink by frequency, ``J(omega) / (V dT)``.

    Parameters
    ----------
    blocks : sequence of SpectralHeatCurrent
        From `nepkit.gpumd.heat.read_shc`.
    difference : float
        Temperature of the source minus that of the sink, K.
    volume : float
        Of the atoms that the current is of, A^3.
    same : bool
        Whether the blocks are independent runs of one group.
    """
    if not difference > 0.0 or not volume > 0.0:
        raise InputError(f"temperature difference {difference:g} or volume {volume:g} is not above zero")
    return _scaled(blocks, MEGAWATT_PER_SQUARE_METRE / (difference * volume), "MW/m^2/K", same)


def _scaled(blocks: Sequence[SpectralHeatCurrent], factor: float, unit: str, same: bool) -> Spectrum:
    omega = blocks[0].omega
    if any(len(block.omega) != len(omega) or not np.allclose(block.omega, omega) for block in blocks):
        raise InputError("the blocks of shc.out have different frequencies; keep those of one run")
    values = np.stack([block.current for block in blocks]) * factor
    integrals = np.asarray(np.trapezoid(values, omega / (2.0 * np.pi), axis=1))
    parts = {"in": integrals[:, 0], "out": integrals[:, 1], "total": integrals.sum(axis=1)}
    means = {name: over_runs(part if same else part[:1], unit) for name, part in parts.items()}
    correlation = np.stack([block.correlation for block in blocks])
    return Spectrum(omega, values, blocks[0].time, correlation, means, unit)
