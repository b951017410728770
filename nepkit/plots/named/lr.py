"""Learning rate of gnep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import styled

if TYPE_CHECKING:
    from nepkit.gpumd.loss import Loss


def read(source: Source) -> Loss:
    """Read a loss curve that has the learning rate.

    Raises
    ------
    InputError
        Where it has none.
    """
    from nepkit.gpumd.loss import read_loss

    path = source.path("loss.out")
    found = read_loss(path)
    if "learning_rate" not in found.columns:
        raise InputError(f"{path}: no learning rate in this loss curve; gnep writes one, nep has none")
    return found


@styled
def plot_learning_rate(results: Loss | Mapping[str, Loss], *, ax: Any = None) -> Any:
    """Draw the learning rate against the epoch.

    Parameters
    ----------
    results : Loss or mapping of str to Loss
        With a learning rate.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for label, result in named(results).items():
        ax.plot(result.generation, result.columns["learning_rate"], label=label)
    ax.set(yscale="log", xlabel="epoch", ylabel="learning rate")
    ax.set_title("Learning rate")
    if len(named(results)) > 1:
        ax.legend()
    return ax


def numbers(results: Mapping[str, Loss]) -> list[Table]:
    """Return the highest and the last learning rate, and the time taken."""
    rows = []
    for label, result in results.items():
        rate, clock = result.columns["learning_rate"], result.columns.get("time")
        highest = int(rate.argmax())
        rows.append((label, float(rate[highest]), int(result.generation[highest]), float(rate[-1]),
                     int(result.generation[-1]), None if clock is None else float(clock[-1])))  # fmt: skip
    return [Table("Learning rate", ["file", "highest", "at epoch", "last", "epochs", "time (s)"], rows)]


def series(results: Mapping[str, Loss]) -> Table:
    """Return the learning rate of every epoch."""
    return stacked(
        "Learning rate",
        {label: table_of_columns("", {"epoch": one.generation, "learning rate": one.columns["learning_rate"]})
         for label, one in results.items()},
    )  # fmt: skip


PLOT = Plot(
    name="lr",
    summary="Learning rate of gnep against the epoch.",
    menu=607,
    files=(File("loss.out", "a training run of gnep"),),
    read=read,
    draw=plot_learning_rate,
    numbers=numbers,
    series=series,
    in_report=False,  # few loss curves have one
)
