"""The only place that prints a result."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

from nepkit.cli.language import say
from nepkit.cli.output import Output, Table
from nepkit.core.atomic import write_or_keep
from nepkit.core.errors import InputError
from nepkit.core.record import to_json
from nepkit.core.table import printable


def present(
    value: object,
    *,
    as_json: bool | None = False,
    as_csv: bool | None = False,
    save: Path | None = None,
    overwrite: bool | None = False,
    stream: bool | None = False,
) -> int:
    """Show the value of a command and return its exit status.

    Parameters
    ----------
    value : Output, Table, dataclass, mapping, str or None
        What the command returned.
    as_json, as_csv : bool
        The form on standard output; text otherwise.
    save : Path, optional
        Where frames, a figure, or else the text, JSON or CSV (chosen by suffix) go.
    overwrite : bool
        Whether ``save`` may be replaced.
    stream : bool
        Whether a result went to standard output: then the rest goes to standard error.
    """
    output = as_output(value)
    wrote = ""
    if as_json and save is None and output.frames is not None and output.data is None:
        raise InputError("the result is frames, which are not printed as JSON; say where they go: -o")
    if save is not None and output.frames is not None:
        from nepkit.formats.files import write_frames

        count = write_frames(save, output.frames, overwrite=bool(overwrite))
        wrote = say("wrote {} frame to {}" if count == 1 else "wrote {} frames to {}").format(count, save)
    elif save is not None:
        kind = ""

        def write(place: Path) -> None:
            nonlocal kind
            kind = _write_file(output, place, bool(as_json), bool(as_csv))

        write_or_keep(save, write, overwrite=bool(overwrite))
        wrote = say("wrote {} to {}").format(kind, save)
    elif output.frames is not None and not as_json:
        from nepkit.formats.files import format_frame

        for atoms in output.frames:
            sys.stdout.write(format_frame(atoms))
        return 0 if output.ok else 1
    sink = sys.stderr if stream else sys.stdout
    if as_json:
        sink.write(to_json(output.data))
    elif as_csv:
        sink.write(to_csv(output))
    else:
        for line in render(output, sink):
            sink.write(line + "\n")
        if wrote:
            sink.write(wrote + "\n")
    sys.stdout.flush()
    return 0 if output.ok else 1


def as_output(value: object) -> Output:
    """Bring whatever a command returned into the one form."""
    if isinstance(value, Output):
        return value
    if value is None:
        return Output()
    if isinstance(value, Table):
        return Output(data=value.records(), tables=[value])
    if isinstance(value, str):
        return Output(data=value, text=value)
    if is_dataclass(value) and not isinstance(value, type):
        value = {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, Mapping):
        return Output(data=value, tables=[Table("", ["name", "value"], [(str(k), v) for k, v in value.items()])])
    raise TypeError(f"a command returned {type(value).__name__}; it should return an Output, Table, dataclass or text")


def _write_file(output: Output, path: Path, as_json: bool, as_csv: bool) -> str:
    if output.figure is not None:
        figure = getattr(output.figure, "figure", output.figure)
        figure.savefig(path)
        return say("the figure")
    if as_json or path.suffix == ".json":
        path.write_text(to_json(output.data), encoding="utf-8")
        return say("JSON")
    if as_csv or path.suffix == ".csv":
        path.write_text(to_csv(output), encoding="utf-8")
        return say("CSV")
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in render(output, file))
    return say("the text")


def to_csv(output: Output) -> str:
    """Return the table for CSV in full precision, with a line of column names."""
    table = output.csv or next(iter(output.tables), None)
    if table is None:
        raise TypeError("the command declares --csv but returned no table")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([[_csv_cell(cell) for cell in row] for row in table.rows])
    return buffer.getvalue()


def _csv_cell(cell: Any) -> Any:
    return "" if cell is None else printable(cell) if isinstance(cell, str) else cell


def render(output: Output, file: TextIO) -> Iterator[str]:
    """Yield the lines of the text form: coloured on a terminal, plain and never cut in a pipe or file."""
    if output.head:
        yield from map(printable, output.head.splitlines())
    if output.tables:
        yield from _render_tables(output.tables, file)
    if output.text:
        yield from map(printable, output.text.splitlines())


def _render_tables(tables: Any, file: TextIO) -> Iterator[str]:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    on_terminal = file.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=on_terminal,
        width=None if on_terminal else 1000,
        legacy_windows=False,
        highlight=False,
        markup=False,
    )
    unicode = (file.encoding or "").lower().replace("-", "") == "utf8"
    for number, table in enumerate(tables):
        if number:
            console.print()
        if table.title:
            console.print(Text(printable(table.title), style="bold"))
        shown = RichTable(box=box.SIMPLE_HEAD if unicode else box.ASCII2, pad_edge=False, show_edge=False)
        cells = table.cells()
        for index, name in enumerate(table.columns):
            values = [row[index] for row in table.rows]
            numeric = any(_is_number(value) for value in values)
            shown.add_column(Text(printable(name)), justify="right" if numeric else "left", overflow="fold")
        for row in cells:
            shown.add_row(*[Text(cell) for cell in row])
        console.print(shown)
    yield from (line.rstrip() for line in buffer.getvalue().splitlines())


def _is_number(value: object) -> bool:
    return not isinstance(value, (bool, str)) and hasattr(value, "__float__")


class _Bars:
    """Progress bars on stderr; they vanish when the work ends, so that only results stay on the screen."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._open: set[int] = set()

    def start(self, description: str, total: int | None) -> int:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
            from rich.table import Column

            columns = (
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        handle: int = self._progress.add_task(description, total=total, note="")
        self._open.add(handle)
        return handle

    def advance(self, handle: int, steps: int, note: str) -> None:
        self._progress.update(handle, advance=steps, **({"note": note} if note else {}))

    def finish(self, handle: int) -> None:
        self._open.discard(handle)
        self._progress.remove_task(handle)
        if not self._open:
            self._progress.stop()
            self._progress = None


@contextmanager
def progress_on_terminal() -> Iterator[None]:
    """Show progress on stderr inside the block where stderr is a terminal; be silent in pipes and logs."""
    if not sys.stderr.isatty():
        yield
        return
    from nepkit.core.progress import reporting

    with reporting(_Bars()):
        yield
