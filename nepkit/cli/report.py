"""``nepkit report``: a page of everything found in the folder of a run."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("report", menu=699)
@click.argument("folder", type=options.FOLDER, default=".")
@options.output("Output page (html).", default="report.html")
def report(folder: Path, output: Path, overwrite: bool) -> Output:
    """Page of a run folder: inputs, plots, numbers.

    FOLDER is that of a run of gpumd, or of a training by nep, gnep or neppo. Every plot whose files are there is drawn;
    run.in and nep.in are checked. The page is one file that opens without a network.
    """
    from nepkit.core.atomic import atomic_path
    from nepkit.core.errors import OutputError
    from nepkit.report.run import run_page, run_report

    if output.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{output}: the page is html; call it for instance report.html")
    found = run_report(folder)
    with atomic_path(output, overwrite=overwrite) as temporary:
        temporary.write_text(run_page(found), encoding="utf-8")
    findings = f"{len(found.findings) or 'no'} finding{'s' * (len(found.findings) != 1)}"
    rows = [(one.plot.name, "drawn", one.plot.summary) for one in found.drawn]
    rows += [(name, "not drawn", why) for name, why in found.failed.items()]
    return Output(
        data={"report": output, "inputs": list(found.inputs), "errors": found.errors,
              "warnings": len(found.findings) - found.errors, "plots": [one.plot.name for one in found.drawn],
              "not drawn": found.failed},
        tables=[Table("", ["plot", "", "what"], rows)],
        text=f"{findings} in {', '.join(found.inputs) or 'no input file'}; wrote {output}",
    )  # fmt: skip
