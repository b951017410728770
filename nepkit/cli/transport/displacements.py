"""Mean squared displacements and diffusion coefficients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.shared import (
    AXES,
    RUN,
    diffusion_of,
    direction_option,
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

if TYPE_CHECKING:
    from nepkit.transport import Diffusion, Quantity
    from nepkit.transport.record import Source
    from nepkit.transport.tensor import Tensor


@command("transport msd", menu=412, csv=True)
@click.argument("run", type=RUN, default=".")
@run_options
@direction_option
@tensor_option
@options.save("Output: plot (png, pdf, svg), or table (csv).")
def msd(run: Path, ions: tuple[str, ...], direction: str | None, tensor: bool, **reading: Any) -> Output:
    """Mean squared displacements by element.

    RUN is a folder of GPUMD with msd.out, or a trajectory; wrapped or unwrapped makes no difference. The motion of the
    framework (all atoms that are no --ion) is removed from trajectories.
    """
    from nepkit.plots.transport import plot_displacements
    from nepkit.transport.source import open_source

    source = open_source(run, ions, tensor=tensor, **reading)
    curves = source.curves
    pairs = [(0, 0), (1, 1), (2, 2)] + [(0, 1), (0, 2), (1, 2)] * tensor
    if direction:
        pairs = [(AXES[direction], AXES[direction])]
    names = [f"{ion} {'xyz'[a]}{'xyz'[b]}" for ion in curves.tensor for a, b in pairs]
    columns = [curves.tensor[ion][:, a, b].tolist() for ion in curves.tensor for a, b in pairs]
    rows = list(zip(curves.time.tolist(), *columns, strict=True))
    spread = sorted({round(len(rows) ** (step / 14)) - 1 for step in range(15)})
    title = f"MSD (A^2) of {source.name}, {len(spread)} of {len(rows)} lags; all with --csv"
    return Output(
        data={"time": curves.time, "unit": "A^2", "msd": {ion: curves.tensor[ion] for ion in curves.tensor},
              "atoms": curves.count, "frames": curves.frames, "notes": source.notes},
        tables=[Table(title, ["time (ps)", *names], [rows[lag] for lag in spread])],
        csv=Table(title, ["time (ps)", *names], rows),
        text=notes_text(source.notes),
        figure=options.figure_if_wanted(lambda: plot_displacements(curves)),
    )  # fmt: skip


@command("transport diffusion", menu=413)
@click.argument("run", type=RUN, default=".")
@run_options
@state_options
@fit_options
@tensor_option
@click.option(
    "--viscosity", type=float, help="Viscosity of the fluid, mPa s; adds the finite-size correction of Yeh and Hummer."
)
@options.save("Output: plot of displacement and fit (png, pdf, svg), or json.")
def diffusion(
    run: Path,
    ions: tuple[str, ...],
    temperature: float | None,
    volume: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
    tensor: bool,
    viscosity: float | None,
    **reading: Any,
) -> Output:
    """Diffusion coefficient with its error.

    RUN is a folder of GPUMD with msd.out or sdc.out, or a trajectory. The start of the diffusive regime is found from
    the data, and a run without one is refused. With a trajectory the error is checked against blocks of time.
    """
    from nepkit.plots.transport import plot_displacements
    from nepkit.transport.source import open_source

    wanted = mobile_ions(ions)
    source = open_source(run, wanted, tensor=tensor, **reading)
    results = diffusion_of(source, wanted, window, direction)
    notes = [*source.notes, *(note for result in results.values() for note in result.notes)]
    by_ion = {ion: json_of_diffusion(result) for ion, result in results.items()}
    rows = [row for ion in wanted for row in rows_of_diffusion(ion, results[ion], direction)]
    if tensor and not direction:
        for ion, found in tensors_of(source, results).items():
            by_ion[ion]["tensor"] = found.json()
            rows += tensor_rows(f"D({ion})", found)
    if viscosity is not None:
        for ion, whole in unbounded(source, results, viscosity, temperature, volume).items():
            by_ion[ion]["D_unbounded"] = whole.json()
            rows.append(row_of(f"D({ion}) unbounded", whole))
        notes.append("the correction for periodic images is for a fluid in a cubic cell; solids need none")
    return Output(
        data={**(by_ion[wanted[0]] if len(wanted) == 1 else {}), "ions": by_ion, "notes": notes},
        tables=[table_of(source.name, rows)],
        text="\n" + summary_text(results) + notes_text(notes),
        figure=options.figure_if_wanted(lambda: plot_displacements(source.curves, results)),
    )


def tensors_of(source: Source, results: dict[str, Diffusion]) -> dict[str, Tensor]:
    """Return the tensor of every ion's diffusion coefficient."""
    from nepkit.transport.diffusion import CM2_PER_S
    from nepkit.transport.tensor import fitted_tensor

    return {
        ion: fitted_tensor(
            source.curves.tensor[ion], fit.lags, fit.weights, fit.D.error / fit.D.value,
            CM2_PER_S / 2.0 / source.interval, "cm^2/s",
        )
        for ion, fit in results.items()
    }  # fmt: skip


