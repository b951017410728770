"""A NEP with charges: short-range network + moments + electrostatic interaction, evaluated on any frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ase
import numpy as np

from .backend import Array, Namespace, asarray, namespace, segment_outer, segment_sum
from .batch import Batch, Pairs, forces_and_virial, neighbour_pairs
from .descriptors import backward, forward
from .errors import DataError, ModelError
from .ewald import Electrostatics
from .kernels import Interaction, gpumd
from .moments import HiddenCharges, neutralise
from .nepfile import NEP
from .zbl import zbl


@dataclass(frozen=True)
class Evaluation:
    """What a model says about a batch of B systems with N atoms in all.

    Attributes
    ----------
    energy
        Shape (B,), eV.
    forces
        Shape (N, 3), eV/angstrom.
    virial
        Shape (B, 3, 3), eV, minus the derivative of the energy with respect to strain.
    charges
        Shape (N,), e, neutralised.
    bec
        Born effective charges, shape (N, 3, 3), e; None unless asked for.
    offsets
        First atom of every system, and N.
    """

    energy: Array
    forces: Array
    virial: Array
    charges: Array
    bec: Array | None
    offsets: tuple[int, ...]


@dataclass(frozen=True)
class LongRangePotential:
    """Energy of a NEP plus the electrostatic energy of charges read from its hidden layer.

    Attributes
    ----------
    nep
        Short-range network (its own charge head, if any, is not used).
    charges
        Charge family and parameters.
    energies
        Constant energy of an atom of every type, shape (T,), eV, on top of the network.
    mode
        qNEP charge mode, 1 or 2.
    sqrt_epsilon_inf
        Scale of the Born effective charges.

    Examples
    --------
    >>> potential = LongRangePotential.from_nep(read_nep("qnep.txt"))  # doctest: +SKIP
    >>> potential.evaluate([frame]).charges  # doctest: +SKIP
    """

    nep: NEP
    charges: HiddenCharges
    energies: tuple[float, ...]
    mode: int
    sqrt_epsilon_inf: float = 1.0

    @cached_property
    def interaction(self) -> Interaction:
        """How charges interact: as in GPUMD for the mode and the radial cutoff."""
        return gpumd(self.mode, self.nep.cutoff_radial)

    @classmethod
    def from_nep(cls, nep: NEP) -> "LongRangePotential":
        """Return the potential of a qNEP file (charge mode 1 or 2).

        Raises
        ------
        ModelError
            If the model has no charge head.
        """
        if nep.charge_mode not in (1, 2) or nep.w1_charge is None:
            raise ModelError("the model has no charges (not nep4_charge1 or nep4_charge2): fit them with fit_charges")
        types = len(nep.elements)
        scale = 1.0 if nep.sqrt_epsilon_inf is None else nep.sqrt_epsilon_inf
        charges = HiddenCharges(np.asarray(nep.w1_charge, dtype=float), np.zeros(types))
        return cls(nep, charges, (0.0,) * types, nep.charge_mode, scale)

    def evaluate(
        self,
        frames: Sequence[ase.Atoms],
        *,
        total_charges: Sequence[float] | None = None,
        bec: bool = False,
        xp: Namespace = np,
        dtype: Any = np.float64,
    ) -> Evaluation:
        """Evaluate frames.

        Parameters
        ----------
        frames
            Periodic systems.
        total_charges
            Charge of every system, e; zero by default, which is what GPUMD's dynamics always uses. The energy of a
            charged system is that of a uniform neutralising background (k = 0 dropped).
        bec
            Whether to compute Born effective charges.
        xp
            Array module: ``numpy`` or ``cupy``.
        dtype
            ``float64``, or ``float32``: half the memory and faster on a GPU, with forces to about 1e-4 eV/angstrom.

        Raises
        ------
        DataError
            For an element that the model lacks, a system that is not periodic, or another number of total charges.
        """
        batch = Batch.from_atoms(frames, self.nep.elements, xp, dtype)
        pairs = neighbour_pairs(batch, self.nep.cutoff_radial)
        state = forward(self.nep, batch, pairs)
        if total_charges is not None and len(total_charges) != len(batch):
            raise DataError(f"{len(total_charges)} total charges given for {len(batch)} frames, expected one each")
        like = batch.positions
        total = (
            None if total_charges is None else asarray(np.asarray(total_charges, dtype=float), like=like, dtype=dtype)
        )
        charges = neutralise(self.charges.raw(state.hidden, batch.types), batch.system, batch.offsets, total)
        operator = Electrostatics(batch, pairs, self.interaction)
        potential = operator.potential(charges)
        shifted = neutralise(potential, batch.system, batch.offsets)
        readout = asarray(self.nep.w1, like=like, dtype=dtype)[batch.types]
        heads = asarray(self.charges.weights, like=like, dtype=dtype)[batch.types]
        by_pair = backward(self.nep, state, readout + shifted[:, None] * heads)
        repulsion, repulsion_gradient = zbl(self.nep, batch, pairs)
        by_pair = by_pair + repulsion_gradient
        site = (readout * state.hidden).sum(axis=1) + self._constants(like)[batch.types]
        forces, virial = forces_and_virial(batch, pairs, by_pair)
        return Evaluation(
            energy=segment_sum(site, batch.system, len(batch)) + repulsion + operator.energy(charges),
            forces=forces + charges[:, None] * operator.field(charges),
            virial=operator.virial(charges, charges) + 0.5 * (virial + virial.transpose(0, 2, 1)),
            charges=charges,
            bec=self._bec(charges, backward(self.nep, state, heads), batch, pairs) if bec else None,
            offsets=batch.offsets,
        )

    def _constants(self, like: Array) -> Array:
        bias = np.asarray(self.energies) - self.nep.b1
        if self.nep.type_bias is not None:
            bias = bias - np.asarray(self.nep.type_bias)
        return asarray(bias, like=like, dtype=like.dtype)

    def _bec(self, charges: Array, gradient: Array, batch: Batch, pairs: Pairs) -> Array:
        """Z_i = sqrt_eps (q_i 1 + 1/2 sum_pairs r12 x dq/dr12), see GPUMD's src/force/nep_charge.cu."""
        xp, count = namespace(charges), len(charges)
        as_centre = segment_outer(pairs.vector, gradient, pairs.centre, count)
        as_neighbour = segment_outer(pairs.vector, gradient, pairs.neighbour, count)
        moved = 0.5 * (as_centre - as_neighbour)
        return self.sqrt_epsilon_inf * (charges[:, None, None] * xp.eye(3, dtype=charges.dtype) + moved)
