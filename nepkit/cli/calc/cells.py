"""Tilts and polarisation of the cells of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.calc.local import Trajectory, cage, centre, cutoff, frame_options, reference, summary
from nepkit.cli.command import command
from nepkit.cli.lr import Charges, ParamType
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError


@command("calc octahedral-tilt", menu=409)
@click.argument("frames", type=options.FILE)
@centre
@click.option("-E", "--corner", "elements", multiple=True, default=("O",), show_default=True,
              help="Element of the octahedral corners; repeatable.")  # fmt: skip
@cutoff
@reference
@frame_options
@options.output(
    "Output: one line of three angles per octahedron, frame after frame; or npz.", default="octahedral_tilt.dat"
)
def octahedral_tilt(frames: Path, centres: tuple[str, ...], elements: tuple[str, ...], cutoff: float,
                    reference: Path | None, output: Path, overwrite: bool, **choice: Any) -> Output:  # fmt: skip
    """Tilts of octahedra and their pattern.

    For networks that share corners, such as perovskites; the axes are found from the centres. An angle is the
    component of the rotation vector, in degrees.
    """
    from nepkit.structures.local.octahedra import octahedral_tilts

    if not centres:
        raise InputError("give the element in the middle of the octahedra: --centre Ti")
    run = Trajectory(frames, reference, **choice)
    start = run.reference()
    corners = cage(start, centres, elements, 6, cutoff)
    network = cage(start, centres, centres, 6, 2.0 * cutoff)
    found = octahedral_tilts(run.frames(), corners, network, source=str(frames))
    found.vectors.write(output, overwrite=overwrite)
    values = found.vectors.values.reshape(-1, 3)
    rows = [
        (name, *axis.tolist(), float(rms), float(values[:, k].std()), float(abs(values[:, k]).max()), float(phase))
        for k, (name, axis, rms, phase) in enumerate(zip("xyz", found.axes, found.mean, found.phase, strict=True))
    ]
    columns = ("axis", "x", "y", "z", "rms", "spread", "largest", "phase")
    return Output(
        data={"rms": found.mean, "axes": found.axes, "phase": found.phase, "pattern": found.pattern,
              "frames": len(found.vectors.values), "octahedra": len(found.vectors.centres), "file": output},
        tables=[Table("Tilts (degrees) about the axes of the network", columns, rows,
                      ("", *["+.4f"] * 3, ".3f", ".3f", ".3f", "+.3f"))],
        text=f"Pattern {found.pattern}; {len(found.vectors.values)} frames, {len(found.vectors.centres)} octahedra; "
             f"wrote {output}",
    )  # fmt: skip


class Shell(ParamType):
    """Elements and number of a shell, such as ``O=6`` or ``Ba,Sr=8``."""

    name = "El[,El]=number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return elements and number."""
        if isinstance(value, tuple):
            return value
        names, _, number = str(value).partition("=")
        elements = tuple(names.split(","))
        if not number.isdigit() or int(number) < 1 or not all(name.isalpha() for name in elements):
            self.fail(f"{value!r} is not elements and a number, such as O=6 or Ba,Sr=8", param, ctx)
        return elements, int(number)


@command("calc polarization", menu=410)
@click.argument("frames", type=options.FILE)
@centre
@click.option("--shell", "shells", type=Shell(), multiple=True,
              help="Neighbour shells forming a unit cell with the "
                   "centre, e.g. O=6 and Ba,Sr=8; one option each.")  # fmt: skip
@click.option("-m", "--model", help="Model providing Born effective charges, e.g. a qNEP.")
@click.option(
    "--charges", type=Charges(), help="Born effective charges, e, in place of a model, e.g. Ba=2.7,Ti=7.2,O=-3.3."
)
@cutoff
@reference
@frame_options
@options.output("Output: one line x y z (C/m^2) per cell, frame after frame; or npz.", default="polarization.dat")
def polarization(frames: Path, centres: tuple[str, ...], shells: tuple[Any, ...], model: str | None,
                 charges: dict[str, float] | None, cutoff: float, reference: Path | None, output: Path,
                 overwrite: bool, **choice: Any) -> Output:  # fmt: skip
    """Polarisation of every cell of a network.

    For perovskites and the like. A cell is a centre with its shells, whose atoms it shares with other cells:
    --centre Ti --shell O=6 --shell Ba=8. The charges are tensors from --model or, without one, those that the
    frames carry; or numbers from --charges.
    """
    import numpy as np

    from nepkit.models.potentials import load_potential
    from nepkit.properties.polarization import polarisation

    if not centres or not shells:
        raise InputError("give the cell: --centre Ti --shell O=6 --shell Ba=8")
    if model is not None and charges is not None:
        raise InputError("give either --model or --charges")
    run = Trajectory(frames, reference, **choice)
    start = run.reference()
    cells = [cage(start, centres, elements, number, cutoff) for elements, number in shells]
    source = charges if charges is not None else load_potential(model) if model is not None else None
    found = polarisation(run.frames(), cells, source, source=str(frames))
    found.vectors.write(output, overwrite=overwrite)
    total = found.total
    table = summary(found.vectors, start, "C/m^2")
    error = total.std(axis=0, ddof=1) / np.sqrt(len(total)) if len(total) > 1 else np.full(3, np.nan)
    notes = []
    if found.excess > 0.05:
        notes.append(f"charges of a cell add up to as much as {found.excess:.2f} e; they were shifted to zero")
    mean = total.mean(axis=0)
    return Output(
        data={"total": total, "mean": mean, "error": error, "excess_charge": found.excess, "notes": notes,
              "unit": "C/m^2", "frames": len(total), "cells": len(found.vectors.centres), "file": output},
        tables=[table],
        text="\n".join([f"Total ({', '.join(f'{value:+.4f}' for value in mean)}) C/m^2, length "
                        f"{np.linalg.norm(mean):.4f}; {len(total)} frames, {len(found.vectors.centres)} cells",
                        *(f"Note: {note}" for note in notes), f"wrote {output}"]),
    )  # fmt: skip
