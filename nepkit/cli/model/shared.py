"""What the commands of ``nepkit model`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.models.surgery.compare import FrameDifference
    from nepkit.models.surgery.review import Review
    from nepkit.models.surgery.trainable import Trainable

F = TypeVar("F", bound=Callable[..., Any])


def surgery_options(function: F) -> F:
    """Add the options that all operations share."""
    for option in (
        options.output("Output model; its restart file and nep.in are named after it.", required=True),
        click.option("--frames", "frames_file", type=options.FILE,
                     help="Frames for comparing the new model with the old one."),
        click.option("--nep-in", type=options.FILE, help="Training input nep.in of the model, changed consistently."),
        click.option("--restart", type=options.FILE, help="Restart file nep.restart of "
                                                          "the model, changed consistently."),
    ):  # fmt: skip
        function = option(function)
    return function


def size_options(function: F) -> F:
    """Add the options of the sizes of a model."""
    for option in (
        click.option("--l-max", type=click.IntRange(1, 8), help="Largest angular momentum."),
        click.option(
            "--basis-size",
            type=(int, int),
            metavar="RADIAL ANGULAR",
            help="Basis sizes of the radial and angular descriptors.",
        ),
        click.option(
            "--n-max",
            type=(int, int),
            metavar="RADIAL ANGULAR",
            help="Highest indices of the radial and angular descriptors.",
        ),
        click.option("--neurons", type=click.IntRange(1), help="Number of neurons in the hidden layer."),
    ):
        function = option(function)
    return function


def symbols(text: str | None) -> list[str]:
    """Return the words of a list written with commas or blanks."""
    return (text or "").replace(",", " ").split()


def require_something(*given: Any) -> None:
    """Raise where no option says what to do."""
    if not any(given):
        raise InputError("nothing to do: give at least one option of what to change (see --help)")


def only_grows(nep: Any, values: dict[str, Any]) -> None:
    """Raise where a size is asked for that is smaller than the model's."""
    _compare_sizes(nep, values, lambda new, old: new >= old, "is smaller than", "nepkit model prune")


def only_shrinks(nep: Any, values: dict[str, Any]) -> None:
    """Raise where a size is asked for that is larger than the model's."""
    _compare_sizes(nep, values, lambda new, old: new <= old, "is larger than", "nepkit model augment")


def _compare_sizes(nep: Any, values: dict[str, Any], fits: Callable[[int, int], bool], words: str, other: str) -> None:
    for name in ("neurons", "n_max", "basis_size", "l_max"):
        new, old = values[name], getattr(nep, name)
        if new is None:
            continue
        pairs = zip(new, old, strict=True) if isinstance(new, tuple) else [(new, old)]
        for after, before in pairs:
            if not fits(after, before):
                raise InputError(
                    f"--{name.replace('_', '-')} {after} {words} what the model has, {before}: use {other}"
                )


def finish(before: Trainable, after: Trainable, values: dict[str, Any]) -> Output:
    """Write the model and show what changed."""
    from nepkit.formats.files import read_frames
    from nepkit.models.surgery.review import export

    source = values["frames_file"]
    review = export(
        before,
        after,
        values["output"],
        restart=values["restart"],
        nep_in=values["nep_in"],
        frames=list(read_frames(source)) if source else (),
        source=source or "frames",
        overwrite=values["overwrite"],
    )
    return Output(data=review, tables=_review_tables(review), text=f"wrote {', '.join(map(str, review.files))}")


def _review_tables(review: Review) -> list[Table]:
    rows = [(name, old, new) for name, (old, new) in review.changes.items()]
    rows.append(("parameters", str(review.parameters[0]), str(review.parameters[1])))
    tables = [Table("", ["line", "before", "after"], rows)]
    return [*tables, frames_table(review.frames)] if review.frames is not None else tables


def frames_table(found: FrameDifference) -> Table:
    """Return how two models differ on frames."""
    rows = [
        ("energy (meV/atom)", 1e3 * found.energy, 1e3 * found.energy_largest),
        ("force (meV/A)", 1e3 * found.force, 1e3 * found.force_largest),
        ("virial (meV/atom)", 1e3 * found.virial, None),
    ]
    return Table(f"Difference on {found.frames} frames", ["what", "rms", "largest"], rows)
