"""Build the Li3YCl6 structures to be labelled: two polymorphs, orderings, strain, rattling, MD, neutral defects.

Idealised anion lattices (ccp for C2/m, hcp for P-3m1) are decorated with Li and Y on octahedral sites, relaxed with the
universal potential SevenNet-0 (weights shipped in the ``sevenn`` wheel) and then perturbed or run at 300 to 1200 K.
Nothing of SevenNet-0 enters the labels: it only proposes geometries.

    python structures.py relax          # orderings.xyz: relaxed orderings of both polymorphs
    python structures.py static         # static.xyz: strained and rattled cells
    python structures.py md             # md.xyz: snapshots, and defects.xyz: MD of neutral defect pairs
    python structures.py candidates     # candidates.xyz: everything, in the order in which it is labelled
"""

from __future__ import annotations

import argparse
import itertools
import warnings
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.filters import FrechetCellFilter
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.optimize import FIRE

WORK = Path(__file__).parent / "work"
SEED = 20261123
TIMESTEP_FS = 2.0


def trigonal(lithium_half: tuple[int, ...], yttrium_layer: float) -> Atoms:
    """P-3m1, 30 atoms: 3x3 hcp chloride, Y on 1a and 2d (at z = ``yttrium_layer``), Li on 6g and half of 6h."""
    fractional, symbols = [], []
    for i, j in itertools.product(range(3), repeat=2):
        fractional += [((i + 1 / 3) / 3, (j + 2 / 3) / 3, 0.25), ((i + 2 / 3) / 3, (j + 1 / 3) / 3, 0.75)]
        symbols += ["Cl", "Cl"]
    yttrium = [(0, 0, 0.0), (1 / 3, 2 / 3, yttrium_layer), (2 / 3, 1 / 3, yttrium_layer)]
    ring = [(1 / 3, 0), (0, 1 / 3), (2 / 3, 2 / 3), (2 / 3, 0), (0, 2 / 3), (1 / 3, 1 / 3)]
    lithium = [(*xy, 0.0) for xy in ring] + [(*ring[k], 0.5) for k in lithium_half]
    fractional += yttrium + lithium
    symbols += ["Y"] * 3 + ["Li"] * len(lithium)
    cell = [11.2, 11.2, 6.05, 90, 90, 120]
    return Atoms(symbols, scaled_positions=fractional, cell=cell, pbc=True)


def monoclinic(yttrium: tuple[int, int], lithium_middle: tuple[int, int]) -> Atoms:
    """C2/m, 20 atoms: ccp chloride, Y and Li on the z = 0 sites, two more Li on the z = 1/2 sites.

    The z = 0 layer has six octahedral sites in the conventional cell, the z = 1/2 layer six more.
    """
    anions = []
    for x, y, z in [(0.230, 0.0, 0.235), (0.235, 1 / 3, 0.235), (0.235, 2 / 3, 0.235)]:
        for sx, sy in [(0, 0), (0.5, 0.5)]:
            anions += [(x + sx, y + sy, z), (-x + sx, -y + sy, -z)]
    # Octahedral holes of this anion array; those of the second layer are shifted by b/6.
    first = [(s / 2, y + s / 2, 0.0) for s in (0, 1) for y in (1 / 6, 1 / 2, 5 / 6)]
    middle = [(s / 2, y + s / 2, 0.5) for s in (0, 1) for y in (0, 1 / 3, 2 / 3)]
    fractional = anions + [first[k] for k in yttrium]
    rest = [k for k in range(6) if k not in yttrium]
    fractional += [first[k] for k in rest] + [middle[k] for k in lithium_middle]
    symbols = ["Cl"] * 12 + ["Y"] * 2 + ["Li"] * 6
    cell = [6.95, 12.05, 6.85, 90, 109.8, 90]
    return Atoms(symbols, scaled_positions=fractional, cell=cell, pbc=True)


