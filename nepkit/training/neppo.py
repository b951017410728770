"""Training with neppo, a PyTorch implementation of NEP for CPU or GPU (https://neppo.materialsmodeling.org)."""

from __future__ import annotations

import logging
import math
import os
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError, MissingExtraError
from nepkit.training.engine import START, Report, TrainingData
from nepkit.training.loss import LossPoint
from nepkit.training.neppo_start import start_model
from nepkit.training.settings import Settings

if TYPE_CHECKING:
    import neppo as neppo_package

DEFAULT_STEPS = 20000
DEFAULT_BATCH = 8
CHECKPOINT = "checkpoint_*.txt"


class NeppoEngine:
    """Gradient descent (AdamW, cosine decay of the learning rate) by neppo."""

    name = "neppo"

    def versions(self) -> dict[str, str]:
        """Return the versions of neppo and torch; raise `MissingExtraError` where one is missing."""
        for package in ("torch", "neppo"):
            if find_spec(package) is None:
                raise MissingExtraError(package, "train")
        return {package: version(package) for package in ("neppo", "torch")}

    def nep_in(self, elements: tuple[str, ...], settings: Settings) -> str:
        """Return ``nep.in`` with neppo's own keywords for the optimiser."""
        first, last = settings.learning_rate
        extra = {
            "batch": f"{settings.batch or DEFAULT_BATCH}",
            "generation": f"{settings.generations or DEFAULT_STEPS}",
            "optimizer": "adamw",
            "learning_rate": f"{first:g} {last:g}",
            "seed": f"{settings.seed}",
        }
        return settings.nep_in(elements, extra)

    def train(self, data: TrainingData, settings: Settings, workdir: Path, report: Report | None = None) -> Path:
        """Train in ``workdir``; see `nepkit.training.engine.Engine.train`.

        The model is the one of the last step, not the one of the lowest test error, so that the test stays a test.
        A killed run goes on from its last checkpoint at the learning rate it had reached; AdamW's moments start anew.
        """
        self.versions()
        steps = settings.generations or DEFAULT_STEPS
        done, trainer = _trainer(data, settings, workdir)
        if done >= steps:
            return workdir / "nep.txt"
        watcher = _Watcher(trainer, workdir, done, report)
        logger = logging.getLogger("neppo.trainer")
        level, propagate = logger.level, logger.propagate
        logger.addHandler(watcher)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            trainer.train(steps=steps - done, report_interval=min(settings.interval, steps - done))
        finally:
            logger.removeHandler(watcher)
            logger.setLevel(level)
            logger.propagate = propagate
        return workdir / "nep.txt"


def _trainer(data: TrainingData, settings: Settings, workdir: Path) -> tuple[int, neppo_package.Trainer]:
    """Return the steps already done and neppo's trainer, with the parameters of the last checkpoint if there is one."""
    import torch
    from ase.io import read
    from neppo import StructureContainer, Trainer, read_model
    from neppo.nep_in import get_loss, get_model, read_nep_in

    steps = settings.generations or DEFAULT_STEPS
    keywords = read_nep_in(workdir / "nep.in")
    done, path = last_checkpoint(workdir)
    torch.manual_seed(settings.seed + done)
    model = get_model(keywords, workdir)
    if path is not None:
        model = read_model(path)
    elif (workdir / START).exists():
        model = start_model(workdir / START, model)
    rate = settings.learning_rate
    start = rate[1] + 0.5 * (rate[0] - rate[1]) * (1 + math.cos(math.pi * min(done / steps, 1)))
    files = [workdir / name for name, frames in (("train.xyz", data.train), ("test.xyz", data.test)) if frames]
    try:
        containers = [StructureContainer(model, read(path, ":")) for path in files]
    except ValueError as error:
        raise InputError(f"{data.source}: neppo cannot use these frames: {error}") from error
    # Frames without Born effective charges leave that term out, as nep does.
    has_bec = containers[0].n_structures_with_bec > 0
    trainer = Trainer(
        model,
        get_loss({key: value for key, value in keywords.items() if key != "generation"}, has_bec=has_bec),
        containers[0],
        test=containers[1] if data.test else None,
        batch_size=settings.batch or DEFAULT_BATCH,
        learning_rate=(start, rate[1]),
        seed=settings.seed + done,
        output_directory=workdir,
    )
    return done, trainer


def last_checkpoint(workdir: Path) -> tuple[int, Path | None]:
    """Return the steps done and the file of the newest checkpoint; 0 and None where there is none."""
    found = {int(match[0]): path for path in workdir.glob(CHECKPOINT) if (match := re.findall(r"\d+", path.stem))}
    return max(found.items(), default=(0, None), key=lambda entry: entry[0])


class _Watcher(logging.Handler):
    """Turns every report of neppo's trainer into a checkpoint and a loss point.

    neppo has no callbacks; it logs after each report, and by then ``history`` holds the report's row.
    """

    def __init__(self, trainer: Any, workdir: Path, done: int, report: Report | None) -> None:
        super().__init__(logging.INFO)
        self.trainer = trainer
        self.workdir = workdir
        self.done = done
        self.report = report
        self.seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Save and report what is new in the trainer's history."""
        history = self.trainer.history
        if len(history) == self.seen:
            return
        self.seen = len(history)
        row = history.iloc[-1]
        step = self.done + int(row["step"])
        if not math.isfinite(row["loss"]):
            raise InputError(
                f"{self.workdir}: the loss is not a number at step {step}; lower the learning rate and start again"
            )
        self._save(step)
        if self.report is not None:
            errors = {
                f"{short}_{label}": float(row.get(f"rmse_{name}_{label}", math.nan))
                for short, name in (("energy", "energy"), ("force", "forces"), ("virial", "virial"))
                for label in ("train", "test")
            }
            self.report(LossPoint(generation=step, loss=float(row["loss"]), **errors))

    def _save(self, step: int) -> None:
        from neppo import write_model

        part = self.workdir / "checkpoint.part"
        write_model(self.trainer.model, part)
        older = list(self.workdir.glob(CHECKPOINT))
        os.replace(part, self.workdir / f"checkpoint_{step}.txt")
        for path in older:
            if path.name != f"checkpoint_{step}.txt":
                path.unlink()


engine = NeppoEngine()
