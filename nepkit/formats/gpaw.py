"""Text output of GPAW, read by ASE, and its .gpw files: the free energy, of which the forces are the derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.calculation import State, checked
from nepkit.formats.format import Format, Reading, numbers, open_text


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not a text output of GPAW, or ASE cannot read it.
    """
    with open_text(path) as file:
        text = file.read()
    if "___ ___ ___ _ _ _" not in text:
        raise InputError(f"{path}: without the letters GPAW at its head; is it a text output of GPAW?")
    states: list[State] = []
    for line in text.splitlines():
        if line.startswith(("Converged after", "Did not converge")):
            states.append(State(converged=line.startswith("Converged")))
        elif line.startswith("Free energy:") and states:
            states[-1].energy = numbers(line.partition(":")[2], 1, str(path))[0]
    yield from checked(path, text, reading, "gpaw-out", states)


FORMAT = Format(
    name="gpaw",
    summary="GPAW text output: converged steps with free energy, forces, virial",
    names=("gpaw.txt",),
    marks=(b"___ ___ ___ _ _ _",),
    read=read,
    searched=True,
)
