"""Mean squared displacements and diffusion coefficients."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.transport.shared import (
    RUN,
    diffusion_of,
    figure_unless_table,
    fit_options,
    json_of_diffusion,
    mobile_ions,
    notes_text,
    rows_of_diffusion,
    run_options,
    summary_text,
    table_of,
)


@command("transport msd", menu=412, csv=True)
@click.argument("run", type=RUN, default=".")
@run_options
@click.option("--tensor", is_flag=True, help="Elements off the diagonal too (trajectories).")
@options.save("Plot (png, pdf, svg), or the table where the suffix is csv.")
def msd(
    run: Path,
    ions: tuple[str, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    tensor: bool,
) -> Output:
    """Mean squared displacements by element.

    RUN is a folder of GPUMD with msd.out, or a trajectory; wrapped or unwrapped makes no difference. The motion of the
    framework (all atoms that are no --ion) is removed from trajectories.
    """
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_displacements

    source = open_source(run, ions, model=model, group=group, interval=interval, tensor=tensor)
    curves = source.curves
    pairs = [(0, 0), (1, 1), (2, 2)] + [(0, 1), (0, 2), (1, 2)] * tensor
    names = [f"{ion} {'xyz'[a]}{'xyz'[b]}" for ion in curves.tensor for a, b in pairs]
    columns = [curves.tensor[ion][:, a, b].tolist() for ion in curves.tensor for a, b in pairs]
    rows = list(zip(curves.time.tolist(), *columns, strict=True))
    return Output(
        data={"time": curves.time, "unit": "A^2", "msd": {ion: curves.tensor[ion] for ion in curves.tensor},
              "atoms": curves.count, "frames": curves.frames, "notes": source.notes},
        tables=[Table(f"MSD (A^2) of {source.name}", ["time (ps)", *names], rows)],
        text=notes_text(source.notes),
        figure=figure_unless_table(lambda: plot_displacements(curves)),
    )  # fmt: skip


@command("transport diffusion", menu=413)
@click.argument("run", type=RUN, default=".")
@run_options
@fit_options
@options.save("Plot of displacement and fit (png, pdf, svg), or json.")
def diffusion(
    run: Path,
    ions: tuple[str, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
) -> Output:
    """Diffusion coefficient with its error.

    RUN is a folder of GPUMD with msd.out, or a trajectory. The start of the diffusive regime is found from the data,
    and a run without one is refused. With a trajectory the error is checked against blocks of time.
    """
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_displacements

    wanted = mobile_ions(ions)
    source = open_source(run, wanted, model=model, group=group, interval=interval)
    results = diffusion_of(source, wanted, window, direction)
    notes = [*source.notes, *(note for result in results.values() for note in result.notes)]
    by_ion = {ion: json_of_diffusion(result) for ion, result in results.items()}
    return Output(
        data={**(by_ion[wanted[0]] if len(wanted) == 1 else {}), "ions": by_ion, "notes": notes},
        tables=[
            table_of(source.name, [row for ion in wanted for row in rows_of_diffusion(ion, results[ion], direction)])
        ],
        text="\n" + summary_text(results) + notes_text(notes),
        figure=figure_unless_table(lambda: plot_displacements(source.curves, results)),
    )
