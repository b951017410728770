"""Output files of GPUMD that are rows of numbers, with or without lines of ``#`` before them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Correlation:
    """One block of a file of correlation functions of time.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag times, ps, at equal steps.
    values : ndarray, shape (L, C)
        The other columns, in the units of the file.
    """

    time: Array
    values: Array


@dataclass(frozen=True)
class Thermo:
    """Rows of thermo.out.

    Parameters
    ----------
    temperature : ndarray, shape (R,)
        K.
    kinetic, potential : ndarray, shape (R,)
        eV.
    pressure : ndarray, shape (R, 6)
        GPa, positive under compression; order ``thermo`` of `nepkit.conventions.ORDERS`, in old files the first
        three alone are sure.
    cell : ndarray, shape (R, 3, 3)
        Cell vectors in rows, A.
    """

    temperature: Array
    kinetic: Array
    potential: Array
    pressure: Array
    cell: Array

    @property
    def volume(self) -> Array:
        """Volume of every row, A^3, shape (R,)."""
        return np.asarray(np.abs(np.linalg.det(self.cell)))


def read_rows(path: str | Path) -> Array:
    """Return the numbers of a file, shape (rows, columns); empty lines and lines of ``#`` are passed over.

    Raises
    ------
    InputError
        Where a row is not numbers or has not as many as the first one; names the line.
    """
    path = Path(path)
    rows: list[list[float]] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            text = line.partition("#")[0].split()
            if not text:
                continue
            try:
                row = [float(item) for item in text]
            except ValueError:
                raise InputError(f"{path}, line {number}: expected numbers, found {line.strip()[:40]!r}") from None
            if rows and len(row) != len(rows[0]):
                raise InputError(
                    f"{path}, line {number}: {len(row)} numbers, the first row has {len(rows[0])}; "
                    "was the file cut short or made by two kinds of runs?"
                )
            rows.append(row)
    if not rows:
        raise InputError(f"{path}: no rows of numbers; did the run end before it was written?")
    table = np.array(rows)
    if not np.isfinite(table).all():
        raise InputError(f"{path}: row {int(np.argmin(np.isfinite(table).all(axis=1))) + 1} is not finite")
    return table


def read_correlations(path: str | Path, columns: int) -> list[Correlation]:
    """Return the blocks of a file whose first column is time; GPUMD appends one block per run.

    Parameters
    ----------
    path : str or Path
        For instance msd.out (src/measure/msd.cu of GPUMD), sdc.out or ic.out.
    columns : int
        How many columns a group has after the time; the file has that many or a multiple of it.

    Raises
    ------
    InputError
        Where the columns do not fit or the times are not equally spaced.
    """
    table = read_rows(path)
    if (table.shape[1] - 1) % columns or table.shape[1] < 1 + columns:
        raise InputError(
            f"{path}: {table.shape[1]} columns, expected time and {columns} per group; is it this kind of file?"
        )
    starts = np.flatnonzero(np.diff(table[:, 0], prepend=np.inf) <= 0)
    blocks = []
    for block in np.split(table, starts[1:]):
        time = block[:, 0]
        steps = np.diff(time)
        if len(steps) and not np.allclose(steps, steps[0], rtol=1e-3, atol=1e-4 * max(abs(time[-1]), 1e-30)):
            raise InputError(f"{path}: the times are not equally spaced; keep the blocks of one run")
        blocks.append(Correlation(time, block[:, 1:]))
    return blocks


def read_msd(path: str | Path) -> list[tuple[Array, Array, Array]]:
    r"""Return the blocks of an msd.out: lag times, displacements and running diffusion coefficients.

    Returns
    -------
    list of (time, msd, sdc)
        ``time`` (L,) in ps, ``msd`` (G, L, 3) in A^2 and ``sdc`` (G, L, 3) in A^2/ps, for every group of ``all_groups``
        or for the one (G = 1).

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("/tmp/nepkit-msd.out").write_text("# dt 1\n0 0 0 0 0 0 0\n0.1 1 2 3 5 10 15\n")
    >>> read_msd("/tmp/nepkit-msd.out")[0][1][0]
    array([[0., 0., 0.],
           [1., 2., 3.]])
    """
    blocks = []
    for block in read_correlations(path, 6):
        values = block.values.reshape(len(block.time), -1, 6).swapaxes(0, 1)
        blocks.append((block.time, values[:, :, :3].copy(), values[:, :, 3:].copy()))
    return blocks


def read_thermo(path: str | Path) -> Thermo:
    """Return thermo.out of old versions (12 columns, orthogonal box) and new ones (18 columns).

    GPUMD: src/measure/dump_thermo.cu.

    Raises
    ------
    InputError
        Where it has another number of columns.
    """
    table = read_rows(path)
    if table.shape[1] == 12:
        cell = np.zeros((len(table), 3, 3))
        for axis in range(3):
            cell[:, axis, axis] = table[:, 9 + axis]
    elif table.shape[1] == 18:
        cell = table[:, 9:].reshape(-1, 3, 3)
    else:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 12 or 18; is it a thermo.out?")
    return Thermo(table[:, 0], table[:, 1], table[:, 2], table[:, 3:9], cell)
