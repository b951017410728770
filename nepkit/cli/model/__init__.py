"""``nepkit model``: look into a NEP and change its architecture."""

from __future__ import annotations

from nepkit.cli.command import group

group("model", "Look into a NEP and change its architecture.")

from nepkit.cli.model import inspect, operate  # noqa: E402
