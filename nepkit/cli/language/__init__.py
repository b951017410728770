"""The language of help and menu: English, or the one that ``NEPKIT_LANG`` asks for.

English is what the commands say in their declarations. Another language is a folder beside this file with JSON files
of ``{"English": "translated"}``, read only when it is asked for: one entry for a paragraph of help, so that an English
text that changes shows up as missing. What has no entry, such as a plug-in's help, is shown in English. Results, tables
and errors are English always. ``python -m nepkit.cli.language`` lists what is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import click

VARIABLE = "NEPKIT_LANG"
ENGLISH = "en"
_HERE = Path(__file__).parent


def known() -> list[str]:
    """Return the languages there are."""
    return [ENGLISH, *sorted(file.parent.name for file in _HERE.glob("*/frame.json"))]


def chosen() -> str:
    """Return the language asked for; English where nothing is or an unknown one."""
    wanted = _wanted()
    return wanted if wanted == ENGLISH or wanted in known() else ENGLISH


def warning() -> str:
    """Return a warning where an unknown language is asked for, and nothing otherwise."""
    if _wanted() == chosen():
        return ""
    return f"{VARIABLE}={os.environ[VARIABLE]} is not known, only {' and '.join(known())}; going on in English"


def _wanted() -> str:
    # As in LANG, zh_CN.UTF-8 is zh.
    return re.split(r"[-_.@]", os.environ.get(VARIABLE, "").strip().lower())[0] or ENGLISH


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use a language inside the block, whatever is asked for."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = language
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def catalogues(language: str) -> dict[str, dict[str, str]]:
    """Return the entries of every file of a language, by the file's name."""
    import json

    return {
        file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(_HERE.glob(f"{language}/*.json"))
    }


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return all entries of a language, and the first sentence of each: the one line that lists of commands show."""
    from nepkit.cli.language.wide import first_sentence

    whole = {english: text for file in catalogues(language).values() for english, text in file.items()}
    return {first_sentence(english): first_sentence(text) for english, text in whole.items()} | whole


def say(english: str) -> str:
    """Return one text, such as a paragraph or a prompt, in the language asked for."""
    language = chosen()
    return english if language == ENGLISH else catalogue(language).get(english, english)


def say_numbers(english: str) -> str:
    """Return a text whose entry may have {} for its numbers, as the menu numbers at the end of a page."""
    numbers = re.search(r"\d+(, \d+)*", english)
    if numbers is None or say(english) != english:
        return say(english)
    return say(english.replace(numbers[0], "{}")).replace("{}", numbers[0])


def say_all(english: str) -> str:
    """Return a text of several paragraphs in the language asked for."""
    return english if chosen() == ENGLISH else "\n\n".join(map(say_numbers, paragraphs(english)))


def paragraphs(english: str) -> list[str]:
    """Return the paragraphs of a text, each in one line: how the lines are broken does not count.

    A paragraph that begins with a line of a backspace alone keeps its lines, as click has it.
    """
    parts = [part.strip("\n") for part in english.split("\f")[0].split("\n\n")]
    return [part if part.startswith("\b\n") else " ".join(part.split()) for part in parts if part.strip()]


def say_short(english: str, width: int) -> str:
    """Return the first sentence of a command's help, cut to a width."""
    sentence = click.Command(None, help=english).get_short_help_str(1000)
    translated = say(sentence)
    if translated == sentence:
        return click.Command(None, help=english).get_short_help_str(width)
    from nepkit.cli.language.wide import cut

    return cut(translated, width)


def say_wrapped(english: str, width: int, indent: str) -> str:
    """Return a text in lines of some width, each indented."""
    if chosen() == ENGLISH:
        return click.wrap_text(english, width, indent, indent)
    from nepkit.cli.language.wide import wrap

    return "\n".join(indent + line for line in wrap(say(english), width - len(indent)))
