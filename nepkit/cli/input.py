"""``nepkit input``: run.in and nep.in from templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table

group(
    "input",
    "Write run.in or nep.in from a template.",
    example="input gpumd conductivity model.xyz --potential nep.txt",
)


@command("input gpumd", menu=704)
@click.argument("preset", required=False)
@click.argument("structure", type=options.FILE, required=False)
@click.option(
    "--potential", "potentials", type=options.FILE, multiple=True, help="Potential file; several form a committee."
)
@click.option("--model", type=options.NEW,
              help="Output model.xyz with the groups and repetitions that the preset needs.")  # fmt: skip
@click.option(
    "--temperature", type=click.FloatRange(0, min_open=True), default=300.0, show_default=True, help="Temperature, K."
)
@click.option("--pressure", type=float, default=0.0, show_default=True, help="Pressure, GPa.")
@click.option(
    "--length", type=click.FloatRange(1), default=1000.0, show_default=True, help="Length of the production run, ps."
)
@click.option("--direction", type=click.Choice(["x", "y", "z"]), default="x", show_default=True,
              help="Direction of the heat flow.")  # fmt: skip
@click.option(
    "--time-step", type=click.FloatRange(0, min_open=True), help="Time step, fs (default: by the lightest element)."
)
@click.option("--copies", type=(int, int, int), metavar="A B C",
              help="Repetitions of the cell (default: as many as the cutoff requires).")  # fmt: skip
@options.output("Output file, run.in.", default="run.in")
def gpumd(
    preset: str | None,
    structure: Path | None,
    potentials: tuple[Path, ...],
    model: Path | None,
    output: Path,
    overwrite: bool,
    **settings: Any,
) -> Output:
    """Write a run.in for a purpose, filled from a structure.

    Comments say why every value is what it is. PRESET is one of those that the command lists when called without
    it. The file is checked when it is written, as by nepkit check.
    """
    from nepkit.core.atomic import atomic_path, refuse_existing
    from nepkit.core.errors import InputError
    from nepkit.formats.files import write_frames
    from nepkit.inputs.presets.build import build_run
    from nepkit.inputs.presets.preset import RUN_PRESETS

    if preset is None:
        return _list(RUN_PRESETS, "nepkit input gpumd PRESET STRUCTURE --potential nep.txt")
    if preset not in RUN_PRESETS or structure is None:
        RUN_PRESETS[preset]
        raise InputError("name the structure: nepkit input gpumd PRESET STRUCTURE")
    made = build_run(preset, structure, potentials, output.parent, with_model=model is not None, **settings)
    if model is not None:
        refuse_existing(model, overwrite)
    with atomic_path(output, overwrite=overwrite) as temporary:
        temporary.write_text(made.text, encoding="utf-8")
    if model is not None and made.model is not None:
        write_frames(model, [made.model], overwrite=overwrite)
    return _checked(output, [output, *([model] if model else [])])


@command("input nep", menu=705)
@click.argument("preset", required=False)
@click.argument("frames", type=options.FILE, required=False)
@click.option("--elements", help="Element order of the model, e.g. Li,Cl,Y (default: alphabetical).")
@click.option("--start", type=options.FILE, help="Model to start from (fine-tune) or to predict with.")
@click.option("--restart", type=options.FILE, help="Restart file of the model (fine-tune).")
@options.output("Output file, nep.in.", default="nep.in")
def nep(
    preset: str | None,
    frames: Path | None,
    elements: str | None,
    start: Path | None,
    restart: Path | None,
    output: Path,
    overwrite: bool,
) -> Output:
    """Write a nep.in for a purpose, filled from labelled frames.

    Comments say why every value is what it is. PRESET is one of those that the command lists when called without
    it. The file is checked when it is written, as by nepkit check.
    """
    from nepkit.core.atomic import atomic_path
    from nepkit.core.errors import InputError
    from nepkit.inputs.presets.training import TRAINING_PRESETS, build_training

    if preset is None:
        return _list(TRAINING_PRESETS, "nepkit input nep PRESET train.xyz")
    if preset not in TRAINING_PRESETS or frames is None:
        TRAINING_PRESETS[preset]
        raise InputError("name the frames: nepkit input nep PRESET train.xyz")
    types = tuple((elements or "").replace(",", " ").split())
    text = build_training(preset, frames, output.parent, start=start, restart=restart, elements=types)
    with atomic_path(output, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return _checked(output, [output])


def _list(presets: Any, usage: str) -> Output:
    rows = [(name, presets[name].meaning) for name in presets]
    return Output(data=dict(rows), tables=[Table("", ["preset", "for"], rows)], text=f"then: {usage}")


def _checked(path: Path, written: list[Path]) -> Output:
    from nepkit.inputs.check import check_file

    found = check_file(path)
    rows = [(item.severity, item.line, item.message, item.remedy) for item in found]
    table = Table("To be looked at", ["severity", "line", "what", "remedy"], rows)
    text = path.read_text(encoding="utf-8") + f"\nwrote {', '.join(map(str, written))}"
    return Output(data={"files": written, "findings": found}, tables=[table] if rows else (), text=text)
