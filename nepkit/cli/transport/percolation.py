"""Networks that go on for ever."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.transport.shared import row_of, table_of


@command("transport percolation", menu=415)
@click.argument("frames", type=options.FILE)
@click.option("--element", "elements", multiple=True, required=True, help="Nodes of the network; may be given again.")
@click.option("--cutoff", type=click.FloatRange(min=0.0, min_open=True), required=True, help="Longest link (A).")
@options.save("The result as json or text.")
def percolation(frames: Path, elements: tuple[str, ...], cutoff: float) -> Output:
    """Probability that a network percolates.

    Atoms of the elements are linked when closer than the cutoff, through every image of the cell. A cluster that is
    linked to its own image is endless; its rank is the number of independent directions in which it is.
    """
    from nepkit.analysis.transport.percolation_statistics import network
    from nepkit.frames import read_frames

    found = network(read_frames(frames), elements, cutoff, str(frames))
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
        tables=[table_of(f"{'-'.join(elements)} within {cutoff:g} A, {len(found.rank)} frames", rows)],
        text=f"\nThe frames are worth {found.independent:.1f} independent ones.",
    )  # fmt: skip
