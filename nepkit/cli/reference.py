"""The pages of all commands and the overview of ``nepkit --help``, generated from the command tree.

``python -m nepkit.cli.reference`` writes ``nepkit/cli/overview.txt``; with ``--check`` it only says whether it is up to
date, by its exit status. The pages are written into a folder by ``--pages``, as the build of the documentation does.
Nothing depends on the version of click, on the terminal or on the language that is asked for.
"""

from __future__ import annotations

from difflib import unified_diff
from inspect import cleandoc
from pathlib import Path

import click

from nepkit.cli import parameters
from nepkit.cli.command import ROOT, SECTIONS, NepkitCommand, format_overview, leaves, load_all
from nepkit.cli.language import ENGLISH, say, say_all, say_numbers, speaking

PAGES = {"commands.md": ENGLISH, "commands_zh.md": "zh"}
OVERVIEW = Path("nepkit/cli/overview.txt")
NEEDED = "needed"
NO_NUMBER = "Without a menu number"
HEAD = "| parameter | type | default | meaning |"
INTRODUCTION = """# Commands

Generated from the command tree.

`nepkit` alone opens a menu of the same commands, where the number of a command can be typed at any prompt.
Results go to standard output; errors go to standard error as one line, with exit status 1."""


def reference(language: str = ENGLISH) -> str:
    """Return the page as Markdown: every command by menu section, with its parameters."""
    with speaking(language):
        return _reference()


def _reference() -> str:
    load_all()
    parts = [say_all(INTRODUCTION) + "\n"]
    section = ""
    for leaf in sorted(
        (leaf for leaf in leaves(ROOT) if not leaf.hidden), key=lambda leaf: (leaf.menu or 1000, leaf.path)
    ):
        title = SECTIONS.get((leaf.menu or 1000) // 100, NO_NUMBER)
        if title != section:
            section = title
            parts.append(f"## {say(section)}\n")
        parts.append(_entry(leaf))
    return "\n".join(parts)


def _entry(leaf: NepkitCommand) -> str:
    context = click.Context(leaf, info_name=leaf.name, resilient_parsing=True)
    found = parameters.described(leaf)
    arguments = [item for item in found if isinstance(item, click.Argument)]
    words = [_argument(item) for item in arguments]
    lines = [f"### nepkit {leaf.path}", "", "```", " ".join(["nepkit", leaf.path, *words, "[OPTIONS]"]), "```", ""]
    if leaf.menu is not None:
        lines += [say_numbers(leaf.epilog or ""), ""]
    lines += [say_all(cleandoc(leaf.help or "").split("\f")[0].replace("\b\n", "")), ""]
    lines += [say(HEAD), "| --- | --- | --- | --- |"]
    for item in found:
        names = ", ".join(f"`{name}`" for name in [*item.opts, *item.secondary_opts])
        needed = say(NEEDED) if item.required else parameters.default(item, context)
        cells = (names, parameters.kind(item), needed, say(getattr(item, "help", None) or ""))
        lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _argument(parameter: click.Parameter) -> str:
    word = (parameter.name or "").upper() + ("..." if parameters.takes_several(parameter) else "")
    return word if parameter.required else f"[{word}]"


def write_pages(folder: Path) -> list[Path]:
    """Write the pages of all commands, English and Chinese, into a folder that is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, language in PAGES.items():
        (folder / name).write_text(reference(language), encoding="utf-8")
    return [folder / name for name in PAGES]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where the overview is out of date.")
@click.option("--pages", type=click.Path(path_type=Path), help="Folder for the reference pages of all commands.")
def main(check: bool, pages: Path | None) -> None:
    """Write the overview of nepkit --help, or check it; write the reference pages of all commands."""
    if pages is not None:
        write_pages(pages)
        return
    new = format_overview()
    old = OVERVIEW.read_text(encoding="utf-8") if OVERVIEW.exists() else ""
    if not check:
        OVERVIEW.parent.mkdir(parents=True, exist_ok=True)
        OVERVIEW.write_text(new, encoding="utf-8")
    elif new != old:
        difference = unified_diff(old.splitlines(), new.splitlines(), str(OVERVIEW), "command tree", n=1, lineterm="")
        click.echo("\n".join(difference))
        raise click.ClickException(f"{OVERVIEW} is out of date; run: python -m nepkit.cli.reference")


if __name__ == "__main__":
    main()
