"""Activation energies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    mobile_ions,
    notes_text,
    row_of,
    run_options,
    table_of,
)
from nepkit.core.errors import InputError


@command("transport arrhenius", menu=414)
@click.argument("runs", type=RUN, nargs=-1, required=True)
@run_options
@charge_options
@click.option("--temperature", "temperatures", type=float, multiple=True, help="Temperature of each run, K.")
@click.option("--volume", "volumes", type=float, multiple=True, help="Cell volume of each run, A^3.")
@fit_options
@click.option(
    "--of",
    "quantity",
    type=click.Choice(["sigma", "sigma-collective", "D"]),
    default="sigma",
    show_default=True,
    help="Fitted quantity; sigma is that of independent ions, which has much smaller errors.",
)
@click.option("--target", type=float, default=300.0, help="Temperature to extrapolate to, K.")
@options.save("Output: plot (png, pdf, svg), or json.")
def arrhenius(
    runs: tuple[Path, ...],
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    charges_from: str | None,
    temperatures: tuple[float, ...],
    volumes: tuple[float, ...],
    window: tuple[float, float] | None,
    direction: str | None,
    quantity: str,
    target: float,
    **reading: Any,
) -> Output:
    """Activation energy from several temperatures.

    RUNS are folders or trajectories. Their temperatures come from the files, never from the names of folders. A line,
    two lines and the law of Vogel, Tammann and Fulcher are compared by AICc as far as the number of runs allows.
    """
    from nepkit.core.progress import track
    from nepkit.plots.transport import plot_arrhenius
    from nepkit.transport import arrhenius as fit
    from nepkit.transport.source import open_source

    wanted = mobile_ions(ions)
    collective = quantity == "sigma-collective"
    quantity = "D" if quantity == "D" else "sigma"
    if quantity == "D" and len(wanted) > 1:
        raise InputError("--of D takes one --ion")
    for name, values in (("temperature", temperatures), ("volume", volumes)):
        if values and len(values) != len(runs):
            raise InputError(f"{len(values)} --{name} for {len(runs)} runs; give one each, in the same order")
    points, notes = [], []
    for number, run in enumerate(track(runs, "Reading runs")):
        carried = charges_of(run, wanted, charges, charges_from) if quantity == "sigma" else []
        source = open_source(run, wanted, charges=carried, **reading)
        given = temperatures[number] if temperatures else None
        volume = volumes[number] if volumes else None
        kelvin, size = source.state(given, 1.0 if quantity == "D" and volume is None else volume)
        results = diffusion_of(source, wanted, window, direction)
        notes += [*source.told(given), *(note for result in results.values() for note in result.notes)]
        if quantity == "D":
            points.append((kelvin, results[wanted[0]].D))
        else:
            found = conductivity_of(source, results, kelvin, size, direction)
            points.append(
                (kelvin, (found.collective or found.nernst_einstein) if collective else found.nernst_einstein)
            )
    result = fit(
        [kelvin for kelvin, _ in points], [part.value for _, part in points], [part.error for _, part in points],
        unit=points[0][1].unit, times_temperature=quantity == "sigma", target=target,
    )  # fmt: skip
    best = result.best
    rows = [row_of(name, part) for name, part in best.parameters.items()]
    rows.append(row_of(f"{quantity}({target:g} K)", best.target))
    rows.append(row_of("unweighted line: Ea", result.unweighted.parameters["Ea"]))
    rows.append(row_of(f"unweighted line: {quantity}({target:g} K)", result.unweighted.target))
    measured = [(*row_of(f"{kelvin:.1f} K", part),) for kelvin, part in points]
    return Output(
        data={
            "Ea": best.parameters["Ea"].json() if "Ea" in best.parameters else None,
            quantity: best.target.json(), "target_temperature": target, "model": best.model,
            "fits": [
                {"model": item.model, "parameters": {name: part.json() for name, part in item.parameters.items()},
                 "chi2": item.chi2, "freedom": item.freedom, "probability": item.probability, "aicc": item.aicc,
                 quantity: item.target.json()}
                for item in result.fits
            ],
            "unweighted": {"Ea": result.unweighted.parameters["Ea"].json(), quantity: result.unweighted.target.json()},
            "runs": [
                {"run": run, "temperature": kelvin, quantity: part.json()}
                for run, (kelvin, part) in zip(runs, points, strict=True)
            ],
            "notes": [*dict.fromkeys(notes), *result.notes],
        },
        tables=[table_of("", measured), table_of(f"Best of {len(result.fits)}: {best.model}", rows)],
        text=notes_text(notes, result.notes),
        figure=options.figure_if_wanted(lambda: plot_arrhenius(result, quantity="σ" if quantity == "sigma" else "D")),
    )  # fmt: skip
