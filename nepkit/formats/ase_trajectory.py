"""Trajectories of ASE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms

from nepkit.formats import ase_reading
from nepkit.formats.format import Format, Reading


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
    """Write the frames with energy, forces and stress; other labels stay in the info and arrays of each."""
    from ase.io.trajectory import TrajectoryWriter

    count = 0
    with TrajectoryWriter(str(path), mode="w") as writer:
        for atoms in frames:
            writer.write(atoms)
            count += 1
    return count


FORMAT = Format(
    name="ase-traj",
    summary="ASE trajectory: energy (force-consistent), forces, stress and everything else of a frame",
    names=("*.traj",),
    marks=(b"- of UlmASE-Trajectory",),
    read=read,
    write=write,
)
