"""Networks that go on for ever."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.shared import row_of, table_of
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.percolation.statistics import Network


@command("transport percolation", menu=415)
@click.argument("frames", type=options.FILE, nargs=-1, required=True)
@click.option("--element", "elements", multiple=True, required=True, help="Element of the network nodes; repeatable.")
@click.option("--cutoff", type=click.FloatRange(min=0.0, min_open=True), required=True, help="Maximum link length, A.")
@click.option("--lifetime", type=click.IntRange(1), help="Count only links that last at least this number of frames.")
@click.option("--within", type=click.IntRange(1), help="Count links formed at any time within this number of frames.")
@click.option(
    "--loading",
    "loadings",
    type=float,
    multiple=True,
    help="Loading, composition or water content of each file; gives a table and the percolation threshold.",
)
@options.save("Output: plot against loading (png, pdf, svg), or result as json or text.")
def percolation(
    frames: tuple[Path, ...],
    elements: tuple[str, ...],
    cutoff: float,
    lifetime: int | None,
    within: int | None,
    loadings: tuple[float, ...],
) -> Output:
    """Probability that a network percolates.

    Atoms of the elements are linked when closer than the cutoff, through every image of the cell. A cluster that is
    linked to its own image is endless; its rank is the number of independent directions in which it is. With --loading
    several files are compared, and with cells of two sizes the threshold is where their curves cross.
    """
    if lifetime and within:
        raise InputError("--lifetime and --within exclude each other")
    if loadings and len(loadings) != len(frames):
        raise InputError(f"{len(loadings)} --loading for {len(frames)} files; give one each, in the same order")
    if len(frames) > 1 and not loadings:
        raise InputError("several files need a --loading each")
    found = [_network(path, elements, cutoff, lifetime, within) for path in frames]
    if loadings:
        return _against_loading(frames, found, loadings)
    return _of_one(found[0], f"{'-'.join(elements)} within {cutoff:g} A")


def _network(path: Path, elements: tuple[str, ...], cutoff: float, lifetime: int | None, within: int | None) -> Network:
    from nepkit.formats.files import read_snapshots
    from nepkit.percolation.statistics import network
    from nepkit.transport.lasting_network import lasting_network

    window = lifetime or within
    if window is None:
        return network(read_snapshots(path), elements, cutoff, str(path))
    return lasting_network(
        read_snapshots(path), elements, cutoff, window, lasting=lifetime is not None, where=str(path)
    )  # fmt: skip


def _of_one(found: Network, title: str) -> Output:
    by_rank = {rank: found.probability(rank) for rank in (1, 2, 3)}
    along = {axis: found.along(index) for axis, index in zip("abc", range(3), strict=True)}
    rows = [row_of(f"rank {rank} or more", part) for rank, part in by_rank.items()]
    rows += [row_of(f"around {axis}", part) for axis, part in along.items()]
    means = {
        "largest cluster": float(found.largest.mean()),
        "in endless clusters": float(found.endless.mean()),
        "neighbours": float(found.neighbours.mean()),
    }
    rows += [(name, value, None, None, "") for name, value in means.items()]
    return Output(
        data={
            "probability": by_rank[1].json(),
            "probability_of_rank": {rank: part.json() for rank, part in by_rank.items()},
            "probability_around": {axis: part.json() for axis, part in along.items()},
            "rank": found.rank, "largest": found.largest, "endless": found.endless, "neighbours": found.neighbours,
            "frames": len(found.rank), "independent_frames": found.independent,
        },
        tables=[table_of(f"{title}, {len(found.rank)} frames or windows", rows)],
        text=f"\nThe frames are worth {found.independent:.1f} independent ones.",
    )  # fmt: skip


def _against_loading(frames: tuple[Path, ...], found: list[Network], loadings: tuple[float, ...]) -> Output:
    from nepkit.formats.files import read_snapshots
    from nepkit.percolation.statistics import threshold
    from nepkit.plots.percolation import plot_percolation

    edges = [_edge(next(read_snapshots(path)).cell) for path in frames]
    probability = [item.probability() for item in found]
    reason, place = "", None
    try:
        worth = [item.independent for item in found]
        successes = [part.value * count for part, count in zip(probability, worth, strict=True)]
        sizes = [round(edge, 1) for edge in edges]
        place, _ = threshold(loadings, sizes, successes, worth)
    except InputError as error:
        reason = str(error)
    rows = [
        (str(path), loading, edge, part.value, f"{part.low:.3f} to {part.high:.3f}", item.independent)
        for path, loading, edge, part, item in zip(frames, loadings, edges, probability, found, strict=True)
    ]
    return Output(
        data={
            "threshold": place.json() if place else None, "why_no_threshold": reason,
            "files": [
                {"file": path, "loading": loading, "edge": edge, "probability": part.json()}
                for path, loading, edge, part in zip(frames, loadings, edges, probability, strict=True)
            ],
        },
        tables=[
            Table("Percolation", ["file", "loading", "edge (A)", "probability", "95 %", "independent frames"], rows,
                  ["", "", ".1f", ".3f", "", ".1f"])
        ],
        text=f"\nThreshold: {place.value:.4g} ± {place.error:.2g}" if place else f"\nNo threshold: {reason}",
        figure=options.figure_if_wanted(lambda: plot_percolation(loadings, edges, probability, place)),
    )  # fmt: skip


def _edge(cell: Any) -> float:
    import numpy as np

    return float(abs(np.linalg.det(cell)) ** (1.0 / 3.0))


@command("transport composite", menu=458, csv=True)
@click.option("--loading", "loadings", type=float, multiple=True, required=True, help="Volume fraction of the filler.")
@click.option(
    "--edge",
    "edges",
    type=float,
    multiple=True,
    default=(12.0, 20.0),
    show_default=True,
    help="Edge of the cubic box in filler radii; two or more values give a threshold.",
)
@click.option(
    "--shell",
    type=click.FloatRange(0.0),
    default=0.0,
    show_default=True,
    help="Thickness of the interphase shell in filler radii; zero for the filler itself.",
)
@click.option(
    "--length",
    type=click.FloatRange(0.0),
    default=0.0,
    show_default=True,
    help="Length of the straight part of rods in filler radii; zero for spheres.",
)
@click.option("--overlap", is_flag=True, help="Allow fillers to overlap.")
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Number of samples for each loading and edge.",
)
@options.seed
@options.save("Output: plot (png, pdf, svg), or table (csv).")
def composite(
    loadings: tuple[float, ...],
    edges: tuple[float, ...],
    shell: float,
    length: float,
    overlap: bool,
    samples: int,
    seed: int,
) -> Output:
    """Loading at which fillers percolate.

    Spheres or rods with round ends are placed at random in periodic cubes. Two of them are linked when their shells
    touch. The threshold is where cubes of different size wrap with the probability 0.460, known for all such systems.
    """
    from nepkit.percolation.composite import composite as sample
    from nepkit.plots.percolation import plot_percolation

    found = sample(
        loadings, edges, shell=shell, length=length, hard=not overlap, samples=samples, seed=seed
    )  # fmt: skip
    place = found.threshold
    rows = [
        (loading, edge, part.value, part.low, part.high)
        for loading, edge, part in zip(found.loading.tolist(), found.edge.tolist(), found.probability, strict=True)
    ]
    return Output(
        data={
            "threshold": place.json() if place else None, "why_no_threshold": found.why_no_threshold,
            "rows": [
                {"loading": loading, "edge": edge, "probability": part.json()}
                for loading, edge, part in zip(found.loading, found.edge, found.probability, strict=True)
            ],
            "samples": samples,
        },
        tables=[Table(f"Percolation of {samples} samples each", ["loading", "edge", "probability", "low", "high"], rows,
                      ["", "", ".3f", ".3f", ".3f"])],
        text=f"\nThreshold: {place.value:.4f} ± {place.error:.2g}" if place else
        f"\nNo threshold: {found.why_no_threshold}",
        figure=options.figure_if_wanted(lambda: plot_percolation(found.loading, found.edge, found.probability, place)),
    )  # fmt: skip


@command("transport interphase", menu=459)
@click.argument("frames", type=options.FILE)
@click.option("--element", "elements", multiple=True, required=True, help="Element of the filler; repeatable.")
@click.option("--radius", type=float, default=2.0, show_default=True, help="Radius of a filler atom, A.")
@click.option("--shell", type=float, default=5.0, show_default=True, help="Thickness of the interphase, A.")
@click.option("--spacing", type=float, default=1.0, show_default=True, help="Edge of the grid cells, A.")
@click.option("--sigma", type=float, nargs=3, metavar="FILLER SHELL MATRIX",
              help="Conductivities of the phases, in any unit; gives the effective conductivity from the "
                   "potential on the grid.")  # fmt: skip
@options.save("Output: result as json or text.")
def interphase(
    frames: Path,
    elements: tuple[str, ...],
    radius: float,
    shell: float,
    spacing: float,
    sigma: tuple[float, float, float] | None,
) -> Output:
    """Volumes of filler, shell and matrix.

    Space closer than the radius to an atom of the filler is filler, closer than the shell to that is interphase.
    With --sigma the conductivity of the whole is solved too (orthogonal cells).
    """
    import numpy as np

    from nepkit.core.progress import track
    from nepkit.formats.files import read_snapshots
    from nepkit.percolation.composite_grid import conductivity_of_phases, phases, regions
    from nepkit.percolation.statistics import nodes_of

    found, conducted = [], []
    for number, atoms in enumerate(track(read_snapshots(frames), "Interphase"), 1):
        where = f"{frames}, frame {number}"
        points = atoms.positions[nodes_of(atoms.symbols, elements, where)]
        grid = phases(points, atoms.cell, radius, shell, spacing)
        found.append(regions(grid))
        if sigma is not None:
            conducted.append(conductivity_of_phases(grid, atoms.cell, sigma, where))
    volumes = {name: float(np.mean([getattr(item, name) for item in found])) for name in ("filler", "shell", "matrix")}
    ranks = {name: [getattr(item, f"{name}_rank") for item in found] for name in ("filler", "coated", "matrix")}
    rows = [(f"volume of the {name}", value) for name, value in volumes.items()]
    shares = {name: float(np.mean(np.array(values) > 0)) for name, values in ranks.items()}
    rows += [(f"frames in which the {'filler with its shell' if name == 'coated' else name} is endless", value)
             for name, value in shares.items()]  # fmt: skip
    rows.append(("of filler and shell in endless clusters", float(np.mean([item.accessible for item in found]))))
    whole = dict(zip("abc", np.mean(conducted, axis=0).tolist(), strict=True)) if conducted else {}
    rows += [(f"conductivity along {axis}, unit of --sigma", value) for axis, value in whole.items()]
    return Output(
        data={"volume": volumes, "endless": shares, "rank": ranks, "frames": len(found),
              "accessible": [item.accessible for item in found], **({"conductivity": whole} if whole else {})},
        tables=[Table(f"{frames}, frames: {len(found)}", ["quantity", "value"], rows, ["", ".4f"])],
    )  # fmt: skip
