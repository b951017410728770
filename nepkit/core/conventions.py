"""The signs, orders and units of the field, each once, with the source that fixes it; spellings of labels.

Inside nepkit: energies eV (total of the frame), lengths A, forces eV/A, virials eV with the sign
``virial = -dE/d(strain) = -volume * stress`` (positive under compression), stresses eV/A^3 with ASE's sign (positive
under tension), charges e, Born effective charges e, dipoles e A.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lr_correction.labels import PER_ATOM as PER_ATOM
from lr_correction.labels import SPELLINGS as SPELLINGS

EV_PER_A3_IN_GPA = 160.2177
"""Pressure unit of GPUMD: src/utilities/common.cuh."""

NATURAL_TIME_IN_FS = 10.18051
"""GPUMD's unit of time A (amu/eV)^(1/2) in fs: src/utilities/common.cuh."""

COULOMB = 14.399645
"""e^2/(4 pi epsilon_0) in eV A as GPUMD has it: src/utilities/common.cuh."""

BOLTZMANN = 8.617343e-5
"""eV/K as GPUMD has it: src/utilities/common.cuh."""

ORDERS = {
    # Voigt order of ASE: ase/stress.py.
    "ase": ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)),
    # Six components in virial_*.out and stress_*.out of the trainer: src/main_nep/structure.cu, fitness.cu.
    "nep": ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)),
    # Pressure columns of thermo.out: src/measure/dump_thermo.cu.
    "thermo": ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)),
    # Nine components in train.xyz (virial, stress), dump.xyz and compute.out, rows first: src/main_nep/structure.cu.
    "rows": ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)),
    # Nine components of the per-atom virial in GPUMD's memory and viscosity.out: src/measure/viscosity.cu.
    "gpumd": ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)),
}
"""Which element of a 3x3 tensor stands at each place of a list, by name of the order."""


def matrix(values: ArrayLike, order: str) -> NDArray[np.float64]:
    """Return 3x3 tensors from lists of components.

    Parameters
    ----------
    values : array_like, shape (..., 6) or (..., 9)
        Components in the given order; six of them mean a symmetric tensor.
    order : str
        A name in `ORDERS`.

    Returns
    -------
    ndarray, shape (..., 3, 3)

    Examples
    --------
    >>> matrix([1, 2, 3, 4, 5, 6], "ase")[1, 2]
    np.float64(4.0)
    """
    places = ORDERS[order]
    source = np.asarray(values, dtype=float)
    if source.shape[-1] != len(places):
        raise ValueError(f"order {order!r} has {len(places)} components, not {source.shape[-1]}")
    result = np.empty((*source.shape[:-1], 3, 3))
    for index, (row, column) in enumerate(places):
        result[..., row, column] = source[..., index]
        if len(places) == 6:
            result[..., column, row] = source[..., index]
    return result


def components(tensor: ArrayLike, order: str) -> NDArray[np.float64]:
    """Return the components of 3x3 tensors in an order; six components are of the symmetric part.

    Parameters
    ----------
    tensor : array_like, shape (..., 3, 3)
        Tensors.
    order : str
        A name in `ORDERS`.

    Returns
    -------
    ndarray, shape (..., 6) or (..., 9)
    """
    places = ORDERS[order]
    source = np.asarray(tensor, dtype=float)
    if len(places) == 6:
        source = 0.5 * (source + np.swapaxes(source, -1, -2))
    return np.stack([source[..., row, column] for row, column in places], axis=-1)


def virial_from_stress(stress: ArrayLike, volume: float) -> NDArray[np.float64]:
    """Return the virial (eV, positive under compression) of a 3x3 stress (eV/A^3, ASE's sign).

    The trainer does the same where a frame has a stress alone: src/main_nep/structure.cu.
    """
    return -volume * np.asarray(stress, dtype=float)


def stress_from_virial(virial: ArrayLike, volume: float) -> NDArray[np.float64]:
    """Return the 3x3 stress (eV/A^3, ASE's sign, positive under tension) of a virial (eV)."""
    return -np.asarray(virial, dtype=float) / volume


def stress_from_dump(stress: ArrayLike) -> NDArray[np.float64]:
    """Return ASE's stress from the one GPUMD's dump_xyz writes, which is positive under compression.

    GPUMD: src/measure/dump_xyz.cu; its value contains the kinetic part.
    """
    return -np.asarray(stress, dtype=float)
