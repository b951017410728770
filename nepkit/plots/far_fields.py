"""How much of a residual far fields explain, against what they explain by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from lr_correction.diagnose import Diagnosis
from nepkit.plots.style import PALETTE, styled


@styled
def plot_far_fields(result: Diagnosis, *, ax: Any = None) -> Any:
    """Draw the share of the residual's variance with its error, over a histogram of draws with other frames' residuals.

    Parameters
    ----------
    result : Diagnosis
        From `lr_correction.diagnose.diagnose`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    blue, orange = PALETTE[0], PALETTE[1]
    share, error = 100 * result.share, 100 * result.error
    if result.null:
        draws = 100 * np.array(result.null)
        ax.hist(draws, bins=24, color="#c3c8d4", label="residuals of other frames")
    ax.axvline(share, color=orange, linewidth=1.8, label=f"these frames, {share:.2f} ± {error:.2f} %")
    if np.isfinite(error):
        ax.axvspan(share - error, share + error, color=orange, alpha=0.2, linewidth=0)
    ax.axvline(0.0, color=blue, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set_xlabel("share of the residual explained by far fields (%)")
    ax.set_ylabel("draws")
    ax.set_title("Is something missing beyond the cutoff?")
    ax.legend(loc="upper center")
    return ax
