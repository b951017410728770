"""Formal charges of the atoms of a structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nepkit.core.errors import InputError


def formal_charges(elements: Iterable[str], given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the charge of every element: as given, else its common oxidation state, e.

    Raises
    ------
    InputError
        Where neither tells the charge of an element, or one is given for an element that is not there.

    Examples
    --------
    >>> formal_charges(["Li", "Cl"])
    {'Li': 1.0, 'Cl': -1.0}
    """
    from lr_correction.errors import SettingsError
    from lr_correction.oxidation import oxidation_states

    try:
        return oxidation_states(list(dict.fromkeys(elements)), given)
    except SettingsError as error:
        raise InputError(f"{error}; write for instance --charges Li=1,Cl=-1") from None


def parse_charges(text: str) -> dict[str, float]:
    """Return charges by element from ``Li=1,Cl=-1``.

    Raises
    ------
    InputError
        Where it is no list of elements and numbers.

    Examples
    --------
    >>> parse_charges("Li=1, Y=3,Cl=-1")
    {'Li': 1.0, 'Y': 3.0, 'Cl': -1.0}
    """
    from ase.data import atomic_numbers

    found = {}
    for item in filter(None, text.replace(",", " ").split()):
        name, sign, number = item.partition("=")
        try:
            if name not in atomic_numbers or not sign:
                raise ValueError
            found[name] = float(number)
        except ValueError:
            raise InputError(f"{item!r} is no charge of an element; write for instance Li=1,Cl=-1") from None
    return found
