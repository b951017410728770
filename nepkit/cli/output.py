"""What commands return. Light: no import beyond the standard library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table as Table

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Output:
    """The value of a command, in every form that the presenter can show.

    Parameters
    ----------
    data : dataclass, mapping, sequence or scalar
        What ``--json`` prints. Arrays, paths and nested dataclasses are fine; NaN becomes null.
    tables : sequence of Table
        The text form; the first is what ``--csv`` prints.
    text : str
        Lines after the tables, such as what to do next; text form only.
    head : str
        Lines before the tables; text form only.
    csv : Table
        What ``--csv`` prints where it is not the first table, for instance the curves of a plot.
    frames : iterable of ase.Atoms
        Written to ``-o`` as extended xyz, to standard output without it.
    figure : matplotlib Figure or Axes
        Saved to ``-o``; the suffix (png, pdf, svg) is the format.
    ok : bool
        False ends the command with exit status 1 although nothing was raised.
    """

    data: Any = None
    tables: Sequence[Table] = ()
    text: str = ""
    csv: Table | None = field(default=None, repr=False)
    frames: Iterable[Atoms] | None = field(default=None, repr=False)
    figure: Any = field(default=None, repr=False)
    ok: bool = True
    head: str = ""
