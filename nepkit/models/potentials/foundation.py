"""Message-passing models with a package of their own, each loaded only when it is asked for.

The weights are read once; every calculator that a potential returns shares them and keeps its own results.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from ase.data import chemical_symbols

from nepkit.core.errors import InputError, MissingExtraError, NepkitError
from nepkit.models.potentials.potential import CalculatorPotential, Potential


def _require(module: str, package: str, extra: str) -> Any:
    try:
        with redirect_stdout(sys.stderr):  # what packages tell at import is no result
            return import_module(module)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("", module.partition(".")[0]):
            raise MissingExtraError(package, extra) from None
        raise NepkitError(f"{package} is installed but does not load: it needs {error.name}") from None
    except Exception as error:  # a package that is there but refuses the versions beside it, each in its own way
        raise NepkitError(f"{package} is installed but does not load: {error}") from error


def mace_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return the potential of a MACE model file, in double precision."""
    calculators = _require("mace.calculators", "mace-torch", "mace")
    torch = import_module("torch")
    if not Path(text).is_file():
        raise InputError(f"mace:{text}: no such file; give a MACE model as mace:FILE")
    try:
        model = torch.load(text, map_location=device, weights_only=False)
        elements = tuple(chemical_symbols[int(number)] for number in model.atomic_numbers)
        cutoff = float(model.r_max) * int(model.num_interactions)
    except Exception as error:  # whatever the unpickler meets
        raise InputError(f"{text}: not a MACE model: {type(error).__name__}") from error

    def factory() -> Any:
        return calculators.MACECalculator(models=[model], device=device, default_dtype="float64")

    return CalculatorPotential(factory, f"mace:{text}", elements, cutoff)


def sevennet_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return SevenNet: the model that comes with its package, or a named one or a checkpoint file."""
    calculators = _require("sevenn.calculator", "sevenn", "sevenn")
    name = text or "7net-0"
    first: list[Any] = []

    def factory() -> Any:
        if not first:
            first.append(calculators.SevenNetCalculator(name, device=device).model)
        return calculators.SevenNetCalculator(first[0], device=device)

    return CalculatorPotential(factory, f"sevennet:{name}")


def chgnet_family(text: str, device: str = "cpu", backend: str = "") -> Potential:
    """Return CHGNet: the model that comes with its package, or a file."""
    dynamics = _require("chgnet.model.dynamics", "chgnet", "chgnet")
    models = import_module("chgnet.model.model")
    with redirect_stdout(sys.stderr):
        model = models.CHGNet.from_file(text) if text else models.CHGNet.load(verbose=False)

    def factory() -> Any:
        with redirect_stdout(sys.stderr):  # it tells its device
            return dynamics.CHGNetCalculator(model, use_device=device)

    return CalculatorPotential(factory, f"chgnet:{text}" if text else "chgnet")
