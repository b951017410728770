"""NEP and qNEP on a CPU by compiled code: energies, forces, virials, charges, and what a NEP computes on the way.

The compiled part is there where a C++ compiler was found at installation. Formulas are those of
`lr_correction.descriptors` and `lr_correction.correction`, which give the same numbers.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ModelError
from .harmonics import columns
from .invariants import QUARTIC, TRILINEAR, coefficients
from .kernels import COULOMB_CONSTANT, smeared
from .mesh import Mesh, worthwhile
from .nep import NEP
from .zbl import repulsion_table

Floats = NDArray[np.float64]

SKIN = 1.0
"""A beyond the cutoff that the lists of neighbours reach, so that they serve for many steps."""

MESH_ACCURACY = 1e-5
"""Relative error of the long-ranged field of large cells, which are summed on a mesh; small ones are summed exactly."""

ATOMS_PER_THREAD = 32
"""Fewer are not worth a thread."""


@cache
def kernel() -> Any:
    """Return the compiled module for the widest vectors of this processor, or None where it was not compiled.

    Examples
    --------
    >>> kernel().__name__  # doctest: +SKIP
    'lr_correction._kernel_avx2'
    """
    try:
        plain = import_module("lr_correction._kernel")
    except ImportError:
        return None
    for name, there in zip(("avx512", "avx2"), plain.supported(), strict=True):
        if there:
            try:
                return import_module(f"lr_correction._kernel_{name}")
            except ImportError:
                continue
    return plain


def usable_threads(atoms: int) -> int:
    """Return how many threads a structure is worth: those of ``OMP_NUM_THREADS``, else the processors at hand.

    Examples
    --------
    >>> usable_threads(2)
    1
    """
    words = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if words.isdigit() and int(words):
        most = int(words)
    else:
        most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(most, atoms // ATOMS_PER_THREAD))


@dataclass
class Evaluation:
    """What a model says about one structure of N atoms.

    Attributes
    ----------
    energies
        Of the atoms, shape (N,), eV. With charges the electrostatic energy is shared as ``q_i phi_i / 2``.
    forces
        Shape (N, 3), eV/angstrom.
    virial
        ``W_ab = -dE/d(strain_ab)``, shape (3, 3), eV; positive under compression.
    charges
        Neutral in sum, shape (N,), e; None without charges.
    bec
        Born effective charges, shape (N, 3, 3), e, first index the polarisation; None where not asked for.
    descriptors, hidden, moments
        As `lr_correction.descriptors.Forward` has them; None where not asked for.
    """

    energies: Floats
    forces: Floats
    virial: Floats
    charges: Floats | None = None
    bec: Floats | None = None
    descriptors: Floats | None = None
    hidden: Floats | None = None
    moments: Floats | None = None

    @property
    def energy(self) -> float:
        """Energy of the structure, eV."""
        return float(self.energies.sum())


class Engine:
    """A model ready for evaluation by compiled code; any number of threads may share it.

    Lists of neighbours are kept from one structure to the next and made anew when an atom has moved too far.

    Parameters
    ----------
    nep
        The model; one with charges has its electrostatics too, as GPUMD does it.
    single
        Whether the work on pairs is done in single precision.
    threads
        Threads over the atoms of a structure; None for `usable_threads`.
    skin
        See `SKIN`.

    Raises
    ------
    ModelError
        Where the compiled part is missing, or the model is beyond its limits.

    Examples
    --------
    >>> engine = Engine(nep)  # doctest: +SKIP
    >>> engine.evaluate(atoms.positions, types, atoms.cell.array, atoms.pbc).energy  # doctest: +SKIP
    -1853.2
    """

    def __init__(self, nep: NEP, *, single: bool = False, threads: int | None = None, skin: float = SKIN) -> None:
        self.nep, self.single, self.threads, self.skin = nep, single, threads, skin
        self._kernel: Any = kernel()
        if self._kernel is None:
            raise ModelError("the compiled kernel is not there: install a C++ compiler, then install again")
        try:
            self._model = self._kernel.model(*_parameters(nep))
        except ValueError as error:
            raise ModelError(f"the compiled kernel cannot take the model: {error}") from None
        self._last_mesh: tuple[tuple[bytes, int], Mesh] | None = None
        self._states: list[Any] = []  # idle ones; taking and giving back are atomic

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the model alone; the other process compiles its tables anew."""
        return _again, (self.nep, self.single, self.threads, self.skin)

    def evaluate(
        self,
        positions: ArrayLike,
        types: ArrayLike,
        cell: ArrayLike,
        pbc: ArrayLike,
        *,
        bec: bool = False,
        features: bool = False,
        forces: bool = True,
    ) -> Evaluation:
        """Evaluate one structure.

        Parameters
        ----------
        positions
            Shape (N, 3), angstrom.
        types
            Indices into the elements of the model, shape (N,).
        cell
            Lattice vectors as rows, shape (3, 3), angstrom; those of directions that are not periodic do not matter.
        pbc
            Three flags. A model with charges needs three periodic directions.
        bec
            Whether Born effective charges are wanted.
        features
            Whether descriptors, hidden layer and moments are wanted.
        forces
            Whether forces and virial are wanted, and with charges their energy; without them the rest takes half the
            time.

        Raises
        ------
        ValueError
            Where two atoms are at the same place, or the cell is too thin.
        """
        place = np.ascontiguousarray(positions, dtype=float)
        kinds = np.ascontiguousarray(types, dtype=np.int64)
        periodic = np.ascontiguousarray(pbc, dtype=np.int64)
        box = _completed(np.array(cell, dtype=float), periodic.astype(bool))
        count, nep = len(place), self.nep
        found = Evaluation(np.zeros(count), np.zeros((count, 3)), np.zeros((3, 3)))
        if not count:
            return found
        if nep.charge_mode:
            if not periodic.all():
                raise ValueError("charges need a cell that is periodic in all directions")
            found.charges = np.zeros(count)
        if features:
            found.hidden = np.zeros((count, nep.neurons))
            found.descriptors = np.zeros((count, nep.dimension))
            found.moments = np.zeros((count, nep.n_max[1] + 1, (nep.l_max + 1) ** 2 - 1))
        try:
            state = self._states.pop()
        except IndexError:
            state = self._kernel.state()
        threads = self.threads if self.threads is not None else usable_threads(count)
        common = (self._model, state, self.single, threads)
        self._kernel.forward(
            *common, count, self.skin, place, kinds, box, periodic, found.energies, found.charges,
            found.forces if forces else None, found.virial, found.hidden, found.descriptors, found.moments,
        )  # fmt: skip
        if nep.charge_mode and forces:
            self._electrostatics(common, place, box, found, bec)
        self._states.append(state)  # a state in which something failed is left to its fate
        return found

    def _electrostatics(self, common: Any, place: Floats, box: Floats, found: Evaluation, bec: bool) -> None:
        """Neutralise the charges, and add their energy and its derivatives (qNEP: GPUMD's src/force/nep_charge.cu)."""
        charges, forces, virial = found.charges, found.forces, found.virial
        assert charges is not None
        charges -= charges.mean()
        alpha = math.pi / self.nep.cutoff_radial
        potential = np.zeros(len(charges))
        self._reciprocal(common[3], place, charges, box, alpha, potential, forces, virial)
        if self.nep.charge_mode == 1:
            potential -= 2.0 * COULOMB_CONSTANT * alpha / math.sqrt(math.pi) * charges
            self._kernel.screened(*common, alpha, charges, potential, forces, virial)
        found.energies += 0.5 * charges * potential
        potential -= potential.mean()  # the charges were shifted by their mean
        born = np.zeros((len(charges), 3, 3)) if bec else None
        self._kernel.backward(*common, potential, forces, virial, born)
        if born is not None:
            born += charges[:, None, None] * np.eye(3)
            found.bec = born * (self.nep.sqrt_epsilon_inf or 1.0)

    def _reciprocal(
        self, threads: int, place: Floats, charges: Floats, box: Floats, alpha: float, potential: Floats,
        forces: Floats, virial: Floats,
    ) -> None:  # fmt: skip
        """Add the sum over reciprocal vectors: exact where that is fast, else on a mesh."""
        largest = 2.0 * math.pi * alpha
        if worthwhile(len(charges), box, largest):
            found = self._mesh(box, alpha, len(charges)).evaluate(place, charges)
            potential += found.potential
            forces += charges[:, None] * found.field
            virial += found.virial
            return
        self._kernel.waves(threads, len(charges), alpha, largest, place, charges, box, potential, forces, virial)

    def _mesh(self, box: Floats, alpha: float, atoms: int) -> Mesh:
        """Return the mesh for a cell: the last one where the cell is the same."""
        last = self._last_mesh
        if last is not None and last[0] == (box.tobytes(), atoms):
            return last[1]
        like = last[1] if last is not None and last[0][1] == atoms else None
        mesh = Mesh(box, smeared(alpha, 2.0 * math.pi * alpha), atoms=atoms, accuracy=MESH_ACCURACY, like=like)
        self._last_mesh = (box.tobytes(), atoms), mesh
        return mesh