def orderings() -> dict[str, Atoms]:
    """Distinct starting orderings, named ``polymorph/label``."""
    found = {
        "trigonal/a": trigonal((0, 1, 2), 0.5),
        "trigonal/b": trigonal((0, 3, 1), 0.5),
        "trigonal/c": trigonal((0, 1, 4), 0.5),
        "trigonal/d": trigonal((0, 1, 2), 0.0),
        "monoclinic/a": monoclinic((1, 4), (0, 3)),
        "monoclinic/b": monoclinic((1, 4), (1, 4)),
        "monoclinic/c": monoclinic((1, 4), (1, 5)),
        "monoclinic/d": monoclinic((0, 4), (1, 3)),
    }
    for name, atoms in found.items():
        polymorph, ordering = name.split("/")
        atoms.info.update(polymorph=polymorph, ordering=ordering)
    return found


def potential():
    import torch
    from sevenn.calculator import SevenNetCalculator

    torch.set_num_threads(1)
    return SevenNetCalculator("7net-0", device="cpu")


def tagged(atoms: Atoms, kind: str, trajectory: str, **more) -> Atoms:
    """A clean copy that remembers where it comes from."""
    copy = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    copy.wrap()
    keep = {key: atoms.info[key] for key in ("polymorph", "ordering")}
    copy.info.update(keep, kind=kind, trajectory=trajectory, **more)
    return copy


def relax() -> None:
    calculator, relaxed = potential(), []
    for name, atoms in orderings().items():
        atoms.calc = calculator
        atoms.rattle(0.02, seed=SEED)
        optimiser = FIRE(FrechetCellFilter(atoms), logfile=None)
        converged = optimiser.run(fmax=0.05, steps=300)
        energy = atoms.get_potential_energy() / len(atoms)
        nearest = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)].min()
        print(
            f"{name}: {energy:.4f} eV/atom, {atoms.get_volume() / len(atoms):.2f} A3/atom, nearest {nearest:.2f} A, "
            f"cell {np.round(atoms.cell.cellpar(), 2)}, converged {bool(converged)}",
            flush=True,
        )
        relaxed.append(tagged(atoms, "relaxed", f"relaxed/{name}"))
        write(WORK / "orderings.xyz", relaxed)


