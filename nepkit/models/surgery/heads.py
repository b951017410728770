"""Heads of a model: charges added or taken away, and other versions turned into NEP4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lr_correction.export import CONSTANT, MOST_NEIGHBOURS
from lr_correction.nep import NEP
from nepkit.core.errors import InputError
from nepkit.models.surgery.trainable import Fill

FIRST_SQRT_EPSILON = 2.0
"""What ``nep`` starts with (GPUMD, src/main_nep/snes.cu)."""


def charged(nep: NEP, fill: Fill, mode: int) -> NEP:
    """Return the model with a charge head of zero weights: a qNEP that still is exactly the NEP.

    Parameters
    ----------
    nep : NEP
        A NEP4 without charges.
    fill : Fill
        What new numbers are.
    mode : int
        1 for charges in real and reciprocal space, 2 for reciprocal space alone.

    Raises
    ------
    InputError
        Where GPUMD could not run it.
    """
    if nep.charge_mode:
        raise InputError(f"the model has charges already, of mode {nep.charge_mode}")
    if mode not in (1, 2):
        raise InputError(f"charge modes are 1 and 2, not {mode}")
    if nep.typewise_cutoffs is not None:
        raise InputError("a qNEP has one pair of cutoffs, this model has one per element")
    if nep.max_neighbours_radial > MOST_NEIGHBOURS:
        raise InputError(
            f"{nep.max_neighbours_radial} neighbours within the cutoff, a qNEP has room for {MOST_NEIGHBOURS}"
        )
    return replace(
        nep,
        charge_mode=mode,
        w1_charge=fill.zeros(nep.w1.shape),
        sqrt_epsilon_inf=fill.value(FIRST_SQRT_EPSILON),
    )


def uncharged(nep: NEP) -> NEP:
    """Return the model without its charge head.

    Raises
    ------
    InputError
        Where it has none.
    """
    if not nep.charge_mode:
        raise InputError("the model has no charges to take away")
    return replace(nep, charge_mode=0, w1_charge=None, sqrt_epsilon_inf=None)


def to_nep4(nep: NEP, fill: Fill) -> NEP:
    """Return the same energies as a NEP4.

    The shared network of a NEP3 is repeated for every element. The bias of every element of a NEP5 becomes the output
    of one more neuron that is constant, tanh(1); where they are all equal, part of the common bias.
    """
    if nep.version == 3:
        return replace(nep, version=4)
    if nep.version == 4 or nep.type_bias is None:
        return replace(nep, version=4)
    bias = nep.type_bias
    if np.all(bias == bias[0]):
        return replace(nep, version=4, type_bias=None, b1=nep.b1 + float(bias[0]))
    types = len(nep.elements)
    return replace(
        nep,
        version=4,
        type_bias=None,
        w0=np.concatenate([nep.w0, fill.zeros((types, 1, nep.dimension))], axis=1),
        b0=np.concatenate([nep.b0, np.full((types, 1), fill.value(-1.0))], axis=1),
        w1=np.concatenate([nep.w1, -bias[:, None] / CONSTANT], axis=1),
    )
