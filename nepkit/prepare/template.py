"""Files of the user that every prepared folder gets, with places to be filled such as ``{{temperature}}``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean

PLACE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
"""A place to be filled. Two braces: bash, LAMMPS and CP2K all use one."""

LARGEST_TEXT = 2**20
"""Bytes; files above are copied as they are."""

Content = str | Path | Callable[[Path], object]
"""What a file gets: text, a copy of another file, or what a function writes into it."""


@dataclass(frozen=True)
class Template:
    """Files by the name they get in every folder.

    Parameters
    ----------
    files : dict of str to Path
        Where each of them is.
    texts : dict of str to str
        The contents of those that have places to be filled.
    """

    files: Mapping[str, Path]
    texts: Mapping[str, str]

    @property
    def places(self) -> set[str]:
        """Names of all places to be filled."""
        return {name for text in self.texts.values() for name in PLACE.findall(text)}

    def joined(self, other: Template) -> Template:
        """Return the files of both.

        Raises
        ------
        InputError
            Where two have the same name.
        """
        both = sorted(set(self.files) & set(other.files))
        if both:
            raise InputError(
                f"{other.files[both[0]]} and {self.files[both[0]]} would get the same name; give one of them"
            )
        return Template({**self.files, **other.files}, {**self.texts, **other.texts})

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every file."""
        return {name: sha256(path) for name, path in sorted(self.files.items())}

    def filled(self, values: Mapping[str, str]) -> dict[str, Content]:
        """Return the contents of all files with the places filled."""
        contents: dict[str, Content] = dict(self.files)
        contents.update({name: fill(text, values, str(self.files[name])) for name, text in self.texts.items()})
        return contents

    def text(self, name: str, values: Mapping[str, str]) -> str:
        """Return one file as text with the places filled."""
        if name in self.texts:
            return fill(self.texts[name], values, str(self.files[name]))
        return read_text(self.files[name])


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """Return a text with every place filled.

    Raises
    ------
    UnknownNameError
        Where a place has no value.

    Examples
    --------
    >>> fill("ensemble nvt_bdp {{temperature}} {{temperature}} 100", {"temperature": "300"}, "run.in")
    'ensemble nvt_bdp 300 300 100'
    """
    for name in PLACE.findall(text):
        if name not in values:
            raise UnknownNameError(f"{where}: {{{{{name}}}}} has no value: {did_you_mean(name, values)}")
    return PLACE.sub(lambda found: values[found[1]], text)


def read_template(paths: Iterable[Path]) -> Template:
    """Return the files of folders, with those below them, and single files; hidden ones are left out.

    Raises
    ------
    InputError
        Where nothing is found, or two files would get the same name.
    """
    paths = list(paths)
    result = Template({}, {})
    for path in paths:
        result = result.joined(_read(path))
    if not result.files:
        raise InputError(f"no files in the template {' '.join(map(str, paths))}")
    return result


def _read(path: Path) -> Template:
    if path.is_dir():
        names = {item.relative_to(path).as_posix(): item for item in sorted(path.rglob("*")) if item.is_file()}
        files = {name: item for name, item in names.items() if not _hidden(name)}
    else:
        files = {path.name: path}
    filled = [
        item for item in files.items() if item[1].stat().st_size <= LARGEST_TEXT and b"{{" in item[1].read_bytes()
    ]
    return Template(files, {name: read_text(item) for name, item in filled})


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in Path(name).parts)


def read_text(path: Path) -> str:
    """Return a text file of the user.

    Raises
    ------
    InputError
        Where it is not text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text in UTF-8") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_places(places: set[str], known: Iterable[str], given: Iterable[str]) -> None:
    """Raise where a place has no value, or a given value no place.

    Raises
    ------
    UnknownNameError
        With a guess at what was meant.
    """
    known = set(known)
    for name in sorted(places - known):
        raise UnknownNameError(
            f"{{{{{name}}}}} in the template has no value: {did_you_mean(name, known)}; or give one: --set {name}=..."
        )
    for name in sorted(set(given) - places):
        raise UnknownNameError(
            f"a value of {name} is given, but no file of the template has {{{{{name}}}}}, so all would be the same"
        )
