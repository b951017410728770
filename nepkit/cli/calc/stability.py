"""Whether a potential can be trusted to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.calc.crystal import check_results, closing, keep_results, only_structure, work_of, work_options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

POSITIVE = click.FloatRange(0, min_open=True)


@command("calc stability", menu=441, csv=True)
@click.argument("structure", type=options.FILE)
@click.option(
    "-m",
    "--model",
    "models",
    required=True,
    multiple=True,
    metavar="MODEL",
    help=f"Potential: {options.MODEL_HELP} Repeated, the potentials are compared.",
)
@click.option(
    "-T",
    "--temperature",
    type=POSITIVE,
    default=300.0,
    show_default=True,
    help="Temperature for the energy-conservation and survival tests, K.",
)
@click.option(
    "--hotter",
    type=POSITIVE,
    multiple=True,
    default=(600.0, 1000.0, 2000.0),
    show_default=True,
    help="Additional higher temperature to test, K; repeatable.",
)
@click.option("--picoseconds", type=POSITIVE, default=1.0, show_default=True, help="Length of each run, ps.")
@click.option(
    "--timestep", type=POSITIVE, default=1.0, show_default=True, help="Time step, fs; 0.5 is appropriate with hydrogen."
)
@click.option("--drift", type=POSITIVE, default=1.0, show_default=True, help="Maximum energy drift, meV/atom/ps.")
@click.option(
    "--strain", type=POSITIVE, default=0.15, show_default=True, help="Largest linear strain in both directions."
)
@click.option(
    "--closest",
    type=POSITIVE,
    default=0.5,
    show_default=True,
    help="Shortest pair distance tested, as a fraction of that in the structure.",
)
@options.seed
@work_options
@options.results
@options.save("Output table (csv, json or txt).")
def stability(structure: Path, models: tuple[str, ...], results: Path | None, **asked: Any) -> Output:
    """Energy drift, heat, strain, close pairs.

    STRUCTURE is a periodic cell near a minimum of the model. At --temperature the drift at constant energy is measured;
    at rising temperatures runs must not explode; compressed cells and pairs brought together must cost ever more
    energy. Ends with status 1 where a model failed.
    """
    from nepkit.models.potentials import SumPotential, load_potential
    from nepkit.properties.stability import Trial
    from nepkit.properties.stability import stability as tried

    check_results(results)
    work = work_of(asked)
    trial = Trial(**asked)
    atoms = only_structure(structure)
    potentials = [load_potential(name) for name in models]
    found = {one.name: tried(atoms, one, trial, work) for one in potentials}
    rows = [
        (name, check.name, _cell(check.value), _cell(check.error), check.limit, check.unit,
         "passed" if check.passed else "FAILED", check.detail)
        for name, checks in found.items()
        for check in checks
    ]  # fmt: skip
    failed = {name: sum(not check.passed for check in checks) for name, checks in found.items()}
    verdicts = [f"{name}: {f'{count} of {len(found[name])} failed' if count else 'all passed'}"
                for name, count in failed.items()]  # fmt: skip
    columns = ["model", "check", "value", "error", "limit", "unit", "verdict", "what went wrong"]
    units = {"strain": "1", "closest": "share", "drift": "meV/atom/ps", "temperature": "K", "timestep": "fs"}
    wrote = keep_results(results, found, units=units, settings=vars(trial), potential=SumPotential(potentials),
                         inputs=[structure])  # fmt: skip
    return Output(
        data=found,
        tables=[Table("Stability", columns, rows, ["", "", ".4g", ".2g", ".4g", "", "", ""])],
        text=closing([*verdicts, wrote]),
        ok=not any(failed.values()),
    )


def _cell(value: float) -> float | None:
    return value if value == value else None
