"""Hydroxide in a model membrane against its water content, and in a real trajectory of KOH in water.

    python study.py        # about a minute; tables on the screen, plots in work/

What is a model and what is real is told in the README.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from ase import Atoms
from model import INTERVAL, Membrane

from nepkit.core.statistics.quantity import Quantity
from nepkit.plots.hydroxide import figure_hydroxide, plot_network
from nepkit.plots.style import PALETTE, new_figure, save_image, style
from nepkit.transport.hydroxide.analysis import Hydroxide, hydroxide
from nepkit.transport.hydroxide.hbonds import HydrogenBonds, hydrogen_bonds
from nepkit.transport.mechanism.motion import motion_of

HERE = Path(__file__).parent
CATIONS = 24
WATER = (2, 4, 6, 8, 10, 12, 14)


def koh() -> list[Atoms]:
    """Frames of KOH in water as simulate.py stored them."""
    stored = np.load(HERE / "koh_in_water.npz")
    positions = np.cumsum(stored["steps"], axis=0) / 1000.0
    return [
        Atoms(numbers=stored["numbers"], positions=place, cell=[float(stored["length"])] * 3, pbc=True,
              info={"Time": float(stored["interval_fs"]) * number})
        for number, place in enumerate(positions)
    ]  # fmt: skip


def study(water: float, frames: int, seed: int = 1) -> tuple[Membrane, Hydroxide, HydrogenBonds]:
    """Run the model with a water content and analyse its atoms, which is all that the analysis gets to see."""
    model = Membrane(CATIONS, water, seed)
    motion = motion_of(model.run(frames), interval=INTERVAL, where=f"water {water:g}")
    found = hydroxide(motion, persistence=0.5)
    return model, found, hydrogen_bonds(motion, found.protons)


def pair(quantity: Quantity | None, factor: float, digits: int) -> str:
    """Return a value with its error, or a dash."""
    if quantity is None:
        return "-"
    return f"{factor * quantity.value:.{digits}f} ± {factor * quantity.error:.{digits}f}"


def membrane(frames: int, work: Path) -> None:
    print(f"Model membrane: {CATIONS} OH- and cations, {frames * INTERVAL:.0f} ps; D in 1e-5 cm2/s")
    columns = ("water", "hops", "hops", "rate of those", "D", "of it hops", "largest", "percolates")
    units = ("/OH-", "made", "found", "that last (1/ps)", "", "", "cluster", "(95 %)")
    form = "{:>5} {:>5} {:>6}   {:17} {:13}   {:13}   {:7}   {}"
    print(form.format(*columns), form.format(*units), sep="\n")
    results = []
    for water in WATER:
        model, found, bonds = study(water, frames)
        results.append((water, found, bonds))
        chance = bonds.network.probability()
        total, hops = (pair(found.split.D.get(name), 1e5, 2) for name in ("total", "structural"))
        print(
            form.format(
                water, model.hops, found.hops.raw, pair(found.rate, 1.0, 3), total, hops,
                f"{bonds.network.largest.mean():.2f}", f"{chance.value:.2f} ({chance.low:.2f} to {chance.high:.2f})",
            )
        )  # fmt: skip
    save_image(plot_network([bonds for *_, bonds in results]), work / "network.png", overwrite=True)
    save_image(plot_coefficients(results), work / "diffusion.png", overwrite=True)


def plot_coefficients(results: list[tuple[float, Hydroxide, HydrogenBonds]]) -> object:
    """Draw the parts of the diffusion coefficient against water content."""
    figure = new_figure()
    with style():
        ax = figure.add_subplot()
        names = {"total": "total", "structural": "hops", "vehicular": "carried by water", "cross": "cross term"}
        for color, (part, label) in zip(("#33384a", *PALETTE), names.items(), strict=False):
            rows = [(water, found.split.D[part]) for water, found, _ in results if part in found.split.D]
            ax.errorbar([water for water, _ in rows], [1e5 * value.value for _, value in rows],
                        yerr=[1e5 * value.error for _, value in rows], fmt="o-", markersize=4, capsize=2, color=color,
                        label=label)  # fmt: skip
        ax.axhline(0.0, color="#8a8f98", linewidth=0.6)
        ax.set_xlabel("water molecules per OH⁻")
        ax.set_ylabel("D(OH⁻) (10⁻⁵ cm²/s)")
        ax.legend(loc="upper left")
    return figure


def solution(work: Path) -> None:
    motion = motion_of(koh(), where="KOH in water")
    found = hydroxide(motion, persistence=0.1)
    bonds = hydrogen_bonds(motion, found.protons)
    around = found.surroundings
    share = ", ".join(f"{number}: {part:.2f}" for number, part in enumerate(around.accepted_share) if part)
    print(f"\nKOH in water (SevenNet-0, {motion.frames} frames of {1000 * motion.interval:.0f} fs): "
          f"{abs(found.protons.excess)} OH-, {found.protons.waters:.0f} H2O")  # fmt: skip
    rows = (
        ("changes of oxygen", f"{found.hops.raw}, of which {len(found.hops.frame)} are not undone within 0.1 ps"),
        ("rate of those", f"{pair(found.rate, 1.0, 1)} per OH- and ps"),
        ("bonds accepted by OH-", f"{pair(around.accepted, 1.0, 2)} (share with {share})"),
        ("  while a proton moves", pair(around.accepted_at_transfer, 1.0, 2)),
        ("bonds donated by OH-", pair(around.donated, 1.0, 2)),
        ("bonds accepted by water", pair(bonds.accepted["H2O"], 1.0, 2)),
        ("diffusion coefficient", pair(found.split.D.get("total"), 1e5, 2) + f" ({found.split.why_no_D})"),
    )
    for name, text in rows:
        print(f"{name:24} {text}")
    for note in found.notes:
        print(f"note                     {note}")
    save_image(figure_hydroxide(found), work / "koh.png", overwrite=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400, help="frames of the model")
    parser.add_argument("--work", type=Path, default=HERE / "work")
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    membrane(options.frames, options.work)
    solution(options.work)
    print(f"\nplots: {options.work}/network.png, diffusion.png, koh.png")


if __name__ == "__main__":
    main()
