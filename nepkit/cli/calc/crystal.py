"""What the commands for properties of crystals share: options, and how pieces of work are done and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.core.atomic import refuse_existing
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.models.potentials import Potential
    from nepkit.models.work import Work
    from nepkit.properties.landscape.minima import Relaxation

F = TypeVar("F", bound=Callable[..., Any])


def work_options(function: F) -> F:
    """Add how independent pieces of work are done; `work_of` makes a `Work` of them."""
    added = (
        options.jobs,
        click.option("--work", "folder", type=click.Path(file_okay=False, path_type=Path),
                     help="Folder storing finished pieces; an interrupted calculation resumes there."),
        click.option("--executor", type=click.Choice(["local", "slurm"]), default="local", show_default=True,
                     help="Where pieces run: local processes, or one Slurm job each."),
        click.option("--slurm", multiple=True, metavar="KEY=VALUE",
                     help="Slurm settings: partition=cpu, run_time_max=3600 (s), memory_max=4 (GB); repeatable."),
    )  # fmt: skip
    for option in reversed(added):
        function = option(function)
    return function


def work_of(asked: dict[str, Any]) -> Work:
    """Take the options of `work_options` out of what a command was given."""
    from nepkit.models.work import Work

    resources: dict[str, str | int] = {}
    for text in asked.pop("slurm"):
        key, equal, value = text.partition("=")
        if not equal or not key:
            raise InputError(f"--slurm {text!r} is no KEY=VALUE such as partition=cpu")
        resources[key] = int(value) if value.isdigit() else value
    return Work(asked.pop("jobs"), asked.pop("folder"), asked.pop("executor"), resources)


def relax_options(function: F) -> F:
    """Add how atoms are relaxed in every cell; `relaxation_of` makes a `Relaxation` of them."""
    added = (
        click.option("--clamped", is_flag=True, help="Move atoms with the cell only, without relaxation."),
        click.option("--fmax", type=click.FloatRange(0, min_open=True), default=0.001, show_default=True,
                     help="Convergence threshold on the largest atomic force, eV/A."),
        click.option("--steps", type=click.IntRange(1), default=500, show_default=True,
                     help="Maximum number of relaxation steps per cell."),
    )  # fmt: skip
    for option in reversed(added):
        function = option(function)
    return function


def relaxation_of(asked: dict[str, Any]) -> Relaxation | None:
    """Take the options of `relax_options` out of what a command was given."""
    from nepkit.properties.landscape.minima import Relaxation

    clamped, fmax, steps = asked.pop("clamped"), asked.pop("fmax"), asked.pop("steps")
    return None if clamped else Relaxation(fmax=fmax, steps=steps)


def only_structure(path: Path) -> Atoms:
    """Return the only structure of a file, or raise InputError."""
    from nepkit.formats.files import read_frames

    frames = list(read_frames(path))
    if len(frames) != 1:
        raise InputError(f"{path}: {len(frames)} structures, expected one; take one out with nepkit data frames")
    return frames[0]


def check_results(results: Path | None) -> None:
    """Raise OutputError where the results file exists and may not be replaced; before the work."""
    if results is not None:
        refuse_existing(results, _overwrite())


def keep_results(
    results: Path | None,
    found: Mapping[str, Any],
    *,
    units: Mapping[str, str],
    settings: Mapping[str, Any],
    potential: Potential,
    inputs: Sequence[Path],
    notes: Sequence[str] = (),
    packages: Sequence[str] = (),
) -> str:
    """Write the results file where one is wanted, and return the line that says so."""
    from nepkit.core.record import write_record

    if results is None:
        return ""
    write_record(results, found, units=units, settings=settings, model=potential.name, inputs=inputs, notes=notes,
                 packages=packages, overwrite=_overwrite())  # fmt: skip
    return f"wrote {results}"


def _overwrite() -> bool:
    return bool(click.get_current_context().meta.get("nepkit.overwrite"))


def closing(lines: Sequence[str], notes: Sequence[str] = ()) -> str:
    """Return the lines after the tables."""
    return "\n".join(["", *(line for line in lines if line), *(f"Note: {note}" for note in notes)])
