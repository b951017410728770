"""Energies that a potential gives to single atoms, and their distribution: the density of atomistic states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]

COLUMN = "site_energy"
"""Column of an extended xyz file that holds the energies of the atoms, eV."""
GRID = 400


@dataclass(frozen=True)
class SiteEnergies:
    """Energies of all atoms of a file.

    Parameters
    ----------
    values : dict of str to ndarray
        By element, eV.
    frames : int or None
        How many frames they come from; None where the file does not tell.
    """

    values: dict[str, Array]
    frames: int | None = None


@dataclass(frozen=True)
class Density:
    """Distribution of site energies of one element.

    Parameters
    ----------
    energy : ndarray, shape (G,)
        eV.
    density : ndarray, shape (G,)
        Per eV and atom; its integral is one.
    width : float
        Standard deviation of the normal distribution that every atom is drawn as, eV.
    """

    energy: Array
    density: Array
    width: float


def read_site_energies(path: Path) -> SiteEnergies:
    r"""Return the site energies of an extended xyz file with a column ``site_energy``, or of a text file.

    The text form has a line ``# El`` before the energies of every element, one or more to a line.

    Raises
    ------
    InputError
        Where there are none, or a line is neither.

    Examples
    --------
    >>> path = Path("/tmp/nepkit-doas.out")
    >>> _ = path.write_text("# Li\n-1.0\n-1.2\n# Cl\n-3.0\n")
    >>> read_site_energies(path).values["Li"]
    array([-1. , -1.2])
    """
    return _from_frames(path) if path.suffix.lower() in (".xyz", ".extxyz") else _from_text(path)


def _from_frames(path: Path) -> SiteEnergies:
    from nepkit.formats.files import read_frames

    found: dict[str, list[Array]] = {}
    frames = 0
    for frames, atoms in enumerate(read_frames(path), 1):
        if COLUMN not in atoms.arrays:
            raise InputError(f"{path}, frame {frames}: no column {COLUMN} with the energy of every atom")
        energies = np.asarray(atoms.arrays[COLUMN], dtype=float)
        symbols = np.array(atoms.get_chemical_symbols())
        for element in dict.fromkeys(symbols.tolist()):
            found.setdefault(element, []).append(energies[symbols == element])
    return _checked(path, {element: np.concatenate(parts) for element, parts in found.items()}, frames)


def _from_text(path: Path) -> SiteEnergies:
    from ase.data import chemical_symbols

    found: dict[str, list[float]] = {}
    element = ""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if words[:1] == ["#"] and len(words) == 2 and words[1] in chemical_symbols[1:]:
                element = words[1]
                found.setdefault(element, [])
                continue
            try:
                values = [float(word) for word in words]
            except ValueError:
                values = []
            if words and (not values or not element):
                raise InputError(
                    f"{path}, line {number}: expected '# El' before the energies of El, found {line[:40]!r}"
                )
            if values:
                found[element] += values
    return _checked(path, {name: np.array(values) for name, values in found.items() if values}, None)


def _checked(path: Path, values: dict[str, Array], frames: int | None) -> SiteEnergies:
    if not values:
        raise InputError(f"{path}: no site energies")
    for element, energies in values.items():
        if not np.isfinite(energies).all():
            raise InputError(f"{path}: a site energy of {element} is not finite")
    return SiteEnergies(values, frames)


def density_of_states(energies: Array, width: float | None = None) -> Density:
    """Return the distribution of energies, every atom as a normal distribution.

    Parameters
    ----------
    energies : ndarray, shape (N,)
        eV.
    width : float, optional
        Its standard deviation, eV; by Silverman's rule (doi:10.1201/9781315140919) when left out.

    Raises
    ------
    InputError
        Where the energies do not differ and no width is given.

    Examples
    --------
    >>> found = density_of_states(np.array([-1.0, -1.1, -1.2]))
    >>> round(float(np.trapezoid(found.density, found.energy)), 3)
    1.0
    """
    from scipy.ndimage import gaussian_filter1d

    spread = float(energies.std(ddof=1)) if len(energies) > 1 else 0.0
    if width is None:
        quartiles = np.quantile(energies, [0.25, 0.75])
        robust = min(spread, float(quartiles[1] - quartiles[0]) / 1.34) or spread
        width = 0.9 * robust * len(energies) ** -0.2
    if not width > 1e-9:
        raise InputError("all site energies are the same; give a --width (eV)")
    low, high = float(energies.min()) - 5.0 * width, float(energies.max()) + 5.0 * width
    bins = int(np.clip(np.ceil((high - low) / (0.1 * width)), GRID, 200_000))
    counts, edges = np.histogram(energies, bins, range=(low, high))
    step = (high - low) / bins
    smooth = gaussian_filter1d(counts.astype(float), width / step, mode="constant", truncate=5.0)
    return Density(0.5 * (edges[1:] + edges[:-1]), smooth / (smooth.sum() * step), width)
