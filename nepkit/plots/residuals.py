"""Distribution of the errors of a quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nepkit.accuracy.parity import Parity
from nepkit.plots.parity import QUANTITIES
from nepkit.plots.style import PALETTE, styled

BINS = 60


@styled
def plot_residuals(
    sets: Mapping[str, Parity], quantity: str = "force", *, colors: Mapping[str, str] | None = None, ax: Any = None
) -> Any:
    """Draw histograms of prediction minus reference, normalised to the same area.

    Parameters
    ----------
    sets : mapping of str to Parity
        Name in the legend and its numbers.
    quantity : str
        ``energy``, ``force`` or ``virial``.
    colors : mapping of str to str, optional
        Colour by name.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    _, unit = QUANTITIES[quantity]
    errors = {name: 1e3 * (pair[1] - pair[0]) for name, pair in
              ((name, getattr(parity, quantity)) for name, parity in sets.items()) if pair.size}  # fmt: skip
    ax.set_title(f"{quantity.capitalize()} errors")
    ax.set_xlabel(f"prediction − reference ({unit})")
    ax.set_ylabel("share of components per bin (%)")
    if not errors:
        return ax
    # The widest 0.5 % would squeeze the rest; they are drawn in the outermost bins.
    reach = max(float(np.quantile(np.abs(values), 0.995)) for values in errors.values()) or 1.0
    edges = np.linspace(-reach, reach, BINS + 1)
    for index, (name, values) in enumerate(errors.items()):
        color = (colors or {}).get(name) or PALETTE[index % len(PALETTE)]
        counts = np.histogram(np.clip(values, -reach, reach), edges)[0] * 100.0 / len(values)
        ax.stairs(counts, edges, color=color, alpha=0.25, fill=True)
        ax.stairs(counts, edges, color=color, linewidth=1.4, label=name)
    ax.set_ylim(bottom=0.0)
    ax.legend(loc="upper left")
    return ax
