"""Where ions are: density, radial distribution, van Hove's functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.shared import notes_text, row_of, table_of
from nepkit.cli.transport.sites import interval_option, ion_option
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.transport.mechanism.density import Density
    from nepkit.transport.mechanism.free_energy import Barrier


@command("transport density", menu=508)
@click.argument("trajectory", type=options.FILE)
@ion_option
@interval_option
@click.option("--spacing", type=float, default=0.25, show_default=True, help="Grid spacing, A.")
@click.option("--smooth", type=float, default=0.0, show_default=True, help="Smoothing width, A.")
@click.option("--along", type=click.Choice(["a", "b", "c"]), multiple=True,
              help="Cell vector along which the pathway must percolate; repeatable (default: any).")  # fmt: skip
@click.option("--temperature", type=float, help="Temperature, K (default: from the run).")
@options.output("Output: density (cube by its suffix, otherwise CHGCAR), or plot of the pathway (png, pdf, svg).")
def density(
    trajectory: Path,
    ion: str,
    interval: float | None,
    spacing: float,
    smooth: float,
    along: tuple[str, ...],
    temperature: float | None,
    output: Path | None,
    overwrite: bool,
) -> Output:
    """Probability density and free energy of an ion.

    Each frame is taken in fractions of its own cell, the drift of the other atoms removed. The barrier is the lowest
    free energy at which ions have a way through the cell to its next image; it depends on the grid, and its error
    comes from blocks of time.
    """
    from nepkit.plots.mechanism import figure_density
    from nepkit.plots.style import SUFFIXES, save_image
    from nepkit.transport.mechanism.density import density as count
    from nepkit.transport.mechanism.density import write_density
    from nepkit.transport.mechanism.free_energy import way_through
    from nepkit.transport.mechanism.motion import open_motion

    # Frames of unknown interval will do: nothing here depends on time.
    motion = open_motion(trajectory, [ion], interval=interval, timeless=True)
    found = count(motion, ion, spacing=spacing, smooth=smooth)
    notes = list(motion.notes)
    barriers: list[Barrier] = []
    kelvin = motion.temperature if temperature is None else motion.kelvin(temperature)
    if kelvin is not None:
        barriers, more = _barriers(found, kelvin, along)
        notes += more
    elif along:
        motion.kelvin(None)
    else:
        notes.append(f"no free energy: {motion.why_no_temperature}; give --temperature")
    wrote = ""
    if output is not None and output.suffix.lower() in SUFFIXES:
        first = barriers[0] if barriers else None
        way = way_through(found, first, kelvin) if first and kelvin else None
        save_image(figure_density(found, way, first), output, overwrite=overwrite)
        wrote = f"\nwrote the figure to {output}"
    elif output is not None:
        wrote = f"\nwrote {write_density(output, found, overwrite=overwrite)} to {output}"
    grid = " x ".join(map(str, found.shape))
    rows: list[tuple[Any, ...]] = [_barrier_row(saddle) for saddle in barriers]
    rows.append(("highest density", float(found.values.max()), None, None, "1/A^3"))
    return Output(
        data={
            "shape": found.shape, "voxel": found.voxel, "ions": found.ions, "frames": found.frames,
            "barriers": [{"along": saddle.along, "barrier": saddle.energy.json(), "rank": saddle.rank,
                          "visits": saddle.visits} for saddle in barriers],
            "temperature": kelvin, "output": output, "notes": notes,
        },
        tables=[table_of(f"{trajectory}: {found.ions} {ion} in {found.frames} frames, {grid} points", rows)],
        text=notes_text(notes) + wrote,
    )  # fmt: skip


def _barriers(found: Density, kelvin: float, along: tuple[str, ...]) -> tuple[list[Barrier], list[str]]:
    """Return the barriers that there are, and notes on those that are missing or uncertain."""
    from nepkit.transport.mechanism.free_energy import FEWEST_VISITS, barrier

    barriers, notes = [], []
    for axis in along or (None,):
        try:
            saddle = barrier(found, kelvin, along=axis)
        except InputError as error:
            notes.append(str(error))
            continue
        barriers.append(saddle)
        if saddle.visits < FEWEST_VISITS:
            notes.append(
                f"the saddle{f' around {axis}' if axis else ''} was visited {saddle.visits:.2g} times, so its energy "
                "is uncertain beyond its error: run longer, or take a larger spacing or smoothing"
            )
    return barriers, notes


def _barrier_row(saddle: Barrier) -> tuple[Any, ...]:
    where = f"around {saddle.along}" if saddle.along else f"any way, rank {saddle.rank}"
    return row_of(f"barrier, {where}", saddle.energy)


@command("transport vanhove", menu=454, csv=True)
@click.argument("trajectory", type=options.FILE)
@ion_option
@interval_option
@click.option("--lag", "lags", type=float, multiple=True,
              help="Lag time, ps; repeatable (default: several up to half of the run).")  # fmt: skip
@click.option("--longest", type=float, default=8.0, show_default=True, help="Largest distance, A.")
@click.option("--width", type=float, default=0.1, show_default=True, help="Bin width, A.")
@click.option("--self-only", is_flag=True, help="Omit the distinct part.")
@options.save("Output: plot (png, pdf, svg), table (csv) or json.")
def vanhove(
    trajectory: Path,
    ion: str,
    interval: float | None,
    lags: tuple[float, ...],
    longest: float,
    width: float,
    self_only: bool,
) -> Output:
    """Van Hove's functions, self and distinct.

    How far an ion has moved after a time, and where the others are then; with the non-Gaussian parameter. Errors come
    from blocks of time.
    """
    from nepkit.plots.mechanism import figure_van_hove
    from nepkit.transport.mechanism.motion import open_motion
    from nepkit.transport.mechanism.van_hove import van_hove

    motion = open_motion(trajectory, [ion], interval=interval)
    chosen = lags or tuple(
        motion.interval * step for step in sorted({max(1, motion.frames // part) for part in (200, 50, 10, 2)})
        if step <= motion.frames - 2
    ) or (motion.interval,)  # fmt: skip
    found = van_hove(motion, ion, chosen, longest=longest, width=width, distinct=not self_only)
    columns, series = ["r (A)"], [found.distance.tolist()]
    for name, values, errors in (
        ("self", found.self_part, found.self_error), ("distinct", found.distinct, found.distinct_error),
    ):  # fmt: skip
        for time, value, error in zip(found.time, values, errors, strict=False):
            columns += [f"{name} {time:.4g} ps", f"error {name} {time:.4g} ps"]
            series += [value.tolist(), error.tolist()]
    moved = [
        (float(time), float(value), float(error))
        for time, value, error in zip(found.time, found.non_gaussian, found.non_gaussian_error, strict=True)
    ]
    return Output(
        data={
            "time": found.time, "edges": found.edges, "self": found.self_part, "self_error": found.self_error,
            "distinct": found.distinct, "distinct_error": found.distinct_error,
            "non_gaussian": found.non_gaussian, "non_gaussian_error": found.non_gaussian_error,
            "notes": motion.notes,
        },
        tables=[Table(f"{ion}: non-Gaussian parameter", ["time (ps)", "value", "error"], moved, ["", ".3f", ".1g"])],
        csv=Table(f"Van Hove of {ion}: self 4 pi r^2 G (1/A), distinct over its mean", columns,
                  list(zip(*series, strict=True))),
        text=notes_text(motion.notes), figure=options.figure_if_wanted(lambda: figure_van_hove(found)),
    )  # fmt: skip


@command("transport rdf", menu=455, csv=True)
@click.argument("trajectory", type=options.FILE)
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="A-B",
    help="Pair of elements, e.g. Li-O; repeatable (default: all pairs).",
)
@click.option("--longest", type=float, default=8.0, show_default=True, help="Largest distance, A.")
@click.option("--width", type=float, default=0.05, show_default=True, help="Bin width, A.")
@options.save("Output: plot (png, pdf, svg), table (csv) or json.")
def rdf(trajectory: Path, pairs: tuple[str, ...], longest: float, width: float) -> Output:
    """Radial distributions, coordination numbers.

    Every frame with its own cell; distances may be larger than half of it. The first shell ends at the minimum after
    the first maximum.
    """
    from nepkit.formats.files import read_frames
    from nepkit.plots.mechanism import figure_radial
    from nepkit.transport.mechanism.radial import radial

    wanted = [_pair(text) for text in pairs]
    found = radial(read_frames(trajectory), wanted, longest=longest, width=width, where=str(trajectory))
    columns, series = ["r (A)"], [found[0].distance.tolist()]
    for one in found:
        name = "-".join(one.pair)
        columns += [f"g {name}", f"error g {name}", f"n {name}"]
        series += [one.g.tolist(), one.g_error.tolist(), one.number.tolist()]
    shells = [
        ("-".join(one.pair), *(value if value == value else None for value in (one.peak, one.shell)),
         *((one.coordination.value, one.coordination.error) if one.coordination else (None, None)))
        for one in found
    ]  # fmt: skip
    return Output(
        data=[
            {"pair": one.pair, "edges": one.edges, "g": one.g, "g_error": one.g_error, "number": one.number,
             "number_error": one.number_error, "peak": one.peak, "shell": one.shell,
             "coordination": one.coordination.json() if one.coordination else None, "frames": one.frames}
            for one in found
        ],
        tables=[
            Table(f"First shells of {trajectory}, {found[0].frames} frames",
                  ["pair", "maximum (A)", "ends at (A)", "neighbours", "error"], shells,
                  ["", ".3f", ".3f", ".3f", ".1g"]),
        ],
        csv=Table("Radial distribution", columns, list(zip(*series, strict=True))),
        figure=options.figure_if_wanted(lambda: figure_radial(found)),
    )  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    parts = text.split("-")
    if len(parts) != 2 or not all(parts):
        raise InputError(f"{text!r} is not two elements such as Li-O")
    return parts[0], parts[1]
