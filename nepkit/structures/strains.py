"""Strained cells, one or a series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.conventions import components, matrix
from nepkit.core.errors import InputError
from nepkit.frames import without_results

HOW = "six numbers xx,yy,zz,yz,xz,xy (shear as engineers count it), nine of a matrix, or volume:0.03"


def parse_strain(text: str) -> NDArray[np.float64]:
    """Return a strain as a matrix, shape (3, 3): a vector r becomes (1 + strain) r.

    Parameters
    ----------
    text : str
        Six numbers in Voigt's order xx, yy, zz, yz, xz, xy, of which the shears are engineering ones (twice the element
        of the matrix); nine numbers, rows first, which may turn the cell too; or ``volume:0.03``, the same stretch in
        all directions that makes the volume 3 % larger.

    Raises
    ------
    InputError
        For anything else.

    Examples
    --------
    >>> parse_strain("0.01,0,0,0,0,0.02").tolist()
    [[0.01, 0.01, 0.0], [0.01, 0.0, 0.0], [0.0, 0.0, 0.0]]
    >>> parse_strain("volume:0.331")[0, 0].round(12)
    np.float64(0.1)
    """
    kind, colon, rest = text.partition(":")
    try:
        values = [float(word) for word in (rest if colon else text).replace(",", " ").split()]
    except ValueError:
        values = []
    if values and np.isfinite(values).all():
        if kind == "volume" and colon and len(values) == 1 and values[0] > -1.0:
            return np.eye(3) * float(np.cbrt(1.0 + values[0]) - 1.0)
        if not colon and len(values) == 6:
            return matrix([*values[:3], *(0.5 * value for value in values[3:])], "ase")
        if not colon and len(values) == 9:
            return matrix(values, "rows")
    raise InputError(f"{text!r} is no strain; write {HOW}")


def strained(atoms: Atoms, strain: NDArray[np.float64]) -> Atoms:
    """Return a copy whose cell and positions are strained; the strain is kept as ``strain`` (nine numbers).

    Columns such as groups and velocities stay as they are, labels are left out.

    Raises
    ------
    InputError
        Where there is no cell, or the strain turns the cell inside out or flat.

    Examples
    --------
    >>> from ase.build import bulk
    >>> cube = strained(bulk("Cu", cubic=True, a=4.0), parse_strain("0.01,0,0,0,0,0"))
    >>> cube.cell.lengths().tolist()
    [4.04, 4.0, 4.0]
    """
    if atoms.cell.rank == 0:
        raise InputError("a frame without a cell cannot be strained; give it a Lattice")
    change = np.eye(3) + strain
    if np.linalg.det(change) <= 0.0:
        raise InputError("the strain leaves no volume; take a smaller one")
    result = without_results(atoms)
    result.set_cell(atoms.cell.array @ change.T)
    result.positions = atoms.positions @ change.T
    result.info["strain"] = components(strain, "rows")
    return result


def strain_series(atoms: Atoms, strain: NDArray[np.float64], factors: Sequence[float]) -> Iterator[Atoms]:
    """Yield the structure under multiples of a strain.

    Examples
    --------
    >>> from ase.build import bulk
    >>> series = strain_series(bulk("Cu"), parse_strain("volume:0.02"), np.linspace(-1, 1, 5))
    >>> [round(float(made.get_volume() / bulk("Cu").get_volume()), 4) for made in series]
    [0.9803, 0.9901, 1.0, 1.01, 1.02]
    """
    for factor in factors:
        made = strained(atoms, strain * float(factor))
        made.info["strain_factor"] = float(factor)
        yield made
