"""Bars of the errors of several models on training and test frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nepkit.plots.style import ANGSTROM, MODELS, styled


@styled
def plot_errors(errors: Mapping[str, Mapping[str, float | None]], *, ax: Any = None) -> Any:
    """Draw one bar per model and set of frames, its number above it.

    Parameters
    ----------
    errors : mapping of str to mapping of str to float
        By set of frames (``train``, ``test``) and model (a key of `nepkit.plots.style.MODELS`), the root mean square
        error of the force components, meV/A; None where there is none.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    models = [model for model in MODELS if any(model in row for row in errors.values())]
    width = 0.8 / max(len(models), 1)
    shown = set()
    for group, row in enumerate(errors.values()):
        present = [model for model in models if row.get(model) is not None]
        for place, model in enumerate(present):
            color, label = MODELS[model]
            x = group + (place - 0.5 * (len(present) - 1)) * width
            height = row[model]
            bars = ax.bar(x, height, 0.9 * width, color=color, label=None if model in shown else label)
            form = "%.0f" if (height or 0.0) >= 9.95 else "%.2g"
            ax.bar_label(bars, fmt=form, fontsize=8, padding=1, color="#33384a")
            shown.add(model)
    ax.set_xticks(range(len(errors)), [f"{name} frames" for name in errors])
    ax.set_xlim(-0.55, len(errors) - 0.45)
    ax.margins(y=0.28)  # room for the legend
    ax.set_ylim(bottom=0.0)
    ax.grid(visible=False, axis="x")
    ax.set_ylabel(f"force RMSE (meV/{ANGSTROM})")
    ax.set_title("Force error by model")
    ax.legend(loc="upper left", ncols=2)
    return ax
