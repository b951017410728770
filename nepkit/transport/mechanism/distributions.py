"""What radial distributions say: shells, coordination numbers and potentials of mean force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.gpumd.structure import Distribution

Array = NDArray[np.float64]

#: A peak stands out by this share of the highest one, else it is noise.
PROMINENCE = 0.05
#: Width that noise is smoothed over to find peaks, A.
SMOOTHED = 0.3
KJ_PER_MOL = 96.48533212
"""kJ/mol of one eV."""


@dataclass(frozen=True)
class Shells:
    """First shells of one curve.

    Parameters
    ----------
    first, second : (float, float) or None
        Distance (A) and height of the first two peaks; None where there is none.
    minimum : (float, float) or None
        Distance and height between them.
    """

    first: tuple[float, float] | None
    minimum: tuple[float, float] | None
    second: tuple[float, float] | None


@dataclass(frozen=True)
class RadialStructure:
    """A radial distribution and what follows from it.

    Parameters
    ----------
    r : ndarray, shape (B,)
        A.
    curves : mapping of str to ndarray, shape (B,)
        Radial distributions by name of the pair.
    shells : mapping of str to Shells
        By pair.
    coordination : mapping of str to ndarray, shape (B,)
        ``A around B``: mean number of atoms of A within a distance of one of B; empty where no density is known.
    notes : tuple of str
        What the user should know.
    """

    r: Array
    curves: Mapping[str, Array]
    shells: Mapping[str, Shells]
    coordination: Mapping[str, Array]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeanForce:
    """Potential of mean force of one curve, ``-k T ln g``.

    Parameters
    ----------
    r : ndarray, shape (B,)
        A.
    energy : ndarray, shape (B,)
        eV; NaN where no pair was ever seen.
    temperature : float
        K.
    first, barrier, second : (float, float) or None
        Distance (A) and energy (eV) of the first minimum, of the barrier and of the second minimum.
    """

    r: Array
    energy: Array
    temperature: float
    first: tuple[float, float] | None
    barrier: tuple[float, float] | None
    second: tuple[float, float] | None


def shells_of(r: Array, g: Array) -> Shells:
    """Find the first two peaks of a radial distribution and the minimum between them.

    The curve is smoothed over `SMOOTHED` to find them; heights are those of the curve itself. A minimum needs no second
    peak within reach, only a rise after it.

    Examples
    --------
    >>> r = np.linspace(0.05, 10.0, 200)
    >>> g = 1.0 + np.exp(-0.3 * r) * 3.0 * np.cos(2.0 * np.pi * (r - 2.0) / 2.5)
    >>> found = shells_of(r, np.where(r < 1.5, 0.0, g))
    >>> [round(place, 1) for place, _ in (found.first, found.minimum, found.second)]
    [1.9, 3.2, 4.4]
    """
    from scipy.signal import find_peaks, savgol_filter

    if len(g) < 7 or not g.max() > 0.0:
        return Shells(None, None, None)
    window = min(max(5, 2 * round(0.5 * SMOOTHED / float(r[1] - r[0])) + 1), len(g) - (len(g) + 1) % 2)
    smooth = savgol_filter(g, window, 2)
    least = PROMINENCE * float(smooth.max())
    peaks = find_peaks(smooth, prominence=least)[0]
    if not len(peaks):
        return Shells(None, None, None)
    places = [max(range(max(0, peak - 2), min(len(g), peak + 3)), key=lambda i: float(g[i])) for peak in peaks[:2]]
    points = [(float(r[place]), float(g[place])) for place in places]
    end = places[1] + 1 if len(places) > 1 else len(g)
    low = places[0] + int(np.argmin(smooth[places[0] : end]))
    rises = float(smooth[low:].max()) - float(smooth[low]) > least
    minimum = (float(r[low]), float(g[low])) if rises else None
    return Shells(points[0], minimum, points[1] if len(points) > 1 else None)


def radial_structure(block: Distribution, densities: Mapping[str, float]) -> RadialStructure:
    """Find the shells and coordination numbers of a rdf.out.

    Parameters
    ----------
    block : Distribution
        From `nepkit.gpumd.structure.read_distribution`.
    densities : mapping of str to float
        Number of atoms per volume of every element, 1/A^3, and of all atoms as ``total``; may be empty.
    """
    width = float(block.x[1] - block.x[0]) if len(block.x) > 1 else 0.0
    coordination = {}
    for name, g in block.curves.items():
        for around, counted in _pairs(name):
            if counted in densities:
                volume = 4.0 * np.pi * (block.x**2 + width**2 / 12.0) * width  # of a shell whose middle is x
                label = f"{counted} around {around}" if name != "total" else "all atoms"
                coordination[label] = np.cumsum(densities[counted] * g * volume)
    shells = {name: shells_of(block.x, g) for name, g in block.curves.items()}
    return RadialStructure(block.x, block.curves, shells, coordination)


def _pairs(name: str) -> list[tuple[str, str]]:
    """Return (centre, counted) for a curve such as ``Li-Cl``, both ways round."""
    if name == "total":
        return [("total", "total")]
    one, dash, other = name.partition("-")
    if not dash:
        return []
    return list(dict.fromkeys([(one, other), (other, one)]))


def coordination_of(structure: RadialStructure, label: str) -> tuple[float, float] | None:
    """Return the coordination number up to the first minimum, and that distance; None where there is no minimum."""
    counted, _, around = label.partition(" around ")
    names = ["total"] if label == "all atoms" else [f"{around}-{counted}", f"{counted}-{around}"]
    shells = next(structure.shells[name] for name in names if name in structure.shells)
    if shells.minimum is None:
        return None
    edge = shells.minimum[0]
    width = structure.r[1] - structure.r[0]
    return float(np.interp(edge, structure.r + 0.5 * width, structure.coordination[label])), edge


def densities_of(folder: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the number density of every element and of all atoms from the files of a run, and what is to be known.

    Both are empty but for a note where there is no model.xyz.
    """
    from nepkit.gpumd.model import read_model
    from nepkit.gpumd.thermodynamics import state_of

    model = folder / "model.xyz"
    if not model.exists():
        return {}, ("no model.xyz, which the density comes from: no coordination numbers; give --density",)
    state = state_of(folder, "compute_rdf")
    found = read_model(model)
    copies = 1
    if (folder / "run.in").exists():
        from nepkit.inputs.runfile import read_run_file

        copies = int(np.prod(read_run_file(folder / "run.in").replicate))
    volume = float(state.volume or 0.0)
    symbols = found.symbols.tolist()
    counts = {name: symbols.count(name) * copies / volume for name in dict.fromkeys(symbols)}
    return {**counts, "total": len(symbols) * copies / volume}, ()


def mean_force(r: Array, g: Array, temperature: float) -> MeanForce:
    """Return the potential of mean force of a radial distribution.

    Raises
    ------
    InputError
        Where the temperature is not above zero, or no pair was seen at all.

    Examples
    --------
    >>> r = np.array([1.0, 2.0])
    >>> mean_force(r, np.array([0.0, np.e]), 1.0 / BOLTZMANN).energy
    array([nan, -1.])
    """
    if not temperature > 0.0:
        raise InputError(f"a temperature of {temperature:g} K, expected more than zero")
    if not g.max() > 0.0:
        raise InputError("the radial distribution is zero everywhere")
    with np.errstate(divide="ignore"):
        energy = np.where(g > 0.0, -BOLTZMANN * temperature * np.log(np.where(g > 0.0, g, 1.0)), np.nan)
    shells = shells_of(r, g)

    def at(point: tuple[float, float] | None) -> tuple[float, float] | None:
        if point is None or not point[1] > 0.0:
            return None
        return point[0], float(-BOLTZMANN * temperature * np.log(point[1]))

    return MeanForce(r, energy, temperature, at(shells.first), at(shells.minimum), at(shells.second))
