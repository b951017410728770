"""A simulation by gpumd while it runs: step, speed, temperature, energy drift, and what looks wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nepkit.core.errors import InputError
from nepkit.inputs.runfile import Run, RunFile, read_run_file
from nepkit.watch.pace import Pace
from nepkit.watch.tail import Tail, age
from nepkit.watch.training import STALLED, duration

HOT = 2.0
"""A temperature this many times the target is an explosion."""
DRIFT = 1.0
"""meV/atom/ps; a larger drift of the energy at constant energy comes from the time step or the potential."""
ROWS_OF_DRIFT = 2000
SPEED = re.compile(r"Speed of this run = ([0-9.eE+-]+) atom\*step/second")
FAILURE = re.compile(r"^.*(?:Input Error|CUDA Error|Error:|illegal memory access|Segmentation fault).*$", re.MULTILINE)
LOGS = ("*.log", "log", "log.txt", "output*", "out", "slurm*.out", "screen*")
"""Where the screen of gpumd may be kept."""
LAST_BYTES = 65536


@dataclass(frozen=True)
class SimulationState:
    """A simulation at one moment.

    Parameters
    ----------
    folder : Path
        Where it runs.
    atoms : int or None
        Number of atoms.
    run, runs : int
        Which ``run`` of run.in it is at, from 1, and how many there are.
    step, steps : int
        Of that run.
    done, total : int
        Steps of all runs.
    ensemble : str
        Of that run.
    temperature, target : float or None
        K.
    pressure : float or None
        GPa.
    energy : float or None
        Total energy, eV/atom.
    drift : float or None
        Of the total energy at constant energy, meV/atom/ps.
    curves : dict of str to tuple of float
        ``time`` (ps), ``temperature`` (K) and ``potential`` (eV) of every row so far.
    speed : float or None
        Atom-steps per second.
    left, quiet : float or None
        s until the end, and since the last row.
    finished : bool
        Whether all steps are done.
    warnings : tuple of str
        What looks wrong.
    """

    folder: Path
    atoms: int | None
    run: int
    runs: int
    step: int
    steps: int
    done: int
    total: int
    ensemble: str
    temperature: float | None
    target: float | None
    pressure: float | None
    energy: float | None
    drift: float | None
    curves: dict[str, tuple[float, ...]] = field(repr=False)
    speed: float | None
    left: float | None
    quiet: float | None
    finished: bool
    warnings: tuple[str, ...]


class SimulationWatcher:
    """Looks at a folder of a simulation again and again.

    Parameters
    ----------
    folder : Path
        With run.in; thermo.out is read as soon as there is one.
    log : Path, optional
        Where the screen of gpumd is kept; looked for when left out.

    Raises
    ------
    InputError
        Where there is no run.in, or no run in it.
    """

    def __init__(self, folder: Path, log: Path | None = None) -> None:
        self.folder = folder
        if not (folder / "run.in").exists():
            raise InputError(f"{folder}: no run.in; name the folder of a simulation")
        self._file = read_run_file(folder / "run.in")
        if not self._file.runs:
            raise InputError(f"{folder / 'run.in'}: no run in it")
        self._log = log
        self._thermo = Tail(folder / "thermo.out")
        self._rows: list[tuple[float, float, float, float]] = []
        self._bad = 0
        self._pace = Pace()

    def look(self, now: float) -> SimulationState:
        """Return the state at a time, s since the epoch."""
        self._read()
        runs, count = self._file.runs, self._rows_of_this_execution()
        place, step = _where(self._file, count)
        run, done = runs[place], sum(item.steps for item in runs[:place]) + step
        total = sum(item.steps for item in runs)
        quiet = age(self.folder / "thermo.out", now)
        atoms = self._atoms()
        if self._rows:
            self._pace.add(now - (quiet or 0.0), done)
        pace, text = self._pace.speed, self._log_text(now)
        speed = pace * atoms if pace is not None and atoms else _speed_in(text)
        finished = done >= total
        left = (total - done) * atoms / speed if speed and atoms and not finished else None
        mine = self._rows[len(self._rows) - _rows_in(run, step) :] if self._rows else []
        last = self._rows[-1] if self._rows else None
        return SimulationState(
            folder=self.folder,
            atoms=atoms,
            run=place + 1,
            runs=len(runs),
            step=step,
            steps=run.steps,
            done=done,
            total=total,
            ensemble=(run.find("ensemble") or ("",))[0],
            temperature=last[0] if last else None,
            target=run.temperature,
            pressure=last[3] if last else None,
            energy=(last[1] + last[2]) / atoms if last and atoms else None,
            drift=_drift(mine, run, atoms),
            curves=self._curves(count),
            speed=speed,
            left=left,
            quiet=quiet,
            finished=finished,
            warnings=tuple(self._warnings(run, mine, atoms, quiet, finished, text)),
        )

    def _read(self) -> None:
        lines = self._thermo.poll()
        if self._thermo.replaced:
            self._rows, self._pace = [], Pace()
        for line in lines:
            words = line.partition("#")[0].split()
            if not words:
                continue
            try:
                row = [float(word) for word in words]
                self._rows.append((row[0], row[1], row[2], sum(row[3:6]) / 3))
            except (ValueError, IndexError):
                self._bad += 1

    def _rows_of_this_execution(self) -> int:
        """Return the rows of the last execution: GPUMD appends to the file of the one before."""
        expected = sum(_rows_in(run, run.steps) for run in self._file.runs)
        rows = len(self._rows)
        return rows if rows <= expected or not expected else (rows - 1) % expected + 1

    def _atoms(self) -> int | None:
        try:
            with (self.folder / "model.xyz").open(encoding="utf-8", errors="replace") as file:
                return int(file.readline()) * int(np.prod(self._file.replicate))
        except (OSError, ValueError):
            return None

    def _log_text(self, now: float) -> str:
        """Return the end of the newest file that looks like the screen of gpumd, of this execution."""
        paths = (
            [self._log] if self._log else [path for name in LOGS for path in self.folder.glob(name) if path.is_file()]
        )
        found = [(age(path, now), path) for path in paths if path.exists()]
        if not found:
            return ""
        newest = min(found, key=lambda item: item[0] or 0.0)[1]
        with newest.open("rb") as file:
            file.seek(max(0, newest.stat().st_size - LAST_BYTES))
            return file.read().decode(errors="replace")

    def _curves(self, count: int) -> dict[str, tuple[float, ...]]:
        rows = self._rows[len(self._rows) - count :]
        times = list(_times(self._file, len(rows)))
        return {
            "time": tuple(times),
            "temperature": tuple(row[0] for row in rows),
            "potential": tuple(row[2] for row in rows),
        }

    def _warnings(
        self,
        run: Run,
        mine: list[tuple[float, float, float, float]],
        atoms: int | None,
        quiet: float | None,
        finished: bool,
        text: str,
    ) -> Iterator[str]:
        failure = FAILURE.search(text)
        if failure:
            yield f"the log says: {failure.group(0).strip()[:120]}"
        if self._bad:
            yield f"{self._bad} lines of thermo.out are not numbers"
        if not self._rows:
            writes = any(item.find("dump_thermo") for item in self._file.runs)
            yield "no row in thermo.out yet" if writes else "run.in has no dump_thermo, so nothing tells how far it is"
            return
        last = self._rows[-1]
        if not all(map(math.isfinite, last)):
            yield "thermo.out is not finite: the simulation has exploded"
        elif run.temperature and last[0] > HOT * run.temperature + 100 and len(mine) > 1:
            yield f"{last[0]:.0f} K at a target of {run.temperature:.0f} K: the simulation is exploding"
        drift = _drift(mine, run, atoms)
        if drift is not None and abs(drift) > DRIFT:
            yield f"the energy drifts by {drift:.2f} meV/atom/ps: a shorter time step, or a better potential"
        if not finished and quiet is not None and quiet > STALLED:
            yield f"thermo.out has not grown for {duration(quiet)}: has the job ended?"


def _rows_in(run: Run, steps: int) -> int:
    words = run.find("dump_thermo")
    return steps // int(words[0]) if words and words[0].isdigit() and int(words[0]) else 0


def _where(file: RunFile, rows: int) -> tuple[int, int]:
    """Return the number of the run, from 0, and the step of it that so many rows of thermo.out tell."""
    last = len(file.runs) - 1
    for place, run in enumerate(file.runs):
        whole = _rows_in(run, run.steps)
        if rows < whole or place == last:
            interval = int((run.find("dump_thermo") or ("0",))[0])
            return place, min(rows * interval, run.steps) if rows < whole else run.steps * (whole > 0)
        rows -= whole
        if rows == 0 and any(_rows_in(item, item.steps) for item in file.runs[place + 1 :]):
            return (place + 1, 0) if whole else (place, 0)
    return last, file.runs[last].steps


def _times(file: RunFile, rows: int) -> Iterator[float]:
    start, told = 0.0, 0
    for run in file.runs:
        interval = int((run.find("dump_thermo") or ("0",))[0])
        for row in range(1, _rows_in(run, run.steps) + 1):
            if told == rows:
                return
            told += 1
            yield start + 1e-3 * run.time_step * interval * row
        start += run.duration
    for _ in range(rows - told):
        yield math.nan


def _drift(rows: list[tuple[float, float, float, float]], run: Run, atoms: int | None) -> float | None:
    """Return the slope of the total energy of a run at constant energy, meV/atom/ps."""
    if (run.find("ensemble") or ("",))[0] != "nve" or not atoms or len(rows) < 3:
        return None
    interval = 1e-3 * run.time_step * int((run.find("dump_thermo") or ("0",))[0])
    energy = np.array([row[1] + row[2] for row in rows[-ROWS_OF_DRIFT:]])
    if not interval or not np.isfinite(energy).all():
        return None
    return float(1e3 * np.polyfit(interval * np.arange(len(energy)), energy / atoms, 1)[0])


def _speed_in(text: str) -> float | None:
    found = SPEED.findall(text)
    try:
        return float(found[-1]) if found else None
    except ValueError:
        return None
