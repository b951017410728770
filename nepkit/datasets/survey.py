"""All that there is to know about a set of frames, in one pass over it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from ase import Atoms

from lr_correction.oxidation import OXIDATION_STATES
from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.datasets import findings
from nepkit.datasets.distances import Contact, Pair, keep_closest
from nepkit.datasets.findings import Finding
from nepkit.datasets.quantities import UNITS, fingerprint, measure
from nepkit.formats import extxyz
from nepkit.formats.files import read_frames
from nepkit.frames import Labels, labels

LABELS = tuple(item.name for item in fields(Labels))


@dataclass
class Range:
    """Smallest, mean and largest value of a quantity, and the frames of the extremes (the first is 1)."""

    minimum: float
    maximum: float
    minimum_frame: int
    maximum_frame: int
    total: float
    count: int

    @property
    def mean(self) -> float:
        """Mean over the frames that have the quantity."""
        return self.total / self.count


@dataclass
class Survey:
    """What a set of frames consists of.

    Parameters
    ----------
    frames, atoms : int
        How many in all.
    elements : Counter
        Atoms of every element.
    compositions : dict of str to list of int
        Numbers of the frames of every formula.
    sizes : dict of str to int
        Atoms in a frame of every formula.
    ranges : dict of str to Range
        By the names and units of `nepkit.datasets.quantities.UNITS`; only quantities that some frame has.
    values : dict of str to array of float
        The quantity in every frame that has it, in the order of frames.
    counts : Counter
        Frames that have a label, by the names of `nepkit.frames.Labels`.
    contacts : dict
        Shortest distance of every two elements.
    duplicates : list of list of int
        Frames that are the same structure.
    unbalanced : list of int or None
        Frames whose usual oxidation states do not add up to their charge; None where an element has no usual state.
    findings : list of Finding
        What is wrong, errors first, in the order of frames.
    """

    frames: int = 0
    atoms: int = 0
    elements: Counter[str] = field(default_factory=Counter)
    compositions: dict[str, list[int]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    values: dict[str, array[float]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    contacts: dict[Pair, Contact] = field(default_factory=dict)
    duplicates: list[list[int]] = field(default_factory=list)
    unbalanced: list[int] | None = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def survey(frames: Iterable[Atoms]) -> Survey:
    """Look at every frame once and return what the set consists of; memory does not grow with the size of frames.

    Whatever is wrong with a frame becomes a finding. An `InputError` raised by the iterator itself, such as a file
    that is cut short, becomes the last one.

    Examples
    --------
    >>> from ase.build import bulk
    >>> result = survey([bulk("NaCl", "rocksalt", 5.6), bulk("NaCl", "rocksalt", 5.6)])
    >>> result.compositions, result.duplicates, result.errors
    ({'NaCl': [1, 2]}, [[1, 2]], 4)
    """
    result = Survey()
    same: dict[bytes, list[int]] = {}
    formulas: list[dict[str, int]] = []
    energies: list[float | None] = []
    try:
        for number, atoms in enumerate(frames, 1):
            formulas.append(dict(Counter(atoms.get_chemical_symbols())))
            energies.append(_add(result, number, atoms))
            same.setdefault(fingerprint(atoms), []).append(number)
    except InputError as error:
        result.findings.append(Finding("error", None, "unreadable", str(error), "the rest of the file was not read"))
    result.contacts = dict(sorted(result.contacts.items()))
    result.duplicates = [group for group in same.values() if len(group) > 1]
    if any(name not in OXIDATION_STATES for name in result.elements):
        result.unbalanced = None
    result.findings += findings.of_duplicates(result.duplicates, energies)
    result.findings += findings.of_energies(formulas, energies, sorted(result.elements))
    result.findings += findings.of_completeness(result.counts, result.frames)
    result.findings.sort(key=lambda finding: (finding.severity, finding.frame or 0))
    return result


def refuse_errors(frames: Iterable[Atoms], source: str | Path) -> None:
    """Raise `InputError` where frames have what `nepkit data check` calls an error: a fit would hide it.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Labelled frames.
    source : str or Path
        The file, for messages.

    Examples
    --------
    >>> refuse_errors([Atoms("H")], "train.xyz")
    Traceback (most recent call last):
    nepkit.core.errors.InputError: train.xyz, frame 1: it has no energy; label the frame or filter it out; ...
    """
    errors = [finding for finding in survey(frames).findings if finding.severity == "error"]
    if not errors:
        return
    first = errors[0]
    where = f"{source}, frame {first.frame}" if first.frame else str(source)
    more = f"; {len(errors) - 1} error{'s' * (len(errors) > 2)} more" if len(errors) > 1 else ""
    raise InputError(
        f"{where}: {first.message}; {first.remedy}{more}: nepkit data check {source} (--unchecked goes on all the same)"
    )


def _add(result: Survey, number: int, atoms: Atoms) -> float | None:
    """Bring one frame into the survey and return its energy in eV/atom."""
    symbols = atoms.get_chemical_symbols()
    formula = atoms.get_chemical_formula(mode="metal")
    result.frames += 1
    result.atoms += len(atoms)
    result.elements.update(symbols)
    result.compositions.setdefault(formula, []).append(number)
    result.sizes[formula] = len(atoms)
    try:
        known = labels(atoms, "labels")
        numbers = measure(atoms, "geometry", known=known)
    except InputError as error:
        result.findings.append(Finding("error", number, "label or geometry", str(error), "mend or remove the frame"))
        return None
    states = [OXIDATION_STATES.get(name) for name in symbols]
    if result.unbalanced is not None and None not in states:
        total = sum(state for state in states if state is not None)
        result.unbalanced += [number] * (abs(total - (known.charge or 0.0)) > 1e-6)
    result.counts.update(name for name in LABELS if getattr(known, name) is not None)
    keep_closest(result.contacts, numbers.contacts, number)
    for name in UNITS:
        value = getattr(numbers, name)
        if value is not None:
            _widen(result.ranges, name, value, number)
            result.values.setdefault(name, array("d")).append(value)
    result.findings += findings.of_frame(number, atoms, known, numbers)
    return numbers.energy


def _widen(ranges: dict[str, Range], name: str, value: float, number: int) -> None:
    known = ranges.setdefault(name, Range(value, value, number, number, 0.0, 0))
    known.total += value
    known.count += 1
    if value < known.minimum:
        known.minimum, known.minimum_frame = value, number
    if value > known.maximum:
        known.maximum, known.maximum_frame = value, number


def survey_file(path: Path) -> Survey:
    """Return the survey of a file; wrong labels become findings of their frames instead of ending the reading.

    Raises
    ------
    InputError
        Where no frame could be read.
    """
    frames = extxyz.read(path, check=False) if path.suffix.lower() in (".xyz", ".extxyz") else read_frames(path)
    result = survey(track(frames, "Frames"))
    if not result.frames:
        reason = result.findings[0].message if result.findings else f"{path}: no frames in this file"
        raise InputError(reason)
    return result
