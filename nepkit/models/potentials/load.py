"""One way to name a potential everywhere: the text of ``--model``.

==================================  ==========================================================================
``nep.txt``, ``qnep.txt``           a NEP or qNEP file
``nep.txt+charges.npz``             a NEP and the charges fitted atop it (`lr_correction.saved`)
``mace:FILE``                       a MACE model
``sevennet``, ``sevennet:NAME``     SevenNet
``chgnet``, ``chgnet:FILE``         CHGNet
``emt``                             effective-medium theory of ASE: metals, for trying things out
``own:FILE``                        a NEP by our own engine, which is the default where it was compiled
``single:FILE``                     the same with the work on pairs in single precision
``calorine:FILE``                   a NEP by calorine
``pynep:FILE``                      a NEP by PyNEP
``module:callable``                 Python: a function or class that returns an ASE calculator or a `Potential`
``A+B``                             the sum of two or more of these
==================================  ==========================================================================

A new family is one function and one line in `FAMILIES`.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.registry import Registry
from nepkit.models.potentials.combine import Committee, SumPotential
from nepkit.models.potentials.potential import CalculatorPotential, Potential

Family = Callable[[str, str, str], Potential]
"""Takes the text after the prefix, the device and the backend of NEPs."""

_HERE = "nepkit.models.potentials"
FAMILIES: Registry[Family] = Registry(
    "model",
    {
        "nep": f"{_HERE}.nep:nep_family",
        "charges": f"{_HERE}.nep:charges_family",
        "own": f"{_HERE}.nep:own_family",
        "single": f"{_HERE}.nep:single_family",
        "calorine": f"{_HERE}.nep:calorine_family",
        "pynep": f"{_HERE}.nep:pynep_family",
        "mace": f"{_HERE}.foundation:mace_family",
        "sevennet": f"{_HERE}.foundation:sevennet_family",
        "chgnet": f"{_HERE}.foundation:chgnet_family",
        "emt": f"{_HERE}.load:emt_family",
    },
)
"""Families of potentials by prefix."""


def load_potential(name: str | Path | Sequence[str | Path], *, device: str = "cpu", backend: str = "auto") -> Potential:
    """Return the potential of a name as on the command line, or the committee of several names.

    Parameters
    ----------
    name : str, Path, or sequence of them
        See the table of this module.
    device : str
        ``"cpu"`` or ``"cuda"``.
    backend : str
        Who evaluates NEP files, one of `nepkit.models.potentials.nep.BACKENDS`.

    Raises
    ------
    UnknownNameError
        Where the name is neither a file nor a family.
    MissingExtraError
        Where the family's package is not installed.
    lr_correction.errors.ModelError
        Where the file is not a NEP.

    Examples
    --------
    >>> load_potential("emt").elements[:3]
    ('Al', 'Cu', 'Ag')
    """
    if not isinstance(name, (str, Path)):
        members = [load_potential(one, device=device, backend=backend) for one in name]
        return members[0] if len(members) == 1 else Committee(members)
    text = str(name)
    if os.path.isfile(text):
        return FAMILIES["nep"](text, device, backend)
    if "+" in text:
        if text.endswith(".npz"):
            return FAMILIES["charges"](text.removeprefix("charges:"), device, backend)
        return SumPotential([load_potential(part, device=device, backend=backend) for part in text.split("+")])
    family, colon, rest = text.partition(":")
    found: Potential | None = None
    if family in FAMILIES:
        found = FAMILIES[family](rest, device, backend)
    elif colon and family.replace(".", "_").isidentifier() and rest.isidentifier():
        found = _from_python(family, rest, text)
    if isinstance(found, CalculatorPotential):
        found.remake = (_again, (text, device, backend))
    if found is not None:
        return found
    if os.sep in text or text.endswith(".txt"):
        raise InputError(f"{text}: no such file; expected a NEP, or one of {', '.join(FAMILIES)} or module:callable")
    known = [*FAMILIES, "module:callable"]
    raise UnknownNameError(f"no model {text!r}: no such file, and no family of that name; {did_you_mean(text, known)}")


def _again(text: str, device: str, backend: str) -> Potential:
    return load_potential(text, device=device, backend=backend)


def as_potential(calculator: Any, name: str = "") -> Potential:
    """Return the potential of an ASE calculator, of a function that makes one, or of a name; a `Potential` as it is.

    A calculator is copied wherever one with its own state is needed; give a function where that is slow.

    Examples
    --------
    >>> from ase.calculators.emt import EMT
    >>> as_potential(EMT()).name
    'EMT'
    """
    if isinstance(calculator, Potential):
        return calculator
    if isinstance(calculator, (str, Path)):
        return load_potential(calculator)
    if hasattr(calculator, "get_property") and not isinstance(calculator, type):
        return CalculatorPotential(partial(copy.deepcopy, calculator), name or type(calculator).__name__)
    if callable(calculator):
        return CalculatorPotential(calculator, name or getattr(calculator, "__name__", "calculator"))
    raise InputError(
        f"{calculator!r} is no potential; expected an ASE calculator, a function that makes one, or a name"
    )


def _from_python(module: str, attribute: str, text: str) -> Potential:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` does: the module is often a file beside the data
    try:
        factory = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{text}: cannot import {attribute} from {module}: {error}") from None
    made = factory()
    if isinstance(made, Potential):
        return made
    if not hasattr(made, "get_property"):
        raise InputError(f"{text}: returns {type(made).__name__}, expected an ASE calculator or a Potential")
    return CalculatorPotential(factory, text)


def emt_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return the effective-medium theory of ASE."""
    from ase.calculators.emt import EMT, parameters

    return CalculatorPotential(EMT, "emt", tuple(parameters))
