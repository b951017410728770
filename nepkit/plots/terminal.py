"""A figure of matplotlib drawn with characters, for a terminal without a display.

Lines, points, bars, steps, error bars and the outlines of bands are taken from the axes as they were drawn, so that no
plot needs a second form; images and texts within the axes are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_WIDE, MOST_HIGH = 120, 30
FAINT = 0.12
"""Patches that are paler than this are a background, not data."""


@dataclass(frozen=True)
class Trace:
    """Points on axes, joined or not.

    Parameters
    ----------
    points : ndarray, shape (P, 2)
        On the scales of the axes: logarithms where an axis is logarithmic.
    joined : bool
        Whether lines are drawn between them.
    color : tuple of int
        Red, green and blue up to 255.
    label : str
        In the legend; empty for none.
    """

    points: Array
    joined: bool
    color: tuple[int, int, int]
    label: str = ""


def to_text(figure: Any, *, width: int | None = None, height: int | None = None, color: bool | None = None) -> str:
    """Return the panels of a figure below each other, drawn with characters.

    Parameters
    ----------
    figure : matplotlib Figure or Axes
        What was drawn.
    width, height : int, optional
        Characters and lines of one panel; fitted to the terminal when left out.
    color : bool, optional
        Whether escape sequences of colours are used; where standard output is a terminal when left out.

    Examples
    --------
    >>> from nepkit.plots.style import new_figure
    >>> figure = new_figure()
    >>> _ = figure.add_subplot().plot([0, 1], [0, 2], label="rise")
    >>> "rise" in to_text(figure, width=40, height=10)
    True
    """
    columns, lines = get_terminal_size()
    size = (width or min(columns, MOST_WIDE), height or min(max(lines - 4, 15), MOST_HIGH))
    axes = [ax for ax in getattr(figure, "figure", figure).axes if ax.get_label() != "<colorbar>"]
    colored = sys.stdout.isatty() if color is None else color
    return "\n".join(_panel(ax, *size, colored) for ax in axes)


def _panel(ax: Any, width: int, height: int, colored: bool) -> str:
    import plotext

    shown = plotext.figure
    shown.clear()
    shown.plot_size(width, height)
    for trace in traces(ax):
        marker = plotext.marker("hd" if trace.joined else "dot", trace.color)
        signal = shown.signal(trace.points[:, 0].tolist(), trace.points[:, 1].tolist(), marker=marker)
        if trace.joined:
            signal = signal.lines(True)
        if trace.label:
            signal = signal.label(trace.label)
        shown.draw(signal)
    for name in "xy":
        axis = getattr(ax, f"{name}axis")
        low, high = sorted(axis.get_transform().transform(np.array(axis.get_view_interval(), dtype=float)))
        ticks = [tick for tick in axis.get_majorticklocs() if np.isfinite(tick)]
        places = axis.get_transform().transform(np.array(ticks, dtype=float))
        words = [text.get_text() for text in axis.get_majorticklabels()] if _is_fixed(axis) else []
        told = words if len(words) == len(ticks) else [f"{tick:g}" for tick in ticks]
        chosen = [(place, word) for place, word in zip(places, told, strict=True) if low <= place <= high]
        ruler = shown.ruler(name)
        ruler.lim(float(low), float(high))
        ruler.ticks([float(place) for place, _ in chosen], [word for _, word in chosen])
        if axis.get_label_text():
            shown.label(plain(axis.get_label_text()), axis=name)
    title = next(filter(None, (ax.get_title(place) for place in ("left", "center", "right"))), "")
    if title:
        shown.title(plain(title))
    text = str(shown.build())
    shown.clear()
    return text if colored else str(plotext.uncolorize(text))


def _is_fixed(axis: Any) -> bool:
    from matplotlib.ticker import FixedFormatter

    return isinstance(axis.get_major_formatter(), FixedFormatter)


def plain(text: str) -> str:
    r"""Return a label without the marks of mathematical text.

    Examples
    --------
    >>> plain(r"$g(r)$ of $\mathrm{O}$")
    'g(r) of O'
    """
    return text.replace(r"\mathrm", "").replace("$", "").replace("{", "").replace("}", "").replace("\\", "")


def traces(ax: Any) -> Iterator[Trace]:
    """Yield what was drawn on axes as points.

    Parameters
    ----------
    ax : matplotlib Axes
        Its lines, collections and patches are looked at, in this order.
    """
    to_scale = (ax.transLimits + ax.transAxes).inverted()

    def scaled(points: Any, transform: Any) -> Array:
        with np.errstate(all="ignore"):  # zero on a logarithmic axis
            return np.asarray(to_scale.transform(transform.transform(np.asarray(points, dtype=float).reshape(-1, 2))))

    for line in ax.get_lines():
        joined = line.get_linestyle() not in ("None", "", " ")
        yield from _pieces(scaled(line.get_xydata(), line.get_transform()), joined, line.get_color(), line)
    for collection in ax.collections:
        yield from _of_collection(collection, scaled)
    for patch in ax.patches:
        face = patch.get_facecolor() if patch.get_fill() else patch.get_edgecolor()
        if face[3] > FAINT and patch.get_visible():
            yield from _pieces(scaled(patch.get_path().vertices, patch.get_transform()), True, face, patch)


def _of_collection(collection: Any, scaled: Any) -> Iterator[Trace]:
    values = collection.get_array()
    colors = collection.get_facecolor()
    colors = colors if len(colors) else collection.get_edgecolor()
    color = colors[0] if len(colors) else "k"
    offsets = np.asarray(collection.get_offsets(), dtype=float).reshape(-1, 2)
    if hasattr(collection, "get_coordinates"):  # cells of a mesh: the middles of those that hold something
        corners = np.asarray(collection.get_coordinates(), dtype=float)
        middles = 0.25 * (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]).reshape(-1, 2)
        yield from _pieces(scaled(middles[_holding(values)], collection.get_transform()), False, "C0", collection)
    elif len(offsets) > 1 or (len(offsets) == 1 and np.any(offsets)):
        chosen = offsets[_holding(values)] if values is not None and len(values) == len(offsets) else offsets
        yield from _pieces(scaled(chosen, collection.get_offset_transform()), False, color, collection)
    else:
        for index, path in enumerate(collection.get_paths()):
            points = scaled(path.vertices, collection.get_transform())
            yield from _pieces(points, True, color, collection if index == 0 else None)


def _holding(values: Any) -> NDArray[np.bool_]:
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), 0.0).ravel() > 0.0)


def _pieces(points: Array, joined: bool, color: Any, artist: Any) -> Iterator[Trace]:
    """Yield points without those that are not finite, a line in the pieces between them."""
    from matplotlib.colors import to_rgb

    label = "" if artist is None else str(artist.get_label() or "")
    label = "" if label.startswith("_") else plain(label)
    red, green, blue = (round(255 * part) for part in to_rgb(color))
    finite = np.asarray(np.isfinite(points).all(axis=1))
    if not joined:
        if finite.any():
            yield Trace(points[finite], False, (red, green, blue), label)
        return
    for piece in np.split(np.arange(len(points)), np.flatnonzero(~finite)):
        kept = piece[finite[piece]]
        if len(kept):
            yield Trace(points[kept], True, (red, green, blue), label)
            label = ""
