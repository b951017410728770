"""Label candidates.xyz with GPAW: PBE, plane waves 340 eV, energy, forces and stress, one file per frame.

Files are the state: a frame is claimed by creating ``work/labels/NAME.claim`` and done when ``NAME.xyz`` exists, so any
number of workers may run, be killed and be started again (``--retry`` takes back claims that never finished).

    OMP_NUM_THREADS=1 python label.py                 # work until nothing is left
    OMP_NUM_THREADS=1 python label.py --minutes 60    # or until the time is up
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

WORK = Path(__file__).parent / "work"
LABELS = WORK / "labels"
CUTOFF_EV = 340.0
FORCE_CONVERGENCE = 0.005  # eV/A, change between SCF iterations
VOLUME_PER_KPOINT = 7.5  # A: a lattice vector shorter than this gets two k-points, others one


def kpoints(atoms: Atoms) -> tuple[int, int, int]:
    """Two Monkhorst-Pack points along short axes: (2, 1, 2) for 20 atoms, (1, 1, 2) for 30 and 40."""
    return tuple(2 if length < VOLUME_PER_KPOINT else 1 for length in atoms.cell.lengths())


def label(atoms: Atoms, log: Path) -> Atoms:
    """Energy (force-consistent), forces and stress; raises when the SCF cycle does not converge."""
    from gpaw import GPAW, PW, FermiDirac
    from gpaw import __version__ as version

    calculator = GPAW(
        mode=PW(CUTOFF_EV),
        xc="PBE",
        kpts=kpoints(atoms),
        occupations=FermiDirac(0.05),
        convergence={"forces": FORCE_CONVERGENCE, "density": 1e-4},
        maxiter=80,
        symmetry={} if atoms.info["kind"] == "relaxed" else {"point_group": False},
        txt=str(log),
    )
    work = atoms.copy()
    work.calc = calculator
    started = time.time()
    energy = work.get_potential_energy(force_consistent=True)
    forces, stress = work.get_forces(), work.get_stress()
    result = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    result.info.update(atoms.info)
    result.info.update(
        virial=-atoms.get_volume() * stress[[0, 5, 4, 5, 1, 3, 4, 3, 2]],
        kpts=np.array(kpoints(atoms)),
        code=f"gpaw-{version}",
        seconds=round(time.time() - started, 1),
    )
    result.calc = SinglePointCalculator(result, energy=energy, forces=forces)
    return result


def claim(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument(
        "--retry", action="store_true", help="take back claims without a result (no other worker may run)"
    )
    parser.add_argument("--candidates", default=str(WORK / "candidates.xyz"))
    parser.add_argument("--labels", type=Path, default=LABELS, help="folder of the labelled frames")
    options = parser.parse_args()
    options.labels.mkdir(parents=True, exist_ok=True)
    if options.retry:
        for path in options.labels.glob("*.claim"):
            if not path.with_suffix(".xyz").exists():
                path.unlink()
    stop = time.time() + 60 * options.minutes
    for atoms in read(options.candidates, ":"):
        name = atoms.info["structure_id"].replace("/", "_").replace("#", "_")
        target = options.labels / f"{name}.xyz"
        if time.time() > stop:
            break
        if target.exists() or not claim(target.with_suffix(".claim")):
            continue
        try:
            result = label(atoms, target.with_suffix(".log"))
        except Exception as error:  # a frame that fails is named and skipped: KohnShamConvergenceError and kin
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
            continue
        write(target.with_suffix(".part"), result, format="extxyz")
        target.with_suffix(".part").rename(target)
        print(
            f"{name}: {len(atoms)} atoms, {result.info['seconds']} s, {result.get_potential_energy():.4f} eV",
            flush=True,
        )


if __name__ == "__main__":
    main()
