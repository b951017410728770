"""Maps of descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table
from nepkit.plots.labels import distinct
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.sampling.projection import Array, Projection

METHODS = ("pca", "umap")
COLORS = ("set", "energy", "composition")


@dataclass(frozen=True)
class Map:
    """Frames or atoms on a plane.

    Parameters
    ----------
    projection : Projection
        Where they are.
    sets : list of str
        The file of every point.
    energy : ndarray, shape (P,)
        eV/atom, nan where there is none.
    formulas : list of str
        Reduced formula of every frame; empty where only descriptors were read.
    """

    projection: Projection
    sets: list[str]
    energy: Array
    formulas: list[str]


def read(
    sources: Sequence[Source],
    model: Path | None = None,
    by: str = "frame",
    method: str = "pca",
    standardize: bool = False,
    seed: int = 0,
) -> Map:
    """Read descriptors (npy, descriptor.out), or evaluate those of frames, and bring them to a plane.

    Raises
    ------
    InputError
        Where frames have no model, or files have different numbers of columns.
    """
    import numpy as np

    from nepkit.sampling.projection import pca, umap

    names = distinct([source.given for source in sources])
    tables: list[Array] = []
    energies: list[Array] = []
    sets: list[str] = []
    formulas: list[str] = []
    for source, name in zip(sources, names, strict=True):
        table, energy, formula = _descriptors(source, model, by)
        if tables and table.shape[1] != tables[0].shape[1]:
            raise InputError(
                f"{source.given}: {table.shape[1]} descriptors, those of {names[0]} are {tables[0].shape[1]}"
            )
        tables.append(table)
        energies.append(energy)
        formulas += formula
        sets += [name] * len(table)
    values = np.concatenate(tables)
    made = pca(values, standardize=standardize) if method == "pca" else umap(values, seed=seed)
    return Map(made, sets, np.concatenate(energies), formulas if len(formulas) == len(sets) else [])


def _descriptors(source: Source, model: Path | None, by: str) -> tuple[Array, Array, list[str]]:
    import numpy as np

    path = source.path("train.xyz")
    if path.suffix in (".npy", ".npz", ".out"):
        table = _table(path)
        return table, np.full(len(table), np.nan), []
    from nepkit.formats.files import read_frames
    from nepkit.frames import labels
    from nepkit.sampling.descriptors import frame_descriptors

    model = model or source.find("nep.txt")
    if model is None:
        raise InputError(f"{path}: give --model nep.txt, whose descriptors of these frames are drawn")
    frames = list(read_frames(path))
    table = frame_descriptors(frames, model, by="element" if by == "element" else "frame", source=str(path))
    known = [labels(atoms).energy for atoms in frames]
    energy = [np.nan if value is None else value / len(atoms) for value, atoms in zip(known, frames, strict=True)]
    return table, np.array(energy), [atoms.symbols.formula.reduce()[0].format("metal") for atoms in frames]


def _table(path: Path) -> Array:
    import numpy as np

    from nepkit.gpumd.tables import read_rows

    if path.suffix == ".out":
        return read_rows(path)
    try:
        loaded = np.load(path)
        table = np.asarray(loaded["values"] if path.suffix == ".npz" else loaded, dtype=float)
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: not an array of numbers: {error}") from None
    if table.ndim != 2:
        raise InputError(f"{path}: an array of shape {table.shape}, expected one row of descriptors per atom or frame")
    return table


@styled
def plot_map(result: Map, *, color: str = "set", ax: Any = None) -> Any:
    """Draw the points, coloured by file, energy or composition.

    Parameters
    ----------
    result : Map
        From `read`.
    color : str
        ``set``, ``energy`` or ``composition``.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        Where there is nothing to colour by.
    """
    import numpy as np

    points = result.projection.points
    size = float(np.clip(3000.0 / len(points), 3.0, 22.0))
    if color == "energy":
        if not np.isfinite(result.energy).any():
            raise InputError("no energies to colour by; choose --color set")
        drawn = ax.scatter(*points.T, c=result.energy, s=size, cmap="viridis", linewidths=0, alpha=0.85)
        ax.figure.colorbar(drawn, ax=ax, label="energy (eV/atom)")
    else:
        groups = np.array(result.sets if color == "set" else result.formulas)
        if not len(groups):
            raise InputError("no compositions to colour by: these files hold descriptors alone; choose --color set")
        for index, name in enumerate(dict.fromkeys(groups.tolist())):
            ax.scatter(*points[groups == name].T, s=size, color=PALETTE[index % len(PALETTE)], label=name, linewidths=0,
                       alpha=0.7)  # fmt: skip
        ax.legend(markerscale=1.5)
    explained = result.projection.explained
    for axis, number in (("x", 0), ("y", 1)):
        share = "" if explained is None else f" ({100 * explained[number]:.1f} % of the variance)"
        ax.set(**{f"{axis}label": f"{'component' if share else 'UMAP'} {number + 1}{share}"})
    ax.set_title("Descriptors")
    return ax


def numbers(result: Map) -> list[Table]:
    """Return the shares of the variance, and where every set lies."""
    import numpy as np

    tables = []
    explained = result.projection.explained
    if explained is not None:
        shares = 100.0 * explained[:5]
        rows = [(number, float(share), float(total))
                for number, (share, total) in enumerate(zip(shares, np.cumsum(shares), strict=True), 1)]  # fmt: skip
        tables.append(Table("Variance along the components (%)", ["component", "share", "together"], rows,
                            ["", ".2f", ".2f"]))  # fmt: skip
    sets = np.array(result.sets)
    rows = []
    for name in dict.fromkeys(result.sets):
        points = result.projection.points[sets == name]
        spread = points.std(axis=0, ddof=1).tolist() if len(points) > 1 else [None, None]
        rows.append((name, len(points), *points.mean(axis=0).tolist(), *spread))
    columns = ["set", "points", "mean 1", "mean 2", "spread 1", "spread 2"]
    return [*tables, Table("Sets", columns, rows, ["", "", *[".4g"] * 4])]


def series(result: Map) -> Table:
    """Return the coordinates of every point."""
    formulas: Sequence[str | None] = result.formulas or [None] * len(result.sets)
    energies = [None if value != value else value for value in result.energy.tolist()]
    rows = [(name, *point, energy, formula)
            for name, point, energy, formula in zip(result.sets, result.projection.points.tolist(), energies, formulas,
                                                    strict=True)]  # fmt: skip
    return Table("Points", ["set", "1", "2", "energy (eV/atom)", "formula"], rows)


PLOT = Plot(
    name="des",
    summary="Map of descriptors: PCA or UMAP.",
    help="FILES are frames (xyz), whose mean descriptors by --model are drawn, or descriptors (npy, descriptor.out).",
    menu=612,
    files=(
        File("train.xyz", "you: frames"),
        File("nep.txt", "nep (the model)", needed=False),
        File("descriptor.out", "nep with output_descriptor", needed=False),
        File("*.npy", "you: an array of descriptors", needed=False),
    ),
    options=(
        Option("model", "NEP or qNEP whose descriptors are drawn (default: nep.txt beside the frames).", type=Path),
        Option("by", "Mean over all atoms, or one mean per element side by side.", choices=("frame", "element"),
               default="frame"),
        Option("method", "Method of dimensionality reduction.", choices=METHODS, default="pca"),
        Option("color", "Quantity shown by the colours.", choices=COLORS, default="set"),
        Option("standardize", "Divide every component by "
                              "its standard deviation first (pca).", type=bool, default=False),
        Option("seed", "Random seed of UMAP.", type=int, default=0, minimum=0),
    ),
    takes="all",
    read=read,
    draw=plot_map,
    numbers=numbers,
    series=series,
)  # fmt: skip
