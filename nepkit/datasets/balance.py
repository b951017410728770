"""Whether the oxidation states of a composition add up to its total charge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lr_correction.oxidation import oxidation_states
from nepkit.core.errors import InputError

_TOLERANCE = 1e-6  # e


def states_of(elements: Iterable[str], given: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
    """Return the oxidation states that every element may have: as given, else its most common one.

    Raises
    ------
    lr_correction.errors.SettingsError
        For an element without a common state, or one given that is not there.

    Examples
    --------
    >>> states_of(["Fe", "O"], {"Fe": (2.0, 3.0)})
    {'Fe': (2.0, 3.0), 'O': (-2.0,)}
    """
    known = oxidation_states(elements, {name: values[0] for name, values in given.items()})
    return {name: tuple(given.get(name, (value,))) for name, value in known.items()}


def parse_states(text: str) -> tuple[str, tuple[float, ...]]:
    """Return an element and its states from ``Fe=2,3``.

    Raises
    ------
    InputError
        Where it is anything else.
    """
    name, _, values = text.partition("=")
    try:
        return name.strip(), tuple(float(word) for word in values.split(","))
    except ValueError:
        raise InputError(f"{text!r} is not an element and its oxidation states, such as Fe=2,3") from None


def is_balanced(counts: Mapping[str, int], states: Mapping[str, Sequence[float]], total: float = 0.0) -> bool:
    """Return whether the atoms can have states, each its own, that add up to a total charge.

    Parameters
    ----------
    counts : mapping of str to int
        Atoms of every element.
    states : mapping of str to sequence of float
        States that an atom of the element may have, e.
    total : float
        e.

    Examples
    --------
    >>> is_balanced({"Fe": 3, "O": 4}, {"Fe": (2, 3), "O": (-2,)})
    True
    >>> is_balanced({"Fe": 3, "O": 4}, {"Fe": (3,), "O": (-2,)})
    False
    """
    sums = {0.0}
    for name, count in counts.items():
        first, *others = states[name]
        of_element = {0.0}
        for _ in range(count if others else 0):  # how the sum can differ from all atoms in the first state
            of_element |= {round(value + other - first, 6) for value in of_element for other in others}
        sums = {round(value + count * first + change, 6) for value in sums for change in of_element}
    return any(abs(value - total) < _TOLERANCE for value in sums)
