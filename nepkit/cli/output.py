"""What commands return. Light: no import beyond the standard library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Table:
    """Rows under named columns, rendered as text or CSV.

    Parameters
    ----------
    title : str
        One line above the table; may be empty.
    columns : sequence of str
        Headings, with units: ``"force (meV/A)"``.
    rows : sequence of sequences
        Cells: numbers, strings, bools or None (shown as ``-``). CSV keeps their full precision.
    formats : sequence of str
        One format of numbers per column such as ``".3f"``; empty means six significant digits. May be left out.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    formats: Sequence[str] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.title!r}: {len(self.columns)} columns, but a row of {len(row)}: {row}")
        if self.formats and len(self.formats) != len(self.columns):
            raise ValueError(f"table {self.title!r}: {len(self.columns)} columns, but {len(self.formats)} formats")

    def cells(self) -> list[list[str]]:
        """Return every cell as text."""
        formats = self.formats or [""] * len(self.columns)
        return [[_cell(value, form) for value, form in zip(row, formats, strict=True)] for row in self.rows]


def _cell(value: object, form: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    try:
        return format(float(value), form or ".6g")  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)


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
    frames: Iterable[Atoms] | None = field(default=None, repr=False)
    figure: Any = field(default=None, repr=False)
    ok: bool = True
