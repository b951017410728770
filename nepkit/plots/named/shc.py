"""Thermal conductivity by frequency."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import styled

if TYPE_CHECKING:
    from pathlib import Path

    from nepkit.gpumd.heat import SpectralHeatCurrent
    from nepkit.heat.spectrum import Spectrum
    from nepkit.inputs.runfile import Run


def read(
    source: Source, temperature: float | None = None, volume: float | None = None, force: float | None = None,
    difference: float | None = None, group: int | None = None,
) -> Spectrum:  # fmt: skip
    """Read shc.out and what scales it."""
    from dataclasses import replace

    from nepkit.gpumd.thermodynamics import state_of
    from nepkit.heat.spectrum import conductance_spectrum, spectrum
    from nepkit.inputs.runfile import read_run_file

    path, inputs = source.path("shc.out"), source.find("run.in")
    run = read_run_file(inputs).with_keyword("compute_shc") if inputs else None
    known = state_of(source.folder, "compute_shc")
    size = _needed(path, volume or known.volume, "volume", "thermo.out or model.xyz")
    blocks = _chosen(path, blocks_per_run(run), group)
    gap = difference if difference is not None else _difference(run)
    if gap is not None:
        found = conductance_spectrum(blocks, difference=gap, volume=size)
        notes = [f"conductance: {gap:g} K between source and sink, {size:.6g} A^3"]
    else:
        push = _needed(path, force if force is not None else _force(run), "force", "run.in with compute_hnemd")
        kelvin = _needed(path, temperature or known.temperature, "temperature", "run.in or thermo.out")
        found = spectrum(blocks, force=push, temperature=kelvin, volume=size)
        notes = [f"{kelvin:g} K, {size:.6g} A^3, driving force {push:g} 1/A"]
    words = (run.find("compute_shc") or ()) if run else ()
    if "group" in words and volume is None:
        notes.append("the current is that of a group and the volume that of the cell: give the group's as --volume")
    return replace(found, notes=(*found.notes, *notes))


def _needed(path: Path, value: float | None, what: str, where: str) -> float:
    if value is None:
        raise InputError(f"{path}: no {where} beside it, which the {what} comes from; give --{what}")
    return value


def _chosen(path: Path, groups: int | None, group: int | None) -> list[SpectralHeatCurrent]:
    """Return the blocks of one group."""
    from nepkit.gpumd.heat import read_shc

    blocks = read_shc(path)
    if group is None and groups is None and len(blocks) > 1:
        raise InputError(f"{path}: {len(blocks)} blocks of groups; give --group, from 0, and the --volume of the group")
    if group is not None and group >= len(blocks):
        raise InputError(f"{path}: no group {group}, it has {len(blocks)} blocks")
    return blocks if group is None else [blocks[group]]


def _force(run: Run | None) -> float | None:
    """Return the component of the driving force along the direction of compute_shc."""
    from nepkit.heat.components import number

    if run is None or not run.find("compute_hnemd"):
        return None
    return number(run, "compute_hnemd", 1 + int(number(run, "compute_shc", 2)))


def _difference(run: Run | None) -> float | None:
    """Return the temperature difference of a heat source and sink: twice the third number of ``ensemble heat_*``."""
    from nepkit.heat.components import number

    words = (run.find("ensemble") or ("",)) if run else ("",)
    if run is None or words[0] not in ("heat_lan", "heat_nhc", "heat_bdp"):
        return None
    return 2.0 * number(run, "ensemble", 3)


def blocks_per_run(run: Run | None) -> int | None:
    """Return 1 where compute_shc is of one group or all atoms, None where it is of every group."""
    words = (run.find("compute_shc") or ()) if run else ()
    return None if "group" in words and words[-1] == "-1" else 1


@styled
def plot_spectrum(result: Spectrum, *, cutoff: float | None = None, ax: Any = None) -> Any:
    """Draw the conductivity by frequency, in and out of plane, and its integral.

    Parameters
    ----------
    result : Spectrum
        From `nepkit.heat.spectrum.spectrum`.
    cutoff : float, optional
        Largest frequency shown, THz.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    mean = result.kappa.mean(axis=0)
    total = mean.sum(axis=1)
    ax.plot(result.frequency, mean[:, 0], linewidth=0.9, label="in plane")
    ax.plot(result.frequency, mean[:, 1], linewidth=0.9, label="out of plane")
    ax.plot(result.frequency, total, color="#33384a", label=f"total: {in_words(result.values['total'].quantity)}")
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.6)
    ax.set_xlim(0.0, cutoff or float(result.frequency[-1]))
    ax.set_xlabel("frequency ω/2π (THz)")
    driven = result.unit == "W/m/K"
    ax.set_ylabel("κ(ω) (W/m/K/THz)" if driven else "G(ω) (MW/m²/K/THz)")
    ax.set_title("Conductivity by frequency" if driven else "Conductance by frequency")
    ax.legend()
    return ax


