"""Seconds to read and write extended xyz of 200 frames of 2000 atoms with forces, beside ASE.

python benchmarks/io.py
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read, write

from nepkit.formats import extxyz_rows
from nepkit.formats.files import read_frames, read_snapshots, write_frames
from nepkit.frames import Labels, set_labels


def frames(count: int = 200, atoms: int = 2000) -> list[Atoms]:
    """Return labelled frames of three elements."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        frame = Atoms(rng.choice(["Li", "Cl", "Y"], atoms), positions=rng.uniform(0, 32, (atoms, 3)), cell=[32] * 3)
        frame.pbc = True
        set_labels(frame, Labels(energy=-4.0 * atoms, forces=rng.normal(size=(atoms, 3)), virial=np.eye(3)))
        made.append(frame)
    return made


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of this process that the work takes, the better of two."""
    best = np.inf
    for _ in range(2):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


def compare(made: list[Atoms], folder: Path) -> None:
    """Print the table."""
    path = folder / "frames.xyz"
    ours = {"write": seconds(lambda: write_frames(path, made, overwrite=True))}
    ours["read"] = seconds(lambda: sum(len(atoms) for atoms in read_frames(path)))
    ours["read positions, cells and times alone"] = seconds(lambda: sum(len(shot) for shot in read_snapshots(path)))
    own, extxyz_rows.compiled = extxyz_rows.compiled, None
    ours["read, by the parser of libAtoms"] = seconds(lambda: sum(len(atoms) for atoms in read_frames(path)))
    extxyz_rows.compiled = own
    theirs = {"write": seconds(lambda: write(folder / "ase.xyz", made, format="extxyz"))}
    theirs["read"] = seconds(lambda: read(path, ":", format="extxyz"))
    print(f"| {len(made)} frames of {len(made[0])} atoms | nepkit (s) | ASE (s) | ratio |")
    print("| --- | --- | --- | --- |")
    for name, taken in ours.items():
        other = theirs[name.split(",")[0].split()[0]]
        print(f"| {name} | {taken:.2f} | {other:.2f} | {other / taken:.1f} |")
    if own is None:
        print("\nThe parser of nepkit was not compiled: install it where there is a C++ compiler.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        compare(frames(), Path(name))
