"""Restart files of GPAW (.gpw), read by ASE: the free energy, of which the forces are the derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ase import Atoms

from nepkit.formats import ase_reading
from nepkit.formats.format import Format, Reading


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the one frame.

    Raises
    ------
    InputError
        Where ASE cannot read it.
    """
    from ase.io import iread

    for atoms in ase_reading.frames(path, lambda: iread(path, format="gpw")):
        atoms.info["source"] = f"{path.name}:1"
        yield atoms


FORMAT = Format(
    name="gpaw-gpw",
    summary="GPAW .gpw: one frame with free energy, forces, virial",
    names=("*.gpw",),
    marks=(b"- of UlmGPAW",),
    read=read,
    searched=True,
)
