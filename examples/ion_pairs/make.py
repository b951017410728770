"""Collect the labelled ion pairs into ``nepkit/data/ion_pairs`` and train the NEP on them, with neppo.

Run after ``label.py``; the training takes a minute on one core.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ase import Atoms
from ase.io import read, write
from label import FORMAL, WORK, hartree_fock

from nepkit.training.data import load_data
from nepkit.training.run import train
from nepkit.training.settings import Settings

BUNDLED = Path(__file__).parents[2] / "nepkit" / "data" / "ion_pairs"
SETTINGS = Settings(
    cutoff=(5.0, 4.0),
    n_max=(4, 4),
    basis_size=(8, 8),
    l_max=(4, 2, 0),
    neurons=20,
    batch=8,
    generations=3000,
    learning_rate=(1e-2, 1e-5),
    lambda_v=0.0,
    interval=500,
    seed=20261201,
)


def free_ions() -> float:
    """Return the energy of 3 Li+ and 3 Cl-, eV: the zero of the bundled energies."""
    return sum(3 * hartree_fock(Atoms(element), charge=int(charge))[0] for element, charge in FORMAL.items())


def collect() -> None:
    zero = free_ions()
    sets = {}
    for name in ("near", "far", "scan"):
        sets[name] = read(WORK / f"{name}.xyz", ":")
        for atoms in sets[name]:
            energy, forces, distance = atoms.get_potential_energy(), atoms.get_forces(), atoms.info["distance"]
            atoms.calc, atoms.info = None, {"energy": round(energy - zero, 6), "distance": distance, "charge": 0}
            atoms.arrays["forces"] = forces
    BUNDLED.mkdir(exist_ok=True)
    for name, frames in (("train", sets["near"]), ("test", sets["far"]), ("scan", sets["scan"])):
        write(BUNDLED / f"{name}.xyz", frames, format="extxyz")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--overwrite", action="store_true", help="train again instead of going on")
    options = parser.parse_args()
    collect()
    data = load_data(BUNDLED, elements=tuple(FORMAL))
    folder = WORK / "train"
    result = train(data, SETTINGS, folder, overwrite=options.overwrite, report=lambda row: print(row, flush=True))
    shutil.copy(result.model, BUNDLED / "nep.txt")
    print(result.train, result.test)


if __name__ == "__main__":
    main()
