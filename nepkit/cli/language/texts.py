"""All texts that are shown in the language asked for, from the command tree and the code around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc, getsource
from types import ModuleType

import click

from nepkit.cli import parameters
from nepkit.cli.command import FIRST, ROOT, SECTIONS, leaves, load_all
from nepkit.cli.language import ENGLISH, catalogues, paragraphs, speaking
from nepkit.cli.language.formatter import CLICK, MENU_NUMBERS

FRAME, SHARED = "frame", "shared"
"""Files of what belongs to no section, and of options that several sections have."""


def texts() -> dict[str, list[str]]:
    """Return every English text by the name of the file that its translation belongs to."""
    load_all()
    places: dict[str, set[str]] = {}
    with speaking(ENGLISH):
        for place, text in _of_tree():
            places.setdefault(text, set()).add(place)
    frame = {
        text: {FRAME}
        for text in (*_of_code(), *CLICK, *MENU_NUMBERS, *SECTIONS.values(), FIRST, *paragraphs(ROOT.help or ""))
    }
    found: dict[str, list[str]] = {}
    for text, names in {**places, **frame}.items():
        found.setdefault(names.pop() if len(names) == 1 else SHARED, []).append(text)
    return found


def compare(language: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the texts without an entry and the entries without a text, by file."""
    needed, files = texts(), catalogues(language)
    entries = {text for file in files.values() for text in file}
    everything = {text for group in needed.values() for text in group}
    missing = {place: [text for text in group if text not in entries] for place, group in needed.items()}
    unused = {place: [text for text in file if text not in everything] for place, file in files.items()}
    return {k: v for k, v in missing.items() if v}, {k: v for k, v in unused.items() if v}


def _of_tree() -> Iterator[tuple[str, str]]:
    for child in ROOT.commands.values():
        mine = sorted(leaves(child), key=lambda leaf: leaf.menu or 1000)
        place = _place(min(leaf.menu or 1000 for leaf in mine))
        if isinstance(child, click.Group):
            yield from ((place, text) for text in paragraphs(cleandoc(child.help or "")))
        for leaf in mine:
            place = _place(leaf.menu or 1000)
            yield from ((place, text) for text in paragraphs(cleandoc(leaf.help or "")))
            for parameter in parameters.described(leaf):
                yield from ((place, text) for text in paragraphs(getattr(parameter, "help", None) or ""))
                yield from ((FRAME, name) for name in parameters.type_names(parameter) if name.isalpha())


def _place(number: int) -> str:
    section = SECTIONS.get(number // 100, "other")
    return f"{number // 100}_{section.lower().replace(' ', '_')}"


def _of_code() -> Iterator[str]:
    """Yield what the modules around the commands give to `say` and its kin, as text or by the name of a constant."""
    for name in ("clean", "menu", "parameters", "presenter", "prompts", "reference", "language.formatter"):
        module = import_module(f"nepkit.cli.{name}")
        for node in ast.walk(ast.parse(getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "say_all"):
                for text in _constants(node.args[0], module):
                    yield from paragraphs(text)


def _constants(node: ast.expr, module: ModuleType) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _constants(node.body, module)
        yield from _constants(node.orelse, module)
    found = getattr(module, node.id, None) if isinstance(node, ast.Name) else getattr(node, "value", None)
    if isinstance(found, str):
        yield found
