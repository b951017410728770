"""Energies of surfaces, defects, hops, free atoms and pairs of atoms."""

from __future__ import annotations

from collections.abc import Sequence
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
from nepkit.core.errors import InputError


def _values(texts: Sequence[str], what: str, example: str) -> dict[str, float]:
    """Return numbers by element from texts such as ``Li=-1.9``."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"{text!r} is no {what}, such as {example}") from None
    return found


@command("calc surface", menu=435)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--miller", type=(int, int, int), required=True, metavar="H K L", help="Miller indices of the plane.")
@click.option("--thickness", "thicknesses", type=float, multiple=True, default=(12.0, 18.0, 24.0), show_default=True,
              help="Minimum slab thickness, A; three or more values.")  # fmt: skip
@click.option("--vacuum", type=float, default=15.0, show_default=True, help="Vacuum thickness between slabs, A.")
@click.option(
    "--charge", "charges", multiple=True, metavar="EL=Q", help="Formal charges used to identify polar cuts, e.g. Na=1."
)
@click.option("--slabs", type=options.NEW, help="Output file for the thickest relaxed slabs.")
@relax_options
@work_options
@options.results
@options.save("Output table as text, csv or json.")
def surface(
    structure: Path,
    models: tuple[str, ...],
    miller: tuple[int, int, int],
    thicknesses: tuple[float, ...],
    vacuum: float,
    charges: tuple[str, ...],
    slabs: Path | None,
    results: Path | None,
    **asked: Any,
) -> Output:
    """Surface energies of a crystal along a plane.

    Every distinct cut along the plane of relaxed bulk STRUCTURE. A line through the energies of slabs of three or more
    thicknesses gives surface and bulk energy together, with an error. Of a slab whose surfaces differ it is their mean.
    """
    from nepkit.formats.files import write_frames
    from nepkit.models.potentials import load_potential
    from nepkit.properties.surface_energy import surface_energies

    check_results(results)
    check_results(slabs)
    work, relax = work_of(asked), relaxation_of(asked)
    potential = load_potential(models)
    formal = _values(charges, "formal charge of an element", "Na=1") or None
    found = surface_energies(
        only_structure(structure), potential, miller, thicknesses=thicknesses, vacuum=vacuum, charges=formal,
        relax=relax, work=work,
    )  # fmt: skip
    wrote = []
    if slabs is not None:
        write_frames(slabs, [one.slab for one in found], overwrite=True)
        wrote.append(f"wrote {slabs}")
    rows = [
        (f"{one.bottom} | {one.top}", one.energy.value, one.energy.error, one.unrelaxed, float(one.single[-1]),
         one.symmetric, one.polar)
        for one in found
    ]  # fmt: skip
    data = [{name: value for name, value in vars(one).items() if name != "slab"} for one in found]
    units = {"energy": "J/m^2", "unrelaxed": "J/m^2", "single": "J/m^2", "bulk": "eV/atom", "bulk_itself": "eV/atom",
             "thickness": "A"}  # fmt: skip
    settings = {"miller": miller, "thicknesses": thicknesses, "vacuum": vacuum, "relaxed": relax}
    notes = ["a polar cut has no converged energy: reconstruct it or compensate its charge"] * any(
        one.polar for one in found
    )
    wrote.append(
        keep_results(
            results,
            {"surfaces": data},
            units=units,
            settings=settings,
            potential=potential,
            inputs=[structure],
            notes=notes,
        )
    )
    columns = ["cut", "energy (J/m^2)", "+-", "as cut", "thickest alone", "symmetric", "polar"]
    bulk = found[0]
    return Output(
        data={"surfaces": data, "notes": notes},
        tables=[
            Table(f"Surface {' '.join(map(str, miller))}", columns, rows, ["", ".4f", ".1g", ".4f", ".4f", "", ""])
        ],
        text=closing(
            [f"bulk energy of the line {bulk.bulk:.6f}, of the crystal {bulk.bulk_itself:.6f} eV/atom", *wrote], notes
        ),
    )


@command("calc defect", menu=436)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--vacancy", multiple=True, metavar="EL", help="Element removed to create a vacancy.")
@click.option("--interstitial", multiple=True, metavar="EL", help="Element inserted at every void as an interstitial.")
@click.option("--antisites", is_flag=True, help="Place every element on the sites of every other element.")
@click.option("--substitute", multiple=True, metavar="EL=EL", help="Host and dopant of a substitution, e.g. Cl=Br.")
@click.option("--mu", multiple=True, metavar="EL=EV", help="Chemical potential, eV per atom, e.g. Li=-1.9.")
@click.option("--size", "sizes", type=click.IntRange(1), multiple=True, default=(60, 120, 240), show_default=True,
              help="Approximate number of atoms per supercell; "
                   "three or more sizes give an error estimate.")  # fmt: skip
@click.option("--min-radius", type=float, default=1.2, show_default=True,
              help="Minimum distance of an interstitial from other atoms, A.")  # fmt: skip
@relax_options
@work_options
@options.results
@options.save("Output: table as text, csv or json, or plot of the extrapolation (png, pdf, svg).")
def defect(
    structure: Path,
    models: tuple[str, ...],
    vacancy: tuple[str, ...],
    interstitial: tuple[str, ...],
    antisites: bool,
    substitute: tuple[str, ...],
    mu: tuple[str, ...],
    sizes: tuple[int, ...],
    min_radius: float,
    results: Path | None,
    **asked: Any,
) -> Output:
    """Formation energies of dilute point defects.

    Every symmetry-distinct vacancy, interstitial, antisite or substitution of relaxed unit cell STRUCTURE, in
    supercells of several sizes. A potential has no electrons: single defects of ionic crystals depend on the chemical
    potentials, and their charge state is that of the training data; neutral sums of them do not depend on it.
    """
    from nepkit.models.potentials import load_potential
    from nepkit.plots.properties import plot_defects
    from nepkit.properties.defect_energy import defect_energies

    check_results(results)
    work, relax = work_of(asked), relaxation_of(asked)
    potential = load_potential(models)
    pairs = [tuple(text.split("=", 1)) for text in substitute]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise InputError(f"--substitute {substitute[0]!r} is no host and dopant, such as Cl=Br")
    found = defect_energies(
        only_structure(structure), potential, sizes=sizes, vacancies=vacancy, interstitials=interstitial,
        antisites=antisites, substitutions=[(pair[0], pair[1]) for pair in pairs],
        references=_values(mu, "chemical potential of an element", "Li=-1.9"), min_radius=min_radius, relax=relax,
        work=work,
    )  # fmt: skip
    counts = [f"{count} atoms" for count in found[0].atoms.tolist()]
    rows = [(one.name, one.site, one.energy.value, one.energy.error, *one.by_size.tolist()) for one in found]
    data = [{name: value for name, value in vars(one).items() if name != "relaxed"} for one in found]
    settings = {"sizes": sizes, "min_radius": min_radius, "relaxed": relax}
    wrote = keep_results(results, {"defects": data}, units={"energy": "eV", "by_size": "eV", "reference": "eV"},
                         settings=settings, potential=potential, inputs=[structure])  # fmt: skip
    notes = ["give three sizes or more for an error of the dilute limit"] * (len(counts) < 3)
    return Output(
        data={"defects": data},
        tables=[
            Table(
                "Formation energies (eV)",
                ["defect", "site", "dilute", "+-", *counts],
                rows,
                ["", "", ".4f", ".1g", *[".4f"] * len(counts)],
            )
        ],
        text=closing([wrote], notes),
        figure=options.figure_if_wanted(lambda: plot_defects(found)),
    )


@command("calc barrier", menu=437)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--element", required=True, metavar="EL", help="Element hopping into a vacancy of its own kind.")
@click.option(
    "--reach", type=click.FloatRange(0, min_open=True), default=4.5, show_default=True, help="Maximum hop length, A."
)
@click.option(
    "--size",
    type=click.IntRange(2),
    default=100,
    show_default=True,
    help="Approximate number of atoms in the supercell.",
)
@click.option(
    "-n",
    "--images",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Number of images between the end points.",
)
@click.option("--fmax", type=click.FloatRange(0, min_open=True), default=0.02, show_default=True,
              help="Convergence threshold on the largest force, eV/A.")  # fmt: skip
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Maximum number of steps for the end points and for the band.",
)
@click.option("--bands", type=options.NEW, help="Output file for the images of all hops.")
@work_options
@options.results
@options.save("Output: table as text, csv or json, or plot of the paths (png, pdf, svg).")
def barrier(
    structure: Path,
    models: tuple[str, ...],
    element: str,
    reach: float,
    size: int,
    images: int,
    fmax: float,
    steps: int,
    bands: Path | None,
    results: Path | None,
    **asked: Any,
) -> Output:
    """Barriers of all distinct vacancy hops.

    The hops are built from relaxed unit cell STRUCTURE: a vacancy in a supercell, and every distinct neighbour of the
    same element that may move into it. Several --model give the barrier of their mean, with their spread as its error.
    """
    from nepkit.formats.files import write_frames
    from nepkit.models.potentials import load_potential
    from nepkit.plots.properties import plot_hops
    from nepkit.properties.hops import hop_barriers, vacancy_hops

    check_results(results)
    check_results(bands)
    work = work_of(asked)
    potential = load_potential(models)
    hops = vacancy_hops(only_structure(structure), element, reach=reach, atoms=size)
    found = hop_barriers(hops, potential, images=images, fmax=fmax, steps=steps, work=work)
    rows = [
        (f"{one.hop.sites[0]} <- {one.hop.sites[1]}", one.hop.length, one.hop.multiplicity, one.band.barrier,
         one.band.barrier_error, one.band.reverse_barrier, one.band.converged)
        for one in found
    ]  # fmt: skip
    data = [
        {"sites": one.hop.sites, "length": one.hop.length, "multiplicity": one.hop.multiplicity,
         "barrier": one.band.barrier, "error": one.band.barrier_error, "reverse_barrier": one.band.reverse_barrier,
         "coordinate": one.band.coordinate, "energy": one.band.energy, "converged": one.band.converged,
         "reason": one.band.reason}
        for one in found
    ]  # fmt: skip
    wrote = []
    if bands is not None:
        write_frames(bands, [image for one in found for image in one.band.images], overwrite=True)
        wrote.append(f"wrote {bands}")
    units = {"length": "A", "barrier": "eV", "error": "eV", "reverse_barrier": "eV", "coordinate": "A", "energy": "eV"}
    settings = {"element": element, "reach": reach, "size": size, "images": images, "fmax": fmax}
    wrote.append(keep_results(results, {"hops": data}, units=units, settings=settings, potential=potential,
                              inputs=[structure]))  # fmt: skip
    notes = [f"hop {number}: {note}" for number, one in enumerate(found, 1) for note in one.band.notes()]
    columns = ["sites", "length (A)", "ways", "barrier (eV)", "+-", "back (eV)", "converged"]
    return Output(
        data={"hops": data, "notes": notes},
        tables=[Table(f"Hops of {element}", columns, rows, ["", ".3f", "", ".4f", ".2g", ".4f", ""])],
        text=closing(wrote, notes),
        figure=options.figure_if_wanted(lambda: plot_hops(found)),
        ok=all(one.band.converged for one in found),
    )


@command("calc cohesive", menu=438)
@click.argument("structure", type=options.FILE)
@options.models
@click.option("--free", multiple=True, metavar="EL=EV", help="Energy of a free atom, eV (default: from the model).")
@work_options
@options.results
@options.output("Output curve in the format of GPUMD's cohesive.out, for nepkit plot cohesive.")
def cohesive(
    structure: Path,
    models: tuple[str, ...],
    free: tuple[str, ...],
    results: Path | None,
    output: Path | None,
    overwrite: bool,
    **asked: Any,
) -> Output:
    """Cohesive energy and curve.

    A machine-learned potential that was not trained on free atoms only extrapolates to them: give their energies by
    the reference method with --free.
    """
    from nepkit.core.atomic import atomic_path
    from nepkit.models.potentials import load_potential
    from nepkit.properties.cohesion import cohesion

    check_results(results)
    work = work_of(asked)
    potential = load_potential(models)
    atoms = only_structure(structure)
    known = _values(free, "energy of a free atom", "Cl=-0.3")
    found = cohesion(atoms, potential, free=known, work=work)
    wrote = []
    if output is not None:
        with atomic_path(output, overwrite=overwrite) as temporary:
            lines = [
                f"{s:20.10e} {e:20.10e}\n" for s, e in zip(found.scale.tolist(), found.curve.tolist(), strict=True)
            ]
            temporary.write_text("".join(lines), encoding="utf-8")
        wrote.append(f"wrote {output}")
    data = vars(found)
    wrote.append(keep_results(results, data, units={"energy": "eV/atom", "atoms": "eV", "curve": "eV"},
                              settings={"free": known}, potential=potential, inputs=[structure]))  # fmt: skip
    extrapolated = [name for name in found.atoms if name not in known]
    notes = [f"free atoms of {', '.join(extrapolated)} are as the model extrapolates to them"] * bool(extrapolated)
    return Output(
        data=data,
        tables=[
            Table("Free atoms", ["element", "energy (eV)"], list(found.atoms.items()), ["", ".5f"]),
            Table("Scaled structure", ["factor of lengths", "energy (eV/atom)"],
                  list(zip(found.scale.tolist(), (found.curve / len(atoms)).tolist(), strict=True)), [".3f", ".5f"]),
        ],
        text=closing([f"cohesive energy {found.energy:.4f} eV/atom", *wrote], notes),
    )  # fmt: skip


@command("calc dimer", menu=439)
@click.argument("pairs", nargs=-1, required=True, metavar="EL-EL...")
@options.models
@click.option("--distances", type=(float, float), default=(0.5, 6.0), show_default=True, metavar="LOW HIGH",
              help="Shortest and longest distance, A.")  # fmt: skip
@click.option("--step", type=float, default=0.02, show_default=True, help="Distance step, A.")
@options.save("Output: plot (png, pdf, svg), or curves as csv or json.")
def dimer(pairs: tuple[str, ...], models: tuple[str, ...], distances: tuple[float, float], step: float) -> Output:
    """Energy and force of two atoms at distances.

    PAIRS are such as Li-Cl. Every --model has curves of its own. Where atoms that come close attract each other a run
    that gets there collapses, which is told. nepkit plot dimer does the same for a folder with nep.txt.
    """
    from nepkit.models.potentials import load_potential
    from nepkit.plots.compose import compose
    from nepkit.plots.named.dimer import notes, numbers, panels, series
    from nepkit.properties.dimer import dimer as curve

    wanted = []
    for text in pairs:
        first, dash, second = text.partition("-")
        if not (first and dash and second):
            raise InputError(f"{text!r} is no pair of elements, such as Li-Cl")
        wanted.append((first, second))
    found = {
        name: [curve(load_potential(name), pair, low=distances[0], high=distances[1], step=step) for pair in wanted]
        for name in models
    }
    save = click.get_current_context().meta.get("nepkit.save")
    table = save is not None and save.suffix.lower() == ".csv"
    return Output(
        data={name: list(curves) for name, curves in found.items()},
        tables=[series(found)] if table else numbers(found),
        text=closing([], notes(found)) if notes(found) else "",
        figure=options.figure_if_wanted(lambda: compose(panels(found))),
    )
