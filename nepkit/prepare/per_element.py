"""Lists in inputs of a template with one value for every species or every atom.

Such a list is right for one order of species alone. It is given per element (``LDAUU = Fe:4 O:0``) and written out in
the order of each structure; as plain numbers it is taken for structures of one and the same order only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nepkit.core.errors import InputError

_NAMED = re.compile(r"([A-Z][a-z]?):(\S+)")
_REPEATED = re.compile(r"(\d+)\*(\S+)")


def expanded(words: Sequence[str]) -> list[str]:
    """Return the values of a list, repetitions such as ``2*1.0`` written out.

    Examples
    --------
    >>> expanded(["2*1.0", "0"])
    ['1.0', '1.0', '0']
    """
    values: list[str] = []
    for word in words:
        found = _REPEATED.fullmatch(word)
        values += [found[2]] * int(found[1]) if found else [word]
    return values


def named(words: Sequence[str], order: Sequence[str], where: str) -> list[str] | None:
    """Return values given per element in the order of a structure; None where the list has no names.

    Parameters
    ----------
    words : sequence of str
        Such as ``["Fe:4", "O:0"]``; several numbers of one atom are joined by commas, ``Fe:0,0,5``.
    order : sequence of str
        Elements, of species or atoms, in the order of the list that is returned.
    where : str
        Names file and list in messages.

    Raises
    ------
    InputError
        Where names and plain numbers are mixed, or an element is missing or named twice.

    Examples
    --------
    >>> named(["Fe:4", "O:0"], ["O", "Fe", "Fe"], "INCAR, LDAUU")
    ['0', '4', '4']
    """
    found = [_NAMED.fullmatch(word) for word in words]
    if not any(found):
        return None
    values: dict[str, str] = {}
    for word, item in zip(words, found, strict=True):
        if item is None:
            raise InputError(f"{where}: {word!r} is not ELEMENT:VALUE as the others are")
        if item[1] in values:
            raise InputError(f"{where}: {item[1]} has two values")
        values[item[1]] = item[2].replace(",", " ")
    missing = [element for element in dict.fromkeys(order) if element not in values]
    if missing:
        raise InputError(f"{where}: no value of {missing[0]}; add {missing[0]}:VALUE")
    return [values[element] for element in order]


class SameOrder:
    """Lists of plain numbers: all structures that get one must have the species, or the atoms, in one order.

    Examples
    --------
    >>> lists = SameOrder()
    >>> lists.require("LDAUU", ["Fe", "O"], "INCAR", "a.xyz")
    >>> lists.require("LDAUU", ["O", "Fe"], "INCAR", "b.xyz")
    Traceback (most recent call last):
    nepkit.core.errors.InputError: INCAR: LDAUU is a list for Fe O (a.xyz), but b.xyz has O Fe
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[list[str], str]] = {}

    def require(self, name: str, order: Sequence[str], file: str, whose: str, remedy: str = "") -> None:
        """Raise where an earlier structure with this list had another order.

        Raises
        ------
        InputError
            Names the list, both structures, their orders and the remedy.
        """
        first, other = self._first.setdefault(name, (list(order), whose))
        if first != list(order):
            told = f"{name} is a list for {_shown(first)} ({other}), but {whose} has {_shown(order)}"
            raise InputError(f"{file}: {told}{remedy and '; ' + remedy}")


def _shown(order: Sequence[str]) -> str:
    """Return an order as runs, ``Fe2 O4``."""
    runs: list[tuple[str, int]] = []
    for element in order:
        if runs and runs[-1][0] == element:
            runs[-1] = (element, runs[-1][1] + 1)
        else:
            runs.append((element, 1))
    shown = [element if count == 1 else f"{element}{count}" for element, count in runs]
    return " ".join(shown if len(shown) <= 8 else [*shown[:8], "..."])
