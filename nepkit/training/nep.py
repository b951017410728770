"""Training with the ``nep`` executable of GPUMD, which needs a GPU (https://gpumd.org)."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from nepkit.core.errors import InputError, ProgramError
from nepkit.core.programs import require_program
from nepkit.training.engine import START, Report, TrainingData
from nepkit.training.loss import LossReader
from nepkit.training.settings import Settings

DEFAULT_GENERATIONS = 100000
DEFAULT_BATCH = 1000
POLL_SECONDS = 0.5


class NepEngine:
    """Separable natural evolution strategy by GPUMD's ``nep``."""

    name = "nep"

    def versions(self) -> dict[str, str]:
        """Return where ``nep`` is; raise `ProgramError` where it is not found."""
        return {"nep": str(require_program("nep"))}

    def nep_in(self, elements: tuple[str, ...], settings: Settings) -> str:
        """Return ``nep.in`` with the keywords of the evolution strategy."""
        extra = {
            "batch": f"{settings.batch or DEFAULT_BATCH}",
            "population": f"{settings.population}",
            "generation": f"{settings.generations or DEFAULT_GENERATIONS}",
        }
        return settings.nep_in(elements, extra)

    def train(self, data: TrainingData, settings: Settings, workdir: Path, report: Report | None = None) -> Path:
        """Train in ``workdir``; see `nepkit.training.engine.Engine.train`.

        ``nep`` itself goes on from ``nep.restart``; ``nep.in`` then asks for the generations that are missing.
        """
        if (workdir / START).exists():
            raise InputError("nep cannot start from a model file, only from its own nep.restart; use the engine neppo")
        executable = require_program("nep")
        target = settings.generations or DEFAULT_GENERATIONS
        reader = LossReader(workdir / "loss.out")
        restart = workdir / "nep.restart"
        rows = reader.poll()
        done = rows[-1].generation if rows and restart.exists() else 0
        if done >= target:
            return workdir / "nep.txt"
        _replace(workdir / "nep.in", self.nep_in(data.elements, replace(settings, generations=target - done)) + "\n")
        _run(executable, workdir, reader, report)
        model = workdir / "nep.txt"
        if not model.exists():
            raise ProgramError(f"{executable} wrote no {model}; see {workdir / 'nep.log'}")
        return model


def _run(executable: Path, workdir: Path, reader: LossReader, report: Report | None) -> None:
    """Run ``nep`` to its end, passing on the loss curve as it grows."""
    log = workdir / "nep.log"
    with log.open("ab") as stream:
        process = subprocess.Popen([executable], cwd=workdir, stdout=stream, stderr=subprocess.STDOUT)
        try:
            while True:
                ended = process.poll() is not None
                for row in reader.poll():
                    if report is not None:
                        report(row)
                if ended:
                    break
                time.sleep(POLL_SECONDS)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        last = lines[-1].strip() if lines else "no output"
        raise ProgramError(f"{executable} ended with status {process.returncode}: {last} (all of it: {log})")


def _replace(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


engine = NepEngine()
