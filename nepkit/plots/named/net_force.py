"""Net force of every frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, styled

if TYPE_CHECKING:
    from nepkit.datasets.net_force import NetForces

UNIT = f"meV/{ANGSTROM}"


def read(source: Source) -> NetForces:
    """Read the net forces of a file of frames."""
    from nepkit.datasets.net_force import net_forces
    from nepkit.formats.files import read_frames

    path = source.path("train.xyz")
    return net_forces(read_frames(path), str(path))


@styled
def plot_net_forces(results: NetForces | Mapping[str, NetForces], *, ax: Any = None) -> Any:
    """Draw how many frames have a net force per atom of which length.

    Parameters
    ----------
    results : NetForces or mapping of str to NetForces
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    every = 1e3 * np.concatenate([one.length for one in named(results).values()])
    least = max(float(every[every > 0.0].min(initial=1.0)), 1e-7)
    edges = np.geomspace(0.9 * least, max(1.1 * float(every.max()), 2.0 * least), 41)
    for label, one in named(results).items():
        # A sum of exactly zero has no place on the axis; it is counted in the first bin.
        counts = np.histogram(np.maximum(1e3 * one.length, edges[0]), edges)[0]
        ax.stairs(counts, edges, fill=True, alpha=0.3)
        ax.stairs(counts, edges, label=label or None, color=ax.patches[-1].get_facecolor()[:3])
    ax.set(xscale="log", xlabel=f"net force per atom ({UNIT})", ylabel="frames")
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.set_title("Net force of the frames")
    if any(named(results)):
        ax.legend()
    return ax


def numbers(results: Mapping[str, NetForces], threshold: float = 1.0) -> list[Table]:
    """Return the sizes of the net forces and the worst frame."""
    import numpy as np

    rows = []
    for label, one in results.items():
        length = 1e3 * one.length
        worst = int(length.argmax())
        sizes = (float(np.median(length)), float(length.mean()), float(length[worst]))
        above, usual = int((length > threshold).sum()), 1e3 * float(np.sqrt((one.rms**2).mean()))
        rows.append((label, len(length), *sizes, int(one.frame[worst]), above, usual))
    columns = ["file", "frames", "median", "mean", "largest", "of frame", f"above {threshold:g}", "rms force"]
    return [Table(f"Net force per atom ({UNIT})", columns, rows,
                  ["", "", ".4g", ".4g", ".4g", "", "", ".4g"])]  # fmt: skip


def notes(results: Mapping[str, NetForces]) -> list[str]:
    """Return how many frames have no forces."""
    return [
        f"{label}: {one.without} frames without forces were left out" for label, one in results.items() if one.without
    ]


def series(results: Mapping[str, NetForces]) -> Table:
    """Return the net force of every frame."""
    parts = {}
    for label, one in results.items():
        columns = {f"{axis} (eV/A)": one.net[:, "xyz".index(axis)] for axis in "xyz"}
        parts[label] = table_of_columns("", {"frame": one.frame, **columns, "length (eV/A)": one.length})
    return stacked("Net force per atom", parts)


PLOT = Plot(
    name="net-force",
    summary="Net force per atom of every frame.",
    menu=613,
    files=(File("train.xyz", "you: frames with forces"),),
    options=(
        Option("threshold", f"Threshold above which frames are counted, {UNIT}.", type=float, default=1.0, minimum=0.0),
    ),
    read=read,
    draw=plot_net_forces,
    numbers=numbers,
    series=series,
    notes=notes,
)
