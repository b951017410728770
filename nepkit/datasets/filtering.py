"""Which frames of a set to keep, and why the others go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ase import Atoms
from ase.data import covalent_radii

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.datasets.distances import Pair, closest_contacts
from nepkit.datasets.expression import Condition, Missing
from nepkit.datasets.quantities import UNITS, Quantities, measure


@dataclass(frozen=True)
class Bounds:
    """A closed interval.

    Examples
    --------
    >>> Bounds.parse("-4:-3"), 5.0 in Bounds.parse(":20")
    (Bounds(low=-4.0, high=-3.0), True)
    """

    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def parse(cls, text: str) -> Bounds:
        """Return the interval of ``low:high``, where either may be left out.

        Raises
        ------
        InputError
            For anything else, or where low is above high.
        """
        first, colon, last = text.partition(":")
        try:
            made = cls(float(first) if first.strip() else -math.inf, float(last) if last.strip() else math.inf)
        except ValueError:
            colon = ""
        if not colon or math.isnan(made.low) or math.isnan(made.high):
            raise InputError(f"{text!r} is not a range such as 2:5, 2: or :5")
        if made.low > made.high:
            raise InputError(f"the range {text!r} is empty, its first number is the larger one")
        return made

    def __contains__(self, value: float) -> bool:
        """Return whether a value lies in the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Criteria:
    """What a frame must fulfil to be kept.

    Parameters
    ----------
    ranges : mapping of str to Bounds
        By the names and in the units of `nepkit.datasets.quantities.UNITS`.
    pairs : mapping of pair to Bounds
        For the shortest distance of two elements, A; a frame without the pair fulfils it.
    radii : float, optional
        Least distance of every two elements as a part of the sum of their covalent radii.
    elements : frozenset of str, optional
        Elements that a frame may consist of.
    formulas : frozenset of str, optional
        Formulas of which a frame must have one, metals first.
    condition : Condition, optional
        Over the names of `UNITS`, the numbers of atoms ``n_Li``, and the scalars of the frame.
    """

    ranges: Mapping[str, Bounds] = field(default_factory=dict)
    pairs: Mapping[Pair, Bounds] = field(default_factory=dict)
    radii: float | None = None
    elements: frozenset[str] | None = None
    formulas: frozenset[str] | None = None
    condition: Condition | None = None

    def __post_init__(self) -> None:
        for name in self.ranges:
            if name not in UNITS:
                raise UnknownNameError(f"unknown quantity {name!r}, known: {', '.join(UNITS)}")

    @property
    def _needs_distances(self) -> bool:
        asked = self.condition is not None and "distance" in self.condition.names
        return bool("distance" in self.ranges or self.pairs or self.radii is not None or asked)


def why_dropped(atoms: Atoms, criteria: Criteria, where: str = "frame") -> str | None:
    """Return the first criterion that a frame does not fulfil, None where it is to be kept.

    A frame that lacks a label that a criterion is about does not fulfil it.

    Raises
    ------
    InputError
        For a label or geometry that is not what it should be; names the frame.

    Examples
    --------
    >>> from ase.build import bulk
    >>> why_dropped(bulk("Cu"), Criteria(ranges={"distance": Bounds(2.6)}))
    'distance'
    >>> why_dropped(bulk("Cu"), Criteria(ranges={"energy": Bounds(-4, -3)}))
    'no energy'
    """
    if criteria.elements is not None and not criteria.elements.issuperset(atoms.symbols):
        return "elements"
    numbers = measure(atoms, where, distances=False)
    if criteria.formulas is not None and numbers.formula not in criteria.formulas:
        return "formula"
    for name, bounds in criteria.ranges.items():
        value = None if name == "distance" else getattr(numbers, name)
        if name != "distance" and (value is None or value not in bounds):
            return f"no {name}" if value is None else name.replace("_", " ")
    contacts = closest_contacts(atoms, where) if criteria._needs_distances else {}
    shortest = min((contact.distance for contact in contacts.values()), default=math.inf)
    if "distance" in criteria.ranges and shortest not in criteria.ranges["distance"]:
        return "distance"
    for pair, bounds in criteria.pairs.items():
        if pair in contacts and contacts[pair].distance not in bounds:
            return f"distance {'-'.join(pair)}"
    for contact in contacts.values() if criteria.radii is not None else ():
        i, j = contact.atoms
        if contact.distance < float(criteria.radii or 0.0) * sum(covalent_radii[atoms.numbers[[i, j]]]):
            return "covalent radii"
    if criteria.condition is not None:
        return _unfulfilled(criteria.condition, atoms, numbers, shortest)
    return None


def _unfulfilled(condition: Condition, atoms: Atoms, numbers: Quantities, shortest: float) -> str | None:
    symbols = atoms.get_chemical_symbols()
    values: dict[str, object] = {
        key: value for key, value in atoms.info.items() if isinstance(value, (int, float, str))
    }
    values |= {name: getattr(numbers, name) for name in UNITS} | {"distance": shortest, "formula": numbers.formula}
    counts = {name for name in condition.names if name.startswith("n_")}
    values |= {name: symbols.count(name[2:]) for name in counts}
    try:
        return None if condition.holds(values) else "condition"
    except Missing as missing:
        return f"no {missing}"
