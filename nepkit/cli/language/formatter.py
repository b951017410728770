"""The pages of ``--help`` in another language."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from nepkit.cli.language import paragraphs, say, say_numbers
from nepkit.cli.language.wide import columns, pad, wrap

CLICK = (
    "Usage:",
    "Options",
    "Commands",
    "[OPTIONS]",
    "COMMAND",
    "[COMMAND]",
    "[ARGS]...",
    "default: {}",
    "required",
    "Show this message and exit.",
    "Show the version and exit.",
)
"""Words of click's own."""

MENU_NUMBERS = ("Menu number {}.", "Menu numbers {}.", "Menu number {}, of a plug-in.")
"""How pages of help end."""


class TranslatingFormatter(click.HelpFormatter):
    """Looks up every text that it is given, and breaks lines by columns instead of characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        head = f"{prefix or say('Usage:')}{prog} "
        lines = wrap(" ".join(say(word) for word in args.split()), self.width - columns(head))
        self.write(f"\n{' ' * columns(head)}".join(lines).join([head, "\n"]))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a list."""
        self.write(f"{' ' * self.current_indent}{say(heading)}：\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        parts = [
            part.splitlines()[1:] if part.startswith("\b\n") else wrap(part, self.width - len(indent))
            for part in map(say_numbers, paragraphs(text))
        ]
        self.write("\n".join("".join(f"{indent}{line}\n" for line in lines) for lines in parts))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what they mean."""
        rows = list(rows)
        first = min(max((columns(name) for name, _ in rows), default=0), col_max) + col_spacing
        margin = " " * self.current_indent
        for name, text in rows:
            lines = wrap(_meaning(text), max(self.width - first - self.current_indent, 10))
            if columns(name) > first - col_spacing:
                self.write(f"{margin}{name}\n")
                name = ""
            self.write(f"{margin}{pad(name, first)}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{margin}{' ' * first}{line}\n" for line in lines[1:]))


def _meaning(text: str) -> str:
    """Translate the help of an option and the words of what click adds to it in brackets."""
    found = re.fullmatch(r"(.*?)  \[(.*)\]", text, re.DOTALL)
    if found is None:
        return say(text)
    added = re.sub(r"(?<![^ ])required$", say("required"), found[2])
    added = re.sub(r"(^|; )default: ", lambda label: label[1] + say("default: {}").format(""), added)
    return f"{say(found[1])}  [{added}]"
