"""``nepkit calc``: properties from any potential."""

from __future__ import annotations

from nepkit.cli.command import group

group("calc", "Properties from any potential: NEP, NEP with charges, MACE, any ASE calculator.")

from nepkit.cli.calc import atoms, cells, local, minimize, neb, predict, sites  # noqa: E402, F401 - as above
