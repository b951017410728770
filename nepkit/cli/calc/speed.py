"""How fast potentials are."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.calc.crystal import check_results, closing, keep_results, only_structure
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("calc speed", menu=442, csv=True)
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
    "--atoms",
    "sizes",
    type=click.IntRange(2),
    multiple=True,
    default=(200, 1000),
    show_default=True,
    help="Approximate number of atoms; repeatable.",
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    multiple=True,
    default=(1, 2),
    show_default=True,
    help="Number of simultaneous processes, each with its own system; repeatable.",
)
@click.option("--repeats", type=click.IntRange(3), default=7, show_default=True, help="Number of timed evaluations.")
@options.device
@options.results
@options.save("Output table (csv, json or txt).")
def speed(
    structure: Path, models: tuple[str, ...], sizes: tuple[int, ...], processes: tuple[int, ...], repeats: int,
    device: str, results: Path | None,
) -> Output:  # fmt: skip
    """Atom-steps per second and memory of models.

    STRUCTURE is repeated to about --atoms and its energy, forces and stress are computed again and again with atoms
    moved a little; the first two evaluations do not count. Rates are by the median of the times, with their quartiles.
    Close other programs first.
    """
    from nepkit.models.potentials import SumPotential, load_potential
    from nepkit.properties.speed import speed as measured

    check_results(results)
    atoms = only_structure(structure)
    potentials = [load_potential(name, device=device) for name in models]
    found = {one.name: measured(atoms, one, sizes, processes=processes, repeats=repeats) for one in potentials}
    rows = [
        (name, one.atoms, one.processes, one.rate, *one.spread, 1e6 / one.rate * one.processes, one.memory)
        for name, all_of_one in found.items()
        for one in all_of_one
    ]
    columns = ["model", "atoms", "processes", "atom-step/s", "lower", "upper", "us/atom", "memory (MB)"]
    data = {
        name: [
            {"atoms": one.atoms, "processes": one.processes, "rate": one.rate, "quartiles": one.spread,
             "seconds": one.seconds, "memory": one.memory}
            for one in all_of_one
        ]
        for name, all_of_one in found.items()
    }  # fmt: skip
    wrote = keep_results(results, data, units={"rate": "atom-step/s", "seconds": "s", "memory": "MB"},
                         settings={"repeats": repeats, "sizes": sizes, "processes": processes, "device": device},
                         potential=SumPotential(potentials), inputs=[structure])  # fmt: skip
    return Output(
        data=data,
        tables=[Table("Speed", columns, rows, ["", "", "", ".4g", ".4g", ".4g", ".3g", ".0f"])],
        text=closing([wrote]),
    )
