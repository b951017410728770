"""Output of pw.x of Quantum ESPRESSO, read by ASE.

The line ``!    total energy`` is the free energy, of which the forces are the derivatives. With
``scf_must_converge=.false.`` pw.x claims convergence after the last electronic step whatever came of it, so the
estimated accuracy is held against the threshold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.calculation import State, checked
from nepkit.formats.format import Format, Reading, numbers, open_text

_SITE = re.compile(r"^ +(\d+) +(\S+) +tau\(", re.MULTILINE)
_THRESHOLD = re.compile(r"\s*(?:scf )?convergence threshold\s*=")


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the converged steps; the others are noted in ``reading``.

    Raises
    ------
    InputError
        Where it is not an output of pw.x, or ASE cannot read it.
    """
    with open_text(path) as file:
        text = file.read()
    if "Program PWSCF" not in text:
        raise InputError(f"{path}: no 'Program PWSCF' in it; is it an output of pw.x?")
    yield from checked(path, text, reading, "espresso-out", _states(text, str(path)), _masses(text))


def _masses(text: str) -> list[float] | None:
    """Return the mass of every atom, amu, from the table of species and the labels of the first sites."""
    _, found, table = text.partition("atomic species   valence    mass")
    if not found:
        return None
    by_label: dict[str, float] = {}
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) < 4:
            break
        by_label[words[0]] = numbers(line, 1, "the table of species", first=2)[0]
    labels: dict[int, str] = {}
    for row in _SITE.finditer(text):
        labels.setdefault(int(row[1]), row[2])
    known = [by_label.get(labels[number]) for number in sorted(labels)]
    return [mass for mass in known if mass is not None] if None not in known else None


def _states(text: str, where: str) -> list[State]:
    states: list[State] = []
    threshold: float | None = None
    for line in text.splitlines():
        if _THRESHOLD.match(line):  # pw.x 5 has no "scf" before it
            threshold = numbers(line.partition("=")[2], 1, where)[0]
        elif line.startswith("!    total energy"):
            states.append(State())
        elif "estimated scf accuracy" in line and "<" in line and states and states[-1].converged is None:
            # Without a threshold it stays unknown; 1.01 because both are printed with few digits.
            if threshold is not None:
                states[-1].converged = numbers(line.partition("<")[2], 1, where)[0] <= 1.01 * threshold
        elif "convergence NOT achieved" in line:
            states.append(State(converged=False))
    return states


FORMAT = Format(
    name="espresso",
    summary="Quantum ESPRESSO output of pw.x: converged steps with free energy, forces, virial",
    names=("*.pwo", "pw.out"),
    marks=(b"Program PWSCF",),
    read=read,
    searched=True,
)
