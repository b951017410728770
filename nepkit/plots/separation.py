"""Energy against the distance of two parts that are pulled apart."""

from __future__ import annotations

from typing import Any

from nepkit.models.separation import Separation
from nepkit.plots.style import ANGSTROM, PALETTE, styled


@styled
def plot_separation(
    result: Separation,
    *,
    cutoff: float | None = None,
    trained: tuple[float, float] | None = None,
    title: str = "",
    reference: str = "reference",
    ax: Any = None,
) -> Any:
    """Draw the curves of models with the reference as points.

    Parameters
    ----------
    result : Separation
        From `nepkit.models.separation.separation`.
    cutoff : float, optional
        Cutoff of the NEP, A, drawn as a line.
    trained : (float, float), optional
        Distances of the training frames, A, drawn as a band.
    title, reference : str
        Title; name of the reference.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    grey, orange, blue = "#33384a", PALETTE[1], PALETTE[0]
    if trained is not None:
        low = max(trained[0], result.distance[0] - 0.5)
        ax.axvspan(low, trained[1], color="#e3e7ef", zorder=0)
        ax.text(
            trained[1], 0.97, "training frames  ", transform=ax.get_xaxis_transform(), ha="right", va="top", fontsize=8
        )
    if cutoff is not None:
        ax.axvline(
            cutoff, color="#6b7180", linewidth=0.9, linestyle=(0, (4, 2)), label=f"cutoff, {cutoff:g} {ANGSTROM}"
        )
    for color, (name, energy) in zip((orange, blue, *PALETTE[2:]), result.models.items(), strict=False):
        ax.plot(result.distance, energy, color=color, linewidth=1.8, label=name)
    ax.plot(result.distance, result.reference, "o", color=grey, markersize=4.5, label=reference)
    ax.set_xlim(result.distance[0] - 0.5, result.distance[-1] + 0.5)
    ax.set_xlabel(f"distance ({ANGSTROM})")
    ax.set_ylabel(f"energy − energy at {result.distance[0]:g} {ANGSTROM} (eV)")
    ax.set_title(title)
    ax.legend(loc="lower right")
    return ax
