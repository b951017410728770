"""Commands on runs of GPUMD."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.core.statistics.averages import Mean
    from nepkit.gpumd.thermodynamics import Summary

group("gpumd", "Averages of GPUMD runs.", example="gpumd summary run/")

#: Quantities in the table of several runs, with short headings.
SHORT = {
    "temperature": "T (K)", "pressure": "P (GPa)", "volume": "V (A^3)", "density": "density (g/cm^3)",
    "potential energy": "E pot",
}  # fmt: skip


@command("gpumd summary", menu=731, csv=True)
@click.argument("runs", type=click.Path(exists=True, path_type=Path), nargs=-1)
@click.option(
    "--skip", type=click.FloatRange(0), help="Time omitted at the beginning, ps (default: detected automatically)."
)
@click.option("--stage", type=click.IntRange(1), help="Stage of run.in, from 1 (default: last).")
@click.option("--model", type=options.FILE, help="Structure file model.xyz (default: beside thermo.out).")
@options.save("Output table (csv, json or txt).")
def summary(runs: tuple[Path, ...], skip: float | None, stage: int | None, model: Path | None) -> Output:
    """Averages of runs from thermo.out, with errors.

    RUNS are thermo.out files or folders, this folder when left out; folders are looked through with all below them.
    The end of equilibration is found from temperature, energy and volume. Errors are those of averages over blocks of
    time that are longer than the memory of the quantity. The drift is that of the total energy.
    """
    from nepkit.core.progress import track
    from nepkit.gpumd.thermodynamics import find_runs, read_thermo_run, summarise

    files = [file for run in runs or (Path(),) for file in find_runs(run)]
    found = [summarise(read_thermo_run(file, model), skip=skip, stage=stage) for file in track(files, "Runs")]
    data = [summary_data(item) for item in found]
    return Output(
        data=data[0] if len(data) == 1 else data,
        tables=[summary_table(found[0]) if len(found) == 1 else _table_of_many(found)],
        text="\n".join(["", *(f"Note: {item.name}: {note}" for item in found for note in item.notes)]).rstrip(),
    )


def summary_table(item: Summary) -> Table:
    """Return the averages of one run as a table."""
    rows = [(name, *_cells(mean), mean.quantity.unit, mean.source) for name, mean in item.means.items()]
    rows.append(("drift of the energy", *_cells(item.energy_drift), item.energy_drift.quantity.unit,
                 item.energy_drift.source))  # fmt: skip
    title = f"{item.name}: {item.start:.6g} to {item.stop:.6g} ps, {item.rows} rows"
    return Table(title, ["quantity", "mean", "error", "unit", "error from"], rows, ["", ".7g", ".2g", "", ""])


def _table_of_many(items: list[Summary]) -> Table:
    known = [name for name in SHORT if any(name in item.means for item in items)]
    columns = ["run", "from (ps)", "to (ps)"]
    for name in known:
        unit = next(item.means[name].quantity.unit for item in items if name in item.means)
        columns += [SHORT[name] if "(" in SHORT[name] else f"{SHORT[name]} ({unit})", "error"]
    columns += [f"drift ({items[0].energy_drift.quantity.unit})", "error"]
    rows = []
    for item in items:
        cells: list[Any] = [item.name, item.start, item.stop]
        for mean in [*(item.means.get(name) for name in known), item.energy_drift]:
            cells += _cells(mean) if mean else (None, None)
        rows.append(cells)
    return Table(f"{len(items)} runs", columns, rows, ["", ".6g", ".6g", *[".6g", ".2g"] * (len(known) + 1)])


def _cells(mean: Mean) -> tuple[float | None, float | None]:
    value, error = mean.quantity.value, mean.quantity.error
    return (value if value == value else None, error if error == error else None)


def summary_data(item: Summary) -> dict[str, Any]:
    means = {**item.means, "drift of the energy": item.energy_drift}
    return {
        "run": item.name,
        "start_ps": item.start,
        "stop_ps": item.stop,
        "rows": item.rows,
        "means": {
            name: {**mean.quantity.json(), "over": mean.over, "count": mean.count} for name, mean in means.items()
        },
        "notes": item.notes,
    }
