"""An input file under construction: lines with the reason for their values."""

from __future__ import annotations

from dataclasses import dataclass, field

COLUMN = 44
"""Where the comments begin."""


@dataclass
class Script:
    """Lines of an input file.

    Examples
    --------
    >>> script = Script()
    >>> script.add("velocity 300", "K")
    >>> print(script.text, end="")
    velocity 300                                # K
    """

    lines: list[str] = field(default_factory=list)

    def add(self, line: object, why: str = "") -> None:
        """Add a line and why it is so."""
        self.lines.append(f"{line!s:<{COLUMN - 1}} # {why}" if why else str(line))

    def part(self, title: str) -> None:
        """Begin a part: an empty line and a comment."""
        self.lines += [*([""] if self.lines else []), f"# {title}"]

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join(self.lines) + "\n"
