"""Files of structure and statics: rdf.out, adf.out, angular_rdf.out, cohesive.out, elastic.out, phonons, order."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, read_blocks, read_rows, split_at_restarts, unfinished


@dataclass(frozen=True)
class Distribution:
    """One block of rdf.out or adf.out.

    Parameters
    ----------
    x : ndarray, shape (B,)
        Distance, A, or angle, degrees, at the middle of every bin.
    curves : mapping of str to ndarray, shape (B,)
        ``total`` and what the header names, for instance ``Li-Cl``; ``column 3`` and so on without a header.
    step : int or None
        Number of the step at which it was written, of adf.out.
    """

    x: Array
    curves: Mapping[str, Array]
    step: int | None = None


@dataclass(frozen=True)
class AngularDistribution:
    """angular_rdf.out.

    Parameters
    ----------
    radius : ndarray, shape (B,)
        A.
    theta : ndarray, shape (A,)
        Radian.
    curves : mapping of str to ndarray, shape (B, A)
        ``total`` and the pairs that the header names.
    """

    radius: Array
    theta: Array
    curves: Mapping[str, Array]


@dataclass(frozen=True)
class Dispersion:
    """omega2.out: phonons along a path.

    Parameters
    ----------
    distance : ndarray, shape (K,)
        Along the path; the number of the point in old versions.
    omega2 : ndarray, shape (K, 3 N)
        Squares of angular frequencies, THz^2; negative for imaginary ones.
    labels : tuple of (str, float)
        Names of symmetry points along the path and where they are, from the header; a point may come again.
    """

    distance: Array
    omega2: Array
    labels: tuple[tuple[str, float], ...] = ()

    @property
    def frequency(self) -> Array:
        """Frequencies (not angular), THz, shape (K, 3 N); negative where imaginary."""
        return np.asarray(np.sign(self.omega2) * np.sqrt(np.abs(self.omega2)) / (2.0 * np.pi))


@dataclass(frozen=True)
class OrientationalOrder:
    """One step of orientorder.out.

    Parameters
    ----------
    step : int
        Number of the step.
    values : mapping of str to ndarray, shape (N,)
        ``ql6``, ``wl6`` and so on of every atom.
    """

    step: int
    values: Mapping[str, Array]


def read_distribution(path: str | Path) -> list[Distribution]:
    r"""Return the blocks of a rdf.out or adf.out (GPUMD: src/measure/rdf.cu, adf.cu).

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-rdf.out").write_text("#radius total Li-Cl\n0.5 0 0\n1.5 1 2\n")
    >>> list(read_distribution("/tmp/nepkit-rdf.out")[0].curves)
    ['total', 'Li-Cl']
    """
    found = []
    for block in read_blocks(path):
        if block.values.shape[1] < 2:
            raise InputError(f"{path}: one column, expected a distance or angle and what belongs to it")
        names, step = _names(block.header, block.values.shape[1] - 1)
        for part in split_at_restarts(block.values):
            found.append(Distribution(part[:, 0], dict(zip(names, part[:, 1:].T, strict=True)), step))
    return found


def _names(header: Mapping[str, tuple[str, ...]], count: int) -> tuple[list[str], int | None]:
    """Return the names of the curves, and the step of an adf.out, from a line such as ``#angles total step = 99``."""
    words = next((list(header[key]) for key in ("radius", "angles", "columns") if key in header), [])
    step = int(words[-1]) if "step" in words and words[-1].isdigit() else None
    words = words[: words.index("step")] if "step" in words else words
    words = words[-count:] if len(words) >= count else []
    return words or ["total", *(f"column {number + 3}" for number in range(count - 1))], step


def read_angular_rdf(path: str | Path) -> AngularDistribution:
    """Return the last block of an angular_rdf.out (GPUMD: src/measure/angular_rdf.cu).

    Raises
    ------
    InputError
        Where its rows are no grid of distances and angles.
    """
    block = read_blocks(path)[-1]
    table = block.values
    radius = np.unique(table[:, 0])
    if table.shape[1] < 3 or len(table) % len(radius):
        raise InputError(f"{path}: the rows are no grid of distances and angles; is it an angular_rdf.out?")
    angles = len(table) // len(radius)
    words = list(block.header.get("radius", ()))[1:]
    names = words if len(words) == table.shape[1] - 2 else _names({}, table.shape[1] - 2)[0]
    return AngularDistribution(
        radius, table[:angles, 1], {name: table[:, 2 + i].reshape(-1, angles) for i, name in enumerate(names)}
    )


def read_cohesive(path: str | Path) -> tuple[Array, Array]:
    """Return cohesive.out: scaling factors of the cell vectors, and energies of the cell, eV."""
    table = read_rows(path)
    if table.shape[1] != 2:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 2; is it a cohesive.out?")
    return table[:, 0], table[:, 1]


