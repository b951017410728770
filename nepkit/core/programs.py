"""Finding and running the executables that nepkit does not contain."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import ProgramError, did_you_mean


@dataclass(frozen=True)
class Program:
    """An external program.

    Parameters
    ----------
    name : str
        Its executable on PATH.
    variable : str
        The environment variable that names the executable, or the folder it lies in, where PATH does not.
    remedy : str
        Where to get it.
    """

    name: str
    variable: str
    remedy: str


_GPUMD = "build GPUMD (https://gpumd.org); put its src on PATH or set {}"

PROGRAMS = {
    item.name: item
    for item in (
        Program("gpumd", "NEPKIT_GPUMD", _GPUMD),
        Program("nep", "NEPKIT_NEP", _GPUMD),
        Program("gnep", "NEPKIT_GNEP", _GPUMD),
    )
}
"""Programs by name, with the environment variables that override PATH."""


def find_program(name: str) -> Path | None:
    """Return the path of an executable, or None where it is not installed.

    Raises
    ------
    ProgramError
        Where its environment variable names something that cannot be run.
    """
    program = _program(name)
    named = os.environ.get(program.variable)
    if named:
        path = Path(named).expanduser()
        path = path / name if path.is_dir() else path
        if not os.access(path, os.X_OK):
            raise ProgramError(f"{program.variable}={named}: no such executable; correct or unset the variable")
        return path.absolute()
    found = shutil.which(name)
    return Path(found).absolute() if found else None


def require_program(name: str) -> Path:
    """Return the path of an executable, or raise `ProgramError` with where to get it."""
    path = find_program(name)
    if path is None:
        program = _program(name)
        raise ProgramError(f"{name} was not found on PATH; {program.remedy.format(program.variable)}")
    return path


def run_program(name: str, arguments: Sequence[str] = (), *, folder: str | Path = ".", log: str | Path) -> None:
    """Run an executable to its end in a folder, with its output in a log file.

    Raises
    ------
    ProgramError
        Where it is missing or fails; quotes the last line of the log.
    """
    path = require_program(name)
    with open(log, "wb") as file:
        done = subprocess.run(
            [str(path), *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    if done.returncode:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise ProgramError(f"{name} failed with status {done.returncode}: {last} (all of it in {log})")


def _program(name: str) -> Program:
    if name not in PROGRAMS:
        raise ProgramError(f"unknown program {name!r}: {did_you_mean(name, PROGRAMS)}")
    return PROGRAMS[name]
