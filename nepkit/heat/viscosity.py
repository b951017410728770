"""Viscosity from stress autocorrelations (Green and Kubo)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_runs, part_of
from nepkit.gpumd.spectra import Viscosity

Array = NDArray[np.float64]

PAIRS = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}


@dataclass(frozen=True)
class ShearViscosity:
    """Viscosity of independent runs.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Correlation time, ps.
    correlation : ndarray, shape (N, L, 3, 3)
        Stress autocorrelation of every run, eV^2.
    viscosity : ndarray, shape (N, L, 3, 3)
        Running integral of every run, Pa s.
    window : (float, float)
        Correlation times over which the running integral is averaged, ps.
    shear : Mean
        Of all off-diagonal components, Pa s, with the error over runs; over the three components for one run.
    longitudinal : Mean
        Of the diagonal components: bulk viscosity plus 4/3 of the shear viscosity, Pa s.
    bulk : Mean
        Longitudinal minus 4/3 shear, Pa s.
    components : mapping of str to Mean
        ``xy``, ``xz`` and ``yz``, Pa s, each the mean of both orders of the indices.
    notes : tuple of str
        What the user should know.
    """

    time: Array
    correlation: Array
    viscosity: Array
    window: tuple[float, float]
    shear: Mean
    longitudinal: Mean
    bulk: Mean
    components: Mapping[str, Mean]
    notes: tuple[str, ...] = ()

    def curves(self, values: Array) -> dict[str, Array]:
        """Return the mean over runs of ``xy``, ``xz``, ``yz``, ``shear`` and ``longitudinal``, each (L,)."""
        mean = values.mean(axis=0)
        off = {name: _pair(mean, name) for name in PAIRS}
        diagonal = np.trace(mean, axis1=-2, axis2=-1) / 3.0
        return {**off, "shear": sum(off.values(), np.zeros(len(mean))) / 3.0, "longitudinal": diagonal}


def _pair(values: Array, name: str) -> Array:
    """Return a component as the mean of both orders of its indices."""
    row, column = PAIRS[name]
    return np.asarray(0.5 * (values[..., row, column] + values[..., column, row]))


def shear_viscosity(runs: Sequence[Viscosity], window: tuple[float, float] = (0.5, 1.0)) -> ShearViscosity:
    """Average the running integrals over a part of the correlation time.

    The mean over the traceless symmetric tensor would need correlations between diagonal components, which
    viscosity.out has not; all six off-diagonal ones are averaged.

    Parameters
    ----------
    runs : sequence of Viscosity
        From `nepkit.gpumd.spectra.read_viscosity`.
    window : (float, float)
        Part of the correlation time, as shares of its length.

    Raises
    ------
    InputError
        Where the runs have not the same correlation times.
    """
    time = runs[0].time
    if any(len(run.time) != len(time) or not np.allclose(run.time, time) for run in runs):
        raise InputError("the runs have different correlation times; average runs of the same compute_viscosity")
    values = np.stack([run.viscosity for run in runs])
    rows = part_of(time, window)
    plateau = values[:, rows].mean(axis=1)
    parts = np.stack([_pair(plateau, name) for name in PAIRS], axis=1)  # (N, 3)
    diagonal = np.diagonal(plateau, axis1=1, axis2=2)
    notes: tuple[str, ...] = ()
    if len(runs) > 1:
        shear, longitudinal = over_runs(parts.mean(axis=1), "Pa s"), over_runs(diagonal.mean(axis=1), "Pa s")
        bulk = over_runs(diagonal.mean(axis=1) - 4.0 / 3.0 * parts.mean(axis=1), "Pa s")
    else:  # the components of an isotropic liquid are equal, so that they stand for runs
        shear, longitudinal = (
            Mean(over_runs(part, "Pa s").quantity, "components", 3) for part in (parts[0], diagonal[0])
        )
        bulk = over_runs([float(diagonal.mean() - 4.0 / 3.0 * parts.mean())], "Pa s")
        notes = ("one run: errors are the scatter of the three components, which an isotropic liquid has equal",)
    last = float(np.abs(values[:, rows].mean(axis=(0, 2, 3)) - plateau.mean()).max() / abs(plateau.mean()))
    if last > 0.2:
        notes = (*notes, f"the integral changes by {100 * last:.0f} % within the window: there is no plateau yet")
    components = {name: over_runs(parts[:, place], "Pa s") for place, name in enumerate(PAIRS)}
    found = (float(time[rows][0]), float(time[rows][-1]))
    correlation = np.stack([run.correlation for run in runs])
    return ShearViscosity(time, correlation, values, found, shear, longitudinal, bulk, components, notes)
