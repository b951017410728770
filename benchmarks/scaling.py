"""Time and peak memory of a charge fit against the number of frames and of atoms.

The data are made here: rattled lattices of a ternary salt (Li3YCl6), labelled by a random NEP (cutoffs 8 and 4 A, 30
neurons) with known charges. Every case runs in a process of its own, so that its peak memory is its own; the fit knows
of a limit and keeps features in float32 or in temporary files (in TMPDIR) when they do not fit.

    python benchmarks/scaling.py                          # all cases; the largest takes some ten minutes
    python benchmarks/scaling.py --frames 10 20 --atoms 40 80 --at-frames 10
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.correction import LongRangePotential
from lr_correction.descriptors import forward
from lr_correction.fit import fit_charges
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import NEP

ELEMENTS, FORMULA, SPACING = ("Li", "Y", "Cl"), (3, 1, 6), 2.8
#: Sites along each axis by the number of atoms.
GRIDS = {20: (2, 2, 5), 40: (2, 4, 5), 80: (4, 4, 5), 160: (4, 5, 8), 320: (8, 5, 8), 640: (8, 8, 10)}
NEURONS, CUTOFFS = 30, (8.0, 4.0)
RESULT = Path(__file__).parent / "results" / "scaling.md"


@dataclass(frozen=True)
class Case:
    """What one fit took: accepted steps of all its stages, seconds, GB at the peak of its process and in its files."""

    frames: int
    atoms: int
    storage: str
    features: float
    steps: int
    seconds: float
    peak_gb: float
    disk_gb: float
    error: float


def lattice(atoms: int, generator: np.random.Generator) -> Atoms:
    """Return a strained and rattled lattice with its sites occupied at random."""
    grid = np.array(GRIDS[atoms])
    sites = np.stack(np.meshgrid(*[np.arange(n) for n in grid], indexing="ij"), axis=-1).reshape(-1, 3) / grid
    cell = np.diag(SPACING * grid) @ (np.eye(3) + generator.uniform(-0.04, 0.04, (3, 3)))
    symbols = np.repeat(ELEMENTS, [n * atoms // sum(FORMULA) for n in FORMULA])
    positions = sites @ cell + 0.12 * generator.normal(size=(atoms, 3))
    return Atoms(generator.permutation(symbols), positions=positions, cell=cell, pbc=True)


def random_nep() -> NEP:
    """Return a NEP with random parameters whose descriptors are of order one."""
    generator, types, n_max, basis, l_max = np.random.default_rng(0), len(ELEMENTS), (5, 4), (8, 8), 4
    dimension = n_max[0] + 1 + (n_max[1] + 1) * (l_max + 1)
    nep = NEP(
        elements=ELEMENTS,
        version=4,
        charge_mode=0,
        zbl=None,
        zbl_flexible=None,
        cutoff_radial=CUTOFFS[0],
        cutoff_angular=CUTOFFS[1],
        typewise_cutoffs=None,
        max_neighbours_radial=200,
        max_neighbours_angular=40,
        n_max=n_max,
        basis_size=basis,
        l_max=l_max,
        invariants=("222",),
        w0=generator.normal(size=(types, NEURONS, dimension)) / np.sqrt(dimension),
        b0=0.5 * generator.normal(size=(types, NEURONS)),
        w1=0.3 * generator.normal(size=(types, NEURONS)),
        w1_charge=None,
        sqrt_epsilon_inf=None,
        b1=0.0,
        type_bias=None,
        c_radial=generator.normal(size=(n_max[0] + 1, basis[0] + 1, types, types)),
        c_angular=generator.normal(size=(n_max[1] + 1, basis[1] + 1, types, types)),
        q_scaler=np.ones(dimension),
    )
    batch = Batch.from_atoms([lattice(40, generator)], ELEMENTS)
    found = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors
    return replace(nep, q_scaler=1 / np.abs(found).max(axis=0))


def labelled(truth: LongRangePotential, frames: int, atoms: int) -> list[Atoms]:
    """Return frames with the energies, forces and stresses of a known model and some noise."""
    generator, result = np.random.default_rng(1), []
    for _ in range(frames):
        frame = lattice(atoms, generator)
        value = truth.evaluate([frame])
        forces = value.forces + 0.02 * generator.normal(size=(atoms, 3))
        stress = -value.virial[0].ravel()[[0, 4, 8, 5, 2, 1]] / frame.get_volume()
        frame.calc = SinglePointCalculator(frame, energy=float(value.energy[0]), forces=forces, stress=stress)
        result.append(frame)
    return result


def run(frames: int, atoms: int, memory_gb: float) -> Case:
    """Make the data, fit, and measure this process."""
    nep = random_nep()
    weights = 0.1 * np.random.default_rng(2).normal(size=nep.w1.shape)
    truth = LongRangePotential(nep, HiddenCharges(weights, np.array([0.8, 2.0, -0.7])), (0.0,) * 3, mode=2)
    data = labelled(truth, frames, atoms)
    noise = np.random.default_rng(3).normal(size=nep.w1.shape)
    largest, steps = 0.0, 0

    def watch(stage: str, done: int, total: int, detail: str) -> None:
        nonlocal largest, steps
        steps += not stage.startswith("features")
        if stage.startswith("features") and done == total:
            files = Path(tempfile.gettempdir()).glob("lr_correction-*/*")
            largest = max(largest, sum(file.stat().st_size for file in files) / 1e9)

    start = time.perf_counter()
    fit = fit_charges(
        replace(nep, w1=nep.w1 * (1 + 0.1 * noise)),
        data,
        initial_charges={"Li": 1.0, "Y": 3.0, "Cl": -1.0},
        scales=(0.7,),
        range_diagnosis=False,
        memory_gb=memory_gb,
        progress=watch,
    )
    return Case(
        frames=frames,
        atoms=atoms,
        storage=fit.storage,
        features=fit.seconds["features"],
        steps=steps,
        seconds=time.perf_counter() - start,
        peak_gb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        disk_gb=largest,
        error=fit.train.charges.force_mev_a or 0.0,
    )


def in_own_process(frames: int, atoms: int, memory_gb: float) -> Case:
    """Run a case in a process of its own, with temporary files of its own."""
    with tempfile.TemporaryDirectory(prefix="scaling-") as folder:
        command = [sys.executable, __file__, "--case", str(frames), str(atoms), "--memory", str(memory_gb)]
        settings = os.environ | {"TMPDIR": folder}
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=settings)
    return Case(**json.loads(done.stdout))


def machine() -> str:
    """Name the processor, the cores that may be used, and the memory."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{name}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB"


