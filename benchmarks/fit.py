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

#: What served neppo best of what was tried in runs of a minute: first rates 2e-3 (130.0 meV/A after 56 s) and 5e-3
#: (132.1), charge weights of 1 and 0.1 times neppo's own random ones (133.7 after 40 steps), batches of 2 and 4.
LEARNING_RATE = (2e-3, 2e-5)
BATCH = 2
CHARGE_SCALE = 1.0


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


def gauss_newton_curve(
    nep: Path, train: Sequence[Atoms], test: Sequence[Atoms], charges: dict[str, float]
) -> tuple[list[Point], Point, float, float]:
    """Fit charges by Gauss-Newton from one start and return its error against time.

    Returns
    -------
    curve : list of Point
        At every linearisation, from the first (set-up done, starting charges) to the last.
    default : Point
        `fit_charges` as users call it: three starts, cross-validated prior, range diagnosis, jackknife, both sets.
    frozen, readout : float
        Test errors of the frozen NEP and of the readout refit, meV/A.
    """
    from lr_correction.blocks import assign_blocks
    from lr_correction.fit import fit_charges
    from lr_correction.kernels import gpumd
    from lr_correction.nepfile import read_nep
    from lr_correction.objective import Objective, Weights
    from lr_correction.parameters import Layout
    from lr_correction.problem import FIRST_RIDGE, FULL, Problem
    from lr_correction.store import FrameStore

    class Timed(Problem):
        """A problem that remembers when and where it was linearised."""

        def objective(self, interaction: str | None, *, test: bool = False) -> Objective:
            objective = super().objective(interaction, test=test)
            linearise = objective.normal

            def normal(parameters: Any) -> Any:
                result = linearise(parameters)
                seen.append((time.perf_counter() - started, parameters.copy()))
                return result

            objective.normal = normal  # type: ignore[method-assign]
            return objective

    seen: list[tuple[float, Any]] = []
    model = read_nep(nep)
    frames = [without_charges(chosen) for chosen in (train, test)]
    interactions = {FULL: gpumd(2, model.cutoff_radial)}
    held_out = FrameStore(model, frames[1], interactions)
    started = time.perf_counter()
    store = FrameStore(model, frames[0], interactions)
    layout = Layout(len(model.elements), model.neurons)
    blocks = assign_blocks(frames[0])
    problem = Timed(model, store, held_out, layout, Weights(), blocks, None, 1, 1e-5, None)
    problem.best_start(FULL, charges, [0.3], layout.mask(), FIRST_RIDGE, "charges")
    curve = []
    for seconds, parameters in seen:
        errors = [problem.errors(FULL, parameters, test=side).force_mev_a or float("nan") for side in (False, True)]
        curve.append(Point(seconds, *errors))
    fit = fit_charges(model, frames[0], test=frames[1], initial_charges=charges, threads=1)
    assert fit.test is not None
    both = [stages.charges.force_mev_a or float("nan") for stages in (fit.train, fit.test)]
    default = Point(fit.seconds["total"], *both)
    return curve, default, fit.test.frozen.force_mev_a or 0.0, fit.test.readout.force_mev_a or 0.0


def seconds_to(curve: Sequence[Point], error: float) -> float | None:
    """Return when a curve first reaches a test error; None if it never does."""
    return next((point.seconds for point in curve if point.test <= error), None)


def table(name: str, curve: Sequence[Point]) -> str:
    """Return a curve as text."""
    rows = [f"{point.seconds:8.1f} {point.train:8.1f} {point.test:8.1f}" for point in curve]
    return "\n".join([f"{name}: s, train meV/A, test meV/A", *rows])


def main() -> None:
    from ase.io import read

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=300.0, help="seconds for neppo")
    options = parser.parse_args()
    folder = Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data") / "superionic_water"
    train, test = (read(folder / name, ":") for name in ("train20.xyz", "test.xyz"))
    nep = folder / "nep.txt"
    curve, default, frozen, readout = gauss_newton_curve(nep, train, test, {"H": 0.4, "O": -0.8})
    print(f"test force error: frozen NEP {frozen:.1f}, readout refit {readout:.1f} meV/A")
    print(table("Gauss-Newton, one start, one thread", curve))
    print(table("fit_charges by default (starts, cross-validation, range diagnosis, jackknife), one thread", [default]))
    reference = neppo_curve(nep, train, test, budget=options.budget)
    print(table("neppo, qNEP from the same NEP, all parameters free, one thread", reference))
    best = min(point.test for point in curve)
    ours, theirs = seconds_to(curve, best), seconds_to(reference, best)
    reached = f"{theirs:.1f} s" if theirs is not None else f"not within {options.budget:.0f} s"
    print(f"to a test error of {best:.1f} meV/A: Gauss-Newton {ours:.1f} s, neppo {reached}")
    if ours and theirs:
        print(f"ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    main()
