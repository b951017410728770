"""Files of correlations and spectra: dos.out, mvac.out, sdc.out, ic.out, viscosity.out, dipoles and lsqt_*.out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.conventions import matrix
from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, Block, Correlation, read_blocks, read_correlations, read_rows, split_at_restarts


@dataclass(frozen=True)
class Density:
    """One group and run of dos.out.

    Parameters
    ----------
    omega : ndarray, shape (W,)
        Angular frequency, THz (2 pi times the frequency).
    states : ndarray, shape (W, 3)
        Vibrational density of states of motion along x, y and z, 1/THz.
    """

    omega: Array
    states: Array


@dataclass(frozen=True)
class Viscosity:
    """One run of viscosity.out.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Correlation time, ps.
    correlation : ndarray, shape (L, 3, 3)
        Stress autocorrelation, eV^2.
    viscosity : ndarray, shape (L, 3, 3)
        Running integral, Pa s.
    """

    time: Array
    correlation: Array
    viscosity: Array


@dataclass(frozen=True)
class Series:
    """A vector or tensor along a run.

    Parameters
    ----------
    time : ndarray, shape (R,)
        ps; of dipole.out and polarizability.out without a header, the number of the step.
    values : ndarray, shape (R, ...)
        The quantity.
    timed : bool
        Whether ``time`` is a time.
    """

    time: Array
    values: Array
    timed: bool = True


def read_dos(path: str | Path) -> list[Density]:
    """Return the blocks of a dos.out, one per group and run (GPUMD: src/measure/dos.cu)."""
    return [Density(part[:, 0], part[:, 1:]) for part in split_at_restarts(_columns(path, 4, "dos.out"))]


def read_mvac(path: str | Path) -> list[Correlation]:
    """Return the blocks of a mvac.out, one per group and run: time in ps and three normalised correlations."""
    return _exactly(path, read_correlations(path, 3), 3)


def read_sdc(path: str | Path) -> list[Correlation]:
    """Return the runs of a sdc.out: velocity autocorrelation (A^2/ps^2) x y z, then diffusion (A^2/ps) x y z."""
    return _exactly(path, read_correlations(path, 6), 6)


def read_ic(path: str | Path) -> list[Correlation]:
    """Return the runs of an ic.out: the running conductivity of one kind of ion along x, y and z, mS/cm."""
    return _exactly(path, read_correlations(path, 3), 3)


def _exactly(path: str | Path, blocks: list[Correlation], columns: int) -> list[Correlation]:
    if blocks[0].values.shape[1] != columns:
        raise InputError(f"{path}: {1 + blocks[0].values.shape[1]} columns, expected {1 + columns}")
    return blocks


def read_viscosity(path: str | Path) -> list[Viscosity]:
    """Return the runs of a viscosity.out (GPUMD: src/measure/viscosity.cu).

    Raises
    ------
    InputError
        Where it has not 19 columns.
    """
    blocks = _exactly(path, read_correlations(path, 18), 18)
    return [
        Viscosity(block.time, matrix(block.values[:, :9], "gpumd"), matrix(block.values[:, 9:], "gpumd"))
        for block in blocks
    ]


def _columns(path: str | Path, columns: int, name: str) -> Array:
    table = read_rows(path)
    if table.shape[1] != columns:
        raise InputError(f"{path}: {table.shape[1]} columns, expected {columns}; is it a {name}?")
    return table


def read_dpdt(path: str | Path) -> tuple[Series, Series]:
    """Return dpdt.out: the time derivative of the polarisation, e A/fs, and its integral, e A, both (R, 3).

    GPUMD: src/measure/compute_dpdt.cu. The times of several runs are put end to end.
    """
    parts = split_at_restarts(_columns(path, 7, "dpdt.out"))
    end = 0.0
    times: list[Array] = []
    for part in parts:
        step = part[1, 0] - part[0, 0] if len(part) > 1 else part[0, 0]
        begin = end + step if times and part[0, 0] < 0.5 * step else end  # the first row of a run may be its time zero
        times.append(1e-3 * (begin + part[:, 0]))
        end = begin + part[-1, 0]
    table, time = np.concatenate(parts), np.concatenate(times)
    return Series(time, table[:, 1:4]), Series(time, table[:, 4:7])


def read_dipole(path: str | Path) -> Series:
    """Return dipole.out, (R, 3), in the unit of the model, for the whole cell (GPUMD: src/measure/dump_dipole.cu)."""
    time, table, timed = _stepped(path, 4, "dipole.out")
    return Series(time, table, timed)


def read_polarizability(path: str | Path) -> Series:
    """Return polarizability.out, (R, 3, 3), in the unit of the model (GPUMD: src/measure/dump_polarizability.cu)."""
    time, table, timed = _stepped(path, 7, "polarizability.out")
    return Series(time, matrix(table, "nep"), timed)


def _stepped(path: str | Path, columns: int, name: str) -> tuple[Array, Array, bool]:
    blocks = read_blocks(path)
    if blocks[0].values.shape[1] != columns:
        raise InputError(f"{path}: {blocks[0].values.shape[1]} columns, expected {columns}; is it a {name}?")
    table = np.concatenate([block.values for block in blocks])
    if all(block.interval for block in blocks):
        steps = np.concatenate([np.full(len(block.values), _interval(block)) for block in blocks])
        return np.cumsum(steps), table[:, 1:], True
    parts, offset = [], 0.0
    for part in split_at_restarts(table):  # the number of the step begins anew with every run
        parts.append(offset + part[:, 0])
        offset = float(parts[-1][-1])
    return np.concatenate(parts), table[:, 1:], False


def _interval(block: Block) -> float:
    return float(block.interval or 0.0)


def read_lsqt(path: str | Path) -> Array:
    """Return lsqt_dos.out (states/atom/eV), lsqt_velocity.out (m/s) or lsqt_sigma.out (S/m), shape (samples, energies).

    GPUMD: src/measure/lsqt.cu. The energies are those of ``compute_lsqt`` in run.in.
    """
    return read_rows(path)
