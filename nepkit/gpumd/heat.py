"""Files of heat transport: hac.out, kappa.out, shc.out, onsager.out, heatmode.out and kappamode.out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, read_blocks, read_correlations, read_rows


@dataclass(frozen=True)
class HeatCorrelation:
    """One run of hac.out (Green and Kubo).

    Parameters
    ----------
    time : ndarray, shape (L,)
        Correlation time, ps.
    correlation : ndarray, shape (L, 5)
        Heat current autocorrelation, eV^3/amu: x in, x out, y in, y out, z.
    kappa : ndarray, shape (L, 5)
        Running thermal conductivity, W/m/K, in the same order.
    """

    time: Array
    correlation: Array
    kappa: Array

    @property
    def total(self) -> Array:
        """Running conductivity along x, y and z, W/m/K, shape (L, 3)."""
        return in_plus_out(self.kappa)


@dataclass(frozen=True)
class SpectralHeatCurrent:
    """One run and group of shc.out.

    Parameters
    ----------
    time : ndarray, shape (2 Nc - 1,)
        Correlation time, ps, from negative to positive.
    correlation : ndarray, shape (2 Nc - 1, 2)
        Virial-velocity correlation, A eV/ps: in and out of plane.
    omega : ndarray, shape (W,)
        Angular frequency, THz (2 pi times the frequency).
    current : ndarray, shape (W, 2)
        Spectral heat current, A eV/ps/THz: in and out of plane.
    """

    time: Array
    correlation: Array
    omega: Array
    current: Array


def in_plus_out(values: Array) -> Array:
    """Return x, y and z of the columns x in, x out, y in, y out, z."""
    return np.stack([values[:, 0] + values[:, 1], values[:, 2] + values[:, 3], values[:, 4]], axis=1)


def read_hac(path: str | Path) -> list[HeatCorrelation]:
    """Return every run of a hac.out (GPUMD: src/measure/hac.cu).

    Raises
    ------
    InputError
        Where it has not 11 columns.
    """
    blocks = read_correlations(path, 10)
    if blocks[0].values.shape[1] != 10:
        raise InputError(f"{path}: {1 + blocks[0].values.shape[1]} columns, expected 11; is it a hac.out?")
    return [HeatCorrelation(block.time, block.values[:, :5], block.values[:, 5:]) for block in blocks]


def read_kappa(path: str | Path) -> Array:
    """Return kappa.out, W/m/K, shape (R, 5): x in, x out, y in, y out, z (GPUMD: src/measure/hnemd_kappa.cu).

    The rows of several runs follow each other without a mark; run.in tells how many each has.

    Raises
    ------
    InputError
        Where it has not 5 columns.
    """
    return _five(path, "kappa.out")


def read_modes(path: str | Path, bins: int) -> Array:
    """Return heatmode.out (eV^1.5 amu^-0.5) or kappamode.out (W/m/K), shape (outputs, bins, 5).

    Parameters
    ----------
    path : str or Path
        The file (GPUMD: src/measure/modal_analysis.cu).
    bins : int
        Number of bins of modes, from ``compute_gkma`` or ``compute_hnema``.

    Raises
    ------
    InputError
        Where it has not 5 columns or its rows are no multiple of the bins.
    """
    table = _five(path, "file of modes")
    if bins < 1 or len(table) % bins:
        raise InputError(f"{path}: {len(table)} rows are no multiple of {bins} bins")
    return table.reshape(-1, bins, 5)


def _five(path: str | Path, name: str) -> Array:
    table = read_rows(path)
    if table.shape[1] != 5:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 5; is it a {name}?")
    return table


def read_onsager(path: str | Path) -> Array:
    """Return onsager.out, shape (R, M + 1, 3): for heat and each of M elements, the response along x, y and z.

    Heat is in W/m/K and elements in 1e-6 kg/s/m/K where the dissipative flux is heat; one power of 1e-6 kg/s/m/K more
    otherwise (GPUMD: src/measure/hnemdec_kappa.cu).

    Raises
    ------
    InputError
        Where its columns are not three for heat and for every element.
    """
    table = read_rows(path)
    if table.shape[1] % 3 or table.shape[1] < 6:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 3 for heat and 3 for every element")
    return table.reshape(len(table), -1, 3)


def read_shc(path: str | Path) -> list[SpectralHeatCurrent]:
    r"""Return every run and group of a shc.out (GPUMD: src/measure/shc.cu).

    Without a header, the correlation is known by its times, which are symmetric about zero.

    Raises
    ------
    InputError
        Where it has not 3 columns or ends within a block.

    Examples
    --------
    >>> rows = "-0.1 1 2\n0 3 4\n0.1 1 2\n10 5 6\n20 7 8\n"
    >>> _ = Path("/tmp/nepkit-shc.out").write_text(rows + rows)
    >>> [(len(part.time), part.omega.tolist()) for part in read_shc("/tmp/nepkit-shc.out")]
    [(3, [10.0, 20.0]), (3, [10.0, 20.0])]
    """
    found = []
    for block in read_blocks(path):
        if block.values.shape[1] != 3:
            raise InputError(f"{path}: {block.values.shape[1]} columns, expected 3; is it a shc.out?")
        lags, frequencies = block.number("num_correlation_rows"), block.number("num_frequency_rows")
        found += _spectra(path, block.values, lags, frequencies)
    return found


def _spectra(path: str | Path, table: Array, lags: int | None, frequencies: int | None) -> list[SpectralHeatCurrent]:
    lags = lags or _symmetric_rows(path, table)
    starts = np.flatnonzero(np.isclose(table[:, 0], table[0, 0]))
    if frequencies is None:
        frequencies = int(starts[1] if len(starts) > 1 else len(table)) - lags
    size = lags + frequencies
    if frequencies < 1 or len(table) % size:
        raise InputError(
            f"{path}: {len(table)} rows are no multiple of {lags} times and {frequencies} frequencies; "
            "did the run end before it was written?"
        )
    return [
        SpectralHeatCurrent(part[:lags, 0], part[:lags, 1:], part[lags:, 0], part[lags:, 1:])
        for part in table.reshape(-1, size, 3)
    ]


def _symmetric_rows(path: str | Path, table: Array) -> int:
    """Return the number of times, which run from the first one to its negative."""
    first = table[0, 0]
    step = table[1, 0] - first if len(table) > 1 else 0.0
    count = 1 if first == 0.0 else round(-2.0 * first / step) + 1 if first < 0.0 < step else 0
    if not 0 < count < len(table) or not np.isclose(table[count - 1, 0], -first, atol=1e-3 * max(step, 1e-9)):
        raise InputError(f"{path}: the times are not symmetric about zero; is it a shc.out?")
    return count
