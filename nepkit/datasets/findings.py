"""What is wrong with frames: what the NEP trainer would choke on, and what spoils a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from lr_correction.labels import MISSING
from nepkit.datasets.quantities import Quantities
from nepkit.frames import Labels

CLOSE = 0.6
"""Atoms nearer than this part of the sum of their covalent radii are suspicious."""

LARGE_FORCE = 50.0
"""eV/A; larger forces take over the loss of a fit."""

LARGE_VIRIAL = 10.0
"""eV/atom."""

NET_FORCE = (0.1, 0.01)
"""Sum of all forces above both this many eV/A and this part of the sum of their lengths."""

LOWEST_ENERGY = -100.0
"""eV/atom; below it the trainer, which works in float32, loses digits: GPUMD, src/main_nep/structure.cu."""

OUTLIER = (10.0, 0.1)
"""Energy off the trend of the compositions by more than this many robust standard deviations and eV/atom."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    severity : "error" or "warning"
        An error stops the trainer or makes labels wrong; a warning is to be looked at.
    frame : int or None
        Number of the frame, the first is 1; None for what concerns the whole set.
    kind : str
        One word or two for what it is, the same for all findings of the kind.
    message, remedy : str
        What was found, and what to do.
    """

    severity: Literal["error", "warning"]
    frame: int | None
    kind: str
    message: str
    remedy: str


ABSURD = 1e6
"""eV/atom or eV/A: larger numbers are damage."""

Tell = Callable[[str, str, str], Finding]


def of_frame(number: int, atoms: Atoms, known: Labels, numbers: Quantities) -> Iterator[Finding]:
    """Yield what is wrong with one frame whose labels could be read."""

    def error(kind: str, message: str, remedy: str) -> Finding:
        return Finding("error", number, kind, message, remedy)

    def warning(kind: str, message: str, remedy: str) -> Finding:
        return Finding("warning", number, kind, message, remedy)

    if known.energy is None:
        yield error("no energy", "it has no energy", "label the frame or filter it out")
    elif numbers.energy is not None and numbers.energy < LOWEST_ENERGY:
        remedy = "subtract energies of the elements: nepkit data shift-energies"
        yield warning("low energy", f"{numbers.energy:.1f} eV/atom loses digits in the trainer's float32", remedy)
    if known.forces is None:
        yield error("no forces", "it has no forces", "label the frame or filter it out")
    if numbers.volume is None:
        yield error("no cell", "it has no cell", "give it a cell with vacuum; the trainer needs a Lattice")
    elif not atoms.pbc.all():
        flags = " ".join("T" if flag else "F" for flag in atoms.pbc)
        yield warning("not periodic", f'pbc="{flags}", but the trainer takes all frames as periodic', "add vacuum")
    yield from _labels(known, numbers, error, warning)
    weight = next((value for key, value in atoms.info.items() if key.lower() == "weight"), None)
    if weight is not None and not (isinstance(weight, (int, float)) and 0 < weight <= 100):
        yield error("weight", f"weight is {weight!r}, expected above 0 and at most 100", "set it by nepkit data weight")
    yield from _contacts(atoms, numbers, error, warning)


def _labels(known: Labels, numbers: Quantities, error: Tell, warning: Tell) -> Iterator[Finding]:
    for name, value, unit in (
        ("energy", numbers.energy, "eV/atom"), ("force", numbers.force, "eV/A"), ("virial", numbers.virial, "eV/atom"),
    ):  # fmt: skip
        if value is not None and abs(value) > ABSURD:
            yield error("absurd", f"{name} of {value:.3g} {unit}", "no calculation gives that; remove the frame")
    if known.virial is not None and (np.abs(known.virial) == MISSING).any():
        remedy = "remove the virial of the frame: nepkit data clean --only virial"
        yield error("virial", "virial is 1e6, the trainer's number for no virial", remedy)
    elif numbers.virial is not None and numbers.virial > LARGE_VIRIAL:
        yield warning("large virial", f"a virial component of {numbers.virial:.1f} eV/atom", "look at its cell")
    if known.forces is None or numbers.force is None or numbers.net_force is None:
        return
    if numbers.force > LARGE_FORCE:
        yield warning("large force", f"a force of {numbers.force:.1f} eV/A", "nepkit data filter --max-force 50")
    total = float(np.linalg.norm(known.forces, axis=1).sum())
    if numbers.net_force > max(NET_FORCE[0], NET_FORCE[1] * total):
        remedy = "was the calculation converged, all atoms free, and no field on?"
        yield warning("net force", f"the forces add up to {numbers.net_force:.2f} eV/A, not to zero", remedy)


def _contacts(atoms: Atoms, numbers: Quantities, error: Tell, warning: Tell) -> Iterator[Finding]:
    for pair, contact in numbers.contacts.items():
        i, j = contact.atoms
        if contact.distance == 0.0:
            yield error("overlap", f"atoms {i + 1} and {j + 1} are at the same place", "remove one of them")
            continue
        radii = covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]]
        if contact.distance < CLOSE * radii:
            message = f"atoms {i + 1} and {j + 1} ({'-'.join(pair)}) are {contact.distance:.3f} A apart"
            yield warning("close atoms", message, f"nepkit data filter --min-pair {'-'.join(pair)}=...")


def of_duplicates(groups: Sequence[Sequence[int]], energies: Sequence[float | None]) -> Iterator[Finding]:
    """Yield what to know about frames that are the same structure; ``energies`` (eV/atom) of all frames."""
    for group in groups:
        values = [value for value in (energies[number - 1] for number in group) if value is not None]
        named = ", ".join(map(str, group[:8])) + (" ..." if len(group) > 8 else "")
        if values and max(values) - min(values) > 1e-3:
            spread = 1e3 * (max(values) - min(values))
            message = f"frames {named} are one structure with energies {spread:.1f} meV/atom apart"
            yield Finding("error", group[0], "contradiction", message, "keep the one that is converged")
        else:
            message = f"frames {named} are the same structure"
            yield Finding("warning", group[0], "duplicate", message, "nepkit data dedupe")


def of_energies(
    formulas: Sequence[dict[str, int]], energies: Sequence[float | None], elements: Sequence[str]
) -> Iterator[Finding]:
    """Yield frames whose energy is far off the trend of the set with its composition."""
    rows = [index for index, energy in enumerate(energies) if energy is not None]
    if len(rows) < 10:
        return
    shares = np.array([[formulas[index].get(name, 0) for name in elements] for index in rows], dtype=float)
    shares /= shares.sum(axis=1, keepdims=True)
    values = np.array([energies[index] for index in rows], dtype=float)
    off = values - shares @ np.linalg.lstsq(shares, values, rcond=1e-10)[0]
    off -= np.median(off)
    spread = 1.4826 * float(np.median(np.abs(off)))  # the standard deviation of a normal distribution
    for index in np.flatnonzero(np.abs(off) > max(OUTLIER[0] * spread, OUTLIER[1])):
        message = f"its energy is {off[index]:+.2f} eV/atom off the trend of the set"
        yield Finding("warning", rows[index] + 1, "energy", message, "was this calculation converged and set up alike?")


def of_completeness(counts: dict[str, int], frames: int) -> Iterator[Finding]:
    """Yield labels that some frames have and others lack."""
    for name in ("virial", "bec", "charges"):
        if 0 < counts[name] < frames:
            message = f"{frames - counts[name]} of {frames} frames have no {name}"
            yield Finding("warning", None, f"some {name}", message, "right where the code gave none; else label them")
