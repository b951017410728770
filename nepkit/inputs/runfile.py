"""run.in as data: the runs of a simulation and what was asked of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.inputs.inputfile import InputFile, InputLine, read_input
from nepkit.inputs.run_keywords import LASTING


@dataclass(frozen=True)
class Run:
    """One ``run`` of a run.in.

    Parameters
    ----------
    steps : int
        Number of steps.
    time_step : float
        fs.
    commands : tuple of tuple of str
        Keyword and arguments of every command that holds in this run.
    """

    steps: int
    time_step: float
    commands: tuple[tuple[str, ...], ...]

    def find(self, keyword: str) -> tuple[str, ...] | None:
        """Return the arguments of a keyword, None where it is not given."""
        return next((words[1:] for words in self.commands if words[0] == keyword), None)

    @property
    def temperature(self) -> float | None:
        """Final target temperature of the thermostat, K; None where the ensemble names none."""
        words = self.find("ensemble")
        if not words:
            return None
        try:
            if "temp" in words:
                return float(words[words.index("temp") + 2])
            place = {"nvt": 2, "npt": 2, "heat": 1, "pimd": 3}.get(words[0].partition("_")[0])
            return None if place is None else float(words[place])
        except (IndexError, ValueError):
            return None

    @property
    def fixed_cell(self) -> bool:
        """Whether the cell keeps its size."""
        words = self.find("ensemble") or ("",)
        under_pressure = words[0] == "pimd" and len(words) > 5 and words[5] != "eco"
        changing = words[0].startswith(("npt", "nph", "msst", "ti_as", "ti_rs")) or under_pressure
        return not changing and not self.find("deform")

    @property
    def duration(self) -> float:
        """Simulated time, ps."""
        return 1e-3 * self.steps * self.time_step


@dataclass(frozen=True)
class RunFile:
    """A whole run.in.

    Parameters
    ----------
    runs : tuple of Run
        In their order.
    replicate : tuple of int
        How often model.xyz is repeated along each cell vector.
    file : InputFile
        All of its lines, with comments; its ``text`` is the file as it was read.
    """

    runs: tuple[Run, ...] = ()
    replicate: tuple[int, int, int] = field(default=(1, 1, 1))
    file: InputFile = field(default_factory=lambda: InputFile(()))

    @property
    def potentials(self) -> tuple[str, ...]:
        """Files of potentials as they are named."""
        return tuple(line.words[1] for line in self.file.commands() if line.words[0] == "potential" and line.words[1:])

    def with_keyword(self, keyword: str) -> Run | None:
        """Return the last run in which a keyword is given."""
        return next((run for run in reversed(self.runs) if run.find(keyword) is not None), None)

    def rows_of(self, run: Run, keyword: str) -> slice:
        """Return which rows of an appended output, such as thermo.out of ``dump_thermo``, are those of a run.

        The slice is empty where the run does not write it.
        """
        rows = 0
        for other in self.runs:
            words = other.find(keyword)
            written = other.steps // int(words[0]) if words else 0
            if other is run:
                return slice(rows, rows + written)
            rows += written
        return slice(0, 0)


def read_run_file(path: str | Path) -> RunFile:
    r"""Read a run.in.

    Raises
    ------
    InputError
        Where a number is missing; names the line.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("/tmp/nepkit-run.in").write_text("time_step 2\nensemble nvt_bdp 300 600 100\nrun 1000\n")
    >>> read_run_file("/tmp/nepkit-run.in").runs[0].temperature
    600.0
    """
    return as_run_file(read_input(path), str(path))


def as_run_file(file: InputFile, where: str = "run.in") -> RunFile:
    """Return the runs of an input that is already read; see `read_run_file`."""
    runs: list[Run] = []
    replicate = (1, 1, 1)
    time_step = 1.0
    commands: list[tuple[str, ...]] = []
    for line in file.commands():
        words = line.words
        try:
            if words[0] == "time_step":
                time_step = float(words[1])
            elif words[0] == "replicate":
                replicate = (int(words[1]), int(words[2]), int(words[3]))
            if words[0] == "run":
                runs.append(Run(int(words[1]), time_step, tuple(commands)))
                commands = [words for words in commands if words[0] in LASTING]
            else:
                commands.append(words)
        except (IndexError, ValueError):
            raise InputError(_lacks_number(where, line)) from None
    return RunFile(tuple(runs), replicate, file)


def _lacks_number(path: str, line: InputLine) -> str:
    return f"{path}, line {line.number}: {line.text.strip()!r} lacks a number that {line.words[0]} needs"
