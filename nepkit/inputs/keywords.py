"""What a keyword of run.in or nep.in takes: names, types, ranges and units of its arguments, and how words match them.

One table entry per keyword (`nepkit.inputs.run_keywords`, `nepkit.inputs.nep_keywords`) drives parsing, checking
and the table in ``docs/inputs.md``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ase.data import atomic_numbers

from nepkit.core.errors import InputError, did_you_mean

Kind = Literal["integer", "number", "word", "file", "element"]
INTEGER = re.compile(r"[+-]?\d+")
MOST_WORDS = 32
"""GPUMD reads no more words than these in a line of run.in (src/main_gpumd/run.cu)."""


@dataclass(frozen=True)
class Argument:
    """One argument of a keyword.

    Parameters
    ----------
    name : str
        What it is called in tables and messages.
    kind : str
        "integer", "number", "word", "file" or "element" (a chemical symbol).
    low, high : float
        Smallest and largest value.
    unit : str
        Unit of a number, empty where it has none.
    choices : tuple of str
        The words it can be; empty where any word is fine.
    above : bool
        Whether ``low`` itself is excluded.
    """

    name: str
    kind: Kind = "number"
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    choices: tuple[str, ...] = ()
    above: bool = False

    def fault(self, word: str) -> str | None:
        """Return what is wrong with a word in this place, None where nothing is.

        Examples
        --------
        >>> Argument("interval", "integer", 1).fault("1e3")
        'interval is an integer, not 1e3: write 1000'
        """
        if self.choices:
            return None if word in self.choices else f"{self.name} is {word}: {did_you_mean(word, self.choices)}"
        if self.kind == "element":
            return None if word in atomic_numbers else f"{self.name}: {word} is no chemical symbol"
        if self.kind in ("word", "file"):
            return None
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            return f"{self.name} is {'an integer' if self.kind == 'integer' else 'a number'}, not {word}"
        if self.kind == "integer" and not INTEGER.fullmatch(word):
            advice = f": write {int(value)}" if value == int(value) else ""
            return f"{self.name} is an integer, not {word}{advice}"
        if value < self.low or value > self.high or (self.above and value == self.low):
            return f"{self.name} is {word}, expected {self.range}"
        return None

    @property
    def range(self) -> str:
        """The allowed values in words, empty where all are."""
        if self.choices:
            return " or ".join(self.choices)
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.low:.10g} to {self.high:.10g}"
        if math.isfinite(self.low):
            return f"{'above' if self.above else 'at least'} {self.low:.10g}"
        return f"at most {self.high:.10g}" if math.isfinite(self.high) else ""


@dataclass(frozen=True)
class Form:
    """One way to write a keyword: its arguments in order, named options in any order, and a repeated tail.

    Parameters
    ----------
    arguments : tuple of Argument
        In their order.
    needed : int or None
        How many of them must be given; None for all.
    options : mapping of str to tuple of Argument
        Words that may follow, in any order, each with its own arguments; none for a bare flag.
    must : tuple of str
        Options that cannot be left out.
    tail : tuple of Argument
        Arguments that may be repeated after all others.
    repeats : (int, int)
        Least and largest number of repetitions of the tail.
    """

    arguments: tuple[Argument, ...] = ()
    needed: int | None = None
    options: Mapping[str, tuple[Argument, ...]] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    tail: tuple[Argument, ...] = ()
    repeats: tuple[int, int] = (0, 0)

    @property
    def usage(self) -> str:
        """The form in one line: ``<interval> <file> [group <method> <group>]``."""
        least = len(self.arguments) if self.needed is None else self.needed
        words = [_shown(item, optional=index >= least) for index, item in enumerate(self.arguments)]
        if self.tail:
            inner = " ".join(_shown(item) for item in self.tail)
            words += [inner] * self.repeats[0] if self.repeats[0] == self.repeats[1] else [f"{{{inner} ...}}"]
        for name, arguments in self.options.items():
            text = " ".join([name, *(_shown(item) for item in arguments)])
            words.append(text if name in self.must else f"[{text}]")
        return " ".join(words)


@dataclass(frozen=True)
class Match:
    """A line of an input file that fits its keyword.

    Parameters
    ----------
    values : dict of str to float or str
        Positional arguments by name; integers are floats too.
    options : dict of str to tuple
        Options that were given, with their values.
    tail : tuple of tuple
        Values of every repetition of the tail.
    """

    values: Mapping[str, float | str]
    options: Mapping[str, tuple[float | str, ...]]
    tail: tuple[tuple[float | str, ...], ...]

    def number(self, name: str) -> float:
        """Return a positional number by name."""
        return float(self.values[name])

    def word(self, name: str) -> str:
        """Return a positional word by name."""
        return str(self.values[name])


@dataclass(frozen=True)
class Keyword:
    """One keyword of an input file.

    Parameters
    ----------
    name : str
        The first word of the line.
    meaning : str
        What it does, in one sentence.
    forms : tuple of Form
        Ways to write it.
    section : str
        Part of the table it stands in.
    lasting : bool
        Whether its effect lasts after the ``run`` that follows.
    several : bool
        Whether it may be given more than once before a run.
    default : str
        What holds where it is not given.
    removed : str
        What to write instead of a keyword that GPUMD no longer has; empty for those that it has.
    since : str
        When it came, where that is recent.
    """

    name: str
    meaning: str
    forms: tuple[Form, ...] = ()
    section: str = ""
    lasting: bool = False
    several: bool = False
    default: str = ""
    removed: str = ""
    since: str = ""

    def match(self, words: Sequence[str]) -> Match:
        """Return the arguments of a line by name.

        Raises
        ------
        InputError
            Where they fit no form; says what is wrong with the form that is nearest.
        """
        failures: list[_UnfitError] = []
        for form in self.forms:
            try:
                return _Reader(form, words).match()
            except _UnfitError as failure:
                failures.append(failure)
        names = [choice for form in self.forms for choice in _first_choices(form)]
        if len(self.forms) > 1 and names and words and words[0] not in names:
            raise InputError(f"{self.name} {words[0]}: {did_you_mean(words[0], names)}")
        # The form that got furthest is the one that was meant.
        raise InputError(f"{self.name}: {max(failures, key=lambda item: item.place).message}")

    def usage(self) -> list[str]:
        """Return every form in one line each."""
        return [f"{self.name} {form.usage}".strip() for form in self.forms]


def _first_choices(form: Form) -> tuple[str, ...]:
    return form.arguments[0].choices if form.arguments else ()


def _shown(argument: Argument, *, optional: bool = False) -> str:
    text = "|".join(argument.choices) or f"<{argument.name}>"
    return f"[{text}]" if optional else text


class _UnfitError(Exception):
    """Words that do not fit a form: where, and why."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place, self.message = place, message


