"""``nepkit calc``: properties from any potential; every module of this package adds commands."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nepkit.cli.command import group

group(
    "calc",
    "Properties from NEP, qNEP, MACE or any ASE calculator.",
    example="calc elastic cell.xyz -m nep.txt",
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
