"""Short names that tell files apart, and notes on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def merged(notes: Sequence[str]) -> list[str]:
    """Return notes with those that say the same of several files, ``FILE: what``, told once.

    Examples
    --------
    >>> merged(["300K/msd.out: too short", "one run", "600K/msd.out: too short"])
    ['300K, 600K: too short', 'one run']
    """
    found: dict[str, list[str]] = {}
    for note in notes:
        head, colon, tail = note.partition(": ")
        found.setdefault(tail if colon else note, []).append(head if colon else "")
    names = {text: distinct([Path(head) for head in heads]) if len(heads) > 1 else heads
             for text, heads in found.items()}  # fmt: skip
    return [f"{', '.join(names[text])}: {text}" if any(heads) else text for text, heads in found.items()]


def distinct(paths: Sequence[Path]) -> list[str]:
    """Return short names that tell paths apart: as few parts of the end as it takes.

    Examples
    --------
    >>> distinct([Path("300K/rdf.out"), Path("600K/rdf.out")])
    ['300K', '600K']
    >>> distinct([Path("a.out"), Path("b.out")])
    ['a.out', 'b.out']
    >>> distinct([Path("rdf.out")])
    ['rdf.out']

    The same file twice:

    >>> distinct([Path("rdf.out"), Path("rdf.out")])
    ['rdf.out (1)', 'rdf.out (2)']
    """
    absolute = [path.resolve() for path in paths]
    for depth in range(1, max(len(path.parts) for path in absolute) + 1):
        names = ["/".join(path.parts[-depth:]) for path in absolute]
        if len(set(names)) == len(names):
            # The same file of several runs is told by the folders alone.
            same = len(names) > 1 and len({path.name for path in absolute}) == 1
            return [name.rpartition("/")[0] for name in names] if same else names
    return [f"{path} ({index + 1})" for index, path in enumerate(paths)]
