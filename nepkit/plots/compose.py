"""Panels of a plot on one figure, with the titles, limits and scales that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from nepkit.core.errors import InputError
from nepkit.plots.plot import Panel
from nepkit.plots.style import new_figure, style


@dataclass(frozen=True)
class Look:
    """What is changed of a figure after it was drawn.

    Parameters
    ----------
    title, xlabel, ylabel : str, optional
        In place of those of the plot.
    xlim, ylim : (float, float), optional
        Limits of the axes.
    log : str
        Which axes are logarithmic: any of ``x``, ``y``, ``xy``; as the plot has it when empty.
    size : (float, float), optional
        Of the figure, inches.
    dpi : float
        Pixels per inch.
    """

    title: str | None = None
    xlabel: str | None = None
    ylabel: str | None = None
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    log: str = ""
    size: tuple[float, float] | None = None
    dpi: float = 150.0


def compose(panels: Mapping[str, Panel], look: Look | None = None, *, size: tuple[float, float] = (4.6, 3.4)) -> Any:
    """Draw panels side by side on a new figure.

    Parameters
    ----------
    panels : mapping of str to Panel
        At least one.
    look : Look, optional
        Changes; those of axes hold for every panel.
    size : (float, float)
        Of one panel, inches.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        Where limits do not rise or are not above zero on a logarithmic axis.
    """
    look = look or Look()
    columns = len(panels) if len(panels) <= 3 else ceil(sqrt(len(panels)))
    rows = ceil(len(panels) / columns)
    figure = new_figure(*(look.size or (columns * size[0], rows * size[1])))
    figure.set_dpi(look.dpi)
    with style():
        for number, panel in enumerate(panels.values()):
            panel(ax=figure.add_subplot(rows, columns, number + 1))
        for ax in [ax for ax in figure.axes if ax.get_subplotspec() is not None and ax.get_label() != "<colorbar>"]:
            _change(ax, look)
        if look.title is not None:
            if len(panels) == 1:
                figure.axes[0].set_title(look.title)
            else:
                figure.suptitle(look.title)
    return figure


def _change(ax: Any, look: Look) -> None:
    for axis in "xy":
        label, limits = getattr(look, f"{axis}label"), getattr(look, f"{axis}lim")
        if axis in look.log:
            ax.set(**{f"{axis}scale": "log"})
        if label is not None:
            ax.set(**{f"{axis}label": label})
        if limits is not None:
            low, high = limits
            logarithmic = getattr(ax, f"get_{axis}scale")() == "log"
            if not low < high or (logarithmic and low <= 0.0):
                above = ", above zero on a logarithmic axis" if logarithmic else ""
                raise InputError(f"--{axis}lim {low:g} {high:g}: expected the lower limit first{above}")
            ax.set(**{f"{axis}lim": limits})