def read_elastic(path: str | Path) -> Array:
    r"""Return elastic.out: stiffness constants, GPa, shape (6, 6), in the order xx yy zz yz xz xy.

    Old versions wrote the three constants of a cubic crystal as ``C11 = 148.7 GPa``.

    Raises
    ------
    InputError
        Where it is neither.

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-elastic.out").write_text("C11 = 149 Gpa\nC12 = 66 GPa\nC44 = 75 GPa\n")
    >>> read_elastic("/tmp/nepkit-elastic.out")[[0, 0, 3], [0, 2, 3]]
    array([149.,  66.,  75.])
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    named = {f"{a}{b}": float(value) for a, b, value in re.findall(r"C(\d)(\d)\s*=\s*(\S+)", text)}
    if not named:
        table = read_rows(path)
        if table.shape != (6, 6):
            raise InputError(f"{path}: {table.shape[0]} rows of {table.shape[1]} numbers, expected 6 of 6")
        return table
    if set(named) != {"11", "12", "44"}:
        raise InputError(f"{path}: expected a 6x6 matrix, or C11, C12 and C44 of a cubic crystal")
    stiffness = np.zeros((6, 6))
    stiffness[:3, :3] = named["12"]
    stiffness[range(6), range(6)] = [named["11"]] * 3 + [named["44"]] * 3
    return stiffness


def read_omega2(path: str | Path) -> Dispersion:
    """Return omega2.out (GPUMD: src/phonon/hessian.cu), with the distances and symmetry points of new versions."""
    block = read_blocks(path)[0]
    table = block.values
    if table.shape[1] % 3 > 1:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 3 for every atom and perhaps the distance")
    if table.shape[1] % 3 == 0:
        return Dispersion(np.arange(len(table), dtype=float), table)
    words = [word for key, rest in block.header.items() for word in (key, *rest)]
    labels: list[tuple[str, float]] = []
    name = ""
    for word in words:
        try:
            labels.append((name, float(word)))
        except ValueError:
            name = word
    return Dispersion(table[:, 0], table[:, 1:], tuple(labels) if name else ())


def read_dynamical_matrices(path: str | Path) -> NDArray[np.complex128]:
    """Return D.out: the dynamical matrix at every k-point, eV/A^2/amu, shape (K, 3 N, 3 N).

    Raises
    ------
    InputError
        Where its rows are no whole matrices.
    """
    table = read_rows(path)
    size = table.shape[1] // 2
    if table.shape[1] % 2 or size % 3 or len(table) % size:
        raise InputError(f"{path}: {len(table)} rows of {table.shape[1]} numbers are no dynamical matrices")
    return (table[:, :size] + 1j * table[:, size:]).reshape(-1, size, size)


def read_orientational_order(path: str | Path) -> list[OrientationalOrder]:
    r"""Return the steps of an orientorder.out (GPUMD: src/measure/orientorder.cu).

    A last step with fewer atoms than the first, which a killed run leaves behind, is left out with a warning.

    Raises
    ------
    InputError
        Where it does not begin with a step, or a block is not as long as the others.

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-order.out").write_text("step = 10\nql4 ql6\n0.1 0.2\n0.3 0.4\n")
    >>> read_orientational_order("/tmp/nepkit-order.out")[0].values["ql6"]
    array([0.2, 0.4])
    """
    data = Path(path).read_bytes()
    whole = data[: unfinished(Path(path), data)].decode("utf-8", errors="replace")
    parts = re.split(r"(?m)^\s*step\s*=\s*(\d+)\s*$", whole)
    if len(parts) < 3 or parts[0].strip():
        raise InputError(f"{path}: expected 'step = ' in the first line; is it an orientorder.out?")
    found: list[OrientationalOrder] = []
    sizes = [len(text.strip().splitlines()) - 1 for text in parts[2::2]]
    if len(sizes) > 1 and sizes[-1] < sizes[0]:
        told = f"the last step has {max(sizes[-1], 0)} of {sizes[0]} atoms, as a killed run leaves it, and is left out"
        warnings.warn(f"{path}: {told}", stacklevel=2)
        del parts[-2:], sizes[-1]
    for size, step, text in zip(sizes, parts[1::2], parts[2::2], strict=True):
        if size != sizes[0] or size < 1:
            raise InputError(f"{path}: step {step} has {max(size, 0)} atoms, the first step {max(sizes[0], 0)}")
        names, *rows = text.strip().splitlines()
        try:
            table = np.array([[float(word) for word in row.split()] for row in rows]).reshape(-1, len(names.split()))
        except ValueError:
            raise InputError(f"{path}: the block of step {step} has rows that are not like its header") from None
        found.append(OrientationalOrder(int(step), dict(zip(names.split(), table.T, strict=True))))
    return found
