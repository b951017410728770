"""What is wrong with an input file, and the lines of it that could be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nepkit.core.errors import InputError, did_you_mean
from nepkit.inputs.inputfile import InputFile, InputLine
from nepkit.inputs.keywords import MOST_WORDS, Keyword, Match


@dataclass(frozen=True)
class InputFinding:
    """One thing that is wrong with an input file.

    Parameters
    ----------
    severity : "error" or "warning"
        An error stops the program or makes its results wrong; a warning is to be looked at.
    path : Path
        The file.
    line : int or None
        Its line, from 1; None for what concerns the whole file.
    kind : str
        One word or two, the same for all findings of the kind.
    message, remedy : str
        What was found, and what to do.
    """

    severity: Literal["error", "warning"]
    path: Path
    line: int | None
    kind: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Command:
    """A line that fits its keyword.

    Parameters
    ----------
    line : InputLine
        The line.
    name : str
        Its keyword.
    match : Match
        Its arguments by name.
    """

    line: InputLine
    name: str
    match: Match

    @property
    def words(self) -> tuple[str, ...]:
        """Arguments as they were written."""
        return self.line.words[1:]


class Report:
    """Collects the findings of one file.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings: list[InputFinding] = []

    def error(self, line: InputLine | None, kind: str, message: str, remedy: str) -> None:
        """Add what stops the program or makes its results wrong."""
        self._add("error", line, kind, message, remedy)

    def warning(self, line: InputLine | None, kind: str, message: str, remedy: str) -> None:
        """Add what is to be looked at."""
        self._add("warning", line, kind, message, remedy)

    def _add(
        self, severity: Literal["error", "warning"], line: InputLine | None, kind: str, message: str, remedy: str
    ) -> None:
        number = None if line is None else line.number
        self.findings.append(InputFinding(severity, self.path, number, kind, message, remedy))

    def sorted(self) -> list[InputFinding]:
        """Return the findings in the order of the lines, those of the whole file last."""
        return sorted(self.findings, key=lambda item: (item.line is None, item.line or 0))


def read_commands(file: InputFile, keywords: Mapping[str, Keyword], report: Report) -> Iterator[Command]:
    """Yield the lines that fit their keywords; the others become findings."""
    for line in file.commands():
        name, words = line.words[0], line.words[1:]
        keyword = keywords.get(name)
        if keyword is None:
            guess = did_you_mean(name, [item for item, entry in keywords.items() if entry.forms])
            remedy = guess if guess.startswith("did you") else "all keywords: docs/inputs.md"
            report.error(line, "unknown keyword", f"no keyword {name}", remedy)
        elif keyword.removed:
            report.error(line, "removed", f"{name} is no longer in GPUMD", _successor(keyword, words))
        elif len(line.words) > MOST_WORDS and keywords.get("run"):
            report.error(line, "too long", f"{len(line.words)} words in a line", f"at most {MOST_WORDS} are read")
        else:
            try:
                yield Command(line, name, keyword.match(words))
            except InputError as error:
                report.error(line, "arguments", str(error), "write: " + " or: ".join(_usages(keyword, words)))


def _usages(keyword: Keyword, words: tuple[str, ...]) -> list[str]:
    """Return the forms that may be meant: those that begin with the first word, else all."""
    first = [form for form in keyword.forms if words and form.arguments and words[0] in form.arguments[0].choices]
    if not first:
        return keyword.usage()[:3]
    return [" ".join([keyword.name, words[0], *form.usage.split()[1:]]) for form in first[:3]]


def _successor(keyword: Keyword, words: tuple[str, ...]) -> str:
    """Return what to write instead; the exact line where the old arguments tell it."""
    if keyword.name == "dump_exyz" and words and all(word.isdigit() for word in words):
        flags = [name for name, word in zip(("velocity", "force", "potential"), words[1:], strict=False) if word == "1"]
        return " ".join(["write: dump_xyz", words[0], "dump.xyz", *flags])
    return f"write: {keyword.removed}"
