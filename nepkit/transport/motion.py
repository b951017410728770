"""Displacements and velocities as GPUMD writes them, by group, with diffusion coefficients where they can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_runs, part_of
from nepkit.gpumd.spectra import read_sdc
from nepkit.gpumd.tables import Correlation, read_msd
from nepkit.transport.diffusion import CM2_PER_S, Diffusion, diffusion
from nepkit.transport.msd import Displacements
from nepkit.transport.source import open_source

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GroupMotion:
    """Mean squared displacements of the groups of a msd.out.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag, ps.
    msd : mapping of str to ndarray, shape (L, 3)
        By element, or by group where model.xyz does not tell elements; A^2.
    fits : mapping of str to Diffusion
        Of those that diffuse.
    notes : tuple of str
        Why there is no fit, and what else the user should know.
    """

    time: Array
    msd: Mapping[str, Array]
    fits: Mapping[str, Diffusion]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VelocityCorrelation:
    """sdc.out: velocity autocorrelation and its running integral.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag, ps.
    correlation : ndarray, shape (N, L, 3)
        Of every run, A^2/ps^2; empty (N = 0) where it comes from a msd.out.
    diffusion : ndarray, shape (N, L, 3)
        Running diffusion coefficient of every run, A^2/ps.
    window : (float, float)
        Lags over which the running coefficient is averaged, ps.
    values : mapping of str to Mean
        ``x``, ``y``, ``z`` and ``mean``, cm^2/s.
    """

    time: Array
    correlation: Array
    diffusion: Array
    window: tuple[float, float]
    values: Mapping[str, Mean]


@dataclass(frozen=True)
class Convergence:
    """Diffusion coefficients of longer and longer parts of a run (``save_every``).

    Parameters
    ----------
    time : ndarray, shape (S,)
        Length of the part, ps; the number of the step where run.in is missing.
    values : mapping of str to list of Diffusion or None
        By element and file; None where nothing diffuses yet.
    unit : str
        Of ``time``: ``ps`` or ``step``.
    notes : tuple of str
        Why there is no value.
    """

    time: Array
    values: Mapping[str, list[Diffusion | None]]
    unit: str
    notes: tuple[str, ...] = ()


def group_motion(
    path: Path, *, window: tuple[float, float] | None = None, group: Sequence[int] = (), fit: bool = True
) -> GroupMotion:
    """Read a msd.out and fit what diffuses in it.

    Parameters
    ----------
    path : Path
        The file; model.xyz and run.in beside it tell elements and length of the run.
    window : (float, float), optional
        Part of the lags to fit; found when left out.
    group : sequence of int
        Columns of groups to take, without elements; all when empty.
    fit : bool
        Whether to fit.
    """
    curves, notes = _curves(path, group)
    fits = {}
    for label in curves.tensor if fit and curves.count else ():
        try:
            fits[label] = diffusion(curves, label, window=window)
            notes = (*notes, *fits[label].notes)
        except InputError as error:
            notes = (*notes, f"no coefficient: {error}")
    found = {label: curves.directions(label) for label in curves.tensor}
    return GroupMotion(curves.time, found, fits, tuple(dict.fromkeys(notes)))


def _curves(path: Path, group: Sequence[int]) -> tuple[Displacements, tuple[str, ...]]:
    """Return displacements by element where the files beside tell them, else by group and without counts."""
    if not group and (path.parent / "model.xyz").exists():
        try:
            source = open_source(path, ())
            return source.curves, source.notes
        except InputError as error:
            why: tuple[str, ...] = (f"groups instead of elements: {error}",)
    else:
        why = () if group else ("no model.xyz, which the elements and the errors of a fit come from: no coefficients",)
    blocks = read_msd(path)
    time, values, _ = blocks[-1]
    for index in group:
        if not 0 <= index < len(values):
            raise InputError(f"{path} has the groups 0 to {len(values) - 1}, not {index}")
    chosen = group or range(len(values))
    if len(blocks) > 1:
        why = (*why, f"{path}: {len(blocks)} blocks of runs, the last is used")
    tensor = {f"group {index}": values[index][:, :, None] * np.eye(3) for index in chosen}
    return Displacements(time, tensor, {}, len(time)), why


def velocity_correlation(
    runs: Sequence[Correlation], window: tuple[float, float] = (0.5, 1.0), *, displacements: bool = False
) -> VelocityCorrelation:
    """Average the running diffusion coefficient of sdc.out, or of one group of msd.out.

    Parameters
    ----------
    runs : sequence of Correlation
        From `nepkit.gpumd.spectra.read_sdc`.
    window : (float, float)
        Part of the lags, as shares.
    displacements : bool
        Whether the first three columns are displacements rather than correlations.

    Raises
    ------
    InputError
        Where the runs have not the same lags.
    """
    time, values = _same_lags(runs, "compute_sdc")
    rows = part_of(time, window)
    plateau = CM2_PER_S * values[:, rows, 3:].mean(axis=1)
    means = {axis: over_runs(plateau[:, place], "cm^2/s") for place, axis in enumerate("xyz")}
    means["mean"] = over_runs(plateau.mean(axis=1), "cm^2/s")
    correlation = values[:0, :, :3] if displacements else values[:, :, :3]
    return VelocityCorrelation(
        time, correlation, values[:, :, 3:], (float(time[rows][0]), float(time[rows][-1])), means
    )


@dataclass(frozen=True)
class RunningConductivity:
    """ic.out: the conductivity of one kind of ion.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag, ps.
    conductivity : ndarray, shape (N, L, 3)
        Of every run along x, y and z, mS/cm.
    window : (float, float)
        Lags over which it is averaged, ps.
    values : mapping of str to Mean
        ``x``, ``y``, ``z`` and ``mean``, mS/cm.
    """

    time: Array
    conductivity: Array
    window: tuple[float, float]
    values: Mapping[str, Mean]


def running_conductivity(runs: Sequence[Correlation], window: tuple[float, float] = (0.5, 1.0)) -> RunningConductivity:
    """Average the running conductivity of ic.out over a part of the lags, and over runs.

    Parameters
    ----------
    runs : sequence of Correlation
        From `nepkit.gpumd.spectra.read_ic`.
    window : (float, float)
        Part of the lags, as shares.

    Raises
    ------
    InputError
        Where the runs have not the same lags.

    Examples
    --------
    >>> one = Correlation(np.arange(4.0), np.full((4, 3), 5.0))
    >>> running_conductivity([one, one]).values["mean"].quantity.value
    5.0
    """
    time, values = _same_lags(runs, "compute_ic")
    rows = part_of(time, window)
    plateau = values[:, rows].mean(axis=1)
    means = {axis: over_runs(plateau[:, place], "mS/cm") for place, axis in enumerate("xyz")}
    means["mean"] = over_runs(plateau.mean(axis=1), "mS/cm")
    return RunningConductivity(time, values, (float(time[rows][0]), float(time[rows][-1])), means)


def _same_lags(runs: Sequence[Correlation], keyword: str) -> tuple[Array, Array]:
    """Return the lags of all runs, and their values, shape (N, L, C)."""
    time = runs[0].time
    if any(len(run.time) != len(time) or not np.allclose(run.time, time) for run in runs):
        raise InputError(f"the runs have different lags; average runs of the same {keyword}")
    return time, np.stack([run.values for run in runs])


def read_velocities(path: Path, group: int | None = None) -> tuple[list[Correlation], bool]:
    """Return the runs of a sdc.out, or of one group of a msd.out, and whether they are displacements.

    Raises
    ------
    InputError
        Where a msd.out has several groups and none is chosen.
    """
    if not path.name.startswith("msd"):
        return read_sdc(path), False
    found = []
    for time, msd, sdc in read_msd(path):
        if group is None and len(msd) > 1:
            raise InputError(f"{path} has {len(msd)} groups; choose one with --group")
        index = group or 0
        if index >= len(msd):
            raise InputError(f"{path} has the groups 0 to {len(msd) - 1}, not {index}")
        found.append(Correlation(time, np.hstack([msd[index], sdc[index]])))
    return found, True


def convergence(paths: Sequence[Path], window: tuple[float, float] | None = None) -> Convergence:
    """Return the diffusion coefficients of every msd_step*.out.

    Parameters
    ----------
    paths : sequence of Path
        Files whose names hold the number of the step.
    window : (float, float), optional
        Part of the lags to fit; found when left out.

    Raises
    ------
    InputError
        Where no file gives a coefficient; says why.
    """
    from nepkit.inputs.runfile import read_run_file

    ordered = sorted(paths, key=_step)
    inputs = ordered[0].parent / "run.in"
    run = read_run_file(inputs).with_keyword("compute_msd") if inputs.exists() else None
    scale, unit = (1e-3 * run.time_step, "ps") if run else (1.0, "step")
    parts = [group_motion(path, window=window) for path in ordered]
    labels = list(dict.fromkeys(label for part in parts for label in part.msd))
    notes = tuple(
        dict.fromkeys(f"{path.name}: {note}" for path, part in zip(ordered, parts, strict=True) for note in part.notes)
    )
    values: dict[str, list[Diffusion | None]] = {label: [part.fits.get(label) for part in parts] for label in labels}
    if not any(item for items in values.values() for item in items):
        raise InputError(f"no file gives a coefficient: {notes[0] if notes else 'nothing diffuses'}")
    return Convergence(scale * np.array([_step(path) for path in ordered], dtype=float), values, unit, notes)


def _step(path: Path) -> int:
    digits = "".join(character for character in path.stem if character.isdigit())
    if not digits:
        raise InputError(f"{path}: expected the number of the step in the name, as in msd_step1000.out")
    return int(digits)
