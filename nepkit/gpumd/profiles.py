"""Files of quantities in space: compute.out, compute_chunk.out, shock profiles and electron temperatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, read_blocks, read_rows
from nepkit.inputs.runfile import Run

#: Quantities of compute.out in their fixed order, and numbers per group: src/measure/compute.cu of GPUMD.
QUANTITIES = {"temperature": 1, "potential": 1, "force": 3, "virial": 9, "jp": 3, "jk": 3, "momentum": 3}
#: Quantities of compute_chunk.out in their fixed order, with units: src/measure/compute_chunk.cu of GPUMD.
CHUNK_QUANTITIES = {
    "temperature": "K", "density/number": "1/A^3", "density/mass": "amu/A^3",
    "vx": "A/fs", "vy": "A/fs", "vz": "A/fs", "fx": "eV/A", "fy": "eV/A", "fz": "eV/A",
}  # fmt: skip


@dataclass(frozen=True)
class GroupAverages:
    """compute.out: averages over groups of atoms and over time.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (R, M) or (R, M, C)
        ``temperature`` (K), ``potential`` (eV), ``force`` (eV/A), ``virial`` (eV; nine components, three in old
        versions), ``jp`` and ``jk`` (heat currents, eV^1.5 amu^-0.5), ``momentum`` (amu^0.5 eV^0.5).
    thermostats : ndarray, shape (R, B)
        Energies given to the heat source and to the sink, eV, since the start of the run; one column more per further
        thermostat of ``heat_hybrid``; empty where no temperature was asked for.
    """

    values: Mapping[str, Array]
    thermostats: Array


@dataclass(frozen=True)
class ChunkAverages:
    """compute_chunk.out: averages over bins of space and over time.

    Parameters
    ----------
    centers : ndarray, shape (B, D)
        Middles of the bins, A.
    count : ndarray, shape (R, B)
        Mean number of atoms.
    values : mapping of str to ndarray, shape (R, B)
        In the units of `CHUNK_QUANTITIES`.
    """

    centers: Array
    count: Array
    values: Mapping[str, Array]


@dataclass(frozen=True)
class ElectronTemperature:
    """One step of ttm_electron_temperature.out.

    Parameters
    ----------
    step : int
        Number of the step.
    temperature : ndarray, shape (nx, ny, nz)
        K; zero outside the active region.
    """

    step: int
    temperature: Array


def read_compute(path: str | Path, quantities: Sequence[str], groups: int | None = None) -> GroupAverages:
    r"""Return compute.out.

    Parameters
    ----------
    path : str or Path
        The file.
    quantities : sequence of str
        What ``compute`` in run.in asks for, in any order; see `quantities_of`.
    groups : int, optional
        Number of groups of the grouping method. Without it, the columns must leave one possibility.

    Raises
    ------
    InputError
        Where the columns do not fit, or fit several numbers of groups.

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-compute.out").write_text("300 310 290 0.5 -0.5\n")
    >>> read_compute("/tmp/nepkit-compute.out", ["temperature"], 3).values["temperature"]
    array([[300., 310., 290.]])
    """
    unknown = set(quantities) - set(QUANTITIES)
    if unknown or not quantities:
        raise InputError(f"{path}: compute has {', '.join(QUANTITIES)}, not {', '.join(sorted(unknown)) or 'nothing'}")
    table = read_rows(path)
    wanted = [name for name in QUANTITIES if name in quantities]
    fits = [
        (count, baths, virial)
        for virial in ((9, 3) if "virial" in wanted else (9,))
        for baths in ((2, 3, 4, 5, 6) if "temperature" in wanted else (0,))
        for count in ([groups] if groups else range(1, table.shape[1]))
        if count * _width(wanted, virial) + baths == table.shape[1]
    ]
    if groups is None:  # more than two thermostats are rare: they must be told by the number of groups
        fits = [fit for fit in fits if fit[1] <= 2]
    if len(fits) != 1:
        why = "no number" if not fits else f"{' or '.join(str(count) for count, *_ in fits)}"
        raise InputError(
            f"{path}: {table.shape[1]} columns fit {why} of groups for {', '.join(wanted)}; "
            "are run.in and model.xyz those of this file?"
        )
    count, _, virial = fits[0]
    values, place = {}, 0
    for name in wanted:
        width = virial if name == "virial" else QUANTITIES[name]
        part = table[:, place : place + count * width]
        values[name] = part if width == 1 else part.reshape(-1, width, count).swapaxes(1, 2)
        place += count * width
    return GroupAverages(values, table[:, place:])


def _width(wanted: Sequence[str], virial: int) -> int:
    return sum(virial if name == "virial" else QUANTITIES[name] for name in wanted)


def quantities_of(run: Run) -> list[str]:
    """Return what ``compute`` of a run asks for; empty where it has none."""
    return [word for word in (run.find("compute") or ())[3:] if word in QUANTITIES]


def read_chunks(path: str | Path, quantities: Sequence[str] = ()) -> ChunkAverages:
    """Return compute_chunk.out.

    Parameters
    ----------
    path : str or Path
        The file.
    quantities : sequence of str
        What ``compute_chunk`` in run.in asks for; ``value 1`` and so on, and bins in one direction, without it.

    Raises
    ------
    InputError
        Where the columns do not fit or a block is not complete.
    """
    table = np.concatenate([block.values for block in read_blocks(path)])
    bins = int(table[:, 0].max()) + 1
    names = [name for name in CHUNK_QUANTITIES if name in quantities]
    dimensions = table.shape[1] - 2 - len(names) if names else 1
    if not 1 <= dimensions <= 3 or len(table) % bins or (table[:, 0] != np.tile(range(bins), len(table) // bins)).any():
        raise InputError(
            f"{path}: {len(table)} rows of {table.shape[1]} columns are no blocks of bins with "
            f"{', '.join(names) or 'values'}; is run.in the one of this file?"
        )
    names = names or [f"value {number + 1}" for number in range(table.shape[1] - 3)]
    grid = table.reshape(-1, bins, table.shape[1])
    return ChunkAverages(
        grid[0, :, 1 : 1 + dimensions],
        grid[:, :, 1 + dimensions],
        {name: grid[:, :, 2 + dimensions + place] for place, name in enumerate(names)},
    )


def read_electron_temperature(path: str | Path) -> list[ElectronTemperature]:
    """Return the steps of a ttm_electron_temperature.out (GPUMD: src/integrate/ensemble_ttm.cu).

    Raises
    ------
    InputError
        Where its rows are no grid.
    """
    found = []
    for block in read_blocks(path):
        table, step = block.values, block.number("step")
        if table.shape[1] != 4:
            raise InputError(f"{path}: {table.shape[1]} columns, expected ix iy iz T_e")
        shape = table[:, :3].max(axis=0).astype(int)
        if len(table) != shape.prod():
            raise InputError(f"{path}: the block of step {step} has {len(table)} rows, its grid {shape.prod()} cells")
        grid = np.zeros(tuple(shape))
        grid[tuple(table[:, :3].astype(int).T - 1)] = table[:, 3]
        found.append(ElectronTemperature(step or 0, grid))
    return found


def read_shock_profile(path: str | Path) -> Array:
    """Return a ``*_hist.txt`` of ``dump_shock_nemd``, shape (outputs, bins).

    Temperature is in K, pressures in GPa, density in g/cm^3, velocity in km/s (GPUMD: src/measure/dump_shock_nemd.cu).
    """
    return read_rows(path)
