"""Worlds in which it is known whether there is long range: what the verdict of a charge fit must say of them.

Used by the tests and, all of them, by ``benchmarks/verdict.py``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read

from lr_correction.batch import Batch
from lr_correction.descriptors import short_range
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import coulomb
from lr_correction.nep import NEP
from lr_correction.nepfile import read_nep
from tests.factories import random_nep
from tests.truth import born_mayer, ionic, lennard_jones, pair_nep, perturbed

SALT = ("Na", "Cl")
CUTOFF = 4.5
BUNDLED = Path(__file__).parents[1] / "nepkit" / "data" / "li3ycl6"


@dataclass(frozen=True)
class World:
    """Frames of a world with a NEP that is to be corrected.

    ``start`` are the starting charges; ``charged`` tells whether there are charges in this world.
    """

    name: str
    nep: NEP
    train: list[Atoms]
    test: list[Atoms]
    charged: bool
    start: dict[str, float]


def salts(count: int, rng: np.random.Generator) -> list[Atoms]:
    """Rock salt of 64 atoms in 11 A, strained and displaced."""
    return [_strained(bulk("NaCl", "rocksalt", a=5.5, cubic=True) * (2, 2, 2), rng) for _ in range(count)]


def rods(count: int, rng: np.random.Generator) -> list[Atoms]:
    """Rock salt of 32 atoms, 22 A long, strained and displaced."""
    return [_strained(bulk("NaCl", "rocksalt", a=5.5, cubic=True) * (1, 1, 4), rng) for _ in range(count)]


def _strained(atoms: Atoms, rng: np.random.Generator) -> Atoms:
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.uniform(-0.03, 0.03, (3, 3))), scale_atoms=True)
    atoms.positions += 0.2 * rng.normal(size=atoms.positions.shape)
    return atoms


def gases(count: int, rng: np.random.Generator) -> list[Atoms]:
    """Twelve ions of either sign anywhere in a box of 16 A, at least 2.3 A apart."""
    frames = []
    for _ in range(count):
        atoms = Atoms(cell=[16.0] * 3, pbc=True)
        while len(atoms) < 24:
            new = Atoms(SALT[len(atoms) % 2], positions=[rng.uniform(0, 16, 3)])
            if not len(atoms) or (atoms + new).get_distances(-1, range(len(atoms)), mic=True).min() > 2.3:
                atoms += new
        frames.append(atoms)
    return frames


def fragments(count: int, rng: np.random.Generator) -> list[Atoms]:
    """Na2Cl and NaCl2, 5 to 12 A apart in a box of 24 A."""
    frames = []
    for _ in range(count):
        groups = []
        for symbols in ("NaClNa", "ClNaCl"):
            along = rng.normal(size=3)
            along *= rng.uniform(2.4, 2.6) / np.linalg.norm(along)
            group = Atoms(symbols, positions=[-along, [0, 0, 0], along])
            group.positions += 0.08 * rng.normal(size=(3, 3))
            groups.append(group)
        groups[1].positions += [rng.uniform(6.5, 12), 0, 0]
        atoms = groups[0] + groups[1]
        atoms.set_cell([24.0] * 3)
        atoms.pbc = True
        frames.append(atoms)
    return frames


GEOMETRIES: tuple[Callable[[int, np.random.Generator], list[Atoms]], ...] = (salts, gases, rods, fragments)


def by_nep(frames: list[Atoms], nep: NEP, noise: float, rng: np.random.Generator, charge: float = 0.0) -> list[Atoms]:
    """Label frames by a NEP, point charges in full Ewald sums where there are some, and noise on the forces."""
    for atoms in frames:
        batch = Batch.from_atoms([atoms], nep.elements)
        found = short_range(nep, batch)
        energy, forces = float(found.energy[0]), found.forces
        if charge:
            q = charge * np.where(batch.types == 0, 1.0, -1.0)
            operator = Electrostatics(batch, None, coulomb(0.5, 5.5, 11.0))
            energy, forces = energy + float(operator.energy(q)[0]), forces + q[:, None] * operator.field(q)
        energy += 0.1 * noise * len(atoms) ** 0.5 * rng.normal()
        forces = forces + noise * rng.normal(size=forces.shape)
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
        atoms.info["charge"] = 0
    return frames


def teacher(seed: int, cutoff: float) -> NEP:
    """A random NEP with forces of a few hundred meV/A."""
    nep = random_nep(seed, elements=SALT, neurons=10, cutoffs=(cutoff, cutoff - 0.5))
    return replace(nep, w1=0.15 * nep.w1)


def student(seed: int) -> NEP:
    """A NEP that knows nothing of the world; its readout is fitted."""
    return teacher(1000 + seed, CUTOFF) if seed % 2 else pair_nep(SALT, CUTOFF, degree=8)


def null(kind: str, seed: int, *, frames: int = 24) -> World:
    """A world without charges: ``own``, ``same``, ``longer``, ``dispersion`` or ``bundled``."""
    rng = np.random.default_rng([seed, 7])
    nep, noise = student(seed), float(rng.uniform(0.005, 0.02))
    start = {"Na": 1.0, "Cl": -1.0}
    geometry = GEOMETRIES[seed % len(GEOMETRIES)]
    made = geometry(frames, rng)
    if kind == "own":
        made = by_nep(made, teacher(seed, CUTOFF), noise, rng)
        nep = perturbed(teacher(seed, CUTOFF), 0.1)
    elif kind == "same":
        made = by_nep(made, teacher(seed, CUTOFF), noise, rng)
    elif kind == "longer":
        made = by_nep(made, teacher(seed, CUTOFF * (1.2, 1.35, 1.5)[seed // 4 % 3]), noise, rng)
    elif kind == "dispersion":
        made = ionic(made, lennard_jones(2.6, 2.4, 3.0, depth=0.05), noise=noise, seed=seed, cutoff=9.0)
    elif kind == "bundled":
        nep, made, start = _bundled(seed, frames, noise, rng)
    else:
        raise ValueError(kind)
    cut = 2 * len(made) // 3
    return World(f"{kind} {geometry.__name__} {seed}", nep, made[:cut], made[cut:], False, start)


def _bundled(seed: int, count: int, noise: float, rng: np.random.Generator):
    """The bundled NEP of 8/5 A says what is true; its features of a shorter cutoff are to describe that."""
    truth = read_nep(BUNDLED / "nep.txt")
    frames = [atoms.copy() for atoms in read(BUNDLED / "train.xyz", ":")]
    chosen = [frames[k] for k in rng.permutation(len(frames))[:count]]
    for atoms in chosen:
        for name in ("virial", "energy", "trajectory"):
            atoms.info.pop(name, None)
        atoms.arrays.pop("forces", None)
    nep = replace(truth, cutoff_radial=(6.5, 6.0, 5.5, 5.0)[seed % 4], cutoff_angular=4.0 + 0.5 * (seed % 2))
    return nep, by_nep(chosen, truth, noise, rng), {"Li": 1.0, "Y": 3.0, "Cl": -1.0}


def planted(seed: int, *, frames: int = 24) -> World:
    """A world of point charges atop something short-ranged."""
    rng = np.random.default_rng([seed, 8])
    charge, noise = float(rng.uniform(0.4, 1.0)), float(rng.uniform(0.005, 0.02))
    geometry = GEOMETRIES[seed % len(GEOMETRIES)]
    made = geometry(frames, rng)
    if seed // 4 % 2:
        made = ionic(made, born_mayer, charge=charge, noise=noise, seed=seed, ewald=(0.5, 5.5, 11.0))
        for atoms in made:
            atoms.calc.results.pop("stress")
        nep = pair_nep(SALT, CUTOFF, degree=8)
    else:
        made = by_nep(made, teacher(seed, CUTOFF), noise, rng, charge)
        nep = perturbed(teacher(seed, CUTOFF), 0.1)
    cut = 2 * len(made) // 3
    start = {"Na": 0.7, "Cl": -0.7}
    return World(f"charges {geometry.__name__} {charge:.2f} e {seed}", nep, made[:cut], made[cut:], True, start)


NULL_KINDS = {"own": 8, "same": 10, "longer": 12, "dispersion": 6, "bundled": 4}


def every_world() -> Iterator[World]:
    """Yield 40 worlds without charges and 20 with."""
    for kind, count in NULL_KINDS.items():
        for seed in range(count):
            yield null(kind, seed)
    for seed in range(20):
        yield planted(seed)
