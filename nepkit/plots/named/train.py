"""A training at one glance: loss curve and parity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table
from nepkit.plots.named import loss as loss_plot
from nepkit.plots.named import parity as parity_plot
from nepkit.plots.named.parity import DENSITY, PART, QUANTITIES, Sets
from nepkit.plots.plot import Plot, Source

if TYPE_CHECKING:
    from nepkit.gpumd.loss import Loss


@dataclass(frozen=True)
class Training:
    """Loss curve and predictions of one training."""

    loss: Loss
    predictions: Sets


def read(source: Source, part: str = "both") -> Training:
    """Read loss curve and predictions of a folder."""
    return Training(loss_plot.read(source), parity_plot.read_sets(source, part, QUANTITIES))


def panels(result: Training, density: bool = False) -> dict[str, Callable[..., Any]]:
    """Return the panels: errors against generation, and parity of every quantity."""
    first = loss_plot.panels({"": result.loss})
    return {"loss": first["errors"]} | parity_plot.panels({"": result.predictions}, density=density)


def numbers(result: Training) -> list[Table]:
    """Return the numbers of both."""
    return [*parity_plot.numbers({"": result.predictions}), *loss_plot.numbers({"": result.loss})]


def series(result: Training) -> Table:
    """Return every pair of reference and prediction; the curves are those of the plot ``loss``."""
    return parity_plot.series({"": result.predictions})


def notes(result: Training) -> Sequence[str]:
    """Return what was left out for want of a reference."""
    return parity_plot.notes({"": result.predictions})


PLOT = Plot(
    name="train",
    summary="A training at one glance: loss and parity.",
    menu=606,
    also={"train_test": (), "train_density": ("--density",)},
    files=(*loss_plot.PLOT.files, *parity_plot.PLOT.files),
    options=(PART, DENSITY),
    takes="one",
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    in_report=False,
    notes=notes,
    size=(4.2, 3.9),
)
