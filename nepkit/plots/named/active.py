"""Deviation among potentials along a run of GPUMD with the keyword active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.tables import Array

UNIT = f"eV/{ANGSTROM}"


@dataclass(frozen=True)
class Deviations:
    """Checks of a run, and which of them were written as frames.

    Parameters
    ----------
    time : ndarray, shape (C,)
        ps.
    deviation : ndarray, shape (C,)
        Largest standard deviation of a force component over the potentials, eV/A, by GPUMD's formula (of n, not n - 1).
    frame : dict of int to int
        Index of the check of every frame of active.xyz, by the number of the frame.
    """

    time: Array
    deviation: Array
    frame: dict[int, int]


def read(source: Source) -> Deviations:
    """Read the checks, and find the frames among them by their time.

    Raises
    ------
    InputError
        Where a frame has no time, or one that is none of the checks.
    """
    from nepkit.formats.files import read_frames
    from nepkit.gpumd.logs import read_active, row_of_frame

    path = source.path("active.out")
    time, deviation = read_active(path)
    frame: dict[int, int] = {}
    frames = source.find("active.xyz")
    if frames is not None and frames.stat().st_size:
        for number, atoms in enumerate(read_frames(frames), 1):
            frame[number] = row_of_frame(atoms, time, f"{frames}, frame {number}", path)
    return Deviations(time, deviation, frame)


@styled
def plot_deviation(
    results: Deviations | Mapping[str, Deviations], *, threshold: float | None = None, ax: Any = None
) -> Any:
    """Draw the deviation of every check against time, with the frames that were written.

    Parameters
    ----------
    results : Deviations or mapping of str to Deviations
        By name in the legend.
    threshold : float, optional
        A line to draw, eV/A.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for (label, result), color in zip(named(results).items(), PALETTE * 9, strict=False):
        ax.plot(result.time, result.deviation, color=color, linewidth=0.9, label=label or "all checks")
        rows = list(result.frame.values())
        if rows:
            ax.plot(result.time[rows], result.deviation[rows], "o", color=color, markersize=4.5,
                    label=f"{label} written to active.xyz".strip())  # fmt: skip
    if threshold is not None:
        ax.axhline(threshold, color="#33384a", linestyle="--", linewidth=0.9, label=f"{threshold:g} {UNIT}")
    ax.set_ylim(bottom=0.0)
    ax.set(xlabel="time (ps)", ylabel=f"largest force deviation ({UNIT})")
    ax.set_title("Deviation among the potentials")
    ax.legend()
    return ax


def numbers(results: Mapping[str, Deviations], threshold: float | None = None) -> list[Table]:
    """Return how large the deviations are, and how many frames were written."""
    import numpy as np

    rows = []
    for label, one in results.items():
        worst = int(one.deviation.argmax())
        above = None if threshold is None else int((one.deviation > threshold).sum())
        rows.append((label, len(one.time), len(one.frame), float(np.median(one.deviation)), float(one.deviation.mean()),
                     float(one.deviation[worst]), float(one.time[worst]), above))  # fmt: skip
    above_name = "above the threshold" if threshold is None else f"above {threshold:g}"
    columns = ["file", "checks", "frames", "median", "mean", "largest", "at (ps)", above_name]
    return [Table(f"Largest force deviation ({UNIT})", columns, rows, ["", "", "", *[".4g"] * 4, ""])]


def series(results: Mapping[str, Deviations]) -> Table:
    """Return every check, with the number of its frame where it was written."""
    parts = {}
    for label, one in results.items():
        frame_of = {row: number for number, row in one.frame.items()}
        checks = zip(one.time.tolist(), one.deviation.tolist(), strict=True)
        rows = [(time, value, frame_of.get(row)) for row, (time, value) in enumerate(checks)]
        parts[label] = Table("", ["time (ps)", "deviation (eV/A)", "frame of active.xyz"], rows)
    return stacked("Deviation", parts)


PLOT = Plot(
    name="active",
    summary="Deviation among potentials along a run.",
    help="Frames of active.xyz are found among the checks by their time: only checks above the threshold are frames.",
    menu=618,
    files=(
        File("active.out", "active of gpumd"),
        File("active.xyz", "active of gpumd", needed=False),
    ),
    options=(Option("threshold", f"Threshold to draw and count by, {UNIT}.", type=float, minimum=0.0),),
    read=read,
    draw=plot_deviation,
    numbers=numbers,
    series=series,
)
