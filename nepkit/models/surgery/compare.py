"""How two models differ: head, parameters, and what they say about frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.correction import LongRangePotential
from lr_correction.nep import NEP
from nepkit.core.errors import InputError
from nepkit.models.prediction import predict

Array = NDArray[np.float64]

ARRAYS = ("w0", "b0", "w1", "w1_charge", "type_bias", "c_radial", "c_angular", "q_scaler", "zbl_flexible")


@dataclass(frozen=True)
class BlockDifference:
    """How the numbers of one part of a model differ.

    Parameters
    ----------
    name : str
        Which part.
    count : int
        How many numbers it has.
    size : float
        Root mean square of the first model's numbers.
    difference, largest : float
        Root mean square and largest of the differences.
    """

    name: str
    count: int
    size: float
    difference: float
    largest: float


@dataclass(frozen=True)
class FrameDifference:
    """How two models differ on frames.

    Parameters
    ----------
    frames : int
        How many.
    energy, energy_largest : float
        Root mean square and largest difference of energies, eV/atom.
    force, force_largest : float
        Of force components, eV/A.
    virial : float
        Root mean square difference of virials, eV/atom.
    """

    frames: int
    energy: float
    energy_largest: float
    force: float
    force_largest: float
    virial: float


def head_of(nep: NEP) -> dict[str, str]:
    """Return what the head of a model says, in words, by keyword."""
    cutoffs = nep.typewise_cutoffs or ((nep.cutoff_radial, nep.cutoff_angular),)
    return {
        "version": str(nep.version),
        "charge mode": str(nep.charge_mode),
        "elements": " ".join(nep.elements),
        "cutoff (A)": " ".join(f"{value:g}" for pair in cutoffs for value in pair),
        "neighbours": f"{nep.max_neighbours_radial} {nep.max_neighbours_angular}",
        "n_max": f"{nep.n_max[0]} {nep.n_max[1]}",
        "basis_size": f"{nep.basis_size[0]} {nep.basis_size[1]}",
        "l_max": " ".join([str(nep.l_max), *nep.invariants]),
        "descriptors": str(nep.dimension),
        "neurons": str(nep.neurons),
        "zbl (A)": "none" if nep.zbl is None else " ".join(f"{value:g}" for value in nep.zbl if value is not None),
    }


def parameter_differences(one: NEP, other: NEP) -> list[BlockDifference]:
    """Return how the numbers differ, part by part; parts of different shapes are left out."""
    found = []
    for name in ARRAYS:
        first, second = getattr(one, name), getattr(other, name)
        if first is None or second is None or first.shape != second.shape:
            continue
        step = second - first
        found.append(BlockDifference(name, first.size, _rms(first), _rms(step), float(np.abs(step).max())))
    return found


def frame_differences(one: NEP, other: NEP, frames: Sequence[Atoms], source: str | Path) -> FrameDifference:
    """Return how energies, forces and virials of two models differ on frames.

    Raises
    ------
    InputError
        Where there are no frames, or a model lacks an element of one.
    """
    if not frames:
        raise InputError(f"{source}: no frames to compare the models on")
    first, second = (_results(nep, frames, str(source)) for nep in (one, other))
    sizes = np.array([len(atoms) for atoms in frames])
    energy, force, virial = (after - before for before, after in zip(first, second, strict=True))
    energy = energy / sizes
    return FrameDifference(
        frames=len(frames),
        energy=_rms(energy),
        energy_largest=float(np.abs(energy).max()),
        force=_rms(force),
        force_largest=float(np.abs(force).max()),
        virial=_rms(virial / sizes[:, None, None]),
    )


def _results(nep: NEP, frames: Sequence[Atoms], source: str) -> tuple[Array, Array, Array]:
    """Return energies (F,), forces (sum of N, 3) and virials (F, 3, 3)."""
    model = LongRangePotential.from_nep(nep) if nep.charge_mode else nep
    found = predict(model, frames, bec=False, source=source)
    return (
        np.array([item.energy for item in found], dtype=float),
        np.concatenate([item.forces for item in found if item.forces is not None]),
        np.array([item.virial for item in found], dtype=float),
    )


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
