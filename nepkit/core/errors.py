"""The errors a user can cause, each shown as one line by the command line.

A message names the file, the line or frame, what was expected and the remedy. Anything that is not one of these is a
bug and stays a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class NepkitError(Exception):
    """Base of everything the command line turns into one line and exit status 1."""


class InputError(NepkitError):
    """A file or value given by the user cannot be used as it is."""


class OutputError(NepkitError):
    """A result cannot be written, for instance because the file already exists."""


class UnknownNameError(NepkitError):
    """A name that no registry entry, element or option carries."""


class ProgramError(NepkitError):
    """An external program is missing or failed."""


class MissingExtraError(NepkitError):
    """An optional dependency is not installed.

    Examples
    --------
    >>> print(MissingExtraError("torch", "train"))
    torch is not installed; get it by pip install ".[train]" in the folder of nepkit
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is not installed; get it by pip install ".[{extra}]" in the folder of nepkit')
        self.package = package
        self.extra = extra


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the tail of a message about an unknown name: a guess where one is close, else the known names.

    Examples
    --------
    >>> did_you_mean("extxy", ["extxyz", "vasp"])
    'did you mean extxyz?'
    >>> did_you_mean("qq", ["extxyz", "vasp"])
    'known: extxyz, vasp'
    """
    from difflib import get_close_matches  # only where something went wrong

    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(names) or 'none'}"
