"""Train the bundled NEP4 with ZBL on the bundled frames with neppo, and write its loss curve and the card's numbers.

    OMP_NUM_THREADS=2 python train.py            # goes on after a kill; --overwrite starts again

The run lives in ``work/train``; at its end ``nep.txt``, ``loss.csv`` and ``loss.png`` go to ``nepkit/data/li3ycl6``.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
from pathlib import Path

from assemble import BUNDLED, fill

from nepkit.training.data import load_data
from nepkit.training.loss import LossPoint
from nepkit.training.run import TrainingResult, train
from nepkit.training.settings import Settings

WORK = Path(__file__).parent / "work" / "train"
ELEMENTS = ("Li", "Y", "Cl")
SETTINGS = Settings(
    cutoff=(8.0, 5.0),  # one pair for all elements, so that the model can carry charges for GPUMD
    n_max=(6, 6),
    basis_size=(8, 8),
    l_max=(4, 2, 1),
    neurons=30,
    zbl=2.0,
    batch=4,
    generations=20000,
    learning_rate=(1e-2, 1e-5),
    interval=200,
    seed=20261123,
)


def card(result: TrainingResult, settings: Settings) -> str:
    """The section of the data card about the model."""
    rows = ["| root mean square error | training | test |", "|---|---|---|"]
    for label, name, unit, digits in (
        ("energy", "energy_rmse", "meV/atom", 1),
        ("force", "force_rmse", "meV/A", 1),
        ("virial", "virial_rmse", "meV/atom", 1),
    ):
        values = [f"{1e3 * getattr(found, name):.{digits}f}" for found in (result.train, result.test) if found]
        rows.append(f"| {label} ({unit}) | {' | '.join(values)} |")
    text = (
        f"NEP4 with ZBL (outer cutoff {settings.zbl:g} A), cutoffs {settings.cutoff[0]:g}/{settings.cutoff[1]:g} A, "
        f"n_max {settings.n_max[0]} {settings.n_max[1]}, basis_size {settings.basis_size[0]} {settings.basis_size[1]}, "
        f"l_max {' '.join(map(str, settings.l_max))}, {settings.neurons} neurons; neppo 1.0, AdamW, "
        f"{settings.generations} steps of {settings.batch} frames, learning rate {settings.learning_rate[0]:g} to "
        f"{settings.learning_rate[1]:g} along a cosine, weights 1/1/0.1 for energy, force and virial, "
        f"seed {settings.seed}. The model is that of the last "
        "step; the test frames chose nothing in this run. Loss curve: `loss.csv`, `loss.png`."
    )
    return text + "\n\n" + "\n".join(rows)


def save_loss(points: list[LossPoint], folder: Path) -> None:
    """Write the loss curve as a table and as a picture."""
    from matplotlib.figure import Figure

    names = list(vars(points[0]))
    with (folder / "loss.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([f"{value:.5g}" for value in vars(point).values()] for point in points)
    figure = Figure(figsize=(5.5, 3.8), layout="constrained")
    ax = figure.subplots()
    steps = [point.generation for point in points]
    for name, unit in (("force", "meV/A"), ("energy", "meV/atom"), ("virial", "meV/atom")):
        errors = [1e3 * getattr(point, f"{name}_train") for point in points]
        (line,) = ax.loglog(steps, errors, label=f"{name} ({unit}), training")
        ax.loglog(steps, [1e3 * getattr(p, f"{name}_test") for p in points], "--", color=line.get_color(), label="test")
    ax.set_xlabel("training step")
    ax.set_ylabel("root mean square error")
    figure.legend(fontsize=7, ncols=3, loc="outside upper center")
    figure.savefig(folder / "loss.png", dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=BUNDLED)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--overwrite", action="store_true", help="begin again instead of going on")
    options = parser.parse_args()
    data = load_data(options.data, elements=ELEMENTS)
    result = train(data, SETTINGS, options.work, overwrite=options.overwrite, report=lambda row: print(row, flush=True))
    save_loss(result.loss, options.data)
    part = options.data / "nep.txt.part"
    shutil.copy(result.model, part)
    os.replace(part, options.data / "nep.txt")
    text = card(result, SETTINGS)
    fill(options.data / "DATA_CARD.md", "model", text)
    print(text)


if __name__ == "__main__":
    main()
