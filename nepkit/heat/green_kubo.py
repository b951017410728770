"""Thermal conductivity from heat current autocorrelations (Green and Kubo)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_runs, part_of
from nepkit.gpumd.heat import HeatCorrelation
from nepkit.heat.components import COMPONENTS, Array, component
from nepkit.inputs.runfile import RunFile


@dataclass(frozen=True)
class GreenKubo:
    """Conductivity of independent runs.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Correlation time, ps.
    correlation : ndarray, shape (N, L, 5)
        Heat current autocorrelation of every run, eV^3/amu.
    kappa : ndarray, shape (N, L, 5)
        Running conductivity of every run, W/m/K.
    window : (float, float)
        Correlation times over which the running conductivity is averaged, ps.
    values : mapping of str to Mean
        By component, see `nepkit.heat.components.COMPONENTS`.
    notes : tuple of str
        What the user should know.
    """

    time: Array
    correlation: Array
    kappa: Array
    window: tuple[float, float]
    values: Mapping[str, Mean]
    notes: tuple[str, ...] = ()

    def curves(self, name: str) -> Array:
        """Return the running conductivity of every run, W/m/K, shape (N, L)."""
        return component(self.kappa, name)

    def band(self, name: str) -> tuple[Array, Array | None]:
        """Return the mean over runs and its standard error at every time; None for one run."""
        curves = self.curves(name)
        error = curves.std(axis=0, ddof=1) / np.sqrt(len(curves)) if len(curves) > 1 else None
        return curves.mean(axis=0), error


def green_kubo(
    runs: Sequence[HeatCorrelation], window: tuple[float, float] = (0.5, 1.0), length: float | None = None
) -> GreenKubo:
    """Average the running conductivity of every run over a part of the correlation time, and these over the runs.

    The error is the standard error over runs. One run has none: its running integral at different times is one random
    walk, whose scatter in time says little about its distance from the truth.

    Parameters
    ----------
    runs : sequence of HeatCorrelation
        From `nepkit.gpumd.heat.read_hac`.
    window : (float, float)
        Part of the correlation time, as shares of its length.
    length : float, optional
        Length of each run, ps, to estimate the error of a single run.

    Raises
    ------
    InputError
        Where the runs have not the same correlation times.

    Examples
    --------
    >>> time = np.linspace(0.1, 10.0, 100)
    >>> one = HeatCorrelation(time, np.ones((100, 5)), np.full((100, 5), 3.0))
    >>> green_kubo([one]).values["x"].quantity.value
    6.0
    """
    first = runs[0].time
    for number, run in enumerate(runs, 1):
        if len(run.time) != len(first) or not np.allclose(run.time, first, rtol=1e-6):
            raise InputError(
                f"run {number} has {len(run.time)} correlation times up to {run.time[-1]:g} ps, run 1 has {len(first)} "
                f"up to {first[-1]:g} ps; average runs of the same compute_hac"
            )
    kappa = np.stack([run.kappa for run in runs])
    rows = part_of(first, window)
    values = {name: over_runs(component(kappa[:, rows], name).mean(axis=1), "W/m/K") for name in COMPONENTS}
    times = (float(first[rows][0]), float(first[rows][-1]))
    notes = _notes_of_one(times[1], length) if len(runs) == 1 else ()
    return GreenKubo(first, np.stack([run.correlation for run in runs]), kappa, times, values, notes)


def _notes_of_one(time: float, length: float | None) -> tuple[str, ...]:
    note = "one run, so there is no error: append more runs to hac.out, or give several files"
    if length is None:
        return (note,)
    # Jones and Mandadapu, doi:10.1063/1.3700344: the error of a running integral grows as the square root of time.
    share = 200.0 * np.sqrt(time / length)
    return (f"{note}; theory expects one of about {share:.0f} % at {time:.4g} ps in a run of {length:.4g} ps",)


def length_of_run(runs: RunFile | None) -> float | None:
    """Return the length of the last run with ``compute_hac``, ps."""
    run = runs.with_keyword("compute_hac") if runs else None
    return 1e-3 * run.steps * run.time_step if run else None
