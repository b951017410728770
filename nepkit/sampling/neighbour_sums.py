"""Descriptors of a NEP from sums over neighbours by our own compiled code, several times as fast as any other way here.

``_sums.cpp`` adds up radial functions and spherical harmonics by centre and type of neighbour; what is left is one
matrix product per type and the invariants. Where it was not compiled `nepkit.sampling.descriptors` takes another way to
the same numbers.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.harmonics import columns, polynomials
from lr_correction.invariants import invariant
from lr_correction.nep import NEP
from nepkit.core.errors import InputError

Array = NDArray[np.float64]

compiled: ModuleType | None
try:
    compiled = import_module("nepkit.sampling._sums")
except ImportError:  # no compiler when nepkit was installed
    compiled = None
"""Our own sums, None where they were not compiled."""


class NeighbourSums:
    """The descriptors of one model.

    Parameters
    ----------
    nep : NEP
        The model; charges and ZBL repulsion do not matter.

    Examples
    --------
    >>> NeighbourSums(read_nep("nep.txt"))(atoms).shape  # doctest: +SKIP
    (144, 42)
    """

    def __init__(self, nep: NEP) -> None:
        self.nep = nep
        self._types = {symbol: number for number, symbol in enumerate(nep.elements)}
        same = ((nep.cutoff_radial, nep.cutoff_angular),) * len(nep.elements)
        self._cutoffs = np.array(nep.typewise_cutoffs or same, dtype=float)
        axial, planar = polynomials(nep.l_max)
        self._axial = np.ascontiguousarray(axial)
        self._order = planar.argmax(axis=0).astype(np.int64)
        self._parity = np.concatenate([np.full(2 * l + 1, (-1.0) ** l) for l in range(1, nep.l_max + 1)])  # noqa: E741

    def __call__(self, atoms: Atoms, where: str = "frame") -> Array:
        """Return the scaled descriptors of every atom of a periodic frame of known elements, shape (N, D).

        Raises
        ------
        InputError
            Where two atoms are at the same place.
        """
        assert compiled is not None
        nep, count, kinds = self.nep, len(atoms), len(self.nep.elements)
        types = np.array([self._types[symbol] for symbol in atoms.get_chemical_symbols()], dtype=np.int64)
        cell = np.ascontiguousarray(atoms.cell.array, dtype=float)
        inverse = np.linalg.inv(cell)
        fractions = atoms.positions @ inverse
        fractions -= np.floor(fractions)
        radial = np.zeros((count, kinds, nep.basis_size[0] + 1))
        angular = np.zeros((count, kinds, nep.basis_size[1] + 1, len(self._parity)))
        pair = compiled.sums(
            count, kinds, *nep.basis_size, nep.l_max, np.ascontiguousarray(fractions), cell,
            1.0 / np.linalg.norm(inverse, axis=0), types, self._cutoffs, self._axial, self._order, self._parity,
            radial, angular,
        )  # fmt: skip
        if pair is not None:
            raise InputError(f"{where}: atoms {pair[0] + 1} and {pair[1] + 1} are at the same place")
        values = np.empty((count, nep.n_max[0] + 1))
        moments = np.empty((count, nep.n_max[1] + 1, len(self._parity)))
        for kind in range(kinds):
            rows = np.flatnonzero(types == kind)
            if len(rows):
                values[rows] = radial[rows].reshape(len(rows), -1) @ _weights(nep.c_radial, kind).T
                moments[rows] = _weights(nep.c_angular, kind) @ angular[rows].reshape(len(rows), -1, len(self._parity))
        three_body = [(moments[:, :, columns(degree, degree)] ** 2).sum(axis=2) for degree in range(1, nep.l_max + 1)]
        many_body = [invariant(name, moments) for name in nep.invariants]
        return np.asarray(np.concatenate([values, *three_body, *many_body], axis=1) * nep.q_scaler)


def _weights(coefficients: Array, kind: int) -> Array:
    """Return expansion coefficients (n, k, t1, t2) of a type of centre as rows n over types of neighbours and k."""
    return np.asarray(coefficients[:, :, kind, :].transpose(0, 2, 1).reshape(len(coefficients), -1))
