"""NVE dynamics with the bundled NEP: does it conserve energy, and does the crystal stay in one piece?

180 or 240 atoms, 1 ps of Langevin dynamics to settle, then NVE with 2 fs:

    python stability.py --temperature 900 --picoseconds 20
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.io import read
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary
from ase.md.verlet import VelocityVerlet
from assemble import BUNDLED

REPEAT = {"monoclinic": (3, 1, 3), "trigonal": (2, 2, 2)}


def supercell(frames: Path, polymorph: str) -> Atoms:
    """A supercell of at least 160 atoms of the first suitable frame of a polymorph."""
    for atoms in read(frames, ":"):
        if atoms.info["polymorph"] == polymorph and atoms.info["kind"] in ("relaxed", "md") and len(atoms) in (20, 30):
            atoms.calc = None
            return atoms.repeat(REPEAT[polymorph])
    raise SystemExit(f"{frames}: no {polymorph} frame from a relaxation or from dynamics")


def main() -> None:
    from calorine.calculators import CPUNEP

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=BUNDLED / "nep.txt")
    parser.add_argument("--frames", type=Path, default=BUNDLED / "train.xyz")
    parser.add_argument("--temperature", type=float, default=600.0)
    parser.add_argument("--picoseconds", type=float, default=4.0)
    parser.add_argument("--polymorph", choices=REPEAT, default="monoclinic")
    options = parser.parse_args()
    atoms = supercell(options.frames, options.polymorph)
    atoms.calc = CPUNEP(str(options.model))
    generator = np.random.default_rng(1)
    MaxwellBoltzmannDistribution(atoms, temperature_K=options.temperature, rng=generator)
    Stationary(atoms)
    step = 2.0 * units.fs
    Langevin(atoms, step, temperature_K=options.temperature, friction=0.02 / units.fs, rng=generator).run(500)
    motion, rows = VelocityVerlet(atoms, step), []
    start = atoms.positions.copy()
    for _ in range(int(options.picoseconds / 0.02)):
        motion.run(10)
        rows.append((motion.get_time() / units.fs, atoms.get_total_energy(), atoms.get_temperature()))
    time, energy, temperature = np.array(rows).T / [[1e3], [1e-3 * len(atoms)], [1.0]]  # ps, meV/atom, K
    slope, error = np.polyfit(time, energy, 1)[0], drift_error(time, energy)
    nearest = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)].min()
    anions = atoms.symbols == "Cl"
    moved = np.sqrt(((atoms.positions - start)[anions] ** 2).sum(axis=1).mean())
    print(
        f"{len(atoms)} atoms, {time[-1]:.1f} ps NVE at {temperature.mean():.0f} K: energy drift "
        f"{slope:.4f} +- {error:.4f} meV/atom/ps, fluctuation {energy.std():.3f} meV/atom, "
        f"shortest distance {nearest:.2f} A, "
        f"rms displacement of Cl {moved:.2f} A"
    )


def drift_error(time: np.ndarray, energy: np.ndarray, blocks: int = 8) -> float:
    """Error of a linear slope from the scatter of block means about the line; neighbouring samples are correlated."""
    means = [(t.mean(), e.mean()) for t, e in zip(*(np.array_split(x, blocks) for x in (time, energy)), strict=True)]
    t, e = np.array(means).T
    residual = e - np.polyval(np.polyfit(t, e, 1), t)
    return float(np.sqrt((residual**2).sum() / (blocks - 2) / ((t - t.mean()) ** 2).sum()))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")  # ASE's notices about names that change
    main()
