"""How the parameters of a command are described, in the menu and in the reference page alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli.language import say

HIDDEN = ("help",)
"""Names of parameters that are not described."""

FILE, FOLDER, NONE = "file", "folder", "none"
AT_LEAST, AT_MOST = ", at least {}", ", at most {}"


def described(command: click.Command) -> list[click.Parameter]:
    """Return the parameters a user may set, in the order of declaration."""
    return [item for item in command.params if item.name not in HIDDEN and not bool(getattr(item, "hidden", False))]


def is_flag(parameter: click.Parameter) -> bool:
    """Return whether it is an option without a value."""
    return isinstance(parameter, click.Option) and bool(parameter.is_flag)


def takes_several(parameter: click.Parameter) -> bool:
    """Return whether it takes more than one value."""
    return parameter.nargs != 1 or bool(getattr(parameter, "multiple", False))


def kind(parameter: click.Parameter) -> str:
    """Return its type in words, such as ``file``, ``1|2`` or ``integer, at least 0``."""
    if is_flag(parameter):
        return "y/n"
    given = parameter.type
    if isinstance(given, click.Tuple):
        return " ".join(map(say, type_names(parameter)))
    name = say(_plain(given))
    if isinstance(given, click.Choice):
        name = "|".join(str(choice) for choice in given.choices)
    elif isinstance(given, click.Path):
        name = say(FOLDER if given.dir_okay and not given.file_okay else FILE)
    elif isinstance(given, (click.IntRange, click.FloatRange)):
        name += say(AT_LEAST).format(f"{given.min:g}") if given.min is not None else ""
        name += say(AT_MOST).format(f"{given.max:g}") if given.max is not None else ""
    return f"{name} ..." if takes_several(parameter) else name


def type_names(parameter: click.Parameter) -> list[str]:
    """Return the English names of the types of its values; none where these are choices."""
    types = parameter.type.types if isinstance(parameter.type, click.Tuple) else [parameter.type]
    return [_plain(item) for item in types if not isinstance(item, click.Choice)]


def _plain(given: Any) -> str:
    name = str(given.name)
    return {"float": "number", "float range": "number", "integer range": "integer"}.get(name, name)


def default_value(parameter: click.Parameter, context: click.Context) -> Any:
    """Return its default, None where it has none."""
    value = parameter.get_default(context)
    # From 8.3 on click has a sentinel of a private enumeration for "none given"; before, it was None.
    return None if type(value).__module__.startswith("click.") else value


def default(parameter: click.Parameter, context: click.Context) -> str:
    """Return its default as it would be typed, ``none`` where it has none."""
    value = default_value(parameter, context)
    if is_flag(parameter):
        return "y" if value else "n"
    return say(NONE) if value in (None, ()) else as_typed(value)


def as_typed(value: Any) -> str:
    """Return a value as it would be typed on the command line."""
    if isinstance(value, (list, tuple)):
        return " ".join(as_typed(item) for item in value)
    return value.as_posix() if isinstance(value, Path) else str(value)
