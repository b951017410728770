"""``nepkit check``: whether run.in and nep.in are right, before a GPU hour is spent."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("check", menu=703, csv=True)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings as well.")
def check(paths: tuple[Path, ...], strict: bool) -> Output:
    """Check run.in, nep.in or gnep.in, or those of a folder.

    Looks at keywords, their arguments and order, and at the files beside: elements and groups of model.xyz, cutoffs
    against the cell, labels of train.xyz, rows of nep.restart. Each finding has its line and a remedy. Ends with
    status 1 where there are errors.
    """
    from nepkit.inputs.check import check_file, input_files

    files = [file for path in paths for file in input_files(path)]
    found = [item for file in files for item in check_file(file)]
    errors = sum(item.severity == "error" for item in found)
    several = len(files) > 1
    columns = ["severity", *["file"] * several, "line", "kind", "what", "remedy"]
    rows = [
        (item.severity, *[str(item.path)] * several, item.line, item.kind, item.message, item.remedy) for item in found
    ]
    ok = not errors and not (strict and found)
    names = ", ".join(map(str, files)) if len(files) < 4 else f"{len(files)} files"
    verdict = f"{names}: {_number(errors, 'error')}, {_number(len(found) - errors, 'warning')}"
    data = {"ok": ok, "files": files, "errors": errors, "warnings": len(found) - errors, "findings": found}
    return Output(data=data, tables=[Table("", columns, rows)] if rows else (), text=verdict, ok=ok)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