def static() -> None:
    """Strained (up to 4 %) and rattled (0.05 to 0.25 A) cells of every ordering."""
    generator, frames = np.random.default_rng(SEED), []
    for atoms in read(WORK / "orderings.xyz", ":"):
        name = f"{atoms.info['polymorph']}/{atoms.info['ordering']}"
        for k in range(8 if atoms.info["polymorph"] == "monoclinic" else 5):
            copy = atoms.copy()
            strain = generator.uniform(-0.04, 0.04, (3, 3))
            copy.set_cell(copy.cell @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
            amplitude = (0.05, 0.1, 0.15, 0.2, 0.25)[k % 5]
            copy.positions += generator.normal(0, amplitude / np.sqrt(3), (len(copy), 3))
            frames.append(tagged(copy, "rattled", f"rattled/{name}", amplitude=amplitude))
    write(WORK / "static.xyz", frames)


def frenkel(atoms: Atoms, generator: np.random.Generator) -> Atoms:
    """Move one Li to the roomiest hole away from it."""
    copy = atoms.copy()
    lithium = generator.choice(np.flatnonzero(copy.symbols == "Li"))
    grid = np.array(list(itertools.product(np.arange(0, 1, 1 / 12), repeat=3)))
    probe = copy + Atoms("X" * len(grid), scaled_positions=grid, cell=copy.cell, pbc=True)
    distance = probe.get_all_distances(mic=True)[len(copy) :, : len(copy)]
    score = distance.min(axis=1) - 10.0 * (distance[:, lithium] < 3.0)
    copy.positions[lithium] = probe.positions[len(copy) + int(score.argmax())]
    return copy


def schottky(atoms: Atoms, generator: np.random.Generator) -> Atoms:
    """Remove one Li and one Cl that are not neighbours (or the farthest pair)."""
    copy = atoms.copy()
    lithium = generator.choice(np.flatnonzero(copy.symbols == "Li"))
    chlorine = np.flatnonzero(copy.symbols == "Cl")
    far = chlorine[copy.get_distances(lithium, chlorine, mic=True).argmax()]
    del copy[[int(lithium), int(far)]]
    return copy


def dynamics(atoms: Atoms, kind: str, temperature: float, run: str, snapshots: int, calculator) -> list[Atoms]:
    """Langevin dynamics; one snapshot every 0.3 ps after 0.3 ps of heating."""
    name = f"{kind}/{atoms.info['polymorph']}/{atoms.info['ordering']}/{run}/{temperature:.0f}K"
    atoms = atoms.copy()
    atoms.calc = calculator
    generator = np.random.default_rng([SEED, int(temperature), len(atoms), *run.encode()])
    FIRE(atoms, logfile=None).run(fmax=0.5, steps=40)
    MaxwellBoltzmannDistribution(atoms, temperature_K=temperature, rng=generator)
    motion = Langevin(atoms, TIMESTEP_FS * units.fs, temperature_K=temperature, friction=0.02 / units.fs, rng=generator)
    frames = []
    for index in range(snapshots):
        motion.run(150)
        frames.append(tagged(atoms, kind, name, temperature=temperature, time_ps=0.3 * (index + 1)))
    print(f"{name}: {len(frames)} snapshots, T = {atoms.get_temperature():.0f} K", flush=True)
    return frames


def molecular_dynamics() -> None:
    calculator = potential()
    parents = {f"{a.info['polymorph']}/{a.info['ordering']}": a for a in read(WORK / "orderings.xyz", ":")}
    generator = np.random.default_rng(SEED)
    plan = []
    for label, temperature in zip("abcd", (900, 600, 1200, 300), strict=True):
        plan.append((parents[f"monoclinic/{label}"], "md", temperature, "0", 6))
        plan.append((parents[f"trigonal/{label}"], "md", temperature, "0", 5))
    plan.append((parents["monoclinic/b"].repeat((2, 1, 1)), "md", 900, "2x1x1", 6))
    plan.append((frenkel(parents["monoclinic/a"].repeat((2, 1, 1)), generator), "frenkel", 600, "0", 4))
    plan.append((schottky(parents["monoclinic/a"].repeat((2, 1, 1)), generator), "schottky", 600, "0", 4))
    plan.append((parents["monoclinic/c"].repeat((2, 1, 1)), "md", 450, "2x1x1", 4))
    for label, temperature in zip("abcd", (450, 1200, 700, 1000), strict=True):
        plan.append((parents[f"monoclinic/{label}"], "md", temperature, "1", 6))
        plan.append((parents[f"trigonal/{label}"], "md", temperature, "1", 5))
    plan.append((frenkel(parents["trigonal/a"], generator), "frenkel", 900, "0", 4))
    plan.append((schottky(parents["monoclinic/b"].repeat((2, 1, 1)), generator), "schottky", 900, "0", 4))
    frames = []
    for parent, kind, temperature, run, snapshots in plan:
        if kind == "md":
            atoms = parent.copy()
            atoms.set_cell(atoms.cell * (1 + 3e-5 * (temperature - 300)) ** (1 / 3), scale_atoms=True)
        else:
            atoms = parent
        frames += dynamics(atoms, kind, temperature, run, snapshots, calculator)
        write(WORK / "md.xyz", frames)


def candidates() -> None:
    """Everything, interleaved so that any prefix of the list is a fair mix of trajectories."""
    groups: dict[str, list[Atoms]] = {}
    for name in ("md.xyz", "orderings.xyz", "static.xyz"):
        if (WORK / name).exists():
            for atoms in read(WORK / name, ":"):
                groups.setdefault(atoms.info["trajectory"], []).append(atoms)
    ranked = []
    for index, (name, group) in enumerate(groups.items()):
        for k, atoms in enumerate(group):
            atoms.info["structure_id"] = f"{name}#{k}"
            ranked.append(((k + 0.5) / len(group), index, atoms))
    frames = [atoms for *_, atoms in sorted(ranked, key=lambda entry: entry[:2])]
    write(WORK / "candidates.xyz", frames)
    print(f"{len(frames)} candidates, {len(groups)} trajectories")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = {"relax": relax, "static": static, "md": molecular_dynamics, "candidates": candidates}
    parser.add_argument("step", choices=steps)
    WORK.mkdir(exist_ok=True)
    steps[parser.parse_args().step]()
