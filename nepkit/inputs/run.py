"""Checks of run.in: words, order, and what every run asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.inputs.finding import Command, InputFinding, Report, read_commands
from nepkit.inputs.inputfile import read_input
from nepkit.inputs.run_files import Surroundings, check_surroundings
from nepkit.inputs.run_keywords import RUN_KEYWORDS, RUN_SECTIONS
from nepkit.inputs.run_outputs import check_outputs
from nepkit.inputs.run_physics import check_physics
from nepkit.inputs.stage import Stage


@dataclass
class _Walk:
    """What was seen so far."""

    commands: list[Command] = field(default_factory=list)
    potential: bool = False
    time_step: float = 1.0
    pending: list[Command] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)


def check_run_file(path: str | Path) -> list[InputFinding]:
    """Return what is wrong with a run.in, also against model.xyz and the potentials that it names.

    Parameters
    ----------
    path : str or Path
        The file; model.xyz is looked for beside it.

    Returns
    -------
    list of InputFinding
        In the order of the lines; empty where nothing is wrong.
    """
    path = Path(path)
    report = Report(path)
    file = read_input(path)
    commands = list(read_commands(file, RUN_KEYWORDS, report))
    if not any(file.commands()):
        raise InputError(f"{path}: no keyword in it, expected a run.in; make one by nepkit input gpumd")
    stages = _order(commands, report)
    surroundings = Surroundings.of(path, commands)
    check_surroundings(commands, surroundings, report)
    for stage in stages:
        check_outputs(stage, surroundings, report)
        check_physics(stage, surroundings, report)
    return report.sorted()


def _order(commands: Sequence[Command], report: Report) -> list[Stage]:
    """Walk through the commands as GPUMD does; return the runs."""
    walk = _Walk()
    once: set[str] = set()
    for place, command in enumerate(commands):
        name, line = command.name, command.line
        if name == "replicate" and place:
            report.error(line, "order", "replicate is not the first command", "move it to the top of the file")
        if name in ("kspace", "dftd3", "replicate") and name in once:
            report.error(line, "twice", f"{name} is given twice", "keep one of them")
        once.add(name)
        needs = name in ("run", "ensemble") or RUN_SECTIONS[name] == "static"
        if needs and not walk.potential:
            report.error(line, "order", f"{name} comes before any potential", "put potential <file> above it")
            walk.potential = True
        if name == "potential":
            walk.potential = True
        elif name == "time_step":
            walk.time_step = command.match.number("step")
        elif name == "run":
            _end_stage(walk, command, report)
        elif RUN_SECTIONS[name] in ("motion", "output", "measurement"):
            walk.pending.append(command)
    _after_last_run(walk, commands, report)
    return walk.stages


def _end_stage(walk: _Walk, run: Command, report: Report) -> None:
    stage = Stage(run, int(run.match.number("steps")), walk.time_step, tuple(walk.pending))
    walk.pending = []
    if not stage.find("ensemble"):
        report.error(run.line, "no ensemble", "no ensemble for this run", "add ensemble nve or another above it")
    seen: dict[str, Command] = {}
    for command in stage.commands:
        if command.name in seen and not RUN_KEYWORDS[command.name].several:
            message = f"{command.name} is given twice for one run, first in line {seen[command.name].line.number}"
            report.warning(command.line, "twice", message, "keep one of them; the other is lost")
        seen[command.name] = command
    walk.stages.append(stage)


def _after_last_run(walk: _Walk, commands: Sequence[Command], report: Report) -> None:
    for command in walk.pending:
        if command.name == "ensemble":
            report.error(command.line, "no run", "the last ensemble is not followed by a run", "add run <steps>")
        else:
            message = f"{command.name} after the last run does nothing"
            report.warning(command.line, "no run", message, "move it above the run that it is for")
    if not walk.stages and not any(RUN_SECTIONS[item.name] == "static" for item in commands):
        report.error(None, "no run", "there is no run", "add run <steps>")
