"""Energies of neutral defects above their crystal, by DFT and by models, and errors on MD of 80 atoms.

python evaluate.py nep.txt qnep.txt ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.models.potentials import load_potential

LABELS = Path(__file__).with_name("labels.xyz")


def main(models: list[str]) -> None:
    potentials = [load_potential(model) for model in models]
    frames = list(read_frames(LABELS))
    energies = np.array([
        [labels(atoms).energy, *(potential.compute([atoms])[0].energy for potential in potentials)] for atoms in frames
    ])  # fmt: skip
    # monoclinic/a/80: ordering and number of atoms, whose crystal is the reference.
    names = ["/".join(atoms.info["structure_id"].partition("#")[0].split("/")[1:4]) for atoms in frames]
    crystals = {
        name: row for name, row, atoms in zip(names, energies, frames, strict=True) if atoms.info["kind"] == "bulk"
    }
    print("| cell | positions | separation (A) | DFT (eV) | " + " | ".join(Path(model).stem for model in models) + " |")
    print("| --- " * (4 + len(models)) + "|")
    for name, row, atoms in sorted(zip(names, energies, frames, strict=True), key=lambda item: item[0]):
        if atoms.info["kind"].startswith("antisite") and name in crystals:
            cells = " | ".join(f"{value:.3f}" for value in row - crystals[name])
            where = "relaxed by the NEP" if atoms.info["kind"].endswith("relaxed") else "of the crystal"
            print(f"| {name} | {where} | {atoms.info['separation']:.2f} | {cells} |")
    runs = [atoms for atoms in frames if atoms.info["kind"] == "md"]
    for model, potential in zip(models, potentials, strict=True):
        off = [found.forces - labels(atoms).forces for found, atoms in zip(potential.compute(runs), runs, strict=True)]
        print(
            f"{Path(model).name}: {1e3 * np.sqrt(np.mean(np.square(off))):.1f} meV/A on {len(runs)} MD frames "
            "of 80 atoms"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
