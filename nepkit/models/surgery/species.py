"""Elements added to a model and taken from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from ase.data import atomic_numbers

from lr_correction.nep import NEP
from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.inputs.nep_keywords import MOST_TYPES
from nepkit.models.surgery.trainable import Fill


def kept(nep: NEP, keep: Sequence[str], remove: Sequence[str]) -> tuple[str, ...]:
    """Return which elements stay, in their new order.

    Parameters
    ----------
    nep : NEP
        The model.
    keep : sequence of str
        The elements to keep, in this order; empty to keep all that are not removed.
    remove : sequence of str
        The elements to take away.

    Raises
    ------
    UnknownNameError
        Where one of them is not in the model.
    InputError
        Where none would be left, or one is named twice.
    """
    for element in (*keep, *remove):
        if element not in nep.elements:
            raise UnknownNameError(f"no {element} in the model: {did_you_mean(element, nep.elements)}")
    if len(set(keep)) < len(keep):
        raise InputError(f"{' '.join(keep)}: name each element once")
    left = tuple(element for element in (keep or nep.elements) if element not in remove)
    if not left:
        raise InputError("no element would be left")
    return left


def with_species(
    nep: NEP,
    fill: Fill,
    added: Sequence[str],
    *,
    like: Mapping[str, str] | None = None,
    cutoffs: tuple[float, float] | None = None,
) -> NEP:
    """Return the model with more elements; frames without them keep their energies.

    Parameters
    ----------
    nep : NEP
        The model.
    fill : Fill
        What new numbers are.
    added : sequence of str
        Chemical symbols.
    like : mapping of str to str, optional
        For a new element, the one of the model that it starts as a copy of; others are drawn as ``nep`` does.
    cutoffs : tuple of float, optional
        Radial and angular cutoff of the new elements in A, for a model that has them per element.

    Raises
    ------
    InputError
        Where an element is there already or is none, or the model cannot have more.
    """
    like = like or {}
    _check(nep, added, like, cutoffs)
    sources = [nep.elements.index(like.get(element, nep.elements[0])) for element in added]
    old = np.array([*range(len(nep.elements)), *sources])
    new = np.arange(len(old)) >= len(nep.elements)
    fresh = new & np.array([element not in like for element in (*nep.elements, *added)])
    pair, new_pair = fresh[:, None] | fresh[None, :], new[:, None] | new[None, :]
    typewise = nep.typewise_cutoffs and (
        *nep.typewise_cutoffs,
        *(nep.typewise_cutoffs[source] if cutoffs is None else cutoffs for source in sources),
    )
    arrays = {"w0": nep.w0[old], "b0": nep.b0[old], "w1": nep.w1[old]}
    for array in arrays.values():
        array[new] = fill.copied(array[new])
        array[fresh] = fill.drawn(array[fresh].shape)
    charge = None if nep.w1_charge is None else nep.w1_charge[old]
    if charge is not None:
        charge[new] = fill.copied(charge[new])
        charge[fresh] = fill.zeros(charge[fresh].shape)
    coefficients = {name: getattr(nep, name)[:, :, old][:, :, :, old] for name in ("c_radial", "c_angular")}
    for array in coefficients.values():
        array[:, :, new_pair] = fill.copied(array[:, :, new_pair])
        array[:, :, pair] = fill.drawn(array[:, :, pair].shape)
    return replace(
        nep,
        elements=(*nep.elements, *added),
        typewise_cutoffs=typewise,
        cutoff_radial=max(nep.cutoff_radial, cutoffs[0] if cutoffs and typewise else 0.0),
        cutoff_angular=max(nep.cutoff_angular, cutoffs[1] if cutoffs and typewise else 0.0),
        w1_charge=charge,
        **arrays,
        **coefficients,
    )


def _check(nep: NEP, added: Sequence[str], like: Mapping[str, str], cutoffs: tuple[float, float] | None) -> None:
    for element in added:
        if element in nep.elements or list(added).count(element) > 1:
            raise InputError(f"{element} is in the model already, or is named twice")
        if atomic_numbers.get(element, MOST_TYPES + 1) > MOST_TYPES:
            raise InputError(f"{element} is no chemical symbol of H to Pu")
    for element, source in like.items():
        if element not in added:
            raise InputError(f"{element} is not among the elements to add")
        if source not in nep.elements:
            raise UnknownNameError(f"no {source} in the model: {did_you_mean(source, nep.elements)}")
    if nep.zbl_flexible is not None:
        raise InputError("the model has a flexible ZBL, which has no numbers for pairs with a new element")
    if nep.typewise_cutoffs is not None and cutoffs is None and set(like) < set(added):
        raise InputError("the model has cutoffs per element: give those of the new ones")
    if cutoffs is not None and not 0 < cutoffs[1] <= cutoffs[0]:
        raise InputError("cutoffs are radial and angular, the angular one not above the radial one")
