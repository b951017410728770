"""``nepkit data``: look into sets of frames and choose from them."""

from __future__ import annotations

from nepkit.cli.command import group

group("data", "Sets of frames: look into them, check, choose and change them.")

from nepkit.cli.data import edit, inspect, select  # noqa: E402 - the commands need the group
