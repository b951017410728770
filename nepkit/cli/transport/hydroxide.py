"""Hydroxide ions, excess protons and the hydrogen bonds that they hop along."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.shared import notes_text, row_of, table_of, window_of
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.transport.hydroxide.analysis import Hydroxide
    from nepkit.transport.hydroxide.hbonds import HydrogenBonds
    from nepkit.transport.mechanism.survival import Survival


def json_of_survival(found: Survival) -> dict[str, Any]:
    """Return correlation functions and their times, ready for JSON."""
    return {
        "time": found.time, "intermittent": found.intermittent, "intermittent_error": found.intermittent_error,
        "continuous": found.continuous, "continuous_error": found.continuous_error, "background": found.background,
        "lifetime": found.lifetime.json() if found.lifetime else None,
        "exchange": found.exchange.json() if found.exchange else None,
        "exits": found.exits, "present": found.present,
    }  # fmt: skip


def cations_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Return the charges in ``ELEMENT=CHARGE``."""
    found = {}
    for value in values:
        element, _, charge = value.partition("=")
        try:
            found[element] = float(charge)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not an element and its charge such as N=1") from None
    return found


@command("transport hydroxide", menu=456)
@click.argument("trajectory", type=options.FILE)
@click.option("--interval", type=float, help="Time between frames, ps, where the trajectory does not contain it.")
@click.option("--persistence", type=click.FloatRange(min=0.0), default=0.5, show_default=True,
              help="Hops reversed within this time, ps, count as rattling.")  # fmt: skip
@click.option("--temperature", type=float, help="Temperature, K (default: from the run).")
@click.option("--formal-charge", "cations", multiple=True, callback=cations_of, metavar="ELEMENT=CHARGE",
              help="Charge of an element in the dipole, e, e.g. N=1 or S=-1 (default for free ions: "
                   "common oxidation state).")  # fmt: skip
@click.option(
    "--window", callback=window_of, metavar="LOW:HIGH", help="Fit window as fractions of the lag range, e.g. 0.4:0.8."
)
@click.option("--longest", type=float, help="Longest lag of the residence functions, ps (default: half of the run).")
@options.save("Output: plot (png, pdf, svg), or json.")
def hydroxide(
    trajectory: Path,
    interval: float | None,
    persistence: float,
    temperature: float | None,
    cations: dict[str, float],
    window: tuple[float, float] | None,
    longest: float | None,
) -> Output:
    """Hops and diffusion of OH- or H3O+ in water.

    Every hydrogen belongs to the nearest oxygen of water, anew in every frame; whether OH- or H3O+ is followed, the
    composition tells. Hops that are undone at once are told from those that last, and the conductivity of the ions is
    checked against that of the formal charges, which needs no assignment.
    """
    from nepkit.plots.hydroxide import figure_hydroxide
    from nepkit.transport.hydroxide.analysis import hydroxide as analyse
    from nepkit.transport.mechanism.motion import open_motion

    motion = open_motion(trajectory, interval=interval)
    found = analyse(motion, persistence=persistence, temperature=temperature, cations=cations, window=window,
                    longest=longest)  # fmt: skip
    ion = f"{found.protons.ion}{'-' if found.protons.excess < 0 else '+'}"
    count = abs(found.protons.excess)
    title = f"{trajectory}: {count} {ion}, {found.protons.waters:.1f} H2O, {len(found.ions.host)} frames"
    why = [f"no D: {found.split.why_no_D}"] * bool(found.split.why_no_D)
    if found.currents is None:
        why.append("no conductivity: the temperature is not known; give --temperature")
    elif found.currents.why:
        why.append(f"no conductivity: {found.currents.why}")
    if found.currents and abs(found.currents.net_charge) > 1e-6:
        why.append(
            f"the formal charges add up to {found.currents.net_charge:+g} e, so their conductivity has no meaning; "
            "name the ions with --formal-charge"
        )
    return Output(
        data=_data(found, [*found.notes, *why]), tables=[table_of(title, _rows(found))],
        text=notes_text(found.notes, why), figure=options.figure_if_wanted(lambda: figure_hydroxide(found)),
    )  # fmt: skip


