"""Averages over bins of space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, table_of_columns
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import ANGSTROM, styled

if TYPE_CHECKING:
    from nepkit.core.statistics.averages import Array


@dataclass(frozen=True)
class Profile:
    """Averages over bins along one direction.

    Parameters
    ----------
    position : ndarray, shape (B,)
        Middles of the bins, A.
    values : dict of str to (ndarray, ndarray or None), each of shape (B,)
        By quantity with unit: mean over the outputs, and its standard error over ten blocks of them.
    outputs : int
        Outputs averaged.
    """

    position: Array
    values: dict[str, tuple[Array, Array | None]]
    outputs: int


def read(source: Source, window: tuple[float, float] = (0.5, 1.0)) -> Profile:
    """Read compute_chunk.out and average it over a part of the run."""
    from numpy import array, array_split, sqrt

    from nepkit.core.statistics.averages import part_of
    from nepkit.gpumd.profiles import CHUNK_QUANTITIES, read_chunks
    from nepkit.inputs.runfile import read_run_file

    path, inputs = source.path("compute_chunk.out"), source.find("run.in")
    run = read_run_file(inputs).with_keyword("compute_chunk") if inputs else None
    words = run.find("compute_chunk") if run else ()
    found = read_chunks(path, [word for word in words or () if word in CHUNK_QUANTITIES])
    if found.centers.shape[1] != 1:
        raise InputError(f"{path}: bins in {found.centers.shape[1]} directions have no profile; use bin/1d")
    values = {}
    rows = part_of(found.count[:, 0], window)
    for name, series in {"atoms": found.count, **found.values}.items():
        part = series[rows]
        blocks = array([block.mean(axis=0) for block in array_split(part, 10)]) if len(part) >= 20 else None
        error = None if blocks is None else blocks.std(axis=0, ddof=1) / sqrt(10)
        unit = CHUNK_QUANTITIES.get(name, "")
        values[f"{name} ({unit})" if unit else name] = (part.mean(axis=0), error)
    return Profile(found.centers[:, 0], values, rows.stop - rows.start)


@styled
def plot_profile(result: Profile, name: str, *, ax: Any = None) -> Any:
    """Draw one quantity along the bins with its error.

    Parameters
    ----------
    result : Profile
        What was read.
    name : str
        Quantity.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    mean, error = result.values[name]
    ax.errorbar(result.position, mean, yerr=error, fmt="o-", markersize=3, capsize=2, linewidth=1.0)
    ax.set_xlabel(f"position ({ANGSTROM})")
    ax.set_ylabel(name.replace("A^3", f"{ANGSTROM}³"))
    return ax


def panels(result: Profile) -> dict[str, Panel]:
    """Return a panel per quantity."""
    return {name.partition(" ")[0]: partial(plot_profile, result, name) for name in result.values}


def numbers(result: Profile) -> list[Table]:
    """Return least, largest and mean value of every quantity."""
    rows = [
        (name, float(mean.min()), float(mean.max()), float(mean.mean())) for name, (mean, _) in result.values.items()
    ]
    return [Table(f"Profile, mean of {result.outputs} outputs", ["quantity", "least", "largest", "mean"], rows)]


def series(result: Profile) -> Table:
    """Return the profiles."""
    columns: dict[str, Any] = {"position (A)": result.position}
    for name, (mean, error) in result.values.items():
        columns[name] = mean
        if error is not None:
            columns[f"error of {name}"] = error
    return table_of_columns("Profile", columns)


PLOT = Plot(
    name="profile",
    summary="Temperature, density and velocity in bins.",
    menu=664,
    files=(File("compute_chunk.out", "compute_chunk of gpumd"), File("run.in", "you", needed=False)),
    options=(Option("window", "Averaging window as fractions of the run.", type=float, default=(0.5, 1.0), count=2),),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    takes="one",
    size=(4.0, 3.0),
)
