"""The lines of run.in or nep.in with their comments, so that a file is written back as it was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError


@dataclass(frozen=True)
class InputLine:
    """One line.

    Parameters
    ----------
    number : int
        Its place in the file, from 1.
    text : str
        All of it, without the line break.
    """

    number: int
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """Keyword and arguments; empty for a line that is empty or a comment."""
        return tuple(self.text.partition("#")[0].split())

    @property
    def comment(self) -> str:
        """What follows the ``#``, without it."""
        return self.text.partition("#")[2].strip()


@dataclass(frozen=True)
class InputFile:
    r"""A file of keywords.

    Parameters
    ----------
    lines : tuple of InputLine
        All lines, comments and empty ones too.
    newline : str
        The line break of the file.
    ended : bool
        Whether the last line ends with one.

    Examples
    --------
    >>> file = parse_input("type 1 Si  # silicon\nneuron 30\n")
    >>> print(file.with_arguments("neuron", ["40"]).text, end="")
    type 1 Si  # silicon
    neuron 40
    """

    lines: tuple[InputLine, ...]
    newline: str = "\n"
    ended: bool = True

    @property
    def text(self) -> str:
        """The file, character for character."""
        return self.newline.join(line.text for line in self.lines) + self.newline * (self.ended and bool(self.lines))

    def commands(self) -> Iterator[InputLine]:
        """Yield the lines that have a keyword."""
        return (line for line in self.lines if line.words)

    def find(self, keyword: str) -> tuple[str, ...] | None:
        """Return the arguments of a keyword where it is given last, None where it is not."""
        found = [line.words[1:] for line in self.commands() if line.words[0] == keyword]
        return found[-1] if found else None

    def with_arguments(self, keyword: str, arguments: Sequence[str]) -> InputFile:
        """Return the file with other arguments of a keyword; a keyword that is not there is added at the end.

        Comments and all other lines stay as they are.
        """
        new = " ".join([keyword, *arguments])
        if self.find(keyword) is None:
            return replace(self, lines=(*self.lines, InputLine(len(self.lines) + 1, new)))
        return replace(self, lines=tuple(self._changed(line, keyword, new) for line in self.lines))

    def without(self, keyword: str) -> InputFile:
        """Return the file without the lines of a keyword."""
        kept = [line for line in self.lines if line.words[:1] != (keyword,)]
        return replace(self, lines=tuple(InputLine(number, line.text) for number, line in enumerate(kept, 1)))

    @staticmethod
    def _changed(line: InputLine, keyword: str, new: str) -> InputLine:
        if line.words[:1] != (keyword,):
            return line
        _, mark, comment = line.text.partition("#")
        indent = line.text[: len(line.text) - len(line.text.lstrip())]
        return replace(line, text=f"{indent}{new}" + (f"  {mark}{comment}" if mark else ""))

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the file; it appears whole or not at all."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            temporary.write_bytes(self.text.encode())


def parse_input(text: str) -> InputFile:
    r"""Return a text as lines.

    Examples
    --------
    >>> parse_input("run 10\r\n# end").text
    'run 10\r\n# end'
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    ended = lines[-1] == ""
    lines = lines[:-1] if ended else lines
    return InputFile(tuple(InputLine(number, line) for number, line in enumerate(lines, 1)), newline, ended)


def read_input(path: str | Path) -> InputFile:
    """Read a file of keywords.

    Raises
    ------
    InputError
        Where it is not text.
    """
    try:
        return parse_input(Path(path).read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file (byte {error.start}); give a run.in or nep.in") from None
