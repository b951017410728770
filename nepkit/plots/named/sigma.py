"""Ionic conductivity against temperature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nepkit.core.errors import InputError
from nepkit.plots.arrhenius import FILES, OPTIONS, notes, numbers, panels, series
from nepkit.plots.plot import Option, Plot, Source

if TYPE_CHECKING:
    from nepkit.transport.temperatures import Temperatures


def read(
    sources: Sequence[Source],
    ion: str | None = None,
    charge: float | None = None,
    volume: Sequence[float] = (),
    directions: bool = False,
    window: tuple[float, float] | None = None,
    temperature: Sequence[float] = (),
    target: float = 300.0,
    model: Path | None = None,
) -> Temperatures:
    """Read the runs and fit their conductivities."""
    from nepkit.transport.temperatures import temperatures

    if not ion:
        raise InputError("which element is mobile? give --ion, for instance --ion Li")
    return temperatures(
        [source.given for source in sources], ion, symbol="sigma", charge=charge, directions=directions, window=window,
        kelvin=temperature, volume=volume, target=target, model=model,
    )  # fmt: skip


PLOT = Plot(
    name="sigma",
    summary="Conductivity against temperature: activation energy.",
    menu=654,
    also={"sigma_xyz": ("--directions",)},
    files=FILES,
    options=(
        *OPTIONS,
        Option("charge", "Charge of the ion, e (default: common oxidation state).", type=float),
        Option("volume", "Cell volume, A^3, of every run without thermo.out.", type=float, several=True),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="all",
    help="Nernst and Einstein, every ion by itself; nepkit transport conductivity has the collective one too.",
    example=("--ion", "Li"),
)
