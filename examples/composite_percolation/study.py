"""Threshold loading of LLZO in PEO-LiTFSI: when do particles, and their interphase shells, carry lithium through?

``python study.py`` writes table.md and composite.png beside this file, in about a minute and a half on one core. The
geometry is a model and the conductivities are those of CONDUCTIVITY below; README.md says what follows and what not.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.statistics.quantity import Quantity, of_normal
from nepkit.percolation.composite import Composite, composite, place_fillers
from nepkit.percolation.composite_grid import FILLER, SHELL, effective_conductivity, phases, points_of
from nepkit.plots.percolation import plot_percolation
from nepkit.plots.style import PALETTE, new_figure, save_image, style

HERE = Path(__file__).parent

CONDUCTIVITY = {"LLZO": 0.511, "PEO-LiTFSI": 1e-3}
"""mS/cm near 25 C: cubic Li7La3Zr2O12 (LiIonDatabase), and the order of magnitude of PEO with LiTFSI, no one value."""

SHELL_CONDUCTIVITY = 0.1
"""mS/cm, an assumption: no direct measurement of the interphase was found. It is varied in the table."""

RHO = {"LLZO": 5.1, "PEO-LiTFSI": 1.2}
"""g/cm^3, to convert volume to weight."""


@dataclass(frozen=True)
class Case:
    """A geometry: lengths in radii of the filler."""

    name: str
    loadings: tuple[float, ...]
    edges: tuple[float, float]
    shell: float
    length: float = 0.0
    hard: bool = True


CASES = (
    Case("overlapping spheres, particles alone", (0.22, 0.26, 0.29, 0.32, 0.36), (10.0, 20.0), 0.0, hard=False),
    Case("spheres, shell 0.2 R", (0.16, 0.19, 0.22, 0.25, 0.28), (10.0, 16.0), 0.2),
    Case("spheres, shell 0.5 R", (0.06, 0.08, 0.10, 0.12, 0.15), (10.0, 18.0), 0.5),
    Case("spheres, shell 1.0 R", (0.02, 0.03, 0.04, 0.05, 0.065), (14.0, 22.0), 1.0),
    Case("rods of aspect 6, shell 0.5 R", (0.02, 0.04, 0.06, 0.08, 0.10, 0.12), (26.0, 36.0), 0.5, length=10.0),
)


def weight_percent(volume: float) -> float:
    """Return the weight per cent of LLZO at a volume fraction."""
    llzo, polymer = volume * RHO["LLZO"], (1.0 - volume) * RHO["PEO-LiTFSI"]
    return 100.0 * llzo / (llzo + polymer)


def conductivity(loading: float, shell: float, interphase: float, samples: int, seed: int) -> Quantity:
    """Return the conductivity (mS/cm) of hard spheres with shells in the polymer, error over samples and directions."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        fillers = place_fillers(loading, 8.0, rng)
        grid = phases(points_of(fillers), 8.0 * np.eye(3), 1.0, shell, 0.25)
        sigma = np.where(grid == SHELL, interphase, CONDUCTIVITY["PEO-LiTFSI"])
        sigma[grid == FILLER] = CONDUCTIVITY["LLZO"]
        values.append(np.mean([effective_conductivity(sigma, axis) for axis in range(3)]))
    return of_normal(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(samples)), "mS/cm")


def rows_of(found: list[tuple[Case, Composite]]) -> str:
    """Return the thresholds as a table in Markdown."""
    lines = ["| geometry | threshold (volume) | in weight % of LLZO |", "| --- | --- | --- |"]
    for case, result in found:
        if result.threshold is None:
            lines.append(f"| {case.name} | {result.why_no_threshold} | |")
            continue
        place = result.threshold
        low, high = (weight_percent(place.value + sign * place.error) for sign in (-1, 1))
        lines.append(f"| {case.name} | {place.value:.3f} ± {place.error:.3f} | {low:.0f} to {high:.0f} |")
    return "\n".join(lines) + "\n"


def draw(found: list[tuple[Case, Composite]], curves: dict[str, list[tuple[float, Quantity]]]) -> object:
    """Return the figure: percolation of one case, thresholds, conductivities."""
    figure = new_figure(12.0, 3.6)
    with style():
        left, middle, right = figure.subplots(1, 3)
        case, result = found[2]
        plot_percolation(
            result.loading, result.edge, result.probability, result.threshold, label="volume fraction", ax=left
        )
        left.set_title(case.name[:1].upper() + case.name[1:])
        told = [(case.name, result.threshold) for case, result in found if result.threshold]
        middle.errorbar(
            [place.value for _, place in told], range(len(told)), xerr=[1.96 * place.error for _, place in told],
            fmt="o", capsize=2, color="#33384a",
        )  # fmt: skip
        middle.set_yticks(range(len(told)), [name.replace(", ", ",\n") for name, _ in told])
        middle.set_xlim(left=0.0)
        middle.invert_yaxis()
        middle.set_xlabel("threshold (volume fraction)")
        middle.set_title("Threshold loading")
        for color, (name, points) in zip(PALETTE, curves.items(), strict=False):
            right.errorbar(
                [x for x, _ in points], [q.value for _, q in points], yerr=[q.error for _, q in points],
                fmt="o-", markersize=4, capsize=2, color=color, label=name,
            )  # fmt: skip
        right.set_xticks(np.arange(0.0, 0.26, 0.05))
        right.set_yscale("log")
        right.set_xlabel("volume fraction of LLZO")
        right.set_ylabel("σ (mS/cm)")
        right.set_title("Spheres, shell 0.5 R")
        right.legend(loc="best", title="interphase (mS/cm)")
    return figure


def main() -> None:
    """Run the study and write its table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=60, help="Composites of every loading and size.")
    parser.add_argument("--grids", type=int, default=3, help="Grids of every loading whose conductivity is solved.")
    arguments = parser.parse_args()
    found = []
    for number, case in enumerate(CASES):
        result = composite(
            case.loadings, case.edges, shell=case.shell, length=case.length, hard=case.hard,
            samples=arguments.samples, seed=number,
        )  # fmt: skip
        found.append((case, result))
        print(rows_of(found[-1:]).splitlines()[-1], flush=True)
    curves = {
        f"{interphase:g}": [
            (loading, conductivity(loading, 0.5, interphase, arguments.grids, 100 + index))
            for index, loading in enumerate((0.02, 0.05, 0.08, 0.11, 0.14, 0.18, 0.22))
        ]
        for interphase in (CONDUCTIVITY["PEO-LiTFSI"], 0.01, SHELL_CONDUCTIVITY)
    }
    lines = ["| volume fraction | " + " | ".join(f"interphase {name} mS/cm" for name in curves) + " |"]
    lines.append("| --- |" + " --- |" * len(curves))
    for index, (loading, _) in enumerate(next(iter(curves.values()))):
        cells = [points[index][1] for points in curves.values()]
        lines.append(f"| {loading:g} | " + " | ".join(f"{q.value:.4f} ± {q.error:.4f}" for q in cells) + " |")
    (HERE / "table.md").write_text(rows_of(found) + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    save_image(draw(found, curves), HERE / "composite.png", overwrite=True)


if __name__ == "__main__":
    main()