def _again(nep: NEP, single: bool, threads: int | None, skin: float) -> Engine:
    return Engine(nep, single=single, threads=threads, skin=skin)


def _completed(cell: Floats, periodic: NDArray[np.bool_]) -> Floats:
    """Return a cell of rank three with the periodic vectors as they are."""
    if periodic.all():
        return np.ascontiguousarray(cell)
    from ase.cell import Cell

    cell[~periodic] = 0.0
    return np.ascontiguousarray(Cell(cell).complete().array)


def _parameters(nep: NEP) -> tuple[Any, ...]:
    """Return what `kernel().model` takes."""
    types = len(nep.elements)
    same = ((nep.cutoff_radial, nep.cutoff_angular),) * types
    radial, angular = np.array(nep.typewise_cutoffs or same, dtype=float).T
    bias = np.full(types, nep.b1) + (0.0 if nep.type_bias is None else nep.type_bias)
    arrays = [
        0.5 * (radial[:, None] + radial[None, :]), 0.5 * (angular[:, None] + angular[None, :]), bias, nep.q_scaler,
        nep.c_radial, nep.c_angular, nep.w0, nep.b0, nep.w1, nep.w1_charge,
        None if nep.zbl is None else repulsion_table(nep),
    ]  # fmt: skip
    return (
        types, nep.n_max[0] + 1, nep.n_max[1] + 1, nep.basis_size[0] + 1, nep.basis_size[1] + 1, nep.l_max,
        nep.neurons, nep.charge_mode,
        *(None if array is None else np.ascontiguousarray(array, dtype=float) for array in arrays),
        [_terms(name) for name in nep.invariants], QUARTIC,
    )  # fmt: skip


def _terms(name: str) -> list[tuple[int, int, int, float]]:
    """Return an invariant as a sum of products of three moments, (column, column, column, factor); [] for |V|^4."""
    if name not in TRILINEAR:
        return []
    tensor = coefficients(name)
    first = [columns(degree, degree).start for degree in TRILINEAR[name][0]]
    found: dict[tuple[int, ...], float] = {}
    for index in np.argwhere(np.abs(tensor) > 1e-14 * np.abs(tensor).max()):
        key = tuple(sorted(int(i) + start for i, start in zip(index, first, strict=True)))
        found[key] = found.get(key, 0.0) + float(tensor[tuple(index)])
    largest = max(abs(value) for value in found.values())
    return [(a, b, c, value) for (a, b, c), value in found.items() if abs(value) > 1e-14 * largest]
