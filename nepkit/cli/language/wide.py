"""Text in which some characters are two columns wide, as Chinese ones are."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_OPENING = "（《〈「『【(["
_CLOSING = "，。；：、！？）》〉」』】)]"
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE = re.compile(rf"\s+|[{re.escape(_OPENING)}]*(?:[^\s{_WIDE}]+|\S)[{re.escape(_CLOSING)}]*")
"""What a line is not broken within: a word, or one wide character, with the punctuation that may not stand alone."""


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> columns("NEP 势函数")
    10
    """
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def pad(text: str, width: int) -> str:
    """Return a text filled with spaces to a number of columns."""
    return text + " " * (width - columns(text))


def wrap(text: str, width: int) -> list[str]:
    """Return a paragraph in lines of at most so many columns; a longer word stays whole.

    Examples
    --------
    >>> wrap("训练一个 NEP，势函数。", 12)
    ['训练一个', 'NEP，势函', '数。']
    """
    lines = [""]
    for piece in _PIECE.findall(text.strip().replace("\n", " ")):
        if lines[-1] and columns(lines[-1]) + columns(piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def cut(text: str, width: int) -> str:
    """Return as much of a text as so many columns hold, with dots where it ends early."""
    if columns(text) <= width:
        return text
    return f"{wrap(text, width - 3)[0].rstrip(_OPENING + _CLOSING)}..."


def first_sentence(text: str) -> str:
    """Return the first sentence of a paragraph, to a full stop of either language before a space or the end."""
    return re.split(r"(?<=。)|(?<=\.)\s", text, maxsplit=1)[0]