def _rows(found: Hydroxide) -> list[tuple[Any, ...]]:
    onward, back = found.hops.forward_share
    around = found.surroundings
    rows = [
        row_of("hops of an ion that last", found.rate),
        row_of("all changes of its oxygen", found.raw_rate),
        ("hops onwards and back", f"{onward} and {back}", None, None, ""),
        *[row_of("length of a hop", found.length)] * (len(found.hops.frame) > 1),
        row_of("stay, rattling left out", found.settled.lifetime),
        row_of("exchange time", found.residence.exchange),
        row_of("hydrogen bonds accepted", around.accepted),
        *[row_of("  while a proton is between", around.accepted_at_transfer)]
        * isfinite(around.accepted_at_transfer.value),
        row_of("hydrogen bonds donated", around.donated),
    ]
    rows += [row_of(f"D, {name}" if name != "total" else "D", part) for name, part in found.split.D.items()]
    if not found.split.D:
        rows += [
            (f"MSD after {found.split.time[-1]:.3g} ps, {name}", float(part[-1]), float(found.split.errors[name][-1]),
             None, "A^2") for name, part in found.split.values.items()
        ]  # fmt: skip
    if found.currents:
        rows.append(row_of("sigma, formal charges", found.currents.formal))
        rows.append(row_of("sigma, assigned ions", found.currents.assigned))
        rows.append(("correlation of the two dipoles", found.currents.correlation, None, None, ""))
    return rows


def _data(found: Hydroxide, notes: list[str]) -> dict[str, Any]:
    currents, around, onward_back = found.currents, found.surroundings, found.hops.forward_share
    return {
        "ion": found.protons.ion, "ions": abs(found.protons.excess), "waters": found.protons.waters,
        "D": found.split.D["total"].json() if found.split.D else None,
        "D_parts": {name: part.json() for name, part in found.split.D.items()},
        "sigma": currents.formal.json() if currents and currents.formal else None,
        "sigma_assigned": currents.assigned.json() if currents and currents.assigned else None,
        "correlation": currents.correlation if currents else None,
        "rate": found.rate.json(), "raw_rate": found.raw_rate.json(), "hop_length": found.length.json(),
        "hops": len(found.hops.frame), "raw_hops": found.hops.raw,
        "onward": onward_back[0], "back": onward_back[1],
        "residence": json_of_survival(found.residence), "settled": json_of_survival(found.settled),
        "msd": {"time": found.split.time, **found.split.values},
        "msd_error": found.split.errors,
        "accepted": around.accepted.json(), "donated": around.donated.json(),
        "accepted_share": around.accepted_share, "accepted_at_transfer": around.accepted_at_transfer.json(),
        "delta": {"mean": float(around.delta.mean()) if len(around.delta) else None, "count": len(around.delta)},
        "flagged": {reason: frames + 1 for reason, frames in found.protons.flags.items()}, "notes": notes,
    }  # fmt: skip


@command("transport hbonds", menu=457)
@click.argument("trajectories", nargs=-1, required=True, type=options.FILE)
@click.option("--interval", type=float, help="Time between frames, ps, where the trajectories do not contain it.")
@click.option("--distance", type=click.FloatRange(min=0.0, min_open=True), default=3.5, show_default=True,
              help="Maximum O...O distance, A.")  # fmt: skip
@click.option("--angle", type=click.FloatRange(0.0, 180.0), default=30.0, show_default=True,
              help="Maximum H-O...O angle at the donor, degrees.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(min=0.0), default=0.0, show_default=True,
              help="Longest absence that does not end a bond, ps.")  # fmt: skip