@styled
def plot_cumulative(result: Spectrum, *, cutoff: float | None = None, ax: Any = None) -> Any:
    """Draw the integral of the conductivity up to every frequency.

    Parameters
    ----------
    result : Spectrum
        From `nepkit.heat.spectrum.spectrum`.
    cutoff : float, optional
        Largest frequency shown, THz.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ax.plot(result.frequency, result.cumulative())
    ax.set_xlim(0.0, cutoff or float(result.frequency[-1]))
    ax.set_xlabel("frequency ω/2π (THz)")
    ax.set_ylabel("conductivity below (W/m/K)" if result.unit == "W/m/K" else "conductance below (MW/m²/K)")
    return ax


@styled
def plot_correlation(result: Spectrum, *, ax: Any = None) -> Any:
    """Draw the virial-velocity correlation.

    Parameters
    ----------
    result : Spectrum
        From `nepkit.heat.spectrum.spectrum`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    mean = result.correlation.mean(axis=0)
    for column, name in enumerate(("in plane", "out of plane")):
        ax.plot(result.time, mean[:, column], linewidth=0.9, label=name)
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("K(t) (eV Å/ps)")
    ax.legend()
    return ax


def panels(result: Spectrum, cutoff: float | None = None) -> dict[str, Panel]:
    """Return correlation, spectrum and integral."""
    return {
        "correlation": partial(plot_correlation, result),
        "spectrum": partial(plot_spectrum, result, cutoff=cutoff),
        "cumulative": partial(plot_cumulative, result, cutoff=cutoff),
    }


def numbers(result: Spectrum) -> list[Table]:
    """Return the integrals."""
    return [means_table("Integral over frequency", {"": result.values})]


def notes(result: Spectrum) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Spectrum) -> Table:
    """Return the spectrum."""
    mean = result.kappa.mean(axis=0)
    return table_of_columns(
        "Conductivity by frequency",
        {"omega (THz)": result.omega, "frequency (THz)": result.frequency, f"in ({result.unit}/THz)": mean[:, 0],
         f"out ({result.unit}/THz)": mean[:, 1], f"total ({result.unit}/THz)": mean.sum(axis=1),
         f"below ({result.unit})": result.cumulative()},
    )  # fmt: skip


PLOT = Plot(
    name="shc",
    summary="Spectral thermal conductivity, by frequency.",
    menu=642,
    files=(
        File("shc.out", "compute_shc of gpumd"), File("run.in", "you", needed=False),
        File("thermo.out", "dump_thermo of gpumd", needed=False), File("model.xyz", "you", needed=False),
    ),
    options=(
        Option("temperature", "Temperature, K (default: from run.in).", type=float, minimum=0),
        Option("volume", "Volume occupied by the atoms that carry the current, A^3.", type=float, minimum=0),
        Option("force", "Driving force parameter, 1/A (default: from run.in).", type=float),
        Option("difference", "Temperature difference between source and sink, K, to obtain a conductance "
                             "(default: from run.in).", type=float, minimum=0),
        Option("group", "Group index in a file of all groups, from 0.", type=int, minimum=0),
        Option("cutoff", "Highest frequency shown, THz.", type=float, minimum=0),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
    size=(4.4, 3.4),
)  # fmt: skip
