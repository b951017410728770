"""Everything about the transport of a run, or of runs at several temperatures, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.transport.shared import (
    RUN,
    charge_options,
    charges_of,
    conductivity_of,
    diffusion_of,
    fit_options,
    json_of_diffusion,
    mobile_ions,
    notes_text,
    row_of,
    run_options,
    table_of,
)
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.report.transport import RunTransport, TransportReport


@command("transport report", menu=461)
@click.argument("runs", type=RUN, nargs=-1, required=True)
@run_options
@charge_options
@click.option("--temperature", "temperatures", type=float, multiple=True, help="Temperature of each run, K.")
@click.option("--volume", "volumes", type=float, multiple=True, help="Cell volume of each run, A^3.")
@fit_options
@options.output("Output page (html) or image (png, pdf, svg).")
def report(
    runs: tuple[Path, ...],
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    charges_from: str | None,
    temperatures: tuple[float, ...],
    volumes: tuple[float, ...],
    window: tuple[float, float] | None,
    direction: str | None,
    output: Path | None,
    overwrite: bool,
    **reading: Any,
) -> Output:
    """One page on diffusion and conductivity.

    RUNS are folders of GPUMD or trajectories; with two temperatures or more the activation energy is fitted too. --json
    prints everything.
    """
    from nepkit.core.progress import track
    from nepkit.report.write import check_report

    wanted = mobile_ions(ions)
    for name, values in (("temperature", temperatures), ("volume", volumes)):
        if values and len(values) != len(runs):
            raise InputError(f"{len(values)} --{name} for {len(runs)} runs; give one each, in the same order")
    if output is not None:
        check_report(output, overwrite)
    found = [
        _of_run(
            run, wanted, charges_of(run, wanted, charges, charges_from),
            (temperatures[number] if temperatures else None, volumes[number] if volumes else None),
            (window, direction), reading,
        )
        for number, run in enumerate(track(runs, "Reading runs"))
    ]  # fmt: skip
    made = _report(found, ", ".join(wanted) + (f" along {direction}" if direction else ""))
    if output is not None:
        from nepkit.report.transport import write_transport_report

        write_transport_report(made, output, overwrite=overwrite)
    return _shown(made, output)


def _of_run(
    run: Path,
    ions: list[str],
    charges: list[float],
    state: tuple[float | None, float | None],
    fit: tuple[tuple[float, float] | None, str | None],
    reading: dict[str, Any],
) -> RunTransport:
    from dataclasses import replace

    from nepkit.report.transport import RunTransport
    from nepkit.transport.convergence import convergence
    from nepkit.transport.source import open_source

    source = open_source(run, ions, charges=charges, **reading)
    kelvin, size = source.state(*state)
    results = diffusion_of(source, ions, *fit)
    stages = {ion: convergence(source.paths[ion], source.interval, ion) for ion in source.paths}
    source = replace(source, notes=source.told(state[0]))
    return RunTransport(source, kelvin, size, results, conductivity_of(source, results, kelvin, size, fit[1]), stages)


def _report(found: list[RunTransport], ions: str) -> TransportReport:
    from nepkit.report.transport import TransportReport, runs_by_temperature
    from nepkit.transport import arrhenius

    runs = runs_by_temperature(found)
    kelvin = [run.temperature for run in runs]
    fit = None
    if len({round(value) for value in kelvin}) > 1:
        sigma = [run.conductivity.nernst_einstein for run in runs]
        fit = arrhenius(kelvin, [part.value for part in sigma], [part.error for part in sigma])
    return TransportReport(f"Transport of {ions}", runs, fit)


def _shown(made: TransportReport, output: Path | None) -> Output:
    tables = []
    for run in made.runs:
        rows = [row_of(f"D({ion})", fit.D) for ion, fit in run.ions.items()]
        rows.append(row_of("sigma, independent", run.conductivity.nernst_einstein))
        if run.conductivity.collective is not None:
            rows.append(row_of("sigma, collective", run.conductivity.collective))
            rows.append(row_of("Haven ratio", run.conductivity.haven))
        tables.append(table_of(f"{run.source.name}, {run.temperature:.0f} K", rows))
    fit = made.arrhenius
    if fit is not None:
        rows = [row_of(name, part) for name, part in fit.best.parameters.items()]
        tables.append(table_of(f"Best model: {fit.best.model}", [*rows, row_of("sigma(300 K)", fit.best.target)]))
    return Output(
        data={
            "runs": [_json_of_run(run) for run in made.runs],
            "Ea": fit.best.parameters["Ea"].json() if fit and "Ea" in fit.best.parameters else None,
            "model": fit.best.model if fit else None,
            "sigma": fit.best.target.json() if fit else None, "target_temperature": 300.0 if fit else None,
            "notes": made.notes,
        },
        tables=tables,
        text=f"\n{made.headline}" + notes_text(made.notes) + (f"\nwrote the report to {output}" if output else ""),
    )  # fmt: skip


def _json_of_run(run: RunTransport) -> dict[str, Any]:
    found = run.conductivity
    return {
        "run": run.source.name, "temperature": run.temperature, "volume": run.volume,
        "ions": {ion: json_of_diffusion(fit) for ion, fit in run.ions.items()}, "charges": run.source.charges,
        "sigma": (found.collective or found.nernst_einstein).json(),
        "sigma_nernst_einstein": found.nernst_einstein.json(),
        "sigma_collective": found.collective.json() if found.collective else None,
        "haven": found.haven.json() if found.haven else None,
        "convergence": {
            ion: [{"duration": stage.duration, "D": stage.found.D.json() if stage.found else None} for stage in parts]
            for ion, parts in run.stages.items()
        },
    }  # fmt: skip