@click.option("--longest", type=float, help="Longest lag of the bond lifetimes, ps (default: half of the run).")
@options.save("Output: plot (png, pdf, svg), or json.")
def hbonds(
    trajectories: tuple[Path, ...],
    interval: float | None,
    distance: float,
    angle: float,
    patience: float,
    longest: float | None,
) -> Output:
    """Hydrogen bonds: number, lifetime, percolation.

    Donors and acceptors are found anew in every frame, so reactive runs are right. With several TRAJECTORIES, for
    instance of a membrane with more and more water, the network is shown against water per ion.
    """
    from nepkit.plots.hydroxide import plot_lifetime, plot_network
    from nepkit.transport.hydroxide.hbonds import hydrogen_bonds
    from nepkit.transport.hydroxide.protonation import protonation
    from nepkit.transport.mechanism.motion import open_motion

    if len(set(trajectories)) < len(trajectories):
        raise InputError("a trajectory is given twice")
    found: dict[str, HydrogenBonds] = {}
    notes: list[str] = []
    for path in trajectories:
        motion = open_motion(path, interval=interval)
        protons = protonation(motion)
        found[str(path)] = hydrogen_bonds(
            motion, protons, distance=distance, angle=angle, patience=patience, longest=longest
        )
        notes += [f"{path}: {note}" for note in motion.notes]
        notes += [f"{path}: {why}: {_frames(len(frames))}" for why, frames in protons.flags.items()]
    many = len(found) > 1 and all(part.hydration == part.hydration for part in found.values())
    return Output(
        data={"runs": [{"file": name, **_network_data(part)} for name, part in found.items()], "notes": notes},
        tables=[table_of(name, _bond_rows(part)) for name, part in found.items()] + [_overview(found)] * many,
        text=notes_text(notes),
        figure=options.figure_if_wanted(
            lambda: plot_network(list(found.values())) if many else plot_lifetime(next(iter(found.values())).lifetime)
        ),
    )


def _frames(number: int) -> str:
    return f"{number} frame{'s' * (number != 1)}"


def _bond_rows(found: HydrogenBonds) -> list[tuple[Any, ...]]:
    rows = [row_of(f"bonds accepted by {kind}", part) for kind, part in found.accepted.items()]
    rows += [row_of(f"bonds donated by {kind}", part) for kind, part in found.donated.items()]
    rows += [
        row_of("lifetime without a break", found.lifetime.lifetime),
        row_of("lifetime with breaks", found.lifetime.exchange),
        ("largest cluster, share of oxygens", float(found.network.largest.mean()), None, None, ""),
        row_of("probability to percolate", found.network.probability()),
        row_of("  in three directions", found.network.probability(3)),
        ("water per ion", found.hydration if found.hydration == found.hydration else None, None, None, ""),
    ]
    return rows


def _overview(found: dict[str, HydrogenBonds]) -> Table:
    ordered = sorted(found.values(), key=lambda part: part.hydration)
    rows = []
    for part in ordered:
        wrapping = part.network.probability()
        rows.append((part.hydration, float(part.network.largest.mean()), wrapping.value, wrapping.low, wrapping.high))
    columns = ["water per ion", "largest cluster", "percolates", "95 % from", "to"]
    return Table("Network against water content", columns, rows, [".3g", ".3f", ".3f", ".3f", ".3f"])


def _network_data(found: HydrogenBonds) -> dict[str, Any]:
    return {
        "hydration": found.hydration, "waters": found.waters,
        "accepted": {kind: part.json() for kind, part in found.accepted.items()},
        "donated": {kind: part.json() for kind, part in found.donated.items()},
        "accepted_by_ion": found.accepted_by_ion,
        "lifetime": json_of_survival(found.lifetime),
        "largest": float(found.network.largest.mean()), "rank": found.network.rank,
        "probability": found.network.probability().json(),
        "probability_of_rank": {rank: found.network.probability(rank).json() for rank in (1, 2, 3)},
        "independent_frames": found.network.independent,
    }  # fmt: skip
