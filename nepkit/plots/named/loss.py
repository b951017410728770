"""Loss curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.loss import Loss

SHOWN = {
    "energy": ("energy", "meV/atom"),
    "force": ("force", f"meV/{ANGSTROM}"),
    "virial": ("virial", "meV/atom"),
    "charge": ("total charge", "me/atom"),
    "bec": ("Born charges", "me"),
    "tensor": ("tensor", "10⁻³"),
}
"""Name and unit of a thousandth of every error."""
KINDS = ("nep", "qnep", "tnep", "gnep")
DASHES = ("-", "--", ":", "-.")


def read(source: Source, kind: str | None = None) -> Loss:
    """Read one loss curve."""
    from nepkit.gpumd.loss import read_loss

    return read_loss(source.path("loss.out"), kind)


@styled
def plot_loss(results: Loss | Mapping[str, Loss], *, ax: Any = None) -> Any:
    """Draw the root mean square errors of training, and of test in pale, against the generation.

    Parameters
    ----------
    results : Loss or mapping of str to Loss
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    units = set()
    for (label, result), dash in zip(named(results).items(), DASHES * len(named(results)), strict=False):
        for part, width, alpha in (("train", 1.6, 1.0), ("test", 2.6, 0.4)):
            for quantity, values in result.errors(part).items():
                name, unit = SHOWN[quantity]
                units.add(f"{name} in {unit}")
                text = " ".join(filter(None, [name, part, label if len(named(results)) > 1 else ""]))
                color = PALETTE[list(SHOWN).index(quantity)]
                ax.plot(result.generation, 1e3 * values, dash, color=color, linewidth=width, alpha=alpha, label=text)
        for row in result.starts:
            ax.axvline(result.generation[row], color="#9aa0ac", linewidth=0.8, zorder=0)
    ax.set(xscale="log", yscale="log", xlabel="generation", ylabel="root mean square error")
    ax.set_title("Training: " + ", ".join(sorted(units)), fontsize=8, fontweight="normal")
    low, high = ax.get_ylim()
    ax.set_ylim(low * (low / high) ** 0.35, high)  # room for the legend
    ax.legend(ncols=2, loc="lower left")
    return ax


@styled
def plot_terms(results: Loss | Mapping[str, Loss], *, ax: Any = None) -> Any:
    """Draw the total loss and its regularisation against the generation.

    Parameters
    ----------
    results : Loss or mapping of str to Loss
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for (label, result), dash in zip(named(results).items(), DASHES * len(named(results)), strict=False):
        for column, color in zip(("total", "L1", "L2"), PALETTE, strict=False):
            if column in result.columns:
                text = " ".join(filter(None, [column, label if len(named(results)) > 1 else ""]))
                ax.plot(result.generation, result.columns[column], dash, color=color, label=text)
    ax.set(xscale="log", yscale="log", xlabel="generation", ylabel="loss")
    ax.set_title("Terms of the loss")
    ax.legend()
    return ax


def panels(results: Mapping[str, Loss]) -> dict[str, Any]:
    """Return the panels: errors, and terms of the loss."""
    from functools import partial

    return {"errors": partial(plot_loss, results), "terms": partial(plot_terms, results)}


def numbers(results: Mapping[str, Loss]) -> list[Table]:
    """Return the last errors of every run and the least ones."""
    rows = []
    for label, result in results.items():
        for part in ("train", "test"):
            for quantity, values in result.errors(part).items():
                name, unit = SHOWN[quantity]
                least = int(values.argmin())
                rows.append((label, f"{name} {part}", unit, 1e3 * float(values[-1]), 1e3 * float(values[least]),
                             int(result.generation[least])))  # fmt: skip
    columns = ["file", "error", "unit", "last", "least", "at generation"]
    ends = [(label, int(result.generation[-1]), float(result.columns["total"][-1]), 1 + len(result.starts))
            for label, result in results.items()]  # fmt: skip
    return [
        Table("Root mean square errors", columns, rows, ["", "", "", ".4g", ".4g", ""]),
        Table("Runs", ["file", "generations", "total loss", "runs in the file"], ends),
    ]


def series(results: Mapping[str, Loss]) -> Table:
    """Return the columns of the files, in the units of the files."""
    return stacked(
        "Loss",
        {
            label: table_of_columns("", {"generation": result.generation, **result.columns})
            for label, result in results.items()
        },
    )


PLOT = Plot(
    name="loss",
    summary="Loss curves of nep, gnep and neppo.",
    menu=601,
    files=(File("loss.out", "a training run of nep, gnep or neppo"),),
    options=(
        Option("kind", "File layout where there is no header (default: detected).", choices=KINDS),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    size=(5.2, 3.8),
)  # fmt: skip