def unbounded(
    source: Source,
    results: dict[str, Diffusion],
    viscosity: float,
    temperature: float | None,
    volume: float | None,
) -> dict[str, Quantity]:
    """Return diffusion coefficients with what periodic images take from them added."""
    from dataclasses import replace

    from nepkit.transport.diffusion import finite_size_correction

    kelvin, size = source.state(temperature, volume)
    more = finite_size_correction(kelvin, 1e-3 * viscosity, size ** (1.0 / 3.0))
    return {
        ion: replace(fit.D, value=fit.D.value + more, low=fit.D.low + more, high=fit.D.high + more)
        for ion, fit in results.items()
    }


@command("transport convergence", menu=460, csv=True)
@click.argument("run", type=RUN, default=".")
@run_options
@fit_options
@options.save("Output: plot (png, pdf, svg), or table (csv).")
def convergence(
    run: Path,
    ions: tuple[str, ...],
    window: tuple[float, float] | None,
    direction: str | None,
    **reading: Any,
) -> Output:
    """Diffusion coefficient of growing parts of a run.

    RUN is a trajectory, or a folder with the msd_step*.out that save_every of compute_msd leaves. A coefficient that
    still drifts by more than its errors says that the run is too short, whatever the error at its end.
    """
    from nepkit.plots.transport import plot_convergence
    from nepkit.transport.convergence import convergence as settle
    from nepkit.transport.convergence import saved_stages
    from nepkit.transport.source import open_source

    wanted = mobile_ions(ions)
    axes = (AXES[direction],) if direction else (0, 1, 2)
    if run.is_dir():
        place = {name: reading[name] for name in ("model", "group")}
        stages = {ion: saved_stages(run, ion, window=window, axes=axes, **place) for ion in wanted}
    else:
        source = open_source(run, wanted, **reading)
        if not source.paths:
            raise InputError(f"{run}: a trajectory is needed, or a folder with msd_step*.out")
        stages = {ion: settle(source.paths[ion], source.interval, ion, window=window, axes=axes) for ion in wanted}
    rows = [
        (ion, stage.duration, *((stage.found.D.value, stage.found.D.error) if stage.found else (None, None)),
         stage.reason)
        for ion in wanted for stage in stages[ion]
    ]  # fmt: skip
    if all(stage.found is None for parts in stages.values() for stage in parts):
        raise InputError(f"{run}: {rows[-1][-1]}")
    return Output(
        data={
            ion: [
                {"duration": stage.duration, "D": stage.found.D.json() if stage.found else None, "why": stage.reason}
                for stage in parts
            ]
            for ion, parts in stages.items()
        },
        tables=[
            Table(f"D from the beginning of {run}", ["ion", "ps", "D (cm^2/s)", "error", "why not"], rows,
                  ["", ".4g", ".4g", ".2g", ""])
        ],
        figure=options.figure_if_wanted(lambda: plot_convergence(stages)),
    )  # fmt: skip
