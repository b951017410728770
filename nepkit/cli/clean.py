"""``nepkit clean``: outputs of GPUMD and nep out of the way, and back."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.language import say
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.gpumd.cleaning import Produced

YES = ("y", "yes")


@command("clean", menu=718)
@click.argument("folder", type=options.FOLDER, default=".")
@click.option("--yes", is_flag=True, help="Move the files without confirmation; required without a terminal.")
@click.option("--restore", "name", help="Name of an earlier cleaning whose files are moved back.")
def clean(folder: Path, yes: bool, name: str | None) -> Output:
    """Move outputs of GPUMD and nep to a trash folder.

    Lists what would go, which is only files with the names of outputs or that run.in calls so: never inputs, models,
    restart files, links, folders or what is not known. Nothing is moved unless the answer is yes, and nothing is
    deleted: --restore moves it back.
    """
    import sys
    from datetime import datetime

    from nepkit.gpumd.cleaning import move_to_trash, produced_files, restore

    if name is not None:
        back = restore(folder, name)
        return Output(data={"restored": back}, text=f"moved {len(back)} files back to {folder}")
    found = produced_files(folder)
    table = _table(folder, found)
    if not found:
        return Output(data={"files": [], "trash": None}, text=f"{folder}: no outputs of GPUMD or nep")
    if not yes and not (sys.stdin.isatty() and _agreed(table)):
        asked = "nothing was moved" if sys.stdin.isatty() else "nothing was moved; add --yes to move them"
        return Output(data={"files": found, "trash": None}, tables=[table], text=asked, ok=sys.stdin.isatty())
    place = move_to_trash(folder, found, datetime.now())
    back_again = f"nepkit clean {shlex.quote(str(folder))} --restore {place.name}"
    text = f"moved {len(found)} files to {place}\nback again: {back_again}\nfor good: rm -r {shlex.quote(str(place))}"
    return Output(data={"files": found, "trash": place, "restore": back_again}, tables=[table], text=text)


def _table(folder: Path, found: list[Produced]) -> Table:
    rows = [(item.path.name, item.size / 1e6, item.why) for item in found]
    total = sum(item.size for item in found) / 1e6
    return Table(f"{len(found)} files in {folder}, {total:.1f} MB", ["file", "MB", "known by"], rows, ["", ".3f", ""])


def _agreed(table: Table) -> bool:
    """Show what would go and ask; only yes is yes."""
    click.echo(table.title, err=True)
    for file, size, _ in table.cells():
        click.echo(f"  {file}  {size} MB", err=True)
    answer: str = click.prompt(say("Move them to the trash? Type yes"), default="no", show_default=True, err=True)
    return answer.strip().lower() in YES
