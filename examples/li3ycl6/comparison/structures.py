"""Structures of the comparison: neutral antisite and Schottky pairs by separation, and MD in long cells.

All bundled training cells are at most 13 A long. These have 39 to 80 atoms and hold what separates models that force
errors call equal: charges exchanged over a distance. Positions come from the relaxed bundled crystals (unrelaxed
exchange), from the bundled NEP (relaxed pairs, MD); no energy of a model enters the labels.

    python structures.py          # work/candidates.xyz, in the order in which they are labelled
    OMP_NUM_THREADS=1 python ../label.py --candidates work/candidates.xyz --labels work/labels
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read, write

from nepkit.models.potentials import PotentialCalculator, load_potential
from nepkit.properties.dynamics.short import run_md

HERE = Path(__file__).parent
WORK = HERE / "work"
DATA = HERE.parents[2] / "nepkit" / "data" / "li3ycl6"
SAME = 0.15  # A: separations closer than this count as one
ORDERINGS = {"monoclinic/a": [(1, 1, 2), (2, 1, 2)], "monoclinic/b": [(1, 1, 2), (2, 1, 2)]}


def crystal(ordering: str) -> Atoms:
    """The relaxed crystal of an ordering, from the bundled data."""
    for name in ("train", "test"):
        for atoms in read(DATA / f"{name}.xyz", ":"):
            if atoms.info["structure_id"] == f"relaxed/{ordering}#0":
                return Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    raise LookupError(ordering)


def named(atoms: Atoms, name: str, kind: str, **info: float | str) -> Atoms:
    done = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    done.info.update(structure_id=name, kind=kind, trajectory=name.partition("#")[0], **info)
    return done


def by_separation(atoms: Atoms, first: str, second: str) -> list[tuple[float, int, int]]:
    """One pair of the two elements for each distinct distance under periodicity, nearest first."""
    symbols = np.array(atoms.get_chemical_symbols())
    chosen: list[tuple[float, int, int]] = []
    pairs = itertools.product(np.flatnonzero(symbols == first), np.flatnonzero(symbols == second))
    for distance, one, other in sorted((atoms.get_distance(i, j, mic=True), int(i), int(j)) for i, j in pairs):
        if not chosen or distance - chosen[-1][0] > SAME:
            chosen.append((float(distance), one, other))
    return chosen


def exchanged(atoms: Atoms, one: int, other: int) -> Atoms:
    done = atoms.copy()
    symbols = done.get_chemical_symbols()
    symbols[one], symbols[other] = symbols[other], symbols[one]
    done.set_chemical_symbols(symbols)
    return done


def relaxed(atoms: Atoms, force: float = 0.02) -> Atoms:
    from ase.optimize import FIRE

    work = atoms.copy()
    work.calc = PotentialCalculator(load_potential(str(DATA / "nep.txt")))
    FIRE(work, logfile=None).run(fmax=force, steps=500)
    return work


def antisites() -> list[Atoms]:
    """Crystals and one Li/Y exchange for each distance, at the positions of the crystal and relaxed by the NEP."""
    made = []
    for ordering, copies in ORDERINGS.items():
        for repeat in copies:
            bulk = crystal(ordering).repeat(repeat)
            base = f"{ordering}/{len(bulk)}"
            made.append(named(bulk, f"bulk/{base}#0", "bulk"))
            for distance, one, other in by_separation(bulk, "Li", "Y"):
                pair = exchanged(bulk, one, other)
                name = f"antisite/{base}/{distance:.2f}"
                made.append(named(pair, f"{name}#0", "antisite", separation=distance))
                made.append(named(relaxed(pair), f"{name}#1", "antisite-relaxed", separation=distance))
    return made


def lone_pairs() -> list[Atoms]:
    """LiCl Schottky pairs by distance in 80 atoms, relaxed by the NEP."""
    made = []
    bulk = crystal("monoclinic/a").repeat((2, 1, 2))
    for distance, one, other in by_separation(bulk, "Li", "Cl")[::3]:
        pair = bulk.copy()
        del pair[[one, other]]
        name = f"schottky/monoclinic/a/{len(bulk)}/{distance:.2f}"
        made.append(named(relaxed(pair), f"{name}#1", "schottky-relaxed", separation=distance))
    return made


def dynamics() -> list[Atoms]:
    """Snapshots of 80 atoms at 500 to 900 K by the bundled NEP: a test set longer than its cutoff."""
    made = []
    calculator = PotentialCalculator(load_potential(str(DATA / "nep.txt")))
    for ordering in ORDERINGS:
        bulk = crystal(ordering).repeat((2, 1, 2))
        for temperature in (500, 700, 900):
            run = run_md(bulk, calculator, temperature=temperature, warm_up=1.0, duration=2.0, interval=250, seed=7)
            for number, positions in enumerate(run.positions[-4:]):
                shot = Atoms(bulk.symbols, positions=positions, cell=bulk.cell, pbc=True)
                name = f"md/{ordering}/80/{temperature}K#{number}"
                made.append(named(shot, name, "md", temperature=temperature))
    return made


def ordered(groups: list[list[Atoms]]) -> list[Atoms]:
    """Interleave, bulk first, so that whatever is labelled when time is up is a fair part of everything."""
    everything = [atoms for row in itertools.zip_longest(*groups) for atoms in row if atoms is not None]
    return sorted(everything, key=lambda atoms: atoms.info["kind"] != "bulk")


def main() -> None:
    WORK.mkdir(exist_ok=True)
    pairs = antisites()
    fixed = [atoms for atoms in pairs if atoms.info["kind"] in ("bulk", "antisite")]
    moved = [atoms for atoms in pairs if atoms.info["kind"] == "antisite-relaxed"]
    frames = ordered([fixed, dynamics()[::-1], moved, lone_pairs()])
    write(WORK / "candidates.xyz", frames, format="extxyz")
    print(f"{len(frames)} structures, {sum(map(len, frames))} atoms")


if __name__ == "__main__":
    main()
