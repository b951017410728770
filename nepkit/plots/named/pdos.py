"""Vibrational density of states and heat capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.tables import Correlation
    from nepkit.heat.vibrations import StatesOfGroup

SHOWN = (100.0, 200.0, 300.0, 500.0, 1000.0)
"""Temperatures of the table where none is asked for, K."""


@dataclass(frozen=True)
class Vibrations:
    """What the plot shows.

    Parameters
    ----------
    groups : list of StatesOfGroup
        Density of states.
    correlations : list of Correlation
        Blocks of mvac.out, empty where there is none.
    notes : tuple of str
        What the reader should know.
    """

    groups: list[StatesOfGroup]
    correlations: list[Correlation]
    notes: tuple[str, ...]


def read(source: Source, atoms: int | None = None, temperature: Sequence[float] = ()) -> Vibrations:
    """Read dos.out, and mvac.out where it is there."""
    from nepkit.gpumd.spectra import read_dos, read_mvac
    from nepkit.heat.vibrations import groups_of_dos, states_of

    path = source.path("dos.out")
    counts, notes = groups_of_dos(source.folder, atoms)
    blocks = read_dos(path)
    if counts[0][1] is None and temperature:
        raise InputError(f"{path}: {notes[0]}, which a heat capacity needs")
    groups, more = states_of(blocks, counts)
    found = source.find("mvac.out")
    return Vibrations(groups, read_mvac(found) if found else [], (*notes, *more))


@styled
def plot_states(result: Vibrations, *, ax: Any = None) -> Any:
    """Draw the density of states of every group along x, y and z, and their sum.

    Parameters
    ----------
    result : Vibrations
        What was read.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    alone = len(result.groups) == 1
    for number, group in enumerate(result.groups):
        scale = 3.0 / group.found  # three states per atom
        if alone:
            for place, axis in enumerate("xyz"):
                ax.plot(
                    group.frequency, scale * group.states[:, place], color=PALETTE[place], linewidth=1.0, label=axis
                )
        color = "#33384a" if alone else PALETTE[number % len(PALETTE)]
        ax.plot(group.frequency, scale * group.states.sum(axis=1), color=color, label="sum" if alone else group.label)
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("frequency (THz)")
    ax.set_ylabel("states per atom (1/THz)")
    ax.set_title("Vibrational density of states")
    ax.legend()
    return ax


@styled
def plot_velocities(result: Vibrations, *, ax: Any = None) -> Any:
    """Draw the mass-weighted velocity autocorrelation, mean over directions.

    Parameters
    ----------
    result : Vibrations
        What was read.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for number, block in enumerate(result.correlations):
        label = result.groups[number % len(result.groups)].label
        ax.plot(block.time, block.values.mean(axis=1), color=PALETTE[number % len(PALETTE)], linewidth=1.0, label=label)
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.6)
    ax.set_xlim(left=0.0)
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("velocity autocorrelation")
    if len(result.correlations) > 1:
        ax.legend()
    return ax


@styled
def plot_heat_capacity(result: Vibrations, *, ax: Any = None) -> Any:
    """Draw the harmonic heat capacity with the classical limit.

    Parameters
    ----------
    result : Vibrations
        What was read.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from numpy import linspace

    from nepkit.heat.vibrations import GAS_CONSTANT, heat_capacity

    kelvin = linspace(5.0, 1500.0, 300)
    for number, group in enumerate(result.groups):
        ax.plot(kelvin, heat_capacity(group, kelvin), color=PALETTE[number % len(PALETTE)], label=group.label)
    ax.axhline(3.0 * GAS_CONSTANT, color="#9aa0ac", linewidth=0.8, linestyle="--", label="3 R")
    ax.set_xlim(0.0, 1500.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("temperature (K)")
    ax.set_ylabel("heat capacity (J/mol/K)")
    ax.legend()
    return ax


def panels(result: Vibrations) -> dict[str, Panel]:
    """Return the correlation where it is there, the density, and the heat capacity where states can be counted."""
    found: dict[str, Panel] = {"vac": partial(plot_velocities, result)} if result.correlations else {}
    found["dos"] = partial(plot_states, result)
    if result.groups[0].atoms is not None:
        found["heat"] = partial(plot_heat_capacity, result)
    return found


def numbers(result: Vibrations, temperature: Sequence[float] = ()) -> list[Table]:
    """Return the number of states and the heat capacities."""
    from nepkit.heat.vibrations import heat_capacity

    rows = []
    for group in result.groups:
        total = group.states.sum(axis=1)
        mean = float((group.frequency * total).sum() / total.sum())
        expected = None if group.atoms is None else 3 * group.atoms
        rows.append((group.label, group.found, expected, float(group.frequency[total.argmax()]), mean))
    columns = ["group", "states", "3 x atoms", "highest at (THz)", "mean (THz)"]
    tables = [Table("Density of states", columns, rows, ["", ".6g", "", ".3f", ".3f"])]
    if result.groups[0].atoms is not None:
        kelvin = list(temperature) or list(SHOWN)
        capacities = [heat_capacity(group, kelvin) for group in result.groups]
        heat = [(at, *(float(capacity[place]) for capacity in capacities)) for place, at in enumerate(kelvin)]
        names = [f"{group.label} (J/mol/K)" for group in result.groups]
        tables.append(Table("Heat capacity", ["T (K)", *names], heat, ["", *[".4f"] * len(names)]))
    return tables


def notes(result: Vibrations) -> list[str]:
    """Return what the reader should know."""
    unknown = result.groups[0].atoms is None
    return [*result.notes, *["no heat capacity without the number of atoms"] * unknown]


def series(result: Vibrations) -> Table:
    """Return the densities as GPUMD normalises them, by frequency."""
    tables = {
        group.label: table_of_columns("", {"frequency (THz)": group.frequency,
                                           **{f"{axis} (1/THz)": group.states[:, place]
                                              for place, axis in enumerate("xyz")}})
        for group in result.groups
    }  # fmt: skip
    return stacked("Density of states", tables)


PLOT = Plot(
    name="pdos",
    summary="Vibrational density of states with heat capacity.",
    menu=655,
    files=(
        File("dos.out", "compute_dos of gpumd"), File("mvac.out", "compute_dos of gpumd", needed=False),
        File("run.in", "you", needed=False), File("model.xyz", "you", needed=False),
    ),
    options=(
        Option("atoms", "Number of atoms where there is no model.xyz.", type=int, minimum=1),
        Option("temperature", "Temperature for the heat capacity, K.", type=float, several=True),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
)  # fmt: skip
