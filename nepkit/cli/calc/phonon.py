"""Phonons and thermal expansion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.calc.crystal import (
    check_results,
    closing,
    keep_results,
    only_structure,
    relax_options,
    relaxation_of,
    work_of,
    work_options,
)
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.properties.phonons import Phonons

SHOWN = (0.0, 100.0, 200.0, 300.0, 500.0, 800.0, 1000.0)
"""Temperatures of the table, K."""


def cell_options(function: Any) -> Any:
    """Add the supercell and the displacement."""
    added = (
        click.option("--supercell", type=(int, int, int), metavar="A B C",
                     help="Repetitions of the cell along its vectors (default: set by --length)."),
        click.option("--length", type=click.FloatRange(0, min_open=True), default=12.0, show_default=True,
                     help="Minimum supercell thickness, A."),
        click.option("--displacement", type=click.FloatRange(0, min_open=True), default=0.01, show_default=True,
                     help="Displacement amplitude of the atoms, A."),
    )  # fmt: skip
    for option in reversed(added):
        function = option(function)
    return function


@command("calc phonon", menu=433)
@click.argument("structure", type=options.FILE)
@options.models
@cell_options
@click.option("--mesh", type=click.FloatRange(1), default=40.0, show_default=True,
              help="Density of the q mesh: number of points along a vector times its length, A.")  # fmt: skip
@click.option("--path", help="Path of special points, e.g. GXWG (default: standard path of the lattice).")
@click.option(
    "--temperature", type=click.FloatRange(0), default=1000.0, show_default=True, help="Highest temperature, K."
)
@click.option("--nac/--no-nac", default=True, show_default=True,
              help="LO-TO splitting from the Born charges of a model with charges.")  # fmt: skip
@click.option(
    "--dielectric", type=click.FloatRange(1), help="Electronic dielectric constant (default: from the model)."
)
@work_options
@options.results
@options.save("Output: plot of bands and density of states (png, pdf, svg), or table as csv or json.")
def phonon(
    structure: Path,
    models: tuple[str, ...],
    temperature: float,
    nac: bool,
    dielectric: float | None,
    results: Path | None,
    **asked: Any,
) -> Output:
    """Phonon bands, densities, heat capacity.

    STRUCTURE must be relaxed. A model with charges gives Born charges and a dielectric constant, by which longitudinal
    and transverse optical modes split at the zone centre. Needs phonopy.
    """
    import numpy as np

    from nepkit.models.potentials import load_potential
    from nepkit.plots.properties import plot_phonons
    from nepkit.properties.phonons import phonons, polar_of

    check_results(results)
    work = work_of(asked)
    potential = load_potential(models)
    atoms = only_structure(structure)
    polar = polar_of(atoms, potential, dielectric) if nac else None
    temperatures = np.arange(0.0, temperature + 5.0, 10.0)
    found = phonons(atoms, potential, temperatures=temperatures.tolist(), polar=polar, work=work, **asked)
    data = _data(found)
    units = {"frequencies": "THz", "gamma": "THz", "longitudinal": "THz", "free_energy": "eV/atom",
             "entropy": "kB/atom", "heat_capacity": "kB/atom", "zero_point": "eV/atom", "density": "1/THz"}  # fmt: skip
    wrote = keep_results(results, data, units=units, settings={"nac": nac, "dielectric": dielectric, **asked},
                         potential=potential, inputs=[structure], notes=found.notes, packages=["phonopy"])  # fmt: skip
    copies = "x".join(map(str, found.supercell))
    return Output(
        data=data,
        tables=_tables(found),
        text=closing(
            [
                f"supercell {copies}, {found.displacements} displacements, lowest frequency {found.minimum:.3f} THz, "
                f"zero-point energy {1e3 * found.thermal.zero_point:.2f} meV/atom",
                wrote,
            ],
            found.notes,
        ),
        figure=options.figure_if_wanted(lambda: plot_phonons(found)),
    )


def _tables(found: Phonons) -> list[Table]:
    gamma = [("none", *_clean(found.gamma)), *((name, *_clean(part)) for name, part in found.longitudinal.items())]
    modes = list(zip(*(row[1:] for row in gamma), strict=True))
    tables = [
        Table(
            "Zone centre (THz)",
            ["mode", *("without field" if row[0] == "none" else f"field along {row[0]}" for row in gamma)],
            [(number, *row) for number, row in enumerate(modes, 1)],
            ["", *[".4f"] * len(gamma)],
        )
    ]
    thermal = found.thermal
    rows = []
    for kelvin in SHOWN:
        if kelvin <= thermal.temperature[-1]:
            place = int(abs(thermal.temperature - kelvin).argmin())
            rows.append((kelvin, thermal.free_energy[place], thermal.entropy[place], thermal.heat_capacity[place]))
    columns = ["T (K)", "free energy (eV/atom)", "entropy (kB/atom)", "heat capacity (kB/atom)"]
    return [*tables, Table("Harmonic crystal", columns, rows, [".0f", ".5f", ".4f", ".4f"])]


def _clean(values: Any) -> list[float]:
    """Return numbers without the sign of a zero."""
    return [round(value, 6) + 0.0 for value in values.tolist()]


def _data(found: Phonons) -> dict[str, Any]:
    return {
        "gamma": found.gamma, "longitudinal": found.longitudinal, "minimum": found.minimum,
        "bands": found.bands, "density": found.density, "thermal": found.thermal, "supercell": found.supercell,
        "displacements": found.displacements, "residual": found.residual, "polar": found.polar, "notes": found.notes,
    }  # fmt: skip


@command("calc thermal-expansion", menu=434)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--strain", type=(float, float), default=(-0.01, 0.03), show_default=True, metavar="LOW HIGH",
              help="Smallest and largest linear strain.")  # fmt: skip
@click.option("--points", type=click.IntRange(6), default=9, show_default=True, help="Number of volumes.")
@cell_options
@click.option("--mesh", type=click.FloatRange(1), default=30.0, show_default=True,
              help="Density of the q mesh: number of points along a vector times its length, A.")  # fmt: skip
@click.option(
    "--temperature", type=click.FloatRange(50), default=800.0, show_default=True, help="Highest temperature, K."
)
@relax_options
@work_options
@options.results
@options.save("Output: plot (png, pdf, svg), or table as csv or json.")
def expansion(
    structure: Path, models: tuple[str, ...], temperature: float, results: Path | None, **asked: Any
) -> Output:
    """Quasi-harmonic thermal expansion.

    Phonons at several volumes give free energies, whose minima are the volumes at each temperature; bulk modulus and
    heat capacity at constant pressure come with them. STRUCTURE must be relaxed and keeps its shape; a volume with
    imaginary modes ends it. Needs phonopy.
    """
    from nepkit.models.potentials import load_potential
    from nepkit.plots.properties import plot_thermal_expansion
    from nepkit.properties.thermal_expansion import thermal_expansion

    check_results(results)
    work, relax = work_of(asked), relaxation_of(asked)
    potential = load_potential(models)
    found = thermal_expansion(
        only_structure(structure), potential, highest=temperature, relax=relax, work=work, **asked
    )
    names = ("temperature", "volume", "expansion", "bulk_modulus", "heat_capacity", "gruneisen", "gibbs")
    columns = ["T (K)", "volume (A^3/atom)", "expansion (1/K)", "B (GPa)", "C_p (kB/atom)", "Grueneisen", "G (eV/atom)"]
    rows = list(zip(*(getattr(found, name).tolist() for name in names), strict=True))
    step = max(1, len(rows) // 16)
    formats = [".0f", ".5f", ".3e", ".3f", ".4f", ".3f", ".5f"]
    save = click.get_current_context().meta.get("nepkit.save")
    every = save is not None and save.suffix.lower() in (".csv", ".json")
    units = {"temperature": "K", "volume": "A^3/atom", "expansion": "1/K", "bulk_modulus": "GPa",
             "heat_capacity": "kB/atom", "gibbs": "eV/atom", "volumes": "A^3/atom", "energies": "eV/atom",
             "free_energies": "eV/atom"}  # fmt: skip
    settings = {"highest": temperature, "relaxed": relax, **asked}
    wrote = keep_results(results, vars(found), units=units, settings=settings, potential=potential,
                         inputs=[structure], notes=found.notes, packages=["phonopy"])  # fmt: skip
    room = found.at(300.0)
    return Output(
        data=found,
        tables=[Table("Quasi-harmonic crystal", columns, rows if every else rows[::step], formats)],
        text=closing(
            [
                f"at 300 K: {room['expansion']:.3e} per K in volume, {room['expansion'] / 3.0:.3e} in length where "
                "isotropic",
                wrote,
            ],
            found.notes,
        ),
        figure=options.figure_if_wanted(lambda: plot_thermal_expansion(found)),
    )
