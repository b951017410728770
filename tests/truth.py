"""Models with known charges, and frames labelled by them: what a fit must find again."""

from dataclasses import replace

import ase
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from lr_correction.correction import LongRangePotential
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import NEP
from tests.factories import random_frame


def potential_of(
    nep: NEP,
    charges: dict[str, float],
    *,
    mode: int = 2,
    spread: float = 0.2,
    seed: int = 0,
    sqrt_epsilon_inf: float = 1.0,
) -> LongRangePotential:
    """Return a NEP with charges: a constant for every element, and `spread` of them from the hidden layer."""
    weights = spread * np.random.default_rng(seed).normal(size=nep.w1.shape)
    constants = np.array([charges[element] for element in nep.elements])
    family = HiddenCharges(weights, constants)
    types = len(nep.elements)
    return LongRangePotential(nep, family, (0.0,) * types, mode, sqrt_epsilon_inf)


def labelled(
    potential: LongRangePotential,
    frames: list[ase.Atoms],
    *,
    virial: bool = True,
    bec: bool = False,
    total_charges: list[float] | None = None,
) -> list[ase.Atoms]:
    """Return copies of frames with what a potential says about them as labels."""
    result = []
    for index, atoms in enumerate(frames):
        total = 0.0 if total_charges is None else total_charges[index]
        truth = potential.evaluate([atoms], bec=bec, total_charges=[total])
        labels = {"energy": float(truth.energy[0]), "forces": truth.forces}
        if virial:
            labels["stress"] = -truth.virial[0].ravel()[[0, 4, 8, 5, 2, 1]] / atoms.get_volume()
        copy = atoms.copy()
        copy.calc = SinglePointCalculator(copy, **labels)
        if bec:
            copy.arrays["bec"] = truth.bec.reshape(-1, 9)
        if total_charges is not None:
            copy.info["charge"] = total
        result.append(copy)
    return result


def random_frames(count: int, seed: int = 100, **settings) -> list[ase.Atoms]:
    """Return rattled triclinic frames of different cells and compositions."""
    return [random_frame(seed + k, **settings) for k in range(count)]


def perturbed(nep: NEP, size: float, seed: int = 7) -> NEP:
    """Return a NEP whose readout is off by relative normal noise: what a fit starts from."""
    noise = np.random.default_rng(seed).normal(size=nep.w1.shape)
    return replace(nep, w1=nep.w1 * (1 + size * noise))
