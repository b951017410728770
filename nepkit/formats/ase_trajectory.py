"""Trajectories of ASE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.formats import ase_reading
from nepkit.formats.format import EVERY_LABEL, Format, Reading
from nepkit.formats.writing import counted
from nepkit.frames import labels


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames, without constraints.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    for number, atoms in enumerate(ase_reading.frames(path, lambda: _images(path)), 1):
        atoms.info.setdefault("source", f"{path.name}:{number}")
        yield atoms


def _images(path: Path) -> Iterator[Atoms]:
    from ase.io.trajectory import TrajectoryReader

    with path.open("rb") as file:  # ASE would leave it open where it cannot read it
        yield from TrajectoryReader(file)


def write(path: Path, frames: Iterable[Atoms]) -> int:
    """Write the frames; the labels of atoms are results of the calculator, which alone a trajectory keeps."""
    from ase.io.trajectory import TrajectoryWriter

    with TrajectoryWriter(str(path), mode="w") as writer:

        def add(atoms: Atoms) -> None:
            known = labels(atoms)
            made = atoms.copy()
            results = {
                "energy": known.energy,
                "forces": known.forces,
                "stress": getattr(atoms.calc, "results", {}).get("stress"),
                "charges": known.charges,
                "born_effective_charges": known.bec,
            }
            results = {name: value for name, value in results.items() if value is not None}
            made.calc = SinglePointCalculator(made, **results) if results else None
            writer.write(made)

        return counted(frames, add)


FORMAT = Format(
    name="ase-traj",
    summary="ASE trajectory: energy (force-consistent), forces, virial, BEC, charges; no other columns",
    names=("*.traj",),
    marks=(b"- of UlmASE-Trajectory",),
    read=read,
    write=write,
    holds=EVERY_LABEL,
)
