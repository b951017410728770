"""NetCDF trajectories of GPUMD's dump_netcdf and other programs that keep to the AMBER convention."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.geometry import cellpar_to_cell
from numpy.typing import NDArray

from nepkit.errors import InputError
from nepkit.formats.format import Format, Reading, element_of_type

PICOSECOND = {"picosecond": 1e3, "femtosecond": 1.0, "nanosecond": 1e6}
"""fs per unit of time."""


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames, read one by one from the disk.

    The convention stores lengths and angles of the cell and no elements. Elements, and how the cell lies in space, come
    from the model.xyz beside the file, which GPUMD ran from; elements of types may also be given.

    Raises
    ------
    InputError
        Where it is no such file, or nothing tells the elements.
    """
    from scipy.io import netcdf_file

    try:
        data = netcdf_file(path, "r", mmap=True)
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: not a NetCDF file of the classic kind: {error}; netCDF-4 must be converted"
        ) from None
    try:
        variables = data.variables
        if "coordinates" not in variables:
            raise InputError(f"{path}: no variable coordinates, is it a trajectory in the AMBER convention?")
        frames, count, _ = variables["coordinates"].shape
        symbols, turn = _elements(path, variables, count, reading)
        unit = PICOSECOND.get(_text(getattr(variables.get("time"), "units", b"picosecond")), 1e3)
        for number in range(frames):
            cell = _cell(variables, number) @ turn
            positions = np.array(variables["coordinates"][number], dtype=float)
            atoms = Atoms(symbols, positions=positions, cell=cell, pbc=True)
            if "time" in variables:
                atoms.info["Time"] = unit * float(variables["time"][number])
            atoms.info["source"] = f"{path.name}:{number + 1}"
            yield atoms
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that the file stays mapped until the last view is gone
            data.close()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _cell(variables: Any, number: int) -> NDArray[np.float64]:
    if "cell_lengths" not in variables:
        return np.zeros((3, 3))
    lengths = np.array(variables["cell_lengths"][number], dtype=float)
    angles = np.array(variables["cell_angles"][number], dtype=float)
    return np.asarray(cellpar_to_cell([*lengths, *angles]))


def _elements(path: Path, variables: Any, count: int, reading: Reading) -> tuple[list[str], NDArray[np.float64]]:
    """Return the element of every atom, and the rotation from the standard place of a cell to that of the model."""
    model = path.parent / "model.xyz"
    kinds = np.array(variables["type"][:], dtype=int).ravel()[:count] if "type" in variables else None
    if reading.types and kinds is not None:
        first = min(int(kinds.min()), 1)  # types are numbered from zero or one
        symbols = [element_of_type(kind - first + 1, reading.types, str(path)) for kind in kinds.tolist()]
        return symbols, np.eye(3)
    if model.exists():
        from nepkit.formats import extxyz

        atoms = next(extxyz.read(model))
        standard = cellpar_to_cell(atoms.cell.cellpar())
        symbols = atoms.get_chemical_symbols()
        if count % len(symbols) == 0:  # replicate in run.in repeats the whole model
            return symbols * (count // len(symbols)), np.asarray(np.linalg.solve(standard, atoms.cell.array))
        raise InputError(f"{path}: {count} atoms, {model.name} beside it has {len(symbols)}; is it of this run?")
    raise InputError(f"{path}: no model.xyz beside it, which tells the elements; put it there or give --types")


FORMAT = Format(
    name="netcdf",
    summary="NetCDF trajectory of GPUMD's dump_netcdf (AMBER convention); elements from model.xyz beside it",
    names=("*.nc",),
    marks=(b"CDF\x01", b"CDF\x02"),
    read=read,
)
