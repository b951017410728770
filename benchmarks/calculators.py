"""Seconds of predictions, minimisations and site energies, beside calorine used directly and GPUMDkit.

``OMP_NUM_THREADS=1 python benchmarks/calculators.py`` needs the reference data of the tests (``NEPKIT_REFERENCE_DATA``
or ``shared/data`` beside the checkout) for the PbTe and Li7La3Zr2O12 models. Seconds are those of the processor in one
process. The bare loop has its frames in memory and writes nothing; the command reads a file and writes another. The
frames of Li-La-Zr-O are rattled rock salt of those elements, far from any minimum: a hard case.
GPUMDkit 1.5.6, on another machine: 308 s for the site energies of 20 relaxed frames of 144 atoms, 16 s for one
minimisation of 144 atoms, 13.4 s for descriptors of 1000 frames of 144 atoms.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ase import Atoms
from ase.build import bulk
from ase.optimize import BFGS
from calorine.calculators import CPUNEP

from nepkit.accuracy.prediction import predict_file
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, set_labels
from nepkit.models.potentials import load_potential
from nepkit.properties.landscape.minima import Relaxation, relax_all
from nepkit.properties.landscape.sites import site_energies
from nepkit.sampling.environments import atom_table

REPOSITORY = Path(__file__).parents[1]


def data() -> Path:
    """Return the folder of reference data."""
    return Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data")


def lead_telluride(count: int, scale: float = 0.1) -> list[Atoms]:
    """Return rattled PbTe supercells of 144 atoms."""
    made = []
    for seed in range(count):
        atoms = bulk("PbTe", "rocksalt", 6.57, cubic=True).repeat((3, 3, 2))
        atoms.rattle(scale, seed=seed)
        made.append(atoms)
    return made


def garnet(count: int, scale: float = 0.1) -> list[Atoms]:
    """Return rattled frames of 144 atoms with the composition of the garnet's elements, far from its structure."""
    made = []
    for seed in range(count):
        atoms = bulk("LiO", "rocksalt", 4.4, cubic=True).repeat((3, 3, 2))
        atoms.symbols[[0, 16, 32, 48, 64, 80]] = "La"
        atoms.symbols[[8, 40, 72, 104]] = "Zr"
        atoms.rattle(scale, seed=seed)
        made.append(atoms)
    return made


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of this process that the work takes, the better of two."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def bare_loop(frames: list[Atoms], model: Path) -> None:
    """Compute energy, forces and stress of every frame by calorine."""
    calculator = CPUNEP(str(model))
    for atoms in frames:
        atoms.calc = calculator
        atoms.get_potential_energy()
        atoms.get_forces()
        atoms.get_stress()


def bare_minimum(atoms: Atoms, model: Path, fmax: float) -> int:
    """Minimise by calorine and BFGS, as GPUMDkit does, and return the number of steps."""
    work = atoms.copy()
    work.calc = CPUNEP(str(model))
    optimiser = BFGS(work, logfile=None)
    optimiser.run(fmax=fmax, steps=1000)
    return int(optimiser.nsteps)


def predictions(name: str, frames: list[Atoms], model: Path) -> None:
    """Print the rows of predictions."""
    load_potential(model).compute(frames[:1])  # imports
    bare = seconds(lambda: bare_loop(frames, model))
    for atoms in frames:
        set_labels(atoms, Labels(energy=0.0, forces=atoms.positions, virial=atoms.cell.array))
    with tempfile.TemporaryDirectory() as folder:
        path, output = Path(folder, "frames.xyz"), Path(folder, "out.xyz")
        write_frames(path, frames)
        mine = seconds(lambda: predict_file(load_potential(model), path, output, overwrite=True))
        files = seconds(lambda: write_frames(output, read_frames(path), overwrite=True))
    count = f"{len(frames)} x {len(frames[0])} atoms, {name}"
    print(f"| energy, forces, stress of {count}: bare calorine loop | {bare:.2f} | |")
    print(f"| the same by nepkit calc predict, errors, file to file | {mine:.2f} | {100 * (mine / bare - 1):+.1f} % |")
    print(f"| of which reading and writing the files | {files:.2f} | {100 * files / bare:+.1f} % |")


def minima(name: str, frames: list[Atoms], model: Path) -> None:
    """Print the rows of minimisations and site energies."""
    potential, how = load_potential(model), Relaxation(fmax=0.05)
    potential.compute(frames[:1])
    start = time.process_time()
    steps = sum(bare_minimum(atoms, model, 0.05) for atoms in frames)
    bare = time.process_time() - start
    found: list[int] = []
    mine = seconds(lambda: found.extend(one.steps for one in relax_all(frames, potential, how)))
    sites = seconds(lambda: list(site_energies(frames, potential, how)))
    count, each = f"{len(frames)} x {len(frames[0])} atoms, {name}", len(frames)
    print(f"| minima of {count}: calorine and BFGS, {steps / each:.0f} steps each | {bare:.2f} | |")
    print(
        f"| the same by nepkit calc minimize, {sum(found) / len(found):.0f} steps | {mine:.2f} | {bare / mine:.1f} x |"
    )
    print(f"| site energies of {count}, relaxed, by nepkit calc doas | {sites:.2f} | {bare / sites:.1f} x |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000, help="frames that are predicted")
    count = parser.parse_args().frames
    models = {"PbTe": data() / "pbte_nep_train" / "nep.txt", "Li-La-Zr-O": data() / "llzo_conductivity" / "nep.txt"}
    makers = {"PbTe": lead_telluride, "Li-La-Zr-O": garnet}
    print("| work | seconds | |")
    print("| --- | --- | --- |")
    for name, model in models.items():
        predictions(name, makers[name](count), model)
    for name, model in models.items():
        minima(name, makers[name](20), model)
    frames = lead_telluride(count)
    taken = seconds(lambda: atom_table(frames, models["PbTe"]))
    print(f"| descriptors of {count} x 144 atoms, PbTe, by nepkit calc descriptors | {taken:.2f} | |")
