"""The universal (ZBL) repulsion of a NEP at short distances, as in GPUMD's `src/utilities/nep_utilities.cuh`."""

from math import pi

import numpy as np
from ase.data import atomic_numbers

from .backend import Array, asarray, namespace, segment_sum
from .batch import Batch, Pairs
from .nep import NEP

COULOMB = 14.399645  # eV angstrom / e^2, GPUMD's value
SCREENING = 2.134563  # 1/angstrom: 1 / (0.88534 a_0)
# (a, b) of the universal screening function, sum of a exp(-b x)
UNIVERSAL = ((0.18175, 3.1998), (0.50986, 0.94229), (0.28022, 0.4029), (0.02817, 0.20162))

# Covalent radii of H to Pu in units of 0.01 angstrom: doi:10.1002/chem.200800987, metals less 10 % as in
# doi:10.1063/1.3382344; GPUMD uses 4/3 of them, rounded to six digits.
# fmt: off
RADII = np.array([float(f"{x * 0.04 / 3:.6g}") for x in (
    32, 46, 120, 94, 77, 75, 71, 63, 64, 67, 140, 125, 113, 104, 110, 102, 99, 96, 176, 154, 133, 122, 121, 110,
    107, 104, 100, 99, 101, 109, 112, 109, 115, 110, 114, 117, 189, 167, 147, 139, 132, 124, 115, 113, 113, 108,
    115, 123, 128, 126, 126, 123, 132, 131, 209, 176, 162, 147, 158, 157, 156, 155, 151, 152, 151, 150, 149, 149,
    148, 153, 146, 137, 131, 123, 118, 116, 111, 112, 113, 132, 130, 130, 136, 131, 138, 142, 201, 181, 167, 158,
    152, 153, 154, 155,
)])
# fmt: on


def zbl(nep: NEP, batch: Batch, pairs: Pairs) -> tuple[Array, Array]:
    """Compute the energy of the repulsion and its derivative by the pair vectors.

    Parameters
    ----------
    nep
        A model; without repulsion everything is zero.
    batch, pairs
        Systems and all their ordered pairs within the angular cutoff or more; the repulsion ends there at the latest.

    Returns
    -------
    tuple
        Energy of every system (B,) in eV, and derivative by the vector of every ordered pair (P, 3) in eV/angstrom.

    Examples
    --------
    >>> energy, gradient = zbl(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))  # doctest: +SKIP
    """
    energy, gradient = zbl_of_pairs(nep, batch, pairs)
    return segment_sum(energy, batch.system[pairs.centre], len(batch)), gradient


def zbl_of_pairs(nep: NEP, batch: Batch, pairs: Pairs) -> tuple[Array, Array]:
    """Return the energy of every ordered pair (P,), half of that of the bond, and its gradient (P, 3).

    Examples
    --------
    >>> energy, gradient = zbl_of_pairs(nep, batch, pairs)  # doctest: +SKIP
    """
    xp = namespace(pairs.vector)
    energy, gradient = xp.zeros(len(pairs), dtype=pairs.vector.dtype), xp.zeros_like(pairs.vector)
    if nep.zbl is None or not len(pairs):
        return energy, gradient
    table = asarray(repulsion_table(nep).reshape(-1, 13), like=pairs.vector, dtype=pairs.vector.dtype)
    kind = batch.types[pairs.centre] * len(nep.elements) + batch.types[pairs.neighbour]
    distance = xp.sqrt((pairs.vector**2).sum(axis=1))
    close = xp.nonzero(distance < table[kind, 0])[0]
    row, r = table[kind[close]].T, distance[close]
    inner, outer, strength, inverse = row[1:5]
    value, slope = xp.zeros_like(r), xp.zeros_like(r)
    for a, b in zip(row[5::2], row[6::2], strict=True):
        term = a * xp.exp(-b * inverse * r)
        value += term
        slope -= b * inverse * term
    # A flexible row with inner = outer would divide by zero; there the switch is never used.
    width = xp.where(outer > inner, outer - inner, 1)
    phase = (pi / width) * xp.maximum(r - inner, 0)
    switch, switch_slope = 0.5 * (1 + xp.cos(phase)), -0.5 * (pi / width) * xp.sin(phase)
    bare = strength / r
    energy[close] = bare * value * switch
    along = bare * ((slope - value / r) * switch + value * switch_slope)
    gradient[close] = (along / r)[:, None] * pairs.vector[close]
    return energy, gradient


def repulsion_table(nep: NEP) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return thirteen numbers for every pair of types, (T, T, 13).

    Largest distance, inner and outer cutoff of the switch, K Z_i Z_j / 2, inverse screening length, a1, b1 ... a4, b4.
    """
    assert nep.zbl is not None
    types = len(nep.elements)
    charge = np.array([atomic_numbers[symbol] for symbol in nep.elements])
    power = charge**0.23
    result = np.empty((types, types, 13))
    inner, outer, factor = nep.zbl
    result[..., 1], result[..., 2] = inner, outer
    if factor is not None:
        radius = RADII[charge - 1]
        result[..., 1] = 0
        result[..., 2] = np.minimum(outer, factor * (radius[:, None] + radius[None, :]))
    result[..., 3] = 0.5 * COULOMB * charge[:, None] * charge[None, :]
    result[..., 4] = SCREENING * (power[:, None] + power[None, :])
    result[..., 5:] = np.ravel(UNIVERSAL)
    if nep.zbl_flexible is not None:
        first, second = np.triu_indices(types)
        for i, j in ((first, second), (second, first)):
            result[i, j, 1:3], result[i, j, 5:] = nep.zbl_flexible[:, :2], nep.zbl_flexible[:, 2:]
    # GPUMD sums over the angular neighbours, so nothing acts beyond their cutoff.
    angular = np.array([cutoffs[1] for cutoffs in nep.typewise_cutoffs or ((0.0, nep.cutoff_angular),) * types])
    result[..., 0] = np.minimum(result[..., 2], 0.5 * (angular[:, None] + angular[None, :]))
    return result
