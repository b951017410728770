"""Checks of what a run writes: nothing, too little to be averaged, or gigabytes."""

from __future__ import annotations

from nepkit.inputs.finding import Command, Report
from nepkit.inputs.run_files import Surroundings
from nepkit.inputs.stage import Stage

LARGE_FILE = 10e9
"""Bytes of one output above which it is told."""
_VECTORS = {"velocity": 3, "force": 3, "unwrapped_position": 3, "virial": 9, "bec": 9, "potential": 1, "charge": 1}
NUMBERS: dict[str, float] = {**_VECTORS, "mass": 1, "group_labels": 0.3}
"""Numbers per atom of every property of dump_xyz."""


def check_outputs(stage: Stage, around: Surroundings, report: Report) -> None:
    """Report outputs of one run that stay empty, are too short to be averaged, or are very large."""
    for command in stage.commands:
        values = command.match.values
        if "interval" in values and float(values["interval"]) > stage.steps:
            message = f"{command.name} every {values['interval']:g} steps writes nothing in a run of {stage.steps}"
            report.warning(command.line, "no output", message, f"an interval of at most {stage.steps}")
        if command.name == "compute":
            _check_averages(command, stage, report)
        if "correlation steps" in values:
            _check_length(command, stage, report)
        size = bytes_written(command, stage, around.count)
        if size > LARGE_FILE:
            message = f"{command.name} writes about {size / 1e9:.0f} GB in this run"
            report.warning(command.line, "large output", message, "a longer interval, a group, or fewer properties")
    if not any(item.name.startswith(("dump", "compute", "active")) for item in stage.commands):
        message = "this run writes no file"
        if stage.steps * stage.time_step > 0:
            report.warning(stage.run.line, "no output", message, "add dump_thermo 1000 to see whether it is stable")


def _check_averages(command: Command, stage: Stage, report: Report) -> None:
    every = int(command.match.number("sampling interval") * command.match.number("samples"))
    if every > stage.steps:
        message = f"compute averages over {every} steps and writes nothing in a run of {stage.steps}"
        report.warning(command.line, "no output", message, "fewer samples")
    if not command.match.options:
        report.error(command.line, "arguments", "compute names no quantity", "add temperature, potential, jp or jk ...")


def _check_length(command: Command, stage: Stage, report: Report) -> None:
    sampling = int(command.match.number("sampling interval"))
    longest = sampling * int(command.match.number("correlation steps"))
    if longest > stage.steps:
        message = f"{command.name} correlates over {longest} steps, the run has {stage.steps}"
        remedy = f"at most {max(stage.steps // sampling // 2, 1)} correlation steps, or a longer run"
        report.error(command.line, "too short", message, remedy)
    elif 2 * longest > stage.steps:
        message = f"{command.name} correlates over more than half of the run, where few pairs of times are left"
        report.warning(command.line, "too short", message, f"at least {5 * longest} steps")


def bytes_written(command: Command, stage: Stage, atoms: int | None) -> float:
    """Return about how many bytes a command writes in one run; 0 where that is not known or never much."""
    if command.name == "dump_thermo":
        return stage.steps / command.match.number("interval") * 18 * 21
    if atoms is None or command.name not in ("dump_xyz", "dump_netcdf") or "group" in command.match.options:
        return 0.0
    numbers = 3 + sum(NUMBERS[name] for name in command.match.options if name in NUMBERS)
    double = command.match.options.get("precision") == ("double",)
    # Text has nine or seventeen digits, a sign, an exponent and a blank.
    widths = (17, 25) if command.name == "dump_xyz" else (4, 8)
    width = widths[double]
    return stage.steps / command.match.number("interval") * atoms * (numbers * width + 3)
