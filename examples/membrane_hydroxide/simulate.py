"""Short molecular dynamics of KOH in heavy water with SevenNet-0, whose trajectory the example analyses.

SevenNet-0 is a universal potential (PBE, trained on crystals of the Materials Project, weights in the ``sevenn``
wheel). It was not trained on solutions: hops of OH- and the structure around it are there, their rates are not those of
water in the laboratory. Deuterium lets the time step be 1 fs.

    pip install ".[sevenn]"
    OMP_NUM_THREADS=1 python simulate.py --minutes 20    # writes koh_in_water.npz; more minutes, more picoseconds
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.build import molecule
from ase.md.langevin import Langevin
from ase.optimize import FIRE
from scipy.spatial.transform import Rotation

WATERS, PAIRS = 14, 3
LENGTH = 8.01  # A; 9.7 mol/L at about the density of that solution, 1.36 g/cm^3 (of light water)
TEMPERATURE = 500.0  # K; hot and concentrated, so that hops are seen within a picosecond
INTERVAL = 5  # steps between frames
SEED = 1


def start(rng: np.random.Generator) -> Atoms:
    """Water, hydroxide and potassium at random on a grid, turned at random; wrong, but not overlapping."""
    side = 3  # 27 places
    places = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    chosen = rng.permutation(places)[: WATERS + 2 * PAIRS]
    chosen = (chosen + 0.5) * LENGTH / side
    atoms = Atoms(cell=[LENGTH] * 3, pbc=True)
    for number, place in enumerate(chosen):
        if number < WATERS:
            part = molecule("H2O")
        else:
            part = molecule("OH") if number < WATERS + PAIRS else Atoms("K", [[0, 0, 0]])
        part.positions = Rotation.random(random_state=rng).apply(part.positions - part.positions[0]) + place
        part.pbc, part.cell = True, atoms.cell
        atoms += part
    return atoms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--equilibrate", type=float, default=0.2, help="ps before the first frame")
    parser.add_argument("-o", type=Path, default=Path(__file__).with_name("koh_in_water.npz"))
    options = parser.parse_args()

    import torch
    from sevenn.calculator import SevenNetCalculator

    torch.set_num_threads(1)
    began = time.time()
    rng = np.random.default_rng(SEED)
    atoms = start(rng)
    masses = atoms.get_masses()
    masses[atoms.numbers == 1] = 2.014
    atoms.set_masses(masses)
    atoms.calc = SevenNetCalculator("7net-0", device="cpu")
    FIRE(atoms, logfile=None).run(fmax=0.5, steps=60)
    width = np.sqrt(masses * units.kB * TEMPERATURE)
    atoms.set_momenta(width[:, None] * rng.standard_normal((len(atoms), 3)))
    dynamics = Langevin(atoms, 1.0 * units.fs, temperature_K=TEMPERATURE, friction=0.01 / units.fs, rng=rng)
    dynamics.run(round(1000 * options.equilibrate))
    dynamics.set_friction(0.002 / units.fs)
    positions, kelvin, saved = [], [], time.time()
    while time.time() - began < 60.0 * options.minutes:
        positions.append(atoms.positions.copy())
        kelvin.append(atoms.get_temperature())
        dynamics.run(INTERVAL)
        if time.time() - saved > 60.0:
            save(options.o, atoms, positions, kelvin)
            saved = time.time()
            print(f"{len(positions)} frames, {time.time() - began:.0f} s, {kelvin[-1]:.0f} K", flush=True)
    save(options.o, atoms, positions, kelvin)
    print(f"{len(positions)} frames of {INTERVAL} fs, mean temperature {np.mean(kelvin):.0f} K -> {options.o}")


def save(path: Path, atoms: Atoms, positions: list[np.ndarray], kelvin: list[float]) -> None:
    """Positions as thousandths of an angstrom: enough for geometry, and small."""
    thousandths = np.round(1000.0 * np.array(positions)).astype(np.int32)
    np.savez_compressed(
        path, steps=np.diff(thousandths, axis=0, prepend=0), numbers=atoms.numbers.astype(np.uint8), length=LENGTH,
        interval_fs=float(INTERVAL), temperature=np.array(kelvin, dtype=np.float32),
    )  # fmt: skip


if __name__ == "__main__":
    main()
