"""A training by nep, gnep or neppo while it runs: errors, speed, time left, and what looks wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nepkit.core.errors import InputError, NepkitError
from nepkit.gpumd.loss import LossRow, LossRows
from nepkit.inputs.inputfile import InputFile, read_input
from nepkit.watch.pace import Pace
from nepkit.watch.tail import age

STALLED = 300.0
"""s without a new row after which a running training is said to stand still, unless its rows are seldom."""
OVERFIT = 1.2
"""The test error is this many times its smallest one."""
GROWN = 2.0
"""The loss is this many times its smallest one."""


@dataclass(frozen=True)
class TrainingState:
    """A training at one moment.

    Parameters
    ----------
    folder : Path
        Where it runs.
    engine : str
        nep, gnep or neppo.
    generation, total : int or None
        How far it is in this run, and how far it is to go.
    errors : dict of str to float
        Last row of loss.out by column: energies and virials in eV/atom, forces in eV/A.
    curves : dict of str to tuple of float
        Rows so far by column, ``generation`` among them, counted over restarts.
    speed : float or None
        Generations per second.
    left : float or None
        s.
    quiet : float or None
        s since the last row.
    finished : bool
        Whether the last generation is reached.
    warnings : tuple of str
        What looks wrong.
    """

    folder: Path
    engine: str
    generation: int | None
    total: int | None
    errors: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]] = field(repr=False)
    speed: float | None
    left: float | None
    quiet: float | None
    finished: bool
    warnings: tuple[str, ...]


class TrainingWatcher:
    """Looks at a folder of a training again and again.

    Parameters
    ----------
    folder : Path
        With nep.in or gnep.in, and loss.out as soon as there is one.

    Raises
    ------
    InputError
        Where it is no folder of a training.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._input = next((folder / name for name in ("nep.in", "gnep.in") if (folder / name).exists()), None)
        if self._input is None and not (folder / "loss.out").exists():
            raise InputError(f"{folder}: neither nep.in, gnep.in nor loss.out; name the folder of a training")
        self._pace = Pace()
        self._start()

    def _start(self) -> None:
        self._reader = LossRows(self.folder / "loss.out")
        self._rows: list[LossRow] = []
        self._fault = ""
        self._size = 0

    def look(self, now: float) -> TrainingState:
        """Return the state at a time, s since the epoch."""
        self._read()
        file = _settings(self._input)
        total = _total(file)
        last = self._rows[-1] if self._rows else None
        reached = None if last is None else int(last.values.get("generation", last.generation))
        if reached is not None:
            self._pace.add(self._clock(now), reached)
        speed = self._pace.speed if self._pace.speed is not None else self._speed_of_file()
        quiet = age(self.folder / "loss.out", now)
        finished = total is not None and reached is not None and reached >= total
        left = None if finished or not speed or total is None or reached is None else (total - reached) / speed
        return TrainingState(
            folder=self.folder,
            engine=self._engine(file),
            generation=reached,
            total=total,
            errors={} if last is None else {k: v for k, v in last.values.items() if k != "generation"},
            curves=self._curves(),
            speed=speed,
            left=left,
            quiet=quiet,
            finished=finished,
            warnings=tuple(self._warnings(quiet, speed, finished)),
        )

    def _read(self) -> None:
        try:
            size = (self.folder / "loss.out").stat().st_size
        except FileNotFoundError:
            size = 0
        if size < self._size:
            self._start()  # a new training in the same folder
        self._size = size
        if self._fault:
            return
        try:
            self._rows += self._reader.poll()
        except NepkitError as error:
            self._fault = str(error)

    def _clock(self, now: float) -> float:
        """Return when the last row was written: nearer to the truth than when it was looked at."""
        quiet = age(self.folder / "loss.out", now)
        return now - (quiet or 0.0)

    def _speed_of_file(self) -> float | None:
        """Return the speed that gnep writes down itself."""
        if len(self._rows) < 2 or "time" not in self._rows[-1].values:
            return None
        first, last = self._rows[max(0, len(self._rows) - 10)], self._rows[-1]
        seconds = last.values["time"] - first.values["time"]
        return (last.generation - first.generation) / seconds if seconds > 0 else None

    def _engine(self, file: InputFile) -> str:
        if self._reader.kind == "gnep" or (self._input is not None and self._input.name == "gnep.in"):
            return "gnep"
        return "neppo" if file.find("optimizer") or file.find("learning_rate") else "nep"

    def _curves(self) -> dict[str, tuple[float, ...]]:
        if not self._rows:
            return {}
        names = [name for name in self._rows[-1].values if name != "generation"]
        curves = {name: tuple(row.values.get(name, math.nan) for row in self._rows) for name in names}
        kept = {name: values for name, values in curves.items() if any(value != 0 for value in values)}
        return {"generation": tuple(float(row.generation) for row in self._rows), **kept}

    def _warnings(self, quiet: float | None, speed: float | None, finished: bool) -> list[str]:
        found = [self._fault] if self._fault else []
        if not self._rows:
            return [*found, "no row in loss.out yet"]
        last = self._rows[-1].values
        wrong = [name for name, value in last.items() if not math.isfinite(value)]
        if wrong:
            found.append(f"{', '.join(wrong)} is not a number: stop, and look for wrong labels by nepkit data check")
        totals = [row.values["total"] for row in self._rows if math.isfinite(row.values.get("total", math.nan))]
        if totals and totals[-1] > GROWN * min(totals):
            found.append(f"the loss is {totals[-1] / min(totals):.1f} times its smallest value")
        tests = [row.values.get("rmse_force_test", 0.0) for row in self._rows]
        tests = [value for value in tests if value > 0 and math.isfinite(value)]
        if len(tests) > 10 and tests[-1] > OVERFIT * min(tests):
            found.append(f"the test error of forces is {tests[-1] / min(tests):.2f} times its smallest: overfitting")
        usual = (
            abs(self._rows[-1].generation - self._rows[-2].generation) / speed if speed and len(self._rows) > 1 else 0
        )
        if not finished and quiet is not None and quiet > max(STALLED, 10 * usual):
            found.append(f"loss.out has not grown for {duration(quiet)}: has the job ended?")
        return found


def _settings(path: Path | None) -> InputFile:
    try:
        return InputFile(()) if path is None else read_input(path)
    except (OSError, NepkitError):
        return InputFile(())  # it is being written anew


def _total(file: InputFile) -> int | None:
    words = file.find("generation") or file.find("epoch")
    return int(words[0]) if words and words[0].isdigit() else None


def duration(seconds: float) -> str:
    """Return a time in the two largest units that it has.

    Examples
    --------
    >>> duration(45), duration(7322), duration(200000)
    ('45 s', '2 h 2 min', '2 d 7 h')
    """
    whole = round(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"
