"""thermo.out: temperature, energies, pressure and cell along a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, Block, read_blocks
from nepkit.inputs.runfile import RunFile

#: Columns of the box: three edges, or three vectors; the pressure has three columns in the oldest versions.
LAYOUTS = {9: (3, 3), 12: (6, 3), 15: (3, 9), 18: (6, 9)}


@dataclass(frozen=True)
class Thermo:
    """Rows of thermo.out.

    Parameters
    ----------
    temperature : ndarray, shape (R,)
        K; the target in path-integral runs.
    kinetic, potential : ndarray, shape (R,)
        eV; ``kinetic`` is the quantum estimator in path-integral runs.
    pressure : ndarray, shape (R, 6)
        GPa, positive under compression; order ``thermo`` of `nepkit.core.conventions.ORDERS`. In files of 12 columns
        the first three alone are sure; NaN where the file has three.
    cell : ndarray, shape (R, 3, 3)
        Cell vectors in rows, A.
    starts : tuple of int
        First row of every run that wrote a header; ``(0,)`` in old versions.
    interval : tuple of float or None
        Time between rows of each of these runs, ps; None where the header does not tell.
    atoms : int or None
        Number of atoms where a header tells it.
    quantum : bool
        Whether the header says that temperature and kinetic energy are those of a path-integral run.
    """

    temperature: Array
    kinetic: Array
    potential: Array
    pressure: Array
    cell: Array
    starts: tuple[int, ...] = (0,)
    interval: tuple[float | None, ...] = (None,)
    atoms: int | None = None
    quantum: bool = False

    @property
    def volume(self) -> Array:
        """Volume of every row, A^3, shape (R,)."""
        return np.asarray(np.abs(np.linalg.det(self.cell)))

    @property
    def lengths(self) -> Array:
        """Lengths of the cell vectors, A, shape (R, 3)."""
        return np.asarray(np.linalg.norm(self.cell, axis=2))

    @property
    def angles(self) -> Array:
        """Angles alpha, beta, gamma of the cell, degrees, shape (R, 3)."""
        unit = self.cell / self.lengths[:, :, None]
        pairs = ((1, 2), (0, 2), (0, 1))
        cosines = np.stack([(unit[:, i] * unit[:, j]).sum(axis=1) for i, j in pairs], axis=1)
        return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))))

    @property
    def mean_pressure(self) -> Array:
        """A third of the trace of the pressure, GPa, shape (R,)."""
        return np.asarray(self.pressure[:, :3].mean(axis=1))


def read_thermo(path: str | Path) -> Thermo:
    r"""Return thermo.out of old versions (12 columns, orthogonal box) and new ones (18 columns and a header).

    GPUMD: src/measure/dump_thermo.cu.

    Raises
    ------
    InputError
        Where it has another number of columns.

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-thermo.out").write_text("300 1 -9 1 2 3 0 0 0 2 3 4\n")
    >>> thermo = read_thermo("/tmp/nepkit-thermo.out")
    >>> thermo.volume, thermo.mean_pressure
    (array([24.]), array([2.]))
    """
    blocks = read_blocks(path)
    table = np.concatenate([block.values for block in blocks])
    if table.shape[1] not in LAYOUTS:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 12 or 18; is it a thermo.out?")
    stresses, edges = LAYOUTS[table.shape[1]]
    pressure = np.full((len(table), 6), np.nan)
    pressure[:, :stresses] = table[:, 3 : 3 + stresses]
    if edges == 3:
        cell = np.zeros((len(table), 3, 3))
        cell[:, range(3), range(3)] = table[:, -3:]
    else:
        cell = table[:, -9:].reshape(-1, 3, 3)
    told = [block.number("num_atoms") for block in blocks]
    return Thermo(
        temperature=table[:, 0],
        kinetic=table[:, 1],
        potential=table[:, 2],
        pressure=pressure,
        cell=cell,
        starts=tuple(int(start) for start in np.cumsum([0, *(len(block.values) for block in blocks[:-1])])),
        interval=tuple(block.interval for block in blocks),
        atoms=next((count for count in told if count), None),
        quantum=any(_quantum(block) for block in blocks),
    )


def _quantum(block: Block) -> bool:
    columns = block.header.get("columns", ())
    return "T_target" in columns or "KE_quantum" in columns


def thermo_time(thermo: Thermo, runs: RunFile | None) -> tuple[Array, tuple[str, ...]]:
    r"""Return the time of every row of thermo.out, ps, and what should be known about it.

    It is told by the headers, or by the ``dump_thermo`` and ``time_step`` of every run in run.in; steps are counted as
    integers, so that the number of times is the number of rows.

    Parameters
    ----------
    thermo : Thermo
        From `read_thermo`.
    runs : RunFile or None
        From `nepkit.inputs.runfile.read_run_file`.

    Raises
    ------
    InputError
        Where neither tells the time between rows.

    Examples
    --------
    >>> from nepkit.inputs.runfile import Run
    >>> one = Thermo(np.ones(3), np.ones(3), np.ones(3), np.ones((3, 6)), np.ones((3, 3, 3)))
    >>> stages = RunFile((Run(20, 1.0, (("dump_thermo", "10"),)), Run(20, 0.5, (("dump_thermo", "20"),))))
    >>> thermo_time(one, stages)[0]
    array([0.01, 0.02, 0.03])
    """
    rows = len(thermo.temperature)
    if all(interval is not None for interval in thermo.interval):
        lengths = np.diff([*thermo.starts, rows])
        steps = np.repeat([float(interval or 0.0) for interval in thermo.interval], lengths)
        return np.cumsum(steps), ()
    if runs is None:
        raise InputError("thermo.out has no header with dt_output and there is no run.in, so its times are not known")
    return _time_of_runs(rows, runs)


def _time_of_runs(rows: int, runs: RunFile) -> tuple[Array, tuple[str, ...]]:
    parts, start, last = [], 0.0, None
    for run in runs.runs:
        words = run.find("dump_thermo")
        if words:
            every = int(words[0])
            last = 1e-3 * run.time_step * every
            parts.append(start + 1e-3 * run.time_step * (every * np.arange(1, run.steps // every + 1)))
        start += 1e-3 * run.time_step * run.steps
    if last is None:
        raise InputError("run.in has no dump_thermo with a run after it, so the times of thermo.out are not known")
    time = np.concatenate(parts)
    if len(time) < rows:
        note = f"thermo.out has {rows} rows and run.in accounts for {len(time)}: the others are taken to follow"
        return np.concatenate([time, time[-1] + last * np.arange(1, rows - len(time) + 1)]), (note,)
    told = f"thermo.out has {rows} of the {len(time)} rows that run.in asks for: the run is not complete"
    return time[:rows], (told,) * (len(time) > rows)