class _Reader:
    """Reads the words of one line by one form."""

    def __init__(self, form: Form, words: Sequence[str]) -> None:
        self._form, self._words, self._place = form, words, 0

    def match(self) -> Match:
        values, tail = self._positional(), self._tail()
        options: dict[str, tuple[float | str, ...]] = {}
        while self._place < len(self._words):
            name = self._words[self._place]
            if name not in self._form.options:
                raise self._unexpected(name)
            if name in options:
                raise _UnfitError(self._place, f"{name} is given twice")
            self._place += 1
            options[name] = self._take(self._form.options[name], name)
        missing = [name for name in self._form.must if name not in options]
        if missing:
            raise _UnfitError(self._place, f"{missing[0]} is missing, expected {self._form.usage}")
        return Match(values, options, tail)

    def _positional(self) -> dict[str, float | str]:
        values: dict[str, float | str] = {}
        needed = len(self._form.arguments) if self._form.needed is None else self._form.needed
        for index, argument in enumerate(self._form.arguments):
            ended = self._place == len(self._words) or self._words[self._place] in self._form.options
            if ended and index >= needed:
                break
            (values[argument.name],) = self._take((argument,))
        return values

    def _tail(self) -> tuple[tuple[float | str, ...], ...]:
        found: list[tuple[float | str, ...]] = []
        least, most = self._form.repeats
        while len(found) < most and (
            len(found) < least
            or (self._place < len(self._words) and self._words[self._place] not in self._form.options)
        ):
            found.append(self._take(self._form.tail))
        return tuple(found)

    def _take(self, arguments: Sequence[Argument], option: str = "") -> tuple[float | str, ...]:
        """Return the values of the next words; for an option, whose name begins the message."""
        values: list[float | str] = []
        for argument in arguments:
            if self._place == len(self._words):
                wanted = " ".join([option, *map(_shown, arguments)]) if option else self._form.usage
                raise _UnfitError(self._place, f"{_count(len(self._words), 'argument')}, expected {wanted}")
            word = self._words[self._place]
            fault = argument.fault(word)
            if fault:
                raise _UnfitError(self._place, f"{option}: {fault}" if option else fault)
            values.append(_value(argument, word))
            self._place += 1
        return tuple(values)

    def _unexpected(self, word: str) -> _UnfitError:
        if self._form.options and not INTEGER.match(word):
            return _UnfitError(self._place, f"{word} is no option: {did_you_mean(word, self._form.options)}")
        expected = self._form.usage or "none"
        return _UnfitError(self._place, f"{_count(len(self._words), 'argument')}, expected {expected}")


def _value(argument: Argument, word: str) -> float | str:
    return word if argument.choices or argument.kind not in ("integer", "number") else float(word)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
