"""Error against seconds: charges fitted by Gauss-Newton, and neppo training a qNEP from the same NEP and frames.

Both start from the NEP of the superionic-water reference data (``NEPKIT_REFERENCE_DATA`` or ``shared/data`` beside the
checkout), see the same 20 training frames with energies and forces, and are judged on the same 17 test frames. Neither
sees a Born effective charge. One core each, so run it on an idle machine with OMP_NUM_THREADS=1.

    OMP_NUM_THREADS=1 python benchmarks/fit.py --budget 300
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

REPOSITORY = Path(__file__).parents[1]

#: What served neppo best of what was tried (first rates 1e-3 to 5e-3, batches of 2 and 4, charge weights of 0.1 and 1
#: times neppo's own random ones).
LEARNING_RATE = (2e-3, 2e-5)
BATCH = 2
CHARGE_SCALE = 0.1


@dataclass(frozen=True)
class Point:
    """Force errors after some seconds of work.

    Parameters
    ----------
    seconds : float
        Time since the frames and the NEP were in memory: set-up and training, without the evaluations for this curve.
    train, test : float
        Root mean square error of the force components, meV/A.
    """

    seconds: float
    train: float
    test: float


def without_charges(frames: Sequence[Atoms]) -> list[Atoms]:
    """Copies of the frames without Born effective charges, which neither side may use."""
    copies = []
    for atoms in frames:
        copy = atoms.copy()
        copy.calc = atoms.calc
        copy.arrays.pop("bec", None)
        copies.append(copy)
    return copies


def neppo_curve(
    nep: Path,
    train: Sequence[Atoms],
    test: Sequence[Atoms],
    *,
    charge_mode: int = 2,
    budget: float = 300.0,
    points: int = 12,
    batch: int = BATCH,
    learning_rate: tuple[float, float] = LEARNING_RATE,
    charge_scale: float = CHARGE_SCALE,
    seed: int = 1,
) -> list[Point]:
    """Train a qNEP with neppo from a NEP and return its error against time.

    All parameters are free, as in neppo's own training; the new charge weights start at small random values. AdamW with
    a cosine decay that fills the budget: the number of steps comes from the time of the first few.

    Parameters
    ----------
    nep : Path
        The ``nep.txt`` to start from, or a qNEP that has charges already.
    train, test : sequence of Atoms
        Frames with energy and forces.
    charge_mode : int
        1 or 2.
    budget : float
        Seconds to spend on set-up and training.
    points : int
        Number of points of the curve after the start.
    batch, learning_rate, charge_scale, seed
        Frames per step, first and last learning rate, size of the first charge weights, and seed of all that is random.
    """
    import torch
    from neppo import StructureContainer, Trainer, read_model
    from neppo.models import QNEP
    from neppo.nep_in import get_loss

    from nepkit.training.neppo_start import with_charges

    class Timed(Trainer):
        """neppo's trainer that keeps the time of its evaluations apart."""

        evaluating = 0.0

        def _report(self, *arguments: Any, **options: Any) -> None:
            began = time.perf_counter()
            super()._report(*arguments, **options)
            self.evaluating += time.perf_counter() - began
            row = self.history.iloc[-1]
            seconds = time.perf_counter() - started - self.evaluating
            curve.append(Point(seconds, 1e3 * row["rmse_forces_train"], 1e3 * row["rmse_forces_test"]))

    torch.manual_seed(seed)
    curve: list[Point] = []
    frames = [without_charges(chosen) for chosen in (train, test)]
    started = time.perf_counter()
    model = read_model(nep)
    if not isinstance(model, QNEP):
        model = with_charges(model, charge_mode, charge_scale)
    settings = {"type": [str(len(model.types)), *model.types], "charge_mode": [str(charge_mode)]}
    if all("virial" not in atoms.info and "stress" not in atoms.calc.results for atoms in frames[0]):
        settings["lambda_v"] = ["0"]
    trainer = Timed(
        model,
        get_loss(settings, has_bec=False),
        StructureContainer(model, frames[0]),
        test=StructureContainer(model, frames[1]),
        batch_size=batch,
        learning_rate=(1e-9, 1e-9),
        device="cpu",
        seed=seed,
    )
    # These steps move nothing: they time a step, and their report is the error of the start.
    before = time.perf_counter()
    trainer.train(steps=4, report_interval=4)
    per_step = (time.perf_counter() - before - trainer.evaluating) / 4
    left = budget - (time.perf_counter() - started - trainer.evaluating)
    steps = max(points, int(left / per_step))
    trainer.learning_rate = learning_rate
    trainer.train(steps=steps, report_interval=max(1, steps // points))
    return curve


def main() -> None:
    from ase.io import read

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=300.0, help="seconds for neppo")
    options = parser.parse_args()
    folder = Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data") / "superionic_water"
    train, test = (read(folder / name, ":") for name in ("train20.xyz", "test.xyz"))
    print("neppo, qNEP from the same NEP (s, train meV/A, test meV/A)")
    for point in neppo_curve(folder / "nep.txt", train, test, budget=options.budget):
        print(f"{point.seconds:8.1f} {point.train:8.1f} {point.test:8.1f}", flush=True)


if __name__ == "__main__":
    main()
