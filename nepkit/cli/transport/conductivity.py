"""Conductivity, and Onsager coefficients of several ions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.transport.shared import (
    AXES,
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
    rows_of_diffusion,
    run_options,
    state_options,
    summary_text,
    table_of,
    tensor_option,
    tensor_rows,
)
from nepkit.core.errors import InputError


@command("transport conductivity", menu=401)
@click.argument("run", type=RUN, default=".")
@run_options
@charge_options
@state_options
@fit_options
@tensor_option
@options.save("Output: plot of displacement and fit (png, pdf, svg), or json.")
def conductivity(
    run: Path,
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    charges_from: str | None,
    temperature: float | None,
    volume: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
    tensor: bool,
    **reading: Any,
) -> Output:
    """Ionic conductivity and Haven ratio with errors.

    RUN is a folder of GPUMD with msd.out or sdc.out, an ic.out, or a trajectory; only the last gives the collective
    conductivity, in which ions that move together count as they should.
    """
    if run.name.startswith("ic") and run.suffix == ".out":
        return _running(run, window)
    from nepkit.plots.transport import plot_displacements
    from nepkit.transport.source import open_source

    wanted = mobile_ions(ions)
    carried = charges_of(run, wanted, charges, charges_from)
    source = open_source(run, wanted, charges=carried, tensor=tensor, **reading)
    kelvin, size = source.state(temperature, volume)
    results = diffusion_of(source, wanted, window, direction)
    found = conductivity_of(source, results, kelvin, size, direction)
    quoted = found.collective or found.nernst_einstein
    notes = [*source.told(temperature), *(note for result in results.values() for note in result.notes)]
    by_ion = {ion: json_of_diffusion(result) for ion, result in results.items()}
    rows = [row_of("sigma, independent", found.nernst_einstein)]
    if found.collective is not None:
        rows += [row_of("sigma, collective", found.collective), row_of("Haven ratio", found.haven)]
    along = [direction] if direction else list(AXES)
    rows += [row_of(f"sigma along {axis}", part) for axis, part in zip(along, found.directions, strict=False)]
    rows += tensor_rows("sigma", found.tensor) if found.tensor else []
    rows += [row for ion in wanted for row in rows_of_diffusion(ion, results[ion], direction)]
    return Output(
        data={
            "sigma": quoted.json(),
            "sigma_nernst_einstein": found.nernst_einstein.json(),
            "sigma_collective": found.collective.json() if found.collective else None,
            "haven": found.haven.json() if found.haven else None,
            "directions": [part.json() for part in found.directions],
            **({"tensor": found.tensor.json()} if found.tensor else {}),
            **({"D": by_ion[wanted[0]]["D"]} if len(wanted) == 1 else {}),
            "ions": by_ion, "charges": dict(zip(wanted, carried, strict=True)),
            "temperature": kelvin, "volume": size, "notes": notes,
        },
        tables=[table_of(f"{source.name}: {kelvin:.1f} K, {size:.0f} A^3", rows)],
        text="\n" + summary_text(results) + notes_text(notes),
        figure=options.figure_if_wanted(lambda: plot_displacements(source.curves, results)),
    )  # fmt: skip


def _running(run: Path, window: tuple[float, float] | None) -> Output:
    from nepkit.transport.running import running_conductivity

    found = running_conductivity(run, window)
    notes = ["of independent ions, for the charge and the kind of ion in run.in"]
    if found.nernst_einstein.error != found.nernst_einstein.error:
        notes.append("one run has no error; several runs in one ic.out, or msd.out and a trajectory, have")
    rows = [row_of("sigma, independent", found.nernst_einstein)]
    rows += [row_of(f"sigma along {axis}", part) for axis, part in zip(AXES, found.directions, strict=True)]
    return Output(
        data={
            "sigma": found.nernst_einstein.json(), "sigma_nernst_einstein": found.nernst_einstein.json(),
            "sigma_collective": None, "haven": None, "directions": [part.json() for part in found.directions],
            "notes": notes,
        },
        tables=[table_of(str(run), rows)],
        text=notes_text(notes),
    )  # fmt: skip


@command("transport onsager", menu=416)
@click.argument("run", type=options.FILE)
@run_options
@charge_options
@state_options
@fit_options
@options.save("Output: result as json or text.")
def onsager(
    run: Path,
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    charges_from: str | None,
    temperature: float | None,
    volume: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
    **reading: Any,
) -> Output:
    """Onsager coefficients and transference numbers.

    RUN is a trajectory. The coefficients are given as parts of the conductivity, z_a z_b e^2 L_ab, so that their sum is
    the collective conductivity.
    """
    import numpy as np

    from nepkit.transport.onsager import onsager as fit
    from nepkit.transport.source import open_source

    wanted = mobile_ions(ions)
    carried = charges_of(run, wanted, charges, charges_from)
    source = open_source(run, wanted, charges=carried, **reading)
    if not source.paths:
        raise InputError(f"{source.name} has no paths of single ions; give a trajectory")
    kelvin, size = source.state(temperature, volume)
    results = diffusion_of(source, wanted, window, direction)
    lags = max((result.lags for result in results.values()), key=lambda item: item[0])
    sums = [
        charge * source.paths[ion].sum(axis=1, dtype=np.float64) for ion, charge in zip(wanted, carried, strict=True)
    ]
    axes = [AXES[direction]] if direction else [0, 1, 2]
    dipoles = np.stack(sums, axis=1)[:, :, axes]
    found = fit(dipoles, lags, interval=source.interval, volume=size, temperature=kelvin)
    pairs = [(a, b) for a in range(len(wanted)) for b in range(a, len(wanted))]
    rows = [row_of(f"L({wanted[a]}, {wanted[b]})", found.coefficients[a][b]) for a, b in pairs]
    rows.append(row_of("sigma, collective", found.conductivity))
    rows += [row_of(f"transference of {ion}", part) for ion, part in zip(wanted, found.transference, strict=True)]
    notes = [*source.told(temperature), *(note for result in results.values() for note in result.notes)]
    return Output(
        data={
            "sigma": found.conductivity.json(),
            "L": {f"{wanted[a]}-{wanted[b]}": found.coefficients[a][b].json() for a, b in pairs},
            "transference": {ion: part.json() for ion, part in zip(wanted, found.transference, strict=True)},
            "charges": dict(zip(wanted, carried, strict=True)),
            "temperature": kelvin, "volume": size, "notes": notes,
        },
        tables=[table_of(f"{source.name}: {kelvin:.1f} K, {size:.0f} A^3", rows)],
        text="\n" + summary_text(results) + notes_text(notes),
    )  # fmt: skip
