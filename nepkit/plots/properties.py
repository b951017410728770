"""Properties of crystals: equations of state, phonons, thermal expansion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nepkit.plots.style import ANGSTROM, PALETTE, element_colors, new_figure, style, styled

if TYPE_CHECKING:
    from nepkit.properties.defect_energy import DefectEnergy
    from nepkit.properties.equation_of_state import EquationOfState
    from nepkit.properties.hops import HopBarrier
    from nepkit.properties.phonons import Bands, Density, Phonons
    from nepkit.properties.thermal_expansion import ThermalExpansion


@styled
def plot_equation_of_state(result: EquationOfState, *, ax: Any = None) -> Any:
    """Draw computed energies over volume and the equations fitted to them.

    Parameters
    ----------
    result : EquationOfState
        From `nepkit.properties.equation_of_state`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    volumes = np.linspace(result.volumes[0], result.volumes[-1], 200)
    lowest = result.energy.value
    best = result.fits[0]
    value = f"V0 = {result.volume.value:.3f} {ANGSTROM}³/atom, B0 = {result.bulk_modulus.value:.1f} GPa"
    ax.plot(volumes, 1e3 * (best.curve(volumes) - lowest), color="#0072b2", label=f"{best.form}\n{value}")
    ax.plot(result.volumes, 1e3 * (result.energies - lowest), "o", color="#33384a", markersize=4, label="computed")
    ax.set_xlabel(f"volume ({ANGSTROM}³/atom)")
    ax.set_ylabel("energy above the minimum (meV/atom)")
    ax.legend(loc="upper center")
    return ax


@styled
def plot_bands(bands: Bands, *, ax: Any = None) -> Any:
    """Draw phonon bands along the path; imaginary modes are below zero.

    Parameters
    ----------
    bands : Bands
        From `nepkit.properties.phonons`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for distance, frequencies in zip(bands.distance, bands.frequencies, strict=True):
        ax.plot(distance, frequencies, color="#0072b2", linewidth=1.0)
    ticks: dict[float, str] = {}
    for distance, (one, other) in zip(bands.distance, bands.labels, strict=True):
        for place, name in ((float(distance[0]), one), (float(distance[-1]), other)):
            before = ticks.get(place)
            ticks[place] = name if before in (None, name) else f"{before}|{name}"
    for place in ticks:
        ax.axvline(place, color="#c3c7d0", linewidth=0.6, zorder=0)
    ax.axhline(0.0, color="#33384a", linewidth=0.6)
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.set_xlim(min(ticks), max(ticks))
    ax.grid(False, axis="x")
    ax.set_ylabel("frequency (THz)")
    return ax


@styled
def plot_density(density: Density, *, ax: Any = None) -> Any:
    """Draw the density of states, frequencies upwards, with the part of every element.

    Parameters
    ----------
    density : Density
        From `nepkit.properties.phonons`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ax.plot(density.total, density.frequency, color="#33384a", label="all")
    if len(density.elements) > 1:
        for name, color in element_colors(list(density.elements)).items():
            ax.plot(density.elements[name], density.frequency, color=color, linewidth=1.0, label=name)
        ax.legend(loc="best")
    ax.set_xlim(left=0.0)
    ax.set_xlabel("states (1/THz)")
    return ax


def plot_phonons(result: Phonons) -> Any:
    """Return a figure of the bands beside the density of states.

    Parameters
    ----------
    result : Phonons
        From `nepkit.properties.phonons`.

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(7.2, 3.8)
    with style():
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3.0, 1.0])
        plot_bands(result.bands, ax=left)
        plot_density(result.density, ax=right)
        every = np.concatenate([part.ravel() for part in result.bands.frequencies])
        margin = 0.04 * float(np.ptp(every))
        left.set_ylim(min(float(every.min()) - margin, 0.0), float(every.max()) + margin)
    return figure


def plot_thermal_expansion(result: ThermalExpansion) -> Any:
    """Return a figure of volume, expansion, bulk modulus and heat capacity over temperature.

    Parameters
    ----------
    result : ThermalExpansion
        From `nepkit.properties.thermal_expansion`.

    Returns
    -------
    matplotlib Figure
    """
    panels = (
        (result.volume, f"volume ({ANGSTROM}³/atom)"),
        (1e6 * result.expansion, "expansion in volume (10⁻⁶/K)"),
        (result.bulk_modulus, "bulk modulus (GPa)"),
        (result.heat_capacity, "heat capacity at p = 0 (kB)"),
    )
    figure = new_figure(7.2, 5.2)
    with style():
        for ax, (values, label) in zip(figure.subplots(2, 2, sharex=True).flat, panels, strict=True):
            ax.plot(result.temperature, values, color="#0072b2")
            ax.set_ylabel(label)
        for ax in figure.axes[2:]:
            ax.set_xlabel("temperature (K)")
    return figure


@styled
def plot_defects(results: Sequence[DefectEnergy], *, ax: Any = None) -> Any:
    """Draw formation energies over the inverse number of atoms, with the lines to the dilute limit.

    Parameters
    ----------
    results : sequence of DefectEnergy
        From `nepkit.properties.defect_energy`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for index, one in enumerate(results):
        color = PALETTE[index % len(PALETTE)]
        inverse = 1.0 / one.atoms
        value = f"{one.name} ({one.site}): {one.energy.value:.3f} eV"
        ax.plot(inverse, one.by_size, "o", color=color, markersize=4)
        ends = np.array([0.0, inverse.max()])
        slope = 0.0 if len(inverse) < 2 else float(np.polyfit(inverse, one.by_size, 1)[0])
        ax.plot(ends, one.energy.value + slope * ends, color=color, linewidth=1.2, label=value)
        if np.isfinite(one.energy.error):
            ax.errorbar([0.0], [one.energy.value], yerr=[one.energy.error], color=color, capsize=3)
    ax.set_xlim(left=0.0)
    ax.set_xlabel("1 / atoms of the supercell")
    ax.set_ylabel("formation energy (eV)")
    ax.legend(loc="best")
    return ax


@styled
def plot_hops(results: Sequence[HopBarrier], *, ax: Any = None) -> Any:
    """Draw the energies along the paths of hops.

    Parameters
    ----------
    results : sequence of HopBarrier
        From `nepkit.properties.hops`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from scipy.interpolate import CubicHermiteSpline

    for index, one in enumerate(results):
        color, band = PALETTE[index % len(PALETTE)], one.band
        fine = np.linspace(0.0, band.coordinate[-1], 300)
        label = f"{one.hop.length:.2f} {ANGSTROM}: {band.barrier:.3f} eV"
        ax.plot(fine, CubicHermiteSpline(band.coordinate, band.energy, band.slope)(fine), color=color, label=label)
        ax.plot(band.coordinate, band.energy, "o", color=color, markersize=4)
    ax.set_xlabel(f"length of the path ({ANGSTROM})")
    ax.set_ylabel("energy (eV)")
    ax.legend(loc="best", title="hop: barrier")
    return ax
