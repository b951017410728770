"""Thermal conductance and conductivity from a heat source and a sink (NEMD)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import part_of
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.gpumd.profiles import quantities_of, read_compute
from nepkit.heat.components import MEGAWATT_PER_SQUARE_METRE, WATT_PER_METRE, Array, number
from nepkit.inputs.runfile import Run, RunFile

#: Blocks of time from which the errors come.
BLOCKS = 10


@dataclass(frozen=True)
class Geometry:
    """Where the groups of a run are.

    Parameters
    ----------
    position : ndarray, shape (M,)
        Mean position of every group along the transport, A.
    axis : int
        Cell vector along which heat flows.
    area : float
        Cross section, A^2.
    """

    position: Array
    axis: int
    area: float


@dataclass(frozen=True)
class Driven:
    """A run with a heat source and a sink.

    Parameters
    ----------
    time : ndarray, shape (R,)
        ps.
    source, sink : ndarray, shape (R,)
        Energies that the thermostats gave, eV.
    position, temperature, error : ndarray, shape (M,)
        Along the transport (A), of the groups that are not fixed, in the steady part of the run: mean temperature (K)
        and its error.
    groups : tuple of int
        Their labels.
    ends : (int, int)
        Labels of source and sink.
    fit : (float, float) or None
        Slope (K/A) and offset (K) of the line through the groups between them; None where there are too few.
    power : Quantity
        Heat that flows, eV/ps.
    difference : Quantity
        Between source and sink, K.
    conductance : Quantity
        MW/m^2/K.
    conductivity : Quantity
        From the conductance and the distance of source and sink, W/m/K.
    conductivity_by_slope : Quantity or None
        From the slope of the temperature, W/m/K.
    distance : float
        Of source and sink, A.
    window : (float, float)
        Steady part of the run, ps.
    notes : tuple of str
        What the user should know.
    """

    time: Array
    source: Array
    sink: Array
    position: Array
    temperature: Array
    error: Array
    groups: tuple[int, ...]
    ends: tuple[int, int]
    fit: tuple[float, float] | None
    power: Quantity
    difference: Quantity
    conductance: Quantity
    conductivity: Quantity
    conductivity_by_slope: Quantity | None
    distance: float
    window: tuple[float, float]
    notes: tuple[str, ...] = ()


def driven_run(runs: RunFile) -> Run:
    """Return the last run of a run.in that has a heat source and sink and ``compute`` with temperatures.

    Raises
    ------
    InputError
        Where there is none.
    """
    for run in reversed(runs.runs):
        if (run.find("ensemble") or ("",))[0].startswith("heat_") and "temperature" in quantities_of(run):
            return run
    raise InputError("run.in: no run with an ensemble heat_* and compute ... temperature")


def ends_of(run: Run) -> tuple[int, int]:
    """Return the groups of the heat source and the sink: the last two numbers of ``ensemble heat_*``.

    Raises
    ------
    InputError
        Where they are no labels, or the ensemble has several thermostats of its own.
    """
    words = run.find("ensemble") or ()
    if words[:1] == ("heat_hybrid",):
        raise InputError("run.in: heat_hybrid has thermostats of several kinds; give --ends")
    try:
        return int(words[-2]), int(words[-1])
    except (IndexError, ValueError):
        raise InputError(
            f"run.in: 'ensemble {' '.join(words)}' does not end in the groups of source and sink"
        ) from None


def geometry(model: Path, method: int, ends: tuple[int, int], copies: Sequence[int] = (1, 1, 1)) -> Geometry:
    """Find from a model.xyz where the groups are and along which cell vector heat flows.

    It is the one along which source and sink are farthest apart.

    Raises
    ------
    InputError
        Where the model has no such grouping method or groups, or run.in replicates it along the transport.
    """
    from nepkit.formats.files import read_frames

    atoms = next(read_frames(model))
    column = atoms.arrays.get("group")
    labels = np.zeros((len(atoms), 0), int) if column is None else np.asarray(column).reshape(len(atoms), -1)
    if method >= labels.shape[1]:
        raise InputError(f"{model} has {labels.shape[1]} grouping methods, run.in uses number {method}")
    chosen = labels[:, method]
    for end in ends:
        if not (chosen == end).any():
            raise InputError(f"{model}: no atom is in group {end}, which run.in has as source or sink")
    shares = atoms.get_scaled_positions(wrap=False)
    lengths = atoms.cell.lengths()
    middles = np.array([shares[chosen == label].mean(axis=0) for label in range(int(chosen.max()) + 1)])
    axis = int(np.argmax(np.abs(middles[ends[0]] - middles[ends[1]]) * lengths))
    if copies[axis] != 1:
        raise InputError(f"run.in replicates {model} along the transport, so that groups are in several places")
    area = atoms.get_volume() / lengths[axis] * float(np.prod(copies))
    return Geometry(middles[:, axis] * lengths[axis], axis, float(area))


def nemd(
    path: str | Path,
    runs: RunFile,
    place: Geometry,
    ends: tuple[int, int] | None = None,
    *,
    window: tuple[float, float] = (0.5, 1.0),
    length: float | None = None,
) -> Driven:
    """Average a compute.out of a run between a heat source and a sink.

    Parameters
    ----------
    path : str or Path
        compute.out.
    runs : RunFile
        run.in.
    place : Geometry
        From `geometry`.
    ends : (int, int), optional
        Groups of source and sink; from run.in when left out.
    window : (float, float)
        Steady part of the run, as shares of its length.
    length : float, optional
        Distance for the conductivity, A; that of source and sink when left out.

    Raises
    ------
    InputError
        Where files contradict each other, or the sink is not colder than the source.
    """
    run = driven_run(runs)
    ends = ends or ends_of(run)
    table = read_compute(path, quantities_of(run), len(place.position))
    step = 1e-3 * run.time_step * number(run, "compute", 1) * number(run, "compute", 2)
    rows = round(run.steps * run.time_step * 1e-3 / step + 1e-9)
    notes = []
    kelvin, energies = table.values["temperature"], table.thermostats
    if len(kelvin) > rows > 0:
        notes.append(f"{len(kelvin)} rows, the last run has {rows}: the rows before it are left out")
        kelvin, energies = kelvin[-rows:], energies[-rows:]
    time: Array = np.asarray(step * np.arange(1, len(kelvin) + 1), dtype=float)
    part = part_of(time, window)
    if part.stop - part.start < 2 * BLOCKS:
        raise InputError(f"{path}: {part.stop - part.start} rows in the steady part, at least {2 * BLOCKS} are needed")
    moving = np.flatnonzero(kelvin[part].mean(axis=0) > 0.0)
    blocks = [
        slice(int(rows[0]), int(rows[-1]) + 1) for rows in np.array_split(np.arange(part.start, part.stop), BLOCKS)
    ]
    power = np.array([_power(time[block], energies[block]) for block in blocks])
    means = np.array([kelvin[block].mean(axis=0) for block in blocks])
    gap = means[:, ends[0]] - means[:, ends[1]]
    if not gap.mean() > 0.0:
        raise InputError(f"{path}: the source (group {ends[0]}) is not hotter than the sink (group {ends[1]})")
    distance = abs(place.position[ends[0]] - place.position[ends[1]]) if length is None else length
    conductance = MEGAWATT_PER_SQUARE_METRE * power / (place.area * gap)
    balance = abs(np.polyfit(time[part], energies[part, 0] + energies[part, 1], 1)[0]) / abs(power.mean())
    if balance > 0.1:
        notes.append(f"source and sink differ by {100 * balance:.0f} % of the heat: the run is not steady")
    line, slopes = _line(place, means, moving, ends)
    return Driven(
        time=time, source=energies[:, 0], sink=energies[:, 1],
        position=place.position[moving], temperature=means.mean(axis=0)[moving],
        error=means.std(axis=0, ddof=1)[moving] / np.sqrt(BLOCKS), groups=tuple(moving.tolist()), ends=ends, fit=line,
        power=_quantity(power, "eV/ps"), difference=_quantity(gap, "K"),
        conductance=_quantity(conductance, "MW/m^2/K"),
        conductivity=_quantity(conductance * distance * 1e-4, "W/m/K"),
        conductivity_by_slope=None if slopes is None else _quantity(
            WATT_PER_METRE * power / (place.area * np.abs(slopes)), "W/m/K"),
        distance=float(distance), window=(float(time[part][0]), float(time[part][-1])), notes=tuple(notes),
    )  # fmt: skip


def _power(time: Array, energies: Array) -> float:
    """Return the heat from source to sink, eV/ps: what the source loses and the sink takes, halved."""
    return float(abs(0.5 * np.polyfit(time, energies[:, 0] - energies[:, 1], 1)[0]))


def _quantity(values: Array, unit: str) -> Quantity:
    """Return mean and error of blocks."""
    return of_blocks(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), len(values), unit)


def _line(
    place: Geometry, means: Array, moving: NDArray[np.int64], ends: tuple[int, int]
) -> tuple[tuple[float, float] | None, Array | None]:
    """Fit the temperature between source and sink, and in every block; the groups beside the ends are left out."""
    low, high = sorted(place.position[list(ends)])
    between = [group for group in moving if low < place.position[group] < high]
    inner = sorted(between, key=lambda group: float(place.position[group]))[1:-1]
    if len(inner) < 3:
        return None, None
    x = place.position[inner]
    slope, offset = np.polyfit(x, means[:, inner].mean(axis=0), 1)
    return (float(slope), float(offset)), np.polyfit(x, means[:, inner].T, 1)[0]
