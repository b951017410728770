"""Equations of state and elastic constants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


@command("calc eos", menu=431)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--strain", type=float, default=0.02, show_default=True, help="Largest linear strain in both directions.")
@click.option("--points", type=click.IntRange(6), default=11, show_default=True, help="Number of volumes.")
@relax_options
@work_options
@options.results
@options.save("Output: plot (png, pdf, svg), or table as csv or json.")
def eos(
    structure: Path, models: tuple[str, ...], strain: float, points: int, results: Path | None, **asked: Any
) -> Output:
    """Equation of state: volume and bulk modulus.

    The energy of STRUCTURE at volumes around its own, its shape kept, is fitted by several equations of state. Values
    are those of Birch and Murnaghan; the error is the standard deviation over the equations. Where the model gives a
    stress, its pressures are shown beside those of the fit.
    """
    from nepkit.models.potentials import load_potential
    from nepkit.plots.properties import plot_equation_of_state
    from nepkit.properties.equation_of_state import equation_of_state

    check_results(results)
    work, relax = work_of(asked), relaxation_of(asked)
    potential = load_potential(models)
    found = equation_of_state(
        only_structure(structure), potential, strain=strain, points=points, relax=relax, work=work
    )
    best = found.fits[0]
    fits = [(f.form, f.volume, f.energy, f.bulk_modulus, f.derivative, 1e3 * f.residual) for f in found.fits]
    columns = ["equation", "volume (A^3/atom)", "energy (eV/atom)", "B (GPa)", "B'", "residual (meV/atom)"]
    computed = [found.volumes, found.energies, best.pressure(found.volumes)]
    names = ["volume (A^3/atom)", "energy (eV/atom)", "pressure of the fit (GPa)"]
    if found.pressures is not None:
        computed.append(found.pressures)
        names.append("of the stress (GPa)")
    rows = list(zip(*(column.tolist() for column in computed), strict=True))
    data = {
        "volume": found.volume.json(), "energy": found.energy.json(), "bulk_modulus": found.bulk_modulus.json(),
        "derivative": found.derivative.json(), "fits": found.fits, "volumes": found.volumes,
        "energies": found.energies, "pressures": found.pressures,
    }  # fmt: skip
    units = {"volumes": "A^3/atom", "energies": "eV/atom", "pressures": "GPa"}
    settings = {"strain": strain, "points": points, "relaxed": relax}
    wrote = keep_results(results, data, units=units, settings=settings, potential=potential, inputs=[structure])
    return Output(
        data=data,
        tables=[
            Table("Equations of state", columns, fits, ["", ".5f", ".6f", ".3f", ".3f", ".2g"]),
            Table("Computed", names, rows, [".4f", ".6f", ".3f", ".3f"][: len(names)]),
        ],
        text=closing(
            [
                f"V0 = {found.volume.value:.4f} +- {found.volume.error:.2g} A^3/atom, "
                f"B0 = {found.bulk_modulus.value:.2f} +- {found.bulk_modulus.error:.2g} GPa",
                wrote,
            ]
        ),
        figure=options.figure_if_wanted(lambda: plot_equation_of_state(found)),
    )


@command("calc elastic", menu=432)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--strain", type=float, default=0.005, show_default=True, help="Largest strain component.")
@click.option("--symprec", type=float, default=1e-3, show_default=True,
              help="Symmetry tolerance on atomic positions, A.")  # fmt: skip
@relax_options
@work_options
@options.results
@options.save("Output tables as text, csv or json.")
def elastic(
    structure: Path, models: tuple[str, ...], strain: float, symprec: float, results: Path | None, **asked: Any
) -> Output:
    """Elastic constants and moduli of a crystal.

    STRUCTURE must be relaxed, its cell too. Only the strains that its symmetry does not make equal are computed, each
    with four sizes; atoms are relaxed in every cell unless --clamped. Ends with status 1 where the crystal is not
    stable. Axes are those of the cell; components are xx yy zz yz xz xy.
    """
    from nepkit.models.potentials import load_potential
    from nepkit.properties.elasticity import VOIGT, elastic_constants

    check_results(results)
    work, relax = work_of(asked), relaxation_of(asked)
    potential = load_potential(models)
    found = elastic_constants(
        only_structure(structure), potential, strain=strain, relax=relax, symprec=symprec, work=work
    )
    names = ["".join("xyz"[axis] for axis in pair) for pair in VOIGT]
    rows = [(name, *row) for name, row in zip(names, (found.stiffness.round(6) + 0.0).tolist(), strict=True)]
    averages = found.moduli
    moduli = [
        ("bulk modulus (GPa)", *averages.bulk),
        ("shear modulus (GPa)", *averages.shear),
        ("Young's modulus (GPa)", None, None, averages.young),
        ("Poisson's ratio", None, None, averages.poisson),
        ("anisotropy (universal)", None, None, averages.anisotropy),
        ("Debye temperature (K)", None, None, found.debye),
        ("density (g/cm^3)", None, None, found.density),
    ]
    data = {
        "stiffness": found.stiffness, "error": found.error, "unit": "GPa", "independent": found.independent,
        "space_group": found.space_group, "strains": [names[place] for place in found.strains],
        "eigenvalues": found.eigenvalues, "stable": found.stable,
        "moduli": {name: getattr(averages, name) for name in ("bulk", "shear", "young", "poisson", "anisotropy")},
        "debye": found.debye,
        "density": found.density, "reference_stress": found.reference_stress, "notes": found.notes,
    }  # fmt: skip
    units = {"stiffness": "GPa", "error": "GPa", "eigenvalues": "GPa", "moduli": "GPa",
             "debye": "K", "density": "g/cm^3", "reference_stress": "GPa"}  # fmt: skip
    settings = {"strain": strain, "symprec": symprec, "relaxed": relax}
    wrote = keep_results(results, data, units=units, settings=settings, potential=potential, inputs=[structure],
                         notes=found.notes)  # fmt: skip
    verdict = "stable" if found.stable else "NOT stable: a strain lowers the energy"
    return Output(
        data=data,
        tables=[
            Table("Stiffness (GPa)", ["", *names], rows, ["", *[".2f"] * 6]),
            Table("Polycrystal", ["", "Voigt", "Reuss", "Hill"], moduli, ["", ".3f", ".3f", ".3f"]),
        ],
        text=closing(
            [
                f"{found.space_group}: {found.independent} constants from the strains "
                f"{', '.join(names[place] for place in found.strains)}; largest error {found.error.max():.2g} GPa; "
                f"{verdict}",
                wrote,
            ],
            found.notes,
        ),
        ok=found.stable,
    )
