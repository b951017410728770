"""All plots that have a name. Light: NumPy and matplotlib wait until a plot is drawn."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import nepkit.plots.named
from nepkit.core.errors import UnknownNameError, did_you_mean
from nepkit.plots.plot import Plot


@cache
def plots() -> dict[str, Plot]:
    """Return every plot by its name: the ``PLOT`` of every module of `nepkit.plots.named`, by menu number.

    Examples
    --------
    >>> plots()["loss"].files[0].name
    'loss.out'
    """
    names = [item.name for item in iter_modules(nepkit.plots.named.__path__)]
    found: list[Plot] = [import_module(f"nepkit.plots.named.{name}").PLOT for name in names]
    return {made.name: made for made in sorted(found, key=lambda made: made.menu)}


def by_name(name: str) -> Plot:
    """Return a plot by its name.

    Raises
    ------
    UnknownNameError
        With a guess at what was meant.
    """
    if name not in plots():
        raise UnknownNameError(f"unknown plot {name!r}: {did_you_mean(name, plots())}")
    return plots()[name]
