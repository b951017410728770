"""``nepkit data``: look into sets of frames and choose from them."""

from __future__ import annotations

from nepkit.cli.command import group

group("data", "Data sets: inspect, check, filter, split and edit.", example="data check train.xyz")

from nepkit.cli.data import edit, inspect, select  # noqa: E402 - the commands need the group
