"""Sites of ions, jumps between them, and how long ions stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.hydroxide import json_of_survival
from nepkit.cli.transport.shared import all_of, notes_text, row_of, table_of, window_of
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.transport.mechanism.jumps import Jumps
    from nepkit.transport.mechanism.motion import Motion
    from nepkit.transport.mechanism.occupation import Occupation
    from nepkit.transport.mechanism.sites import Sites
    from nepkit.transport.mechanism.strings import Strings

F = TypeVar("F", bound=Callable[..., Any])

ion_option = click.option("--ion", required=True, help="Mobile element; repeatable.")
interval_option = click.option(
    "--interval", type=float, help="Time between frames, ps, where the trajectory does not contain it."
)
site_options = all_of(
    click.option("--structure", type=options.FILE, help="Structure containing the sites, in the same cell (default: "
                                                        "sites found from the density)."),
    click.option("--element", "elements", multiple=True, help="Element of --structure that marks the sites."),
    click.option("--spacing", type=float, default=0.3, show_default=True, help="Grid spacing of the density, A."),
    click.option("--smooth", type=float, default=0.3, show_default=True, help="Smoothing width of the density, A."),
    click.option("--contrast", type=float, default=2.0, show_default=True,
                 help="Minimum ratio of a density peak to the saddle towards a higher peak."),
    click.option("--least", type=float, default=0.02, show_default=True, help="Minimum mean occupancy of a site."),
    click.option("--symprec", "precision", type=float, metavar="PRECISION",
                 help="Impose the space group of the other atoms on the sites, with this position tolerance, A."),
)  # fmt: skip
core_options = all_of(
    click.option("--core", type=float, help="Core radius of a site, A (default: 0.35 of the distance to "
                                            "the nearest site)."),
    click.option("--settle", type=click.FloatRange(min=0.0), default=0.0, show_default=True,
                 help="Jumps reversed within this time, ps, are not counted."),
)  # fmt: skip


def sites_of(
    motion: Motion,
    ion: str,
    structure: Path | None,
    elements: tuple[str, ...],
    spacing: float,
    smooth: float,
    contrast: float,
    least: float,
    precision: float | None,
) -> Sites:
    """Return the given sites, or those found in the density."""
    from nepkit.formats.files import read_frames
    from nepkit.transport.mechanism.density import density
    from nepkit.transport.mechanism.sites import find_sites, given_sites, symmetrise

    if structure is not None:
        return given_sites(next(read_frames(structure)), elements, motion.cell, str(structure))
    if elements:
        raise InputError("--element chooses atoms of --structure; give that too")
    found = density(motion, ion, spacing=spacing, smooth=smooth)
    sites = find_sites(found, contrast=contrast, least=least)
    return sites if precision is None else symmetrise(sites, found.structure, precision=precision)


@command("transport sites", menu=451, csv=True)
@click.argument("trajectory", type=options.FILE)
@ion_option
@interval_option
@site_options
@core_options
@options.save("Output: sites as a structure (xyz), or as a table (csv) or json.")
def sites(trajectory: Path, ion: str, interval: float | None, core: float | None, settle: float, **how: Any) -> Output:
    """Sites of an ion and how full they are.

    Sites are the peaks of the density of the ion, its frames seen from the other atoms; or the atoms of a structure.
    With --symprec the space group of the other atoms completes them and tells which are equivalent.
    """
    from nepkit.transport.mechanism.motion import open_motion
    from nepkit.transport.mechanism.occupation import occupy

    motion = open_motion(trajectory, [ion], interval=interval)
    found = sites_of(motion, ion, **how)
    occupation = occupy(motion, ion, found, core=core, settle=settle)
    full = occupation.occupancies()
    apart = found.nearest()
    kinds = occupation.occupancy_of_kinds()
    rows = [
        (number, kind, *place, part.value, part.error, distance)
        for number, (kind, place, part, distance) in enumerate(
            zip(found.kind, found.place.tolist(), full, apart.tolist(), strict=True), 1
        )
    ]
    columns = ["site", "kind", "a", "b", "c", "occupancy", "error", "next site (A)"]
    by_kind = [row_of(f"occupancy of {kind} ({found.kind.count(kind)} sites)", part) for kind, part in kinds.items()]
    by_kind.append(("ions in a core", occupation.inside, None, None, ""))
    by_kind.append(("sites with more than one ion", occupation.multiple, None, None, ""))
    title = f"{len(found.place)} sites of {ion} ({found.origin})"
    return Output(
        data={
            "sites": [{"kind": kind, "place": place, "occupancy": part.json()}
                      for kind, place, part in zip(found.kind, found.place.tolist(), full, strict=True)],
            "kinds": {kind: part.json() for kind, part in kinds.items()},
            "inside": occupation.inside, "origin": found.origin, "notes": occupation.notes,
        },
        tables=[Table(title, columns, rows, ["", "", *[".4f"] * 4, ".1g", ".3f"]), table_of("By kind", by_kind)],
        text=notes_text(occupation.notes),
        frames=_as_frames(occupation) if _saves_structure() else None,
    )  # fmt: skip


def _saves_structure() -> bool:
    save = click.get_current_context().meta.get("nepkit.save")
    return save is not None and save.suffix.lower() in (".xyz", ".extxyz")


def _as_frames(occupation: Occupation) -> list[Any]:
    import numpy as np
    from ase import Atoms

    found = occupation.sites
    atoms = Atoms(occupation.element * len(found.place), scaled_positions=found.place, cell=found.cell, pbc=True)
    atoms.set_array("site", np.array(found.kind))
    atoms.set_array("occupancy", np.array([part.value for part in occupation.occupancies()]))
    return [atoms]


@command("transport jumps", menu=452)
@click.argument("trajectory", type=options.FILE)
@ion_option
@interval_option
@site_options
@core_options
@click.option(
    "--window", callback=window_of, metavar="LOW:HIGH", help="Fit window as fractions of the lag range, e.g. 0.4:0.8."
)
@click.option("--follow", type=click.FloatRange(min=0.0), default=1.0, show_default=True,
              help="Longest time after which a jump counts as "
                   "following another into the vacated site, ps.")  # fmt: skip
@options.seed
@options.save("Output: plot of rates and residence (png, pdf, svg), or json.")
def jumps(
    trajectory: Path, ion: str, interval: float | None, core: float | None, settle: float,
    window: tuple[float, float] | None, follow: float, seed: int, **how: Any,
) -> Output:  # fmt: skip
    """Jumps of an ion: rates, lengths, correlation.

    An ion leaves its site when it enters the core of another, so vibrations across borders do not count. The
    correlation factor is the diffusion coefficient over that of a walk without memory with the same jumps. Jumps into
    a site that another ion has just left are compared with what independent ions would do by chance.
    """
    from nepkit.plots.mechanism import figure_jumps
    from nepkit.transport.mechanism.jumps import jumps as count_jumps
    from nepkit.transport.mechanism.motion import open_motion
    from nepkit.transport.mechanism.occupation import occupy
    from nepkit.transport.mechanism.strings import strings

    motion = open_motion(trajectory, [ion], interval=interval)
    occupation = occupy(motion, ion, sites_of(motion, ion, **how), core=core, settle=settle)
    found = count_jumps(occupation, window=window)
    together = strings(found.events, motion.frames, motion.interval, follow, seed=seed)
    notes = [*occupation.notes, *[f"no correlation factor: {found.why_no_tracer}"] * bool(found.why_no_tracer)]
    sites_ = occupation.sites
    title = f"{trajectory}: {len(found.events.ion)} jumps of {ion} between {len(sites_.place)} sites ({sites_.origin})"
    columns = ["from", "to", "jumps", "rate (1/ps)", "error", "length (A)", "spread (A)"]
    pairs = [
        (pair.origin, pair.target, pair.count, pair.rate.value, pair.rate.error, pair.length, pair.spread)
        for pair in found.pairs
    ]
    return Output(
        data=_jump_data(found, together, notes),
        tables=[
            table_of(title, _jump_rows(found, together)),
            Table("By kinds of sites", columns, pairs, ["", "", "", ".4g", ".2g", ".3f", ".3f"]),
        ],
        text=f"\nA jump follows another into the site that it left, within {together.window:g} ps." + notes_text(notes),
        figure=options.figure_if_wanted(lambda: figure_jumps(found)),
    )  # fmt: skip


def _jump_rows(found: Jumps, together: Strings) -> list[tuple[Any, ...]]:
    rows = [row_of("jumps of an ion", found.rate)]
    rows += [row_of(f"stay at {kind}", part.lifetime) for kind, part in found.residence.items()]
    rows += [
        row_of("D of a random walk", found.random_walk),
        row_of("D over the sites", found.tracer.D if found.tracer else None),
        row_of("correlation factor", found.correlation),
        ("jumps straight back", found.backward, None, None, ""),
        ("jumps after another", together.share, None, None, ""),
        row_of("  by chance", together.chance),
        ("  p of chance alone", together.p_value, None, None, ""),
        ("  longest string, jumps", len(together.lengths), None, None, ""),
        ("  closed rings", together.rings, None, None, ""),
    ]
    return rows


def _jump_data(found: Jumps, together: Strings, notes: list[str]) -> dict[str, Any]:
    return {
        "jumps": len(found.events.ion), "rate": found.rate.json(),
        "D": found.tracer.D.json() if found.tracer else None, "D_random_walk": found.random_walk.json(),
        "correlation_factor": found.correlation.json() if found.correlation else None, "backward": found.backward,
        "pairs": [
            {"from": pair.origin, "to": pair.target, "count": pair.count, "rate": pair.rate.json(),
             "length": {"value": pair.length, "error": pair.spread / pair.count**0.5, "unit": "A"}}
            for pair in found.pairs
        ],
        "residence": {kind: json_of_survival(part) for kind, part in found.residence.items()},
        "strings": {
            "window_ps": together.window, "followers": together.followers, "share": together.share,
            "chance": together.chance.json(), "p_value": together.p_value, "lengths": together.lengths,
            "rings": together.rings,
        },
        "notes": notes,
    }  # fmt: skip


@command("transport residence", menu=453, csv=True)
@click.argument("trajectory", type=options.FILE)
@ion_option
@click.option("--around", multiple=True, required=True, help="Element of the neighbours; repeatable.")
@click.option(
    "--cutoff", type=float, required=True, help="Maximum neighbour distance, A, e.g. the first minimum of the RDF."
)
@click.option("--patience", type=click.FloatRange(min=0.0), default=0.0, show_default=True,
              help="Longest absence that does not end a stay, ps.")  # fmt: skip
@click.option("--longest", type=float, help="Longest lag, ps (default: half of the run).")
@interval_option
@options.save("Output: plot (png, pdf, svg), table (csv) or json.")
def residence(
    trajectory: Path,
    ion: str,
    around: tuple[str, ...],
    cutoff: float,
    patience: float,
    longest: float | None,
    interval: float | None,
) -> Output:
    """How long ions stay beside other atoms.

    Survival of pairs within the cutoff: whatever happened in between, and without a break. Stays that the end of the
    run cuts off do not shorten the time. Stays at sites are in `nepkit transport jumps`.
    """
    from nepkit.plots.hydroxide import plot_lifetime
    from nepkit.transport.mechanism.contacts import contact_times
    from nepkit.transport.mechanism.motion import open_motion

    motion = open_motion(trajectory, interval=interval)
    found = contact_times(motion, ion, around, cutoff, patience=patience, longest=longest)
    curve = found.survival
    rows = list(
        zip(
            curve.time.tolist(), curve.intermittent.tolist(), curve.intermittent_error.tolist(),
            curve.continuous.tolist(), curve.continuous_error.tolist(), strict=True,
        )
    )  # fmt: skip
    numbers = [
        row_of("stay without a break", curve.lifetime),
        row_of("exchange time", curve.exchange),
        ("neighbours of an ion", found.coordination, None, None, ""),
        ("partings seen", curve.exits, None, None, ""),
    ]
    name = f"{ion} within {cutoff:g} A of {', '.join(around)}"
    columns = ["time (ps)", "intermittent", "error", "continuous", "error "]
    return Output(
        data={**json_of_survival(curve), "coordination": found.coordination, "notes": motion.notes},
        tables=[table_of(name, numbers)],
        csv=Table(name, columns, rows),
        text=notes_text(motion.notes),
        figure=options.figure_if_wanted(lambda: plot_lifetime(curve, what="the neighbour")),
    )
