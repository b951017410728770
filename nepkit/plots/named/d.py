"""Diffusion coefficient against temperature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nepkit.core.errors import InputError
from nepkit.plots.arrhenius import FILES, OPTIONS, notes, numbers, panels, series
from nepkit.plots.plot import Plot, Source

if TYPE_CHECKING:
    from nepkit.transport.temperatures import Temperatures


def read(
    sources: Sequence[Source],
    ion: str | None = None,
    directions: bool = False,
    window: tuple[float, float] | None = None,
    temperature: Sequence[float] = (),
    target: float = 300.0,
    model: Path | None = None,
) -> Temperatures:
    """Read the runs and fit their coefficients."""
    from nepkit.transport.temperatures import temperatures

    if not ion:
        raise InputError("which element is mobile? give --ion, for instance --ion Li")
    paths = [source.given for source in sources]
    return temperatures(
        paths, ion, directions=directions, window=window, kelvin=temperature, target=target, model=model
    )


PLOT = Plot(
    name="D",
    summary="Diffusion against temperature: activation energy.",
    menu=653,
    also={"D_xyz": ("--directions",)},
    files=FILES,
    options=OPTIONS,
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="all",
    help="FILES are run folders, or one folder of run folders; temperatures come from their files.",
    example=("--ion", "Li"),
)
