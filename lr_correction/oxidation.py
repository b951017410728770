"""Common oxidation states: where a charge fit starts when nothing else is known."""

import math
from collections.abc import Iterable, Mapping

from .errors import SettingsError

#: Most common oxidation state in ionic and molecular solids (Greenwood and Earnshaw, Chemistry of the Elements, 1997).
OXIDATION_STATES: Mapping[str, float] = {
    **dict.fromkeys(("H", "Li", "Na", "K", "Rb", "Cs", "Ag", "Cu", "Tl"), 1.0),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Mn", "Ni", "Co", "Pb", "Pd", "Pt", "Hg", "Eu"), 2.0),
    **dict.fromkeys(("B", "Al", "Ga", "In", "Sc", "Y", "Bi", "Fe", "Cr", "Au", "Rh", "Sb", "As", "La", "Ce"), 3.0),
    **dict.fromkeys(("Pr", "Nd", "Sm", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Pm"), 3.0),
    **dict.fromkeys(("C", "Si", "Ge", "Sn", "Ti", "Zr", "Hf", "Ru", "Ir", "Th", "U", "Os", "Te"), 4.0),
    **dict.fromkeys(("P", "V", "Nb", "Ta", "Pa"), 5.0),
    **dict.fromkeys(("Mo", "W"), 6.0),
    **dict.fromkeys(("Re", "Tc"), 7.0),
    **dict.fromkeys(("O", "S", "Se"), -2.0),
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1.0),
    "N": -3.0,
    **dict.fromkeys(("He", "Ne", "Ar", "Kr", "Xe"), 0.0),
}


def oxidation_states(elements: Iterable[str], given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return a starting charge for every element: as given, else the common oxidation state.

    Parameters
    ----------
    elements
        Chemical symbols.
    given
        Charges in e that replace the table's.

    Raises
    ------
    SettingsError
        If a charge is given for an element that is not among `elements`, is no finite number, or the table lacks one.

    Examples
    --------
    >>> oxidation_states(["Li", "Y", "Cl"], {"Y": 2.5})
    {'Li': 1.0, 'Y': 2.5, 'Cl': -1.0}
    """
    elements, given = list(elements), dict(given or {})
    if stray := sorted(set(given) - set(elements)):
        raise SettingsError(f"a charge is given for {stray[0]}, but the model's elements are {' '.join(elements)}")
    if missing := [e for e in elements if e not in given and e not in OXIDATION_STATES]:
        raise SettingsError(f"no common oxidation state is known for {missing[0]}: give its starting charge")
    return {e: _number(e, given[e]) if e in given else OXIDATION_STATES[e] for e in elements}


def _number(element: str, charge: float) -> float:
    try:
        number = float(charge)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise SettingsError(f"the starting charge of {element} is {charge!r}, expected a finite number")
    return number
