"""Models with known charges, and frames labelled by them: what a fit must find again."""

from dataclasses import replace

import ase
import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from lr_correction.batch import Batch, forces_and_virial, neighbour_pairs
from lr_correction.correction import LongRangePotential
from lr_correction.descriptors import forward
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import coulomb
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import NEP
from tests.factories import random_frame, random_nep


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


def pair_nep(elements: tuple[str, str], cutoff: float = 4.5, degree: int = 6) -> NEP:
    """Return a NEP that holds almost any pair potential: a nearly linear neuron for every radial function."""
    functions = len(elements) * (degree + 1)
    nep = random_nep(
        1,
        elements=elements,
        neurons=functions,
        n_max=(functions - 1, 2),
        basis_size=(degree, 4),
        l_max=2,
        invariants=(),
        cutoffs=(cutoff, cutoff - 0.5),
    )
    c_radial, w0 = np.zeros_like(nep.c_radial), np.zeros_like(nep.w0)
    for n in range(functions):
        c_radial[n, n // len(elements), :, n % len(elements)] = 1.0
        w0[:, n, n] = 0.3
    nep = replace(nep, c_radial=c_radial, w0=w0, b0=0 * nep.b0, q_scaler=np.ones(nep.dimension))
    batch = Batch.from_atoms([random_frame(0, elements=elements)], elements)
    descriptors = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors
    return replace(nep, q_scaler=1 / np.abs(descriptors).max(axis=0))


def crystals(count: int, seed: int, amplitude: float = 0.12) -> list[ase.Atoms]:
    """Return rock salt cells of eight atoms, strained and displaced."""
    generator = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        atoms = bulk("NaCl", "rocksalt", a=5.4, cubic=True)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + generator.uniform(-0.04, 0.04, (3, 3))), scale_atoms=True)
        atoms.positions += amplitude * generator.normal(size=atoms.positions.shape)
        frames.append(atoms)
    return frames


def lennard_jones(like: float, unlike: float, other: float, depth: float = 0.1):
    """Return u(r) and its slope for sigmas of Na-Na, Na-Cl and Cl-Cl."""
    table = np.array([[like, unlike], [unlike, other]])

    def pair(r, a, b):
        power = (table[a, b] / r) ** 6
        return 4 * depth * (power**2 - power), 4 * depth * (-12 * power**2 + 6 * power) / r

    return pair


def born_mayer(r, a, b):
    """Repulsion of Na and Cl ions, about as in the salt: u(r) and its slope."""
    sigma = np.array([[1.9, 2.4], [2.4, 3.0]])[a, b]
    value = 0.25 * np.exp((sigma - r) / 0.33)
    return value, -value / 0.33


def ionic(frames, pair, *, charge=0.0, noise=0.0, seed=0, cutoff=4.5, ewald=(0.6, 7.0, 9.0)) -> list[ase.Atoms]:
    """Label NaCl frames: a pair potential that ends at the cutoff, point charges +-`charge` in full Ewald sums."""
    generator = np.random.default_rng(seed)
    result = []
    for atoms in frames:
        batch = Batch.from_atoms([atoms], ("Na", "Cl"))
        pairs = neighbour_pairs(batch, cutoff)
        r = np.linalg.norm(pairs.vector, axis=1)
        t = np.clip((r / cutoff - 0.6) / 0.4, 0, 1)
        switch, switch_slope = 1 - t**3 * (10 - 15 * t + 6 * t**2), -30 * t**2 * (1 - t) ** 2 / (0.4 * cutoff)
        value, slope = pair(r, batch.types[pairs.centre], batch.types[pairs.neighbour])
        gradient = 0.5 * ((slope * switch + value * switch_slope) / r)[:, None] * pairs.vector
        energy, (forces, virial) = 0.5 * (value * switch).sum(), forces_and_virial(batch, pairs, gradient)
        virial = virial[0]
        if charge:
            q = charge * np.where(batch.types == 0, 1.0, -1.0)
            operator = Electrostatics(batch, None, coulomb(*ewald))
            energy, forces = energy + operator.energy(q)[0], forces + q[:, None] * operator.field(q)
            virial = virial + operator.virial(q, q)[0]
        forces = forces + noise * generator.normal(size=forces.shape)
        copy = atoms.copy()
        stress = -virial.ravel()[[0, 4, 8, 5, 2, 1]] / atoms.get_volume()
        copy.calc = SinglePointCalculator(copy, energy=float(energy), forces=forces, stress=stress)
        copy.info["charge"] = 0
        result.append(copy)
    return result
