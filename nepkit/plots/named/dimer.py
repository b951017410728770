"""Energy and force of two atoms at distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, stacked
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.properties.dimer import Dimer

DASHES = ("-", "--", ":", "-.")
MOST = 10
"""Pairs that are drawn where none is asked for."""


def read(
    source: Source,
    pair: Sequence[tuple[str, str]] = (),
    distances: tuple[float, float] = (0.5, 6.0),
    step: float = 0.01,
) -> list[Dimer]:
    """Evaluate the pairs of a model.

    Raises
    ------
    InputError
        Where no pair is given and the model has too many.
    """
    from lr_correction.nepfile import read_nep
    from nepkit.properties.dimer import dimer

    path = source.path("nep.txt")
    pairs = list(pair) or list(combinations_with_replacement(read_nep(path).elements, 2))
    if not pair and len(pairs) > MOST:
        raise InputError(
            f"{path}: {len(pairs)} pairs of elements; choose some, for instance --pair {' '.join(pairs[1])}"
        )
    return [dimer(path, (one, other), low=distances[0], high=distances[1], step=step) for one, other in pairs]


@styled
def plot_dimers(
    results: Sequence[Dimer] | Mapping[str, Sequence[Dimer]], *, column: str = "energy", ax: Any = None
) -> Any:
    """Draw energies or forces against distance, cut where they leave the range of the minima.

    Parameters
    ----------
    results : sequence of Dimer, or mapping of str to sequence of Dimer
        Pairs have colours, models dashes.
    column : str
        ``energy`` or ``force``.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    depth = 0.5
    every = [tuple(sorted(curve.pair)) for curves in named(results).values() for curve in curves]
    colors = {pair: PALETTE[index % len(PALETTE)] for index, pair in enumerate(dict.fromkeys(every))}
    for (label, curves), dash in zip(named(results).items(), DASHES * 9, strict=False):
        for curve in curves:
            text = " ".join(filter(None, ["-".join(curve.pair), label if len(named(results)) > 1 else ""]))
            values = getattr(curve, column)
            ax.plot(curve.distance, values, dash, color=colors[tuple(sorted(curve.pair))], label=text)
            depth = max(depth, -float(values[curve.distance > 1.0].min(initial=0.0)))
    ax.axhline(0.0, color="#33384a", linewidth=0.8, zorder=0)
    ax.set_ylim(-1.2 * min(depth, 30.0), 2.0 * min(depth, 30.0))
    ax.set_xlabel(f"distance ({ANGSTROM})")
    ax.set_ylabel({"energy": "energy (eV)", "force": f"force, + repels (eV/{ANGSTROM})"}[column])
    ax.set_title({"energy": "Energy of two atoms", "force": "Force between two atoms"}[column])
    ax.legend(loc="upper right", ncols=1 if len(ax.lines) < 8 else 2)
    return ax


def panels(results: Mapping[str, Sequence[Dimer]]) -> dict[str, Any]:
    """Return the panels: energy and force."""
    from functools import partial

    return {column: partial(plot_dimers, results, column=column) for column in ("energy", "force")}


def numbers(results: Mapping[str, Sequence[Dimer]]) -> list[Table]:
    """Return the minimum of every curve and the height of its wall."""
    rows = []
    for label, curves in results.items():
        for curve in curves:
            place, depth = curve.minimum or (None, None)
            rows.append((label, "-".join(curve.pair), place, depth, float(curve.energy[0]), float(curve.distance[0]),
                         curve.attracts_below))  # fmt: skip
    columns = ["model", "pair", "minimum (A)", "depth (eV)", "energy (eV)", "at (A)", "attracts below (A)"]
    return [Table("Two atoms", columns, rows, ["", "", ".3f", ".4g", ".4g", ".2f", ".2f"])]


def notes(results: Mapping[str, Sequence[Dimer]]) -> list[str]:
    """Return the pairs without a sound wall."""
    return [
        f"{label}: {'-'.join(curve.pair)} attract each other below {curve.attracts_below:.2f} A; a run that comes "
        "there collapses (train with zbl, or with frames of short distances)"
        for label, curves in results.items()
        for curve in curves
        if curve.attracts_below is not None
    ]


def series(results: Mapping[str, Sequence[Dimer]]) -> Table:
    """Return all curves."""
    parts = {}
    for label, curves in results.items():
        rows = [
            ("-".join(curve.pair), *row)
            for curve in curves
            for row in zip(curve.distance.tolist(), curve.energy.tolist(), curve.force.tolist(), strict=True)
        ]
        parts[label] = Table("", ["pair", "distance (A)", "energy (eV)", "force (eV/A)"], rows)
    return stacked("Two atoms", parts)


PLOT = Plot(
    name="dimer",
    summary="Two atoms against distance, by models.",
    help="FILES are models (NEP or qNEP); all pairs of their elements are drawn where no --pair is given.",
    menu=611,
    files=(File("nep.txt", "nep (the model)"),),
    options=(
        Option("pair", "Pair of elements; repeatable.", count=2, several=True, default=()),
        Option("distances", "Shortest and longest distance, A.", type=float, count=2, default=(0.5, 6.0)),
        Option("step", "Distance step, A.", type=float, default=0.01, minimum=0.0001),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
)
