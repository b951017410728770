"""Thermal conductivity from homogeneous driving (HNEMD)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_blocks, over_runs, running_mean
from nepkit.heat.components import SINGLE, Array, component, number
from nepkit.inputs.runfile import Run, RunFile


@dataclass(frozen=True)
class Driven:
    """Conductivity of driven runs.

    Parameters
    ----------
    time : ndarray, shape (R,)
        ps, from the start of the driving.
    kappa : ndarray, shape (N, R, 5)
        What every run wrote, W/m/K.
    skip : int
        Rows left out at the beginning of the means.
    direction : str
        ``x``, ``y`` or ``z`` of the largest driving force; empty where it is not known.
    values : mapping of str to Mean
        By component, see `nepkit.heat.components.SINGLE`.
    notes : tuple of str
        What the user should know.
    """

    time: Array
    kappa: Array
    skip: int
    direction: str
    values: Mapping[str, Mean]
    notes: tuple[str, ...] = ()

    def running(self, name: str) -> Array:
        """Return the running average of every run from its first row, W/m/K, shape (N, R - skip)."""
        return running_mean(component(self.kappa[:, self.skip :], name).T).T


def hnemd(
    table: Array, runs: RunFile | None, *, interval: float | None = None, skip: float = 0.0, name: str = "kappa.out"
) -> Driven:
    """Average kappa.out.

    Parameters
    ----------
    table : ndarray, shape (R, 5)
        From `nepkit.gpumd.heat.read_kappa`.
    runs : RunFile or None
        run.in, which tells the time between rows and how many rows each run has.
    interval : float, optional
        Time between rows, ps, where there is no run.in: then all rows are taken for one run.
    skip : float
        Time to leave out at the beginning of every run, ps.
    name : str
        What messages call the file.

    Raises
    ------
    InputError
        Where the time between rows is not known, or nothing is left.
    """
    driven = [run for run in runs.runs if run.find("compute_hnemd")] if runs else []
    if interval is None and not driven:
        raise InputError(f"{name}: no run.in with compute_hnemd beside it, which tells the times; give --interval")
    step = interval if interval is not None else step_of(driven[-1])
    size = len(table) if interval is not None else int(driven[-1].steps // number(driven[-1], "compute_hnemd", 0))
    parts, notes = _parts(table, size, [] if interval is not None else driven, name)
    start = round(skip / step)
    if start >= parts.shape[1]:
        raise InputError(f"{name}: nothing is left after {skip:g} ps of {parts.shape[1] * step:g} ps")
    values = {}
    for part in SINGLE:
        series = component(parts[:, start:], part)
        values[part] = over_runs(series.mean(axis=1), "W/m/K") if len(series) > 1 else over_blocks(series[0], "W/m/K")
    if len(parts) == 1:
        notes = (*notes, "one run: errors are those of blocks of time, not of independent runs")
    force = np.abs([number(driven[-1], "compute_hnemd", place) for place in (1, 2, 3)]) if driven else np.zeros(3)
    direction = "xyz"[int(np.argmax(force))] if force.any() else ""
    return Driven(step * np.arange(1, parts.shape[1] + 1), parts, start, direction, values, notes)


def step_of(run: Run) -> float:
    """Return the time between rows of kappa.out, ps."""
    return 1e-3 * run.time_step * number(run, "compute_hnemd", 0)


def _parts(table: Array, size: int, driven: Sequence[Run], name: str) -> tuple[Array, tuple[str, ...]]:
    """Return the rows of every run, shape (N, R, 5); runs must be of one length."""
    lengths = {int(run.steps // number(run, "compute_hnemd", 0)) for run in driven}
    if len(lengths) > 1:
        raise InputError(f"{name}: run.in has driven runs of different length; keep the rows of one kind")
    if size < 1:
        raise InputError(f"{name}: run.in asks for no row: its run is shorter than the output interval")
    if len(table) < size:
        return table[None], (f"{len(table)} of the {size} rows that run.in asks for: the run is not complete",)
    whole, rest = divmod(len(table), size)
    told = f"{rest} rows after {whole} complete runs of {size} rows are left out"
    return table[: whole * size].reshape(whole, size, 5), (told,) * (rest > 0)


def joined(parts: Sequence[Driven]) -> Driven:
    """Return the runs of several files as one result.

    Raises
    ------
    InputError
        Where they have another time between rows or another number of rows.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(len(part.time) != len(first.time) or not np.allclose(part.time, first.time) for part in parts):
        lengths = ", ".join(f"{part.time[-1]:g} ps" for part in parts)
        raise InputError(f"the runs have different lengths or times between rows ({lengths}); give equal ones")
    kappa = np.concatenate([part.kappa for part in parts])
    values = {name: over_runs(component(kappa[:, first.skip :], name).mean(axis=1), "W/m/K") for name in SINGLE}
    notes = [note for part in parts for note in part.notes if not note.startswith("one run")]
    return Driven(first.time, kappa, first.skip, first.direction, values, tuple(dict.fromkeys(notes)))
