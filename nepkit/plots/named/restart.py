"""Parameters of a restart file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.predictions import Array, Restart


@dataclass(frozen=True)
class Parameters:
    """Parameters of a restart file and the parts they belong to.

    Parameters
    ----------
    restart : Restart
        Means and standard deviations.
    parts : dict of str to slice
        ``network`` and ``descriptor`` where nep.txt tells, else ``all``.
    """

    restart: Restart
    parts: dict[str, slice]


def read(source: Source) -> Parameters:
    """Read a restart file, and the sizes of its parts from nep.txt where it lies beside.

    Raises
    ------
    InputError
        Where nep.txt has fewer parameters than the restart file needs.
    """
    from nepkit.gpumd.predictions import read_restart

    path = source.path("nep.restart")
    restart = read_restart(path)
    count, model = len(restart.mu), source.find("nep.txt")
    if model is None:
        return Parameters(restart, {"all": slice(0, count)})
    from lr_correction.nepfile import read_nep

    nep = read_nep(model)
    descriptor = nep.c_radial.size + nep.c_angular.size
    if descriptor >= count:
        raise InputError(f"{path}: {count} parameters, but {model} has {descriptor} of its descriptor alone")
    return Parameters(
        restart, {"network": slice(0, count - descriptor), "descriptor": slice(count - descriptor, count)}
    )


@styled
def plot_parameters(results: Parameters | Mapping[str, Parameters], *, column: str = "mu", ax: Any = None) -> Any:
    """Draw means or standard deviations of the parameters in their order.

    Parameters
    ----------
    results : Parameters or mapping of str to Parameters
        From `read`.
    column : str
        ``mu`` or ``sigma``.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    number = 0
    for label, result in named(results).items():
        values: Array | None = getattr(result.restart, column)
        for part, where in result.parts.items():
            if values is not None:
                text = " ".join(filter(None, [part, label if len(named(results)) > 1 else ""]))
                ax.plot(range(where.start, where.stop), values[where], ".", markersize=2.5, alpha=0.6, label=text,
                        color=PALETTE[number % len(PALETTE)], markeredgewidth=0)  # fmt: skip
            number += 1
    ax.set_xlabel("parameter")
    ax.set_ylabel({"mu": "mean μ", "sigma": "standard deviation σ"}[column])
    ax.set_title({"mu": "Means", "sigma": "Standard deviations"}[column])
    if column == "sigma":
        ax.set_yscale("log")
    for handle in ax.legend(loc="best").legend_handles:
        handle.set(markersize=6, alpha=1.0)
    return ax


def panels(results: Mapping[str, Parameters]) -> dict[str, Any]:
    """Return the panels; gnep has no standard deviations."""
    from functools import partial

    columns = ["mu"] + ["sigma"] * any(result.restart.sigma is not None for result in results.values())
    return {column: partial(plot_parameters, results, column=column) for column in columns}


def numbers(results: Mapping[str, Parameters]) -> list[Table]:
    """Return how large the parameters are and how far they have settled."""
    rows = []
    for label, result in results.items():
        for part, where in result.parts.items():
            mu = result.restart.mu[where]
            sigma = None if result.restart.sigma is None else result.restart.sigma[where]
            spread = (None,) * 3 if sigma is None else (_middle(sigma), float(sigma.min()), float(sigma.max()))
            size = (float(abs(mu).mean()), float((mu**2).mean() ** 0.5), float(abs(mu).max()))
            rows.append((label, part, len(mu), *size, *spread))
    columns = ["file", "part", "parameters", "mean |μ|", "rms μ", "largest |μ|", "median σ", "least σ", "largest σ"]
    return [Table("Parameters", columns, rows, ["", "", "", *[".4g"] * 6])]


def _middle(values: Array) -> float:
    import numpy as np

    return float(np.median(values))


def series(results: Mapping[str, Parameters]) -> Table:
    """Return the columns of the files."""
    parts = {}
    for label, result in results.items():
        columns: dict[str, Any] = {"mu": result.restart.mu}
        if result.restart.sigma is not None:
            columns["sigma"] = result.restart.sigma
        parts[label] = table_of_columns("", columns)
    return stacked("Parameters", parts)


PLOT = Plot(
    name="restart",
    summary="Parameters of nep.restart: mean and deviation.",
    menu=608,
    files=(
        File("nep.restart", "a training run of nep"),
        File("nep.txt", "a training run of nep", needed=False),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
)
