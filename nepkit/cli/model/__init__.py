"""``nepkit model``: look into a NEP and change its architecture."""

from __future__ import annotations

from nepkit.cli.command import group

group("model", "Inspect a NEP and change its architecture.", example="model show nep.txt")

from nepkit.cli.model import inspect, operate  # noqa: E402
