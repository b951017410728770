"""Names that a package exports, imported when they are first used, so that importing the package costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def exporter(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` that takes every name from the module that is given for it.

    Parameters
    ----------
    package : str
        Name of the package, for messages.
    names : mapping of str to str
        The module of every exported name; ``module:other`` where it has another name there.

    Examples
    --------
    >>> get = exporter("numbers_of_mine", {"pi": "math", "root": "math:sqrt"})
    >>> get("root")(4.0)
    2.0
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, other = names[name].partition(":")
        return getattr(import_module(module), other or name)

    return get
