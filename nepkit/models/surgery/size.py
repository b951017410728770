"""More or fewer descriptors and neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lr_correction.export import MOST_NEURONS
from lr_correction.nep import INVARIANTS, NEP
from nepkit.core.errors import InputError
from nepkit.inputs.nep_keywords import LARGEST_ANGULAR_DIMENSION, LARGEST_DIMENSION
from nepkit.models.surgery.trainable import Fill

Slot = tuple[str, int]


def slots(nep: NEP) -> list[Slot]:
    """Return the block and index n of every descriptor, in their order."""
    return _slots(nep.n_max, nep.l_max, nep.invariants)


def _slots(n_max: tuple[int, int], l_max: int, invariants: Sequence[str]) -> list[Slot]:
    angular = [*(f"l{order}" for order in range(1, l_max + 1)), *(f"q{name}" for name in invariants)]
    radial = [("radial", n) for n in range(n_max[0] + 1)]
    return radial + [(block, n) for block in angular for n in range(n_max[1] + 1)]


def resized(
    nep: NEP,
    fill: Fill,
    *,
    n_max: tuple[int, int] | None = None,
    basis_size: tuple[int, int] | None = None,
    l_max: int | None = None,
    invariants: Sequence[str] | None = None,
) -> NEP:
    """Return the model with other descriptors; energies stay where it only grows.

    New descriptors enter no neuron (their weights are zero) and new basis functions have zero coefficients, except in
    new radial functions, whose coefficients are drawn.

    Parameters
    ----------
    nep : NEP
        The model.
    fill : Fill
        What new numbers are.
    n_max, basis_size : tuple of int, optional
        Radial and angular.
    l_max : int, optional
        Largest angular momentum.
    invariants : sequence of str, optional
        Which of 222 1111 112 123 233 134 there are.

    Raises
    ------
    InputError
        Where GPUMD has no room for the descriptors.
    """
    n_max, basis_size, l_max = n_max or nep.n_max, basis_size or nep.basis_size, l_max or nep.l_max
    kept = nep.invariants if invariants is None else tuple(name for name in INVARIANTS if name in invariants)
    new, old = _slots(n_max, l_max, kept), {slot: place for place, slot in enumerate(slots(nep))}
    angular = len(new) - n_max[0] - 1
    if angular > LARGEST_ANGULAR_DIMENSION or len(new) > LARGEST_DIMENSION:
        raise InputError(
            f"{len(new)} descriptors, {angular} of them angular; GPUMD has room for {LARGEST_DIMENSION} and "
            f"{LARGEST_ANGULAR_DIMENSION}"
        )
    w0 = fill.zeros((len(nep.elements), nep.neurons, len(new)))
    scale = np.empty(len(new))
    for place, slot in enumerate(new):
        if slot in old:
            w0[:, :, place], scale[place] = nep.w0[:, :, old[slot]], nep.q_scaler[old[slot]]
        else:
            alike = [nep.q_scaler[index] for other, index in old.items() if other[0] == slot[0]]
            scale[place] = np.median(alike if alike else nep.q_scaler)
    return replace(
        nep,
        n_max=n_max,
        basis_size=basis_size,
        l_max=l_max,
        invariants=kept,
        w0=w0,
        q_scaler=scale,
        c_radial=_coefficients(nep.c_radial, n_max[0], basis_size[0], fill),
        c_angular=_coefficients(nep.c_angular, n_max[1], basis_size[1], fill),
    )


def _coefficients(old: NDArray[np.float64], n_max: int, basis_size: int, fill: Fill) -> NDArray[np.float64]:
    functions, basis = min(len(old), n_max + 1), min(old.shape[1], basis_size + 1)
    shape = (n_max + 1, basis_size + 1, *old.shape[2:])
    new = np.concatenate([fill.zeros((functions, *shape[1:])), fill.drawn((shape[0] - functions, *shape[1:]))])
    new[:functions, :basis] = old[:functions, :basis]
    return new


def widened(nep: NEP, fill: Fill, neurons: int) -> NEP:
    """Return the model with more neurons; energies stay, since the new ones have zero weight in them.

    Raises
    ------
    InputError
        Where there are not more, or more than GPUMD has room for.
    """
    more = neurons - nep.neurons
    if more < 0:
        raise InputError(f"the model has {nep.neurons} neurons already; take some away by nepkit model prune")
    if neurons > MOST_NEURONS:
        raise InputError(f"{neurons} neurons are more than GPUMD's {MOST_NEURONS}")
    types, dimension = len(nep.elements), nep.dimension
    charge = nep.w1_charge
    return replace(
        nep,
        w0=np.concatenate([nep.w0, fill.drawn((types, more, dimension))], axis=1),
        b0=np.concatenate([nep.b0, fill.drawn((types, more))], axis=1),
        w1=np.concatenate([nep.w1, fill.zeros((types, more))], axis=1),
        w1_charge=None if charge is None else np.concatenate([charge, fill.zeros((types, more))], axis=1),
    )


def importance(nep: NEP) -> NDArray[np.float64]:
    """Return how much every neuron matters, shape (M,): its input weights times its output weights, over elements."""
    output = np.abs(nep.w1) if nep.w1_charge is None else np.abs(nep.w1) + np.abs(nep.w1_charge)
    return np.asarray((np.linalg.norm(nep.w0, axis=2) * output).mean(axis=0))


def important_neurons(nep: NEP, count: int) -> NDArray[np.int64]:
    """Return the numbers of the neurons that matter most, in their order.

    Raises
    ------
    InputError
        Where the model has fewer.
    """
    if not 1 <= count <= nep.neurons:
        raise InputError(f"the model has {nep.neurons} neurons; keep 1 to {nep.neurons} of them, not {count}")
    return np.sort(np.argsort(importance(nep), kind="stable")[-count:])


def with_neurons(nep: NEP, kept: NDArray[np.int64]) -> NEP:
    """Return the model with some of its neurons."""
    charge = nep.w1_charge
    return replace(
        nep,
        w0=nep.w0[:, kept],
        b0=nep.b0[:, kept],
        w1=nep.w1[:, kept],
        w1_charge=None if charge is None else charge[:, kept],
    )
