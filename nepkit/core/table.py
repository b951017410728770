"""Tables of results: rows under named columns. Light: no import beyond the standard library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any


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

    def records(self) -> list[dict[str, Any]]:
        """Return every row as a mapping from heading to cell; headings must differ."""
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"table {self.title!r}: two columns have the same heading: {', '.join(self.columns)}")
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def table_of_columns(title: str, columns: Mapping[str, Iterable[Any]]) -> Table:
    """Return columns side by side as a table; shorter ones end in empty cells.

    Parameters
    ----------
    title : str
        One line above the table.
    columns : mapping of str to iterable
        Heading, with the unit, and values; arrays are turned into plain numbers.

    Examples
    --------
    >>> table_of_columns("", {"r (A)": [1.0, 2.0], "g": [0.5]}).rows
    [(1.0, 0.5), (2.0, None)]
    """
    plain = [values.tolist() if hasattr(values, "tolist") else list(values) for values in columns.values()]
    return Table(title, list(columns), list(zip_longest(*plain)))


def stacked(title: str, tables: Mapping[str, Table]) -> Table:
    """Return the rows of several tables of the same columns below each other, the first column naming the table.

    A single table is returned without that column.

    Examples
    --------
    >>> one = Table("", ["r (A)"], [(1.0,)])
    >>> stacked("g", {"a": one, "b": one}).rows
    [('a', 1.0), ('b', 1.0)]
    >>> stacked("g", {"a": one}).columns
    ['r (A)']
    """
    first = next(iter(tables.values()))
    if len(tables) == 1:
        return Table(title, first.columns, first.rows, first.formats)
    columns = list(dict.fromkeys(name for table in tables.values() for name in table.columns))
    rows = [(name, *(row.get(column) for column in columns)) for name, table in tables.items()
            for row in table.records()]  # fmt: skip
    known = {column: form for table in tables.values() for column, form in zip(table.columns, table.formats)}  # noqa: B905
    return Table(title, ["file", *columns], rows, ["", *(known.get(column, "") for column in columns)])


_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    r"""Return text without what would move, colour or answer for a terminal: names in files may hold anything.

    Examples
    --------
    >>> printable("\x1b[31mLi\x1b[0m\x07")
    'Li'
    """
    return _CONTROL.sub("", text)


def _cell(value: object, form: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, int):
        return str(value)
    try:
        return format(float(value), form or ".6g")  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return printable(str(value))
