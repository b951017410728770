"""Options that many commands share, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nepkit.core.atomic import STDOUT, is_stream, refuse_existing

F = TypeVar("F", bound=Callable[..., Any])


class _Existing(click.Path):
    """An existing file; ``-`` is standard input. A pipe is read once, to a file that ends with the command."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert("/dev/stdin" if str(value) == "-" else value, param, ctx)))
        return path if ctx is None or ctx.resilient_parsing or path.is_file() else _spooled(path, ctx)


def _spooled(path: Path, ctx: click.Context) -> Path:
    import shutil
    import tempfile

    folder = ctx.with_resource(tempfile.TemporaryDirectory(prefix="nepkit-"))
    copy = Path(folder) / path.name
    with path.open("rb") as pipe, copy.open("wb") as file:
        shutil.copyfileobj(pipe, file)
    return copy


class _New(click.Path):
    """A file to be written; ``-`` is standard output."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(STDOUT if str(value) == "-" else value, param, ctx)


FILE = _Existing(exists=True, dir_okay=False, readable=True, path_type=Path)
"""An existing file, or ``-`` for standard input."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
"""An existing folder."""

NEW = _New(dir_okay=False, path_type=Path)
"""A file to be written, or ``-`` for standard output."""

seed = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random number generator."
)

MODEL_HELP = "nep.txt, qnep.txt, nep.txt+charges.npz, mace:FILE, sevennet, chgnet, emt, module:callable, or a sum A+B."

EVALUATORS = ["auto", "own", "single", "calorine"]
"""Who evaluates a NEP: families of `nepkit.models.potentials.load`."""


def by_engine(model: str, engine: str) -> str:
    """Return the text of a model with who evaluates it where it is the file of a NEP."""
    return f"{engine}:{model}" if engine != "auto" and os.path.isfile(model) else model


def _keep_engine(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    ctx.meta["nepkit.engine"] = value
    return value


def _with_engine(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    engine = ctx.meta.get("nepkit.engine", "auto")
    return by_engine(value, engine) if isinstance(value, str) else tuple(by_engine(one, engine) for one in value or ())


def models(function: F) -> F:
    """Add ``-m``, one or more potentials, and ``--engine``; the tuple makes one potential or a committee."""
    engine = click.option(
        "--engine",
        type=click.Choice(EVALUATORS),
        default="auto",
        show_default=True,
        is_eager=True,
        expose_value=False,
        callback=_keep_engine,
        help="NEP engine: own (compiled), single (own, single precision), calorine; auto: own where compiled.",
    )
    option = click.option(
        "-m",
        "--model",
        "models",
        required=True,
        multiple=True,
        metavar="MODEL",
        callback=_with_engine,
        help=f"Potential: {MODEL_HELP} Repeated, a committee.",
    )
    return option(engine(function))


model = click.option("-m", "--model", required=True, metavar="MODEL", help=f"Potential: {MODEL_HELP}")
"""The potential, as text for `nepkit.models.potentials.load_potential`."""

device = click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Compute device."
)


def _keep_resume(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    if value:
        ctx.meta["nepkit.overwrite"] = True  # the output of the run that goes on may exist
    return value


resume = click.option("--resume", is_flag=True, is_eager=True, callback=_keep_resume,
                      help="Resume an interrupted run.")  # fmt: skip
"""For a command whose output tells how far it got."""

results = click.option("--results", type=NEW, help="Results file, JSON: numbers, units, settings, versions.")
"""For `nepkit.core.record.write_record`."""

unchecked = click.option("--unchecked", is_flag=True, help="Use the frames even where nepkit data check finds errors.")
"""For a command that makes a model from labelled frames."""

jobs = click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of parallel processes."
)


def as_json() -> click.Option:
    """Return ``--json``; every command gets it."""
    return click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON.")


def as_csv() -> click.Option:
    """Return ``--csv``; for commands whose first table is the result."""
    return click.Option(["--csv", "as_csv"], is_flag=True, help="Print the first table as CSV.")


def _check_writable(ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not ctx.resilient_parsing:
        refuse_existing(value, bool(ctx.meta.get("nepkit.overwrite")))
        ctx.meta["nepkit.stream"] = is_stream(value)
    return value


def _keep_overwrite(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    ctx.meta["nepkit.overwrite"] = value or bool(ctx.meta.get("nepkit.overwrite"))
    return value


def _keep_save(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    ctx.meta["nepkit.save"] = _check_writable(ctx, param, value)
    return value


def _overwrite(expose: bool) -> Callable[[F], F]:
    # Eager: it must be known when the output path is checked, whatever the order on the command line.
    return click.option(
        "--overwrite",
        is_flag=True,
        is_eager=True,
        expose_value=expose,
        callback=_keep_overwrite,
        help="Replace an existing output file.",
    )


def output(help: str, *, default: str | None = None, required: bool = False) -> Callable[[F], F]:
    """Add ``-o`` and ``--overwrite`` to a command that writes the file itself; it gets ``output`` and ``overwrite``."""

    def add(function: F) -> F:
        option = click.option(
            "-o",
            "--output",
            type=NEW,
            default=default,
            show_default=default is not None,
            required=required,
            callback=_check_writable,
            help=help,
        )
        return option(_overwrite(expose=True)(function))

    return add


def save(help: str, *, required: bool = False) -> Callable[[F], F]:
    """Add ``-o`` and ``--overwrite`` to a command whose value the presenter writes: frames, a figure, or a table."""

    def add(function: F) -> F:
        option = click.option(
            "-o", "--output", type=NEW, required=required, expose_value=False, callback=_keep_save, help=help
        )
        return option(_overwrite(expose=False)(function))

    return add


def figure_if_wanted(draw: Callable[[], Any]) -> Any:
    """Draw only where ``-o`` is an image; a table is saved where its suffix says so."""
    from nepkit.plots.style import SUFFIXES

    save = click.get_current_context().meta.get("nepkit.save")
    return draw() if save is not None and save.suffix.lower() in SUFFIXES else None
