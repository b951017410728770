"""Commands of users: modules that installed packages name, and Python files of a folder.

A package names a module in the entry point group ``nepkit.commands``; a file lies in ``~/.config/nepkit`` (or
``$XDG_CONFIG_HOME/nepkit``). Both declare commands as those of nepkit are declared, see `nepkit.cli.command`. One that
fails is named in one line and left out; nothing of it stays. ``NEPKIT_PLUGINS=off`` leaves out all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

GROUP = "nepkit.commands"
SWITCH = "NEPKIT_PLUGINS"
FIRST_NUMBER, LAST_NUMBER = 751, 799
"""Menu numbers of plug-in commands that declare none."""


class Plugin(NamedTuple):
    """Where commands of a user come from.

    Parameters
    ----------
    name : str
        The file, or the entry point and its module.
    module : str
        Module to import; empty for a file.
    path : Path or None
        File to run; None for a module.
    """

    name: str
    module: str = ""
    path: Path | None = None


def folder() -> Path:
    """Return the folder of plug-in files."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "nepkit"


def found_plugins() -> list[Plugin]:
    """Return all plug-ins without importing them: those of packages, then files, each by name."""
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no"):
        return []
    modules = sorted(set(_entry_points()))
    found = [Plugin(f"{name} ({GROUP} of {module})", module=module) for name, module in modules]
    try:
        files = sorted(path for path in folder().glob("*.py") if not path.name.startswith("_"))
    except OSError:
        files = []
    return found + [Plugin(str(path), path=path) for path in files]


def _entry_points() -> Iterator[tuple[str, str]]:
    # importlib.metadata does the same, but to import it takes as long as all of --help may.
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(place, name, "entry_points.txt"), encoding="utf-8") as file:
                        yield from _of_group(file.read())
                except (OSError, UnicodeDecodeError):
                    continue


def _of_group(text: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in text.splitlines() if GROUP in text else ():
        if line.strip().startswith("["):
            inside = line.strip() == f"[{GROUP}]"
        elif inside and "=" in line:
            name, _, target = line.partition("=")
            yield name.strip(), target.split(":")[0].split("[")[0].strip()


class Loader:
    """Loads plug-ins into a tree of commands, once.

    Parameters
    ----------
    root : click.Group
        The tree, with all commands of nepkit.
    say : callable
        Shows one line about a plug-in that fails.
    """

    def __init__(self, root: click.Group, say: Callable[[str], None]) -> None:
        self._root, self._say = root, say

    def load(self, plugins: list[Plugin]) -> tuple[str, ...]:
        """Import plug-ins and return the names of their commands; what a broken one had declared is taken back."""
        own = set(self._root.commands)
        for plugin in plugins:
            before = _snapshot(self._root)
            try:
                _run(plugin)
                self._settle(before)
            except KeyboardInterrupt:
                raise
            except (Exception, SystemExit) as error:  # whatever somebody else's code does
                for group, commands in before:
                    group.commands.clear()
                    group.commands.update(commands)
                self._say(f"plug-in {plugin.name} was left out: {_reason(error, plugin)}")
        return tuple(name for name in self._root.commands if name not in own)

    def _settle(self, before: list[tuple[click.Group, dict[str, click.Command]]]) -> None:
        """Refuse what replaces a command, and number what has no number."""
        from nepkit.cli.command import leaves

        for group, commands in before:
            for name, known_command in commands.items():
                if group.commands.get(name) is not known_command:
                    raise ValueError(f"it replaces the command {name} of nepkit; give it another name")
        known = {id(leaf) for _, commands in before for child in commands.values() for leaf in leaves(child)}
        taken = {number for leaf in leaves(self._root) for number in (leaf.menu, *leaf.also) if number is not None}
        for leaf in leaves(self._root):
            if id(leaf) not in known and leaf.menu is None:
                leaf.menu = next((n for n in range(FIRST_NUMBER, LAST_NUMBER + 1) if n not in taken), None)
                taken.add(leaf.menu or 0)
                leaf.epilog = f"Menu number {leaf.menu}, of a plug-in." if leaf.menu else leaf.epilog


def _snapshot(group: click.Group) -> list[tuple[click.Group, dict[str, click.Command]]]:
    found = [(group, dict(group.commands))]
    for child in group.commands.values():
        if isinstance(child, click.Group):
            found += _snapshot(child)
    return found


def _run(plugin: Plugin) -> None:
    from importlib import import_module

    if plugin.path is None:
        import_module(plugin.module)
        return
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"nepkit_plugin_{plugin.path.stem}", plugin.path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


def _reason(error: BaseException, plugin: Plugin) -> str:
    """Return an error in one line, with the line of the plug-in that raised it."""
    text = " ".join(str(error).split()) or "no message"
    place, line = error.__traceback__, None
    while place is not None:
        if plugin.path is not None and place.tb_frame.f_code.co_filename == str(plugin.path):
            line = place.tb_lineno
        place = place.tb_next
    return f"{type(error).__name__}: {text}" + (f" (line {line})" if line else "")
