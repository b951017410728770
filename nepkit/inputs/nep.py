"""Checks of nep.in (and gnep.in): words, order, sizes, and what the training would meet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.inputs.finding import Command, InputFinding, Report, read_commands
from nepkit.inputs.inputfile import InputFile, InputLine, read_input
from nepkit.inputs.nep_files import check_training_files
from nepkit.inputs.nep_keywords import GNEP_KEYWORDS, LARGEST_ANGULAR_DIMENSION, LARGEST_DIMENSION, NEP_KEYWORDS
from nepkit.inputs.nepin import NepIn, parse_nep_in

INVARIANTS = ("222", "1111", "112", "123", "233", "134")
"""Names of the flags of l_max; the largest digit is the l that they need."""


def check_nep_file(path: str | Path) -> list[InputFinding]:
    """Return what is wrong with a nep.in or gnep.in, also against the files beside it.

    Parameters
    ----------
    path : str or Path
        The file; train.xyz, test.xyz, nep.txt and nep.restart are looked for beside it. It is read as gnep.in where
        its name begins with gnep.

    Returns
    -------
    list of InputFinding
        In the order of the lines; empty where nothing is wrong.
    """
    path = Path(path)
    report = Report(path)
    file = read_input(path)
    gradient = path.name.startswith("gnep")
    commands = list(read_commands(file, GNEP_KEYWORDS if gradient else NEP_KEYWORDS, report))
    if not any(file.commands()):
        raise InputError(f"{path}: no keyword in it, expected a nep.in; make one by nepkit input nep")
    _check_order(commands, report)
    _check_counts(commands, report)
    if not report.findings and not gradient:
        settings = parse_nep_in(file, path)
        _check_sizes(settings, report)
        _check_kinds(settings, commands, report)
        _check_training(settings, commands, report)
        check_training_files(settings, report)
    elif not gradient:
        # The lines that fit still tell which elements and files are meant.
        _check_rest(file, commands, report)
    return report.sorted()


def _check_rest(file: InputFile, commands: Sequence[Command], report: Report) -> None:
    lines = tuple(command.line for command in commands)
    broken = {item.line for item in report.findings}
    if any(command.name == "type" and command.line.number not in broken for command in commands):
        kept = tuple(line for line in lines if line.number not in broken)
        check_training_files(parse_nep_in(InputFile(kept), report.path), report)


def _check_order(commands: Sequence[Command], report: Report) -> None:
    seen: dict[str, Command] = {}
    for command in commands:
        if command.name in ("cutoff", "type_weight") and "type" not in seen:
            report.error(command.line, "order", f"{command.name} comes before type", "put type above it")
        if command.name in seen:
            message = f"{command.name} is given twice, first in line {seen[command.name].line.number}"
            report.warning(command.line, "twice", message, "keep one of them")
        seen[command.name] = command
    if "type" not in seen:
        report.error(None, "no type", "the line of elements is missing", "add type <number> <elements>")


def _check_counts(commands: Sequence[Command], report: Report) -> None:
    types = next((command for command in commands if command.name == "type"), None)
    if types is None:
        return
    elements = types.words[1:]
    if len(elements) != int(types.words[0]):
        message = f"type says {types.words[0]} and lists {len(elements)} elements"
        report.error(types.line, "type", message, f"write: type {len(elements)} {' '.join(elements)}")
    for element in sorted({item for item in elements if elements.count(item) > 1}):
        report.error(types.line, "type", f"{element} is listed twice", "list every element once")
    for command in commands:
        count = len(command.words)
        if command.name == "cutoff":
            if count not in (2, 2 * len(elements)):
                message = f"cutoff has {count} numbers, expected 2 or {2 * len(elements)}"
                report.error(command.line, "cutoff", message, "radial and angular, once or once per element")
            for radial, angular in command.match.tail:
                if float(angular) > float(radial):
                    message = f"the angular cutoff {angular:g} A exceeds the radial {radial:g} A"
                    report.error(command.line, "cutoff", message, "give the radial one first")
        if command.name == "type_weight" and count != len(elements):
            message = f"type_weight has {count} numbers for {len(elements)} elements"
            report.error(command.line, "type_weight", message, "one number per element")


def _line(commands: Sequence[Command], name: str) -> Command | None:
    return next((command for command in reversed(commands) if command.name == name), None)


def _check_sizes(settings: NepIn, report: Report) -> None:
    if settings.angular_dimension > LARGEST_ANGULAR_DIMENSION:
        message = f"n_max and l_max give {settings.angular_dimension} angular descriptors"
        report.error(None, "size", message, f"at most {LARGEST_ANGULAR_DIMENSION}: lower n_max or l_max")
    elif settings.dimension > LARGEST_DIMENSION:
        report.error(None, "size", f"{settings.dimension} descriptors", f"at most {LARGEST_DIMENSION}: lower n_max")
    for name, flag in zip(INVARIANTS, settings.flags, strict=True):
        if flag and int(max(name)) > settings.l_max:
            message = f"the invariant {name} needs l_max of {max(name)} or more, it is {settings.l_max}"
            report.error(None, "l_max", message, f"l_max {max(name)} ...")


def _check_kinds(settings: NepIn, commands: Sequence[Command], report: Report) -> None:
    charge = _line(commands, "charge_mode") or _line(commands, "charge_vdw")
    line = charge.line if charge else None
    if settings.charge_mode:
        if len(settings.cutoffs) > 1 and settings.model_type == 0 and not settings.vdw:
            report.error(line, "charge_mode", "a qNEP has the same cutoffs for all elements", "cutoff with two numbers")
        if settings.neurons[1]:
            report.error(line, "charge_mode", "a qNEP has one hidden layer", "neuron with one number")
        if settings.model_type:
            report.error(line, "charge_mode", "a qNEP is a potential", "model_type 0")
        if settings.vdw and _line(commands, "charge_vdw") is None:
            report.error(line, "charge_mode", "charge_mode and vdw exclude each other", "charge_vdw 1, or one of them")
    if settings.vdw:
        report.warning(None, "vdw", "gpumd cannot run models with a van der Waals head", "dftd3 in run.in instead")
    for name in ("lambda_q", "lambda_z"):
        command = _line(commands, name)
        if command is not None and not settings.charge_mode:
            report.warning(command.line, "no effect", f"{name} acts with charge_mode 1 or 2 only", "remove it")
    scaled = _line(commands, "loss_mode")
    for command in commands:
        if command.name.startswith("sigma_") and (scaled is None or scaled.words[0] != "1"):
            report.error(command.line, "loss_mode", f"{command.name} needs loss_mode 1", "add it, or remove the line")
    if _line(commands, "atomic_v") and settings.model_type not in (1, 2):
        report.error(_line_of(commands, "atomic_v"), "model_type", "atomic_v needs model_type 1 or 2", "remove it")


def _line_of(commands: Sequence[Command], name: str) -> InputLine | None:
    found = _line(commands, name)
    return None if found is None else found.line


def _check_training(settings: NepIn, commands: Sequence[Command], report: Report) -> None:
    if settings.prediction:
        return
    if settings.generations == 0:
        report.warning(_line_of(commands, "generation"), "generation", "no generation, nothing is trained", "100000")
    elif settings.output_interval > settings.generations:
        message = f"loss.out is written every {settings.output_interval} of {settings.generations} generations"
        report.warning(_line_of(commands, "output_interval"), "no output", message, "a shorter output_interval")
    if settings.neurons[1]:
        message = "gpumd runs models with one hidden layer only"
        report.error(_line_of(commands, "neuron"), "neuron", message, "neuron with one number")
    if _line(commands, "output_descriptor") and not settings.prediction:
        message = "output_descriptor acts with prediction 1 only"
        report.warning(_line_of(commands, "output_descriptor"), "no effect", message, "add prediction 1 or remove it")