COLUMNS = (
    "frames",
    "atoms",
    "kept as",
    "features s",
    "iterations",
    "fit s",
    "peak GB",
    "files GB",
    "force error meV/A",
)


def table(cases: list[Case]) -> str:
    """Return the cases as a table."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS)]
    for c in cases:
        seconds = [f"{c.features:.1f}", str(c.steps), f"{c.seconds:.1f}"]
        sizes = [f"{c.peak_gb:.2f}", f"{c.disk_gb:.2f}", f"{c.error:.1f}"]
        rows.append([str(c.frames), str(c.atoms), c.storage, *seconds, *sizes])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def report(cases: list[Case], memory_gb: float) -> str:
    """Return the page of results."""
    return f"""# Time and memory of a charge fit

Made by `python benchmarks/scaling.py` on {machine()}.
Memory limit {memory_gb:g} GB, {NEURONS} neurons, cutoffs {CUTOFFS[0]:g} and {CUTOFFS[1]:g} A, one start, no
range diagnosis; the forces carry noise of 20 meV/A. "fit s" is the whole call, its features included.

{table(cases)}
"""


def main() -> None:
    """Run the cases that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--frames", type=int, nargs="*", default=[50, 200, 1000], help="numbers of frames")
    add("--of-atoms", type=int, default=160, choices=GRIDS, help="atoms of these frames")
    add("--atoms", type=int, nargs="*", default=[40, 80, 160, 320], choices=GRIDS, help="numbers of atoms")
    add("--at-frames", type=int, default=50, help="frames with these numbers of atoms")
    add("--memory", type=float, default=4.0, help="limit in GB")
    add("--out", type=Path, default=RESULT, help="page of results")
    add("--case", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(asdict(run(*options.case, options.memory))))
        return
    wanted = [(options.at_frames, n) for n in options.atoms] + [(n, options.of_atoms) for n in options.frames]
    cases: list[Case] = []
    for frames, atoms in dict.fromkeys(wanted):
        cases.append(in_own_process(frames, atoms, options.memory))
        print(table(cases).splitlines()[-1], flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(report(cases, options.memory), encoding="utf-8")


if __name__ == "__main__":
    main()
