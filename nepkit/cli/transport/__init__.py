"""``nepkit transport``: from a run to diffusion, conductivity, activation energy and percolation, with errors."""

from __future__ import annotations

from nepkit.cli.command import group

group(
    "transport",
    "Diffusion, conductivity, activation energies with errors.",
    example="transport conductivity run/ --ion Li",
)

from nepkit.cli.transport import (  # noqa: E402 - as above
    conductivity,
    displacements,
    distribution,
    hydroxide,
    percolation,
    report,
    sites,
    temperature,
)
