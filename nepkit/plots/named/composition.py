"""Composition map of a set of frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.datasets.composition import Compositions

MOST = 15


def read(source: Source) -> Compositions:
    """Read the compositions of a file of frames."""
    from nepkit.datasets.composition import compositions
    from nepkit.formats.files import read_frames

    path = source.path("train.xyz")
    return compositions(read_frames(path), str(path))


@styled
def plot_formulas(results: Compositions | Mapping[str, Compositions], *, ax: Any = None) -> Any:
    """Draw how many frames there are of every reduced formula, the most frequent ones.

    Parameters
    ----------
    results : Compositions or mapping of str to Compositions
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from collections import Counter

    counts = {label: Counter(result.formulas) for label, result in named(results).items()}
    total: Counter[str] = sum(counts.values(), Counter())
    shown = [formula for formula, _ in total.most_common(MOST)]
    others = [formula for formula in total if formula not in shown]
    names = shown + [f"{len(others)} others"] * bool(others)
    height = 0.8 / len(counts)
    for number, (label, count) in enumerate(counts.items()):
        values = [count[formula] for formula in shown] + [sum(count[formula] for formula in others)] * bool(others)
        places = [row - 0.4 + (number + 0.5) * height for row in range(len(names))]
        ax.barh(places, values, height, color=PALETTE[number % len(PALETTE)], label=label or None)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(max(len(names), 5) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("frames")
    ax.set_title("Frames by formula")
    if len(counts) > 1:
        ax.legend()
    return ax


@styled
def plot_composition(results: Compositions | Mapping[str, Compositions], *, ax: Any = None) -> Any:
    """Draw where the frames lie between the elements: a line, a triangle, or the shares of every element.

    Parameters
    ----------
    results : Compositions or mapping of str to Compositions
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    elements = list(dict.fromkeys(symbol for result in named(results).values() for symbol in result.elements))
    if len(elements) == 3:
        _triangle(ax, named(results), elements)
    else:
        _shares(ax, named(results), elements)
    ax.set_title("Composition")
    if len(named(results)) > 1:
        for handle in ax.legend(loc="upper right").legend_handles:
            handle.set_sizes([40.0])
    return ax


def _columns(result: Compositions, elements: list[str]) -> Any:
    import numpy as np

    place = {symbol: index for index, symbol in enumerate(result.elements)}
    zero = np.zeros(len(result.fractions))
    return np.stack([result.fractions[:, place[symbol]] if symbol in place else zero for symbol in elements], axis=1)


def _spots(result: Compositions, elements: list[str]) -> tuple[Any, Any]:
    """Return the distinct compositions and their numbers of frames."""
    import numpy as np

    return np.unique(_columns(result, elements).round(6), axis=0, return_counts=True)


def _triangle(ax: Any, results: Mapping[str, Compositions], elements: list[str]) -> None:
    import numpy as np

    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    ax.plot(*np.concatenate([corners, corners[:1]]).T, color="#33384a", linewidth=0.9)
    for level in (0.25, 0.5, 0.75):
        for one, two, three in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            ends = [level * corners[one] + (1 - level) * corners[other] for other in (two, three)]
            ax.plot(*np.transpose(ends), color="#e7e9ee", linewidth=0.7, zorder=0)
    for corner, symbol, side in zip(corners, elements, ("right", "left", "center"), strict=True):
        place = corner + 0.04 * (corner - corners.mean(axis=0))
        ax.text(*place, symbol, ha=side, va="bottom" if side == "center" else "center", fontweight="bold")
    for number, (label, result) in enumerate(results.items()):
        spots, counts = _spots(result, elements)
        size = 15.0 + 150.0 * counts / counts.max()
        ax.scatter(*(spots @ corners).T, s=size, color=PALETTE[number % len(PALETTE)], alpha=0.6, linewidths=0,
                   label=label or None)  # fmt: skip
    ax.set_aspect("equal")
    ax.set_xlim(-0.12, 1.12)
    ax.set_ylim(-0.08, 0.98)
    ax.axis("off")


def _shares(ax: Any, results: Mapping[str, Compositions], elements: list[str]) -> None:
    for number, (label, result) in enumerate(results.items()):
        for row, symbol in enumerate(elements):
            spots, counts = _spots(result, [symbol])
            size = (15.0 + 120.0 * counts / counts.max()) * (spots[:, 0] > 0.0)
            text = label if label and not row else None
            ax.scatter(100.0 * spots[:, 0], [row] * len(spots), s=size, alpha=0.5, linewidths=0, label=text,
                       color=PALETTE[number % len(PALETTE)])  # fmt: skip
    ax.set_yticks(range(len(elements)), elements)
    ax.invert_yaxis()
    ax.set_xlim(-4.0, 104.0)
    ax.set_xlabel("share of the atoms (%)")


def panels(results: Mapping[str, Compositions]) -> dict[str, Any]:
    """Return the panels."""
    from functools import partial

    return {"formulas": partial(plot_formulas, results), "map": partial(plot_composition, results)}


def numbers(results: Mapping[str, Compositions]) -> list[Table]:
    """Return frames and sizes of every formula."""
    return [series(results)]


def series(results: Mapping[str, Compositions]) -> Table:
    """Return frames, sizes and shares of the elements of every formula."""
    import numpy as np

    parts = {}
    for label, result in results.items():
        formulas = np.array(result.formulas)
        rows = []
        for formula in sorted(set(result.formulas), key=lambda name: (-result.formulas.count(name), name)):
            chosen = formulas == formula
            shares = "  ".join(f"{symbol} {100 * share:.3g}" for symbol, share in
                               zip(result.elements, result.fractions[chosen][0], strict=True) if share)  # fmt: skip
            atoms = result.atoms[chosen]
            rows.append((formula, int(chosen.sum()), int(atoms.min()), int(atoms.max()), shares))
        parts[label] = Table("", ["formula", "frames", "fewest atoms", "most atoms", "shares (%)"], rows)
    return stacked("Compositions", parts)


PLOT = Plot(
    name="composition",
    summary="Composition map of a set of frames.",
    menu=616,
    files=(File("train.xyz", "you: frames"),),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    size=(4.6, 3.6),
)
