"""Molecular dynamics with any potential."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.calc.crystal import check_results, closing, keep_results, only_structure
from nepkit.cli.command import command
from nepkit.cli.output import Output

POSITIVE = click.FloatRange(0, min_open=True)


@command("calc md", menu=440)
@click.argument("structure", type=options.FILE)
@options.model
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="md",
    show_default=True,
    help="Run folder, created if missing.",
)
@click.option(
    "--ensemble",
    type=click.Choice(["nve", "nvt", "npt"]),
    default="nvt",
    show_default=True,
    help="Ensemble: constant energy (nve), constant volume (nvt) or constant pressure (npt).",
)
@click.option(
    "-T",
    "--temperature",
    type=POSITIVE,
    default=300.0,
    show_default=True,
    help="Temperature of the thermostat and of the initial velocities, K.",
)
@click.option(
    "-P",
    "--pressure",
    type=float,
    default=0.0,
    show_default=True,
    help="Pressure in the npt ensemble, GPa, positive under compression.",
)
@click.option(
    "--timestep", type=POSITIVE, default=1.0, show_default=True, help="Time step, fs; 0.5 is appropriate with hydrogen."
)
@click.option("--steps", type=click.IntRange(1), help="Number of steps (default: 10000 unless --picoseconds is given).")
@click.option("--picoseconds", type=POSITIVE, help="Simulated time, ps, in place of --steps.")
@click.option(
    "--dump",
    type=click.IntRange(1),
    help="Number of steps between frames and between restart states (default: 100, fewer in short runs).",
)
@click.option(
    "--thermo",
    type=click.IntRange(1),
    help="Number of steps between rows of thermo.out (default: 10, fewer in short runs).",
)
@click.option(
    "--thermostat",
    type=click.Choice(["bussi", "langevin"]),
    default="bussi",
    show_default=True,
    help="Thermostat in the nvt ensemble: stochastic velocity rescaling or Langevin.",
)
@click.option(
    "--cell",
    type=click.Choice(["full", "isotropic"]),
    default="full",
    show_default=True,
    help="Cell degrees of freedom in the npt ensemble: lengths and angles, or volume only.",
)
@click.option(
    "--coupling", type=POSITIVE, default=100.0, show_default=True, help="Coupling time of the thermostat, fs."
)
@click.option(
    "--cell-coupling", type=POSITIVE, default=1000.0, show_default=True, help="Coupling time of the barostat, fs."
)
@options.seed
@click.option(
    "--engine",
    type=click.Choice(["auto", "ase", "own", "single", "calorine", "gpumd"]),
    default="auto",
    show_default=True,
    help="auto: gpumd where installed, else ase; ase: a NEP by own where compiled; own (compiled), single (own, single "
    "precision), calorine: a NEP by that engine, here.",
)
@options.resume
@options.results
@options.save("Output table of averages (csv, json or txt).")
def md(
    structure: Path, model: str, folder: Path, steps: int | None, picoseconds: float | None, dump: int | None,
    thermo: int | None, engine: str, resume: bool, results: Path | None, **asked: Any,
) -> Output:  # fmt: skip
    """Molecular dynamics: NVE, NVT or NPT.

    STRUCTURE starts with velocities of its own (column vel, A/fs) or drawn ones. The folder gets dump.xyz and
    thermo.out as GPUMD writes them, the same run as model.xyz and run.in, and restart.xyz. A run that was killed goes
    on with --resume and takes the same steps; with more --steps a finished one is made longer. A run that explodes is
    stopped, and what was done is kept.
    """
    from nepkit.cli.gpumd import summary_data, summary_table
    from nepkit.core.errors import InputError
    from nepkit.gpumd.thermodynamics import read_thermo_run, summarise
    from nepkit.models.potentials import load_potential
    from nepkit.properties.dynamics import Simulation
    from nepkit.properties.dynamics.external import engine_for, run_gpumd
    from nepkit.properties.dynamics.run import run_simulation

    check_results(results)
    if steps and picoseconds:
        raise InputError("give --steps or --picoseconds, not both")
    count = steps or (max(1, round(1e3 * picoseconds / asked["timestep"])) if picoseconds else 10000)
    run = Simulation(steps=count, dump=dump or min(100, count), thermo=thermo or min(10, count), **asked)
    evaluator = engine if engine in options.EVALUATORS else "auto"
    potential = load_potential(options.by_engine(model, evaluator))
    chosen = engine_for(engine if evaluator == "auto" else "ase", potential)
    if chosen == "gpumd":
        if resume:
            raise InputError(f"GPUMD goes on from its own file: nepkit calc md {folder / 'restart.xyz'} --folder NEW")
        run_gpumd(only_structure(structure), potential, run, folder)
    else:
        run_simulation(only_structure(structure), potential, run, folder, resume=resume)
    found = summarise(read_thermo_run(folder / "thermo.out"))
    data = {"folder": folder, "engine": chosen, "run": asdict(run), "averages": summary_data(found)}
    units = {"timestep": "fs", "temperature": "K", "pressure": "GPa", "coupling": "fs", "cell_coupling": "fs"}
    wrote = keep_results(results, data, units=units, settings={**asdict(run), "engine": chosen}, potential=potential,
                         inputs=[structure], notes=found.notes)  # fmt: skip
    return Output(
        data=data,
        tables=[summary_table(found)],
        text=closing([f"{run.steps} steps by {chosen} in {folder}; draw them by nepkit plot thermo {folder}", wrote],
                     found.notes),
    )  # fmt: skip
