"""A training run from data to parity report, in a folder that remembers what it is."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nepkit.accuracy.parity import Parity
from nepkit.core.errors import InputError, OutputError
from nepkit.core.progress import task
from nepkit.formats.files import write_frames
from nepkit.training.engine import START, Engine, TrainingData, engines
from nepkit.training.loss import LossPoint, read_loss
from nepkit.training.parity import parity
from nepkit.training.settings import Settings

#: Files of a run; ``overwrite`` removes these and no others.
OWN_FILES = (
    "run.json", "nep.in", "train.xyz", "test.xyz", START, "loss.out", "nep.txt", "nep_best.txt", "nep.restart",
    "nep.log", "checkpoint_*.txt", "*_train.out", "*_test.out",
)  # fmt: skip


@dataclass(frozen=True)
class TrainingResult:
    """The trained model and how good it is.

    Parameters
    ----------
    model : Path
        The ``nep.txt``.
    train, test : Parity
        Reference against prediction; ``test`` is None without test frames.
    loss : list of LossPoint
        The loss curve.
    seconds : float
        Time of training, over all its restarts.
    """

    model: Path
    train: Parity
    test: Parity | None
    loss: list[LossPoint]
    seconds: float


def train(
    data: TrainingData,
    settings: Settings,
    workdir: Path,
    *,
    engine: str = "neppo",
    start: Path | None = None,
    overwrite: bool = False,
    report: Callable[[LossPoint], None] | None = None,
) -> TrainingResult:
    """Train a NEP and evaluate the result.

    Parameters
    ----------
    data : TrainingData
        From `nepkit.training.data.load_data`.
    settings : Settings
        Model and optimisation.
    workdir : Path
        Made when needed. A folder that holds an unfinished run with the same settings and frames is continued.
    engine : str
        ``neppo`` (CPU or GPU, needs the extra ``train``) or ``nep`` (GPUMD's executable).
    start : Path, optional
        A ``nep.txt`` of the same shape to start from; with a charge mode in the settings it gets a charge head (neppo).
    overwrite : bool
        Replace another run in ``workdir``.
    report : callable, optional
        Called with every new row of the loss curve.

    Raises
    ------
    NepkitError
        The engine is missing, or the folder holds something else.

    Examples
    --------
    >>> data = load_data(Path("train.xyz"))  # doctest: +SKIP
    >>> train(data, Settings(cutoff=(6.0, 5.0)), Path("run")).model  # doctest: +SKIP
    PosixPath('run/nep.txt')
    """
    chosen = engines[engine]
    versions = chosen.versions()
    record = _prepare(chosen, data, settings, workdir, versions, start, overwrite)
    started = time.monotonic()
    previous = record["seconds"]

    def save(finished: bool) -> None:
        record["seconds"] = round(previous + time.monotonic() - started, 1)
        record["finished"] = datetime.now(UTC).isoformat(timespec="seconds") if finished else None
        _write_json(workdir / "run.json", record)

    if record["finished"] is None:
        with task(f"Training with {engine}") as progress:

            def follow(row: LossPoint) -> None:
                save(finished=False)
                progress.advance(note=f"step {row.generation}: {row}")
                if report is not None:
                    report(row)

            chosen.train(data, settings, workdir, follow)
        save(finished=True)
    model = workdir / "nep.txt"
    return TrainingResult(
        model=model,
        train=parity(model, data.train),
        test=parity(model, data.test) if data.test else None,
        loss=read_loss(workdir / "loss.out"),
        seconds=record["seconds"],
    )


def _prepare(
    engine: Engine,
    data: TrainingData,
    settings: Settings,
    workdir: Path,
    versions: dict[str, str],
    start: Path | None,
    overwrite: bool,
) -> dict[str, Any]:
    """Write the inputs, or recognise them; return the run record."""
    inputs = {"nep.in": (engine.nep_in(data.elements, settings) + "\n").encode()}
    if start is not None:
        inputs[START] = start.read_bytes()
    workdir.mkdir(parents=True, exist_ok=True)
    for name, frames in (("train.xyz", data.train), ("test.xyz", data.test)):
        if frames:
            part = workdir / f".part-{name}"
            write_frames(part, frames, overwrite=True)
            inputs[name] = part.read_bytes()
            part.unlink()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in inputs.items()}
    record = _known_run(workdir, engine.name, hashes, overwrite)
    if record is None:
        record = {
            "command": sys.argv,
            "engine": engine.name,
            "source": data.source,
            "settings": asdict(settings),
            "versions": {**versions, "nepkit": _own_version(), "python": platform.python_version()},
            "sha256": hashes,
            "seed": settings.seed,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "finished": None,
            "seconds": 0.0,
        }
    for name, content in inputs.items():
        part = workdir / f".part-{name}"
        part.write_bytes(content)
        os.replace(part, workdir / name)
    _write_json(workdir / "run.json", record)
    return record


def _known_run(workdir: Path, engine: str, hashes: dict[str, str], overwrite: bool) -> dict[str, Any] | None:
    """Return the record of the same run, None for an empty folder, and refuse anything else."""
    present = sorted(path for pattern in OWN_FILES for path in workdir.glob(pattern))
    if overwrite:
        for path in present:
            path.unlink()
        return None
    if not present:
        return None
    path = workdir / "run.json"
    if not path.exists():
        raise OutputError(f"{workdir} already holds {present[0].name}; choose another folder or add --overwrite")
    try:
        record: dict[str, Any] = json.loads(path.read_text())
        same = record["engine"] == engine and record["sha256"] == hashes
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is not the record of a run; choose another folder or add --overwrite") from None
    if not (workdir / "loss.out").exists():
        return None  # it never took a step: nothing is lost
    if not same:
        raise OutputError(
            f"{workdir} holds a run with other settings or frames ({path}); choose another folder or add --overwrite"
        )
    return record


def _own_version() -> str:
    try:
        return version("gpumd-nepkit")
    except PackageNotFoundError:
        return "not installed"


def _write_json(path: Path, record: dict[str, Any]) -> None:
    part = path.with_name(f".part-{path.name}")
    part.write_text(json.dumps(record, indent=2) + "\n")
    os.replace(part, path)
