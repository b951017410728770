"""The pages of all commands and the overview of ``nepkit --help``, generated from the command tree.

``python -m nepkit.cli.reference`` writes ``docs/commands.md``, the same in Chinese, and ``nepkit/cli/overview.txt``;
with ``--check`` it only says whether they are up to date, by its exit status. They do not depend on the version of
click, on the terminal or on the language that is asked for.
"""

from __future__ import annotations

from difflib import unified_diff
from inspect import cleandoc
from pathlib import Path

import click

from nepkit.cli import parameters
from nepkit.cli.command import ROOT, SECTIONS, NepkitCommand, format_overview, leaves, load_all
from nepkit.cli.language import ENGLISH, say, say_all, say_numbers, speaking

PAGE = Path("docs/commands.md")
CHINESE = Path("docs/commands_zh.md")
OVERVIEW = Path("nepkit/cli/overview.txt")
NEEDED = "needed"
NO_NUMBER = "Without a menu number"
HEAD = "| parameter | type | default | meaning |"
INTRODUCTION = """# Commands

Generated from the command tree by `python -m nepkit.cli.reference`; do not edit by hand.

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


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail when the page is not up to date.")
def main(check: bool) -> None:
    """Write the pages of all commands, or check them."""
    for path, new in ((PAGE, reference()), (CHINESE, reference("zh")), (OVERVIEW, format_overview())):
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(new, encoding="utf-8")
        elif new != old:
            difference = unified_diff(old.splitlines(), new.splitlines(), str(path), "command tree", n=1, lineterm="")
            click.echo("\n".join(difference))
            raise click.ClickException(f"{path} is out of date; run: python -m nepkit.cli.reference")


if __name__ == "__main__":
    main()
