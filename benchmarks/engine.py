"""Microseconds an atom and step of energy, forces and virial: our engine beside calorine and nep-adapters.

``OMP_NUM_THREADS=1 python benchmarks/engine.py`` uses one core. The NEP is the bundled one of Li3YCl6 (cutoffs 8 and
5 A); the qNEP, of PbTe (8 and 4 A), is in the reference data of the tests (``NEPKIT_REFERENCE_DATA`` or ``shared/data``
beside the checkout). nep-adapters is taken where it is installed. Every number is the least time of several rounds, in
which the programs take turns; times are those of the processor, so that other work on the machine matters little.
Atoms move by 0.01 A from step to step, back and forth: the lists of neighbours are made anew now and then, as in a run.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
from ase import Atoms

from lr_correction.engine import Engine, kernel
from lr_correction.nepfile import read_nep
from nepkit.formats.files import read_frames
from nepkit.models.potentials import load_potential

REPOSITORY = Path(__file__).parents[1]
NEP = REPOSITORY / "nepkit" / "data" / "li3ycl6"
ROUNDS = 4

Step = Callable[[Atoms], object]


def data() -> Path:
    """Return the folder of reference data."""
    return Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data")


def sized(atoms: Atoms, count: int) -> Atoms:
    """Return a supercell of about so many atoms, as near a cube as it goes."""
    repeat = [1, 1, 1]
    while len(atoms) * np.prod(repeat) < 0.9 * count:
        lengths = atoms.cell.lengths() * repeat
        repeat[int(np.argmin(lengths))] += 1
    made = atoms.repeat(repeat)
    made.rattle(0.05, seed=0)
    return made


def own(path: Path, single: bool = False) -> Step:
    """Return a step of our engine."""
    nep = read_nep(path)
    engine = Engine(nep, single=single, threads=1)

    def step(atoms: Atoms) -> object:
        types = np.array([nep.elements.index(symbol) for symbol in atoms.symbols])
        return engine.evaluate(atoms.positions, types, atoms.cell.array, atoms.pbc)

    return step


def calorine(path: Path) -> Step:
    """Return a step of NEP_CPU through calorine's module of C++."""
    potential = load_potential(f"calorine:{path}")
    return lambda atoms: potential.compute([atoms], bec=False)


def adapters(path: Path) -> Step | None:
    """Return a step of nep-adapters, or None where it is not installed."""
    try:
        model = import_module("nep_adapters.ase").NepAseCalculator(str(path))
    except ImportError:
        return None

    def step(atoms: Atoms) -> object:
        model.calculate(atoms, ["energy", "forces", "stress"])
        return model.results

    return step


def seconds(step: Step, atoms: Atoms, budget: float) -> float:
    """Return the time of one step."""
    work, start, count = atoms.copy(), time.process_time(), 0
    shift = 0.01 * np.random.default_rng(1).normal(size=work.positions.shape)
    while not count or time.process_time() - start < budget:
        work.positions += shift if count % 2 else -shift
        step(work)
        count += 1
    return (time.process_time() - start) / count


def compare(what: str, steps: dict[str, Step | None], atoms: Atoms, budget: float) -> None:
    """Print one row."""
    found = {name: float("inf") for name, step in steps.items() if step is not None}
    for name in found:
        seconds(steps[name], atoms, 0.0)  # whatever is done once
    for _ in range(ROUNDS):
        for name in found:
            found[name] = min(found[name], seconds(steps[name], atoms, budget))
    micro = {name: 1e6 * value / len(atoms) for name, value in found.items()}
    cells = [f"{micro[name]:.2f}" if name in micro else "-" for name in steps]
    ratios = [f"{micro[name] / micro['own']:.1f}" if name in micro else "-" for name in ("calorine", "nep-adapters")]
    print(f"| {what}, {len(atoms)} atoms | {' | '.join(cells)} | {' | '.join(ratios)} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nep", type=int, nargs="*", default=[240, 2000, 50000])
    parser.add_argument("--qnep", type=int, nargs="*", default=[250, 4000])
    parser.add_argument("--largest", type=int, default=5000, help="Peers are left out above this many atoms.")
    parser.add_argument("--budget", type=float, default=0.3, help="Seconds of a measurement.")
    asked = parser.parse_args()
    print(f"{kernel().__name__}\n")
    print("| us an atom | own | single | calorine | nep-adapters | calorine / own | nep-adapters / own |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    salt = next(iter(read_frames(NEP / "test.xyz")))
    telluride = next(iter(read_frames(data() / "pbte_nep_train" / "train.xyz")))
    for what, path, atoms, sizes in (
        ("NEP", NEP / "nep.txt", salt, asked.nep),
        ("qNEP", data() / "pbte_qnep_train" / "nep.txt", telluride, asked.qnep),
    ):
        for size in sizes:
            steps: dict[str, Step | None] = {"own": own(path), "single": own(path, single=True)}
            peers = size <= asked.largest
            steps["calorine"] = calorine(path) if peers else None
            steps["nep-adapters"] = adapters(path) if peers and what == "NEP" else None
            compare(what, steps, sized(atoms, size), asked.budget)
    print(f"\nlargest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
