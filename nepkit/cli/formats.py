"""``nepkit formats``: what is read and written."""

from __future__ import annotations

from itertools import compress

from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("formats", menu=111, csv=True)
def formats() -> Output:
    """List the formats that are read and written.

    Files of other kinds are left to ASE's readers.
    """
    from nepkit.formats.catalogue import formats as known

    rows = [
        (
            made.name,
            made.read is not None,
            made.write is not None,
            " ".join(made.holds) if made.write else None,
            " ".join(made.names),
            made.summary,
        )
        for made in known().values()
    ]
    columns = ["format", "read", "written", "labels written", "names", "what"]
    whole = Table("", columns, rows)
    shown = Table(
        "", ["format", "use", "what"], [(row[0], " ".join(compress(columns[1:3], row[1:3])), row[5]) for row in rows]
    )
    return Output(data=[dict(zip(columns, row, strict=True)) for row in rows], tables=[shown], csv=whole)
