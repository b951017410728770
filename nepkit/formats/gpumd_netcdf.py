"""Trajectories of GPUMD's dump_netcdf: AMBER's convention in NetCDF 3.

Positions in A, velocities in A/ps, forces in kcal/mol/A (GPUMD: src/measure/dump_netcdf.cu). The file knows no
elements: they are those of ``model.xyz`` beside it, or one for every type.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.geometry import cell_to_cellpar, cellpar_to_cell
from ase.units import kcal, mol
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.formats.files import read_snapshots
from nepkit.formats.format import Format, Reading, element_of_type
from nepkit.frames import Labels, set_labels


def read(path: Path, reading: Reading) -> Iterator[Atoms]:
    """Yield the frames; ``info["Time"]`` is in fs and ``arrays["vel"]`` in A/fs, as in GPUMD's dump_xyz.

    Raises
    ------
    InputError
        Where it is not such a file, or the elements are not known.
    """
    from scipy.io import netcdf_file

    path.open("rb").close()
    try:
        file = netcdf_file(str(path), "r", mmap=False)
    except Exception as error:  # scipy raises whatever went wrong first
        raise InputError(
            f"{path}: not NetCDF 3, which dump_netcdf writes: {str(error)[:200] or type(error).__name__}"
        ) from None
    with file:
        known = dict(file.variables)
        if "coordinates" not in known or np.ndim(known["coordinates"].data) != 3:
            raise InputError(f"{path}: no coordinates of frames in it; is it of dump_netcdf?")
        frames, count, _ = known["coordinates"].data.shape
        symbols = _symbols(path, known, count, reading)
        turn = _turn(path.with_name("model.xyz"))
        for index in range(frames):
            atoms = _frame(known, index, symbols, turn, f"{path}, frame {index + 1}")
            atoms.info["source"] = f"{path.name}:{index + 1}"
            yield atoms


def _symbols(path: Path, known: dict[str, Any], count: int, reading: Reading) -> list[str]:
    for name in ("type", "atom_types"):
        if reading.types and name in known:
            kinds = np.asarray(known[name].data).reshape(-1, count)[0]
            return [element_of_type(int(kind) + 1, reading.types, str(path)) for kind in kinds]
    model = path.with_name("model.xyz")
    if not model.is_file():
        raise InputError(f"{path}: it holds no elements, and no model.xyz is beside it; put it there, or give --types")
    symbols = list(next(read_snapshots(model)).symbols)
    if len(symbols) != count:
        raise InputError(f"{path}: {count} atoms, but {model.name} has {len(symbols)}; put the model of this run there")
    return symbols


def _row(known: dict[str, Any], name: str, index: int, shape: tuple[int, ...], where: str) -> Any:
    """Return the values of one frame with the scale of the file, None where it has none of this name."""
    if name not in known:
        return None
    variable = known[name]
    try:
        data = np.asarray(variable.data[index], dtype=float).reshape(shape)
    except (IndexError, ValueError):
        raise InputError(f"{where}: {name} does not fit the number of frames and atoms") from None
    data = data * float(getattr(variable, "scale_factor", 1.0))
    if not np.isfinite(data).all():
        raise InputError(f"{where}: {name} is not finite; the file may be cut short")
    return data


def _turn(model: Path) -> NDArray[np.float64]:
    """Return what turns a cell from the place that lengths and angles give it to where it lies in the simulation."""
    cell = next(read_snapshots(model)).cell if model.is_file() else np.zeros((3, 3))
    if abs(np.linalg.det(cell)) < 1e-9:
        return np.eye(3)
    return np.asarray(np.linalg.solve(cellpar_to_cell(cell_to_cellpar(cell)), cell))


def _frame(known: dict[str, Any], index: int, symbols: list[str], turn: NDArray[np.float64], where: str) -> Atoms:
    each = (len(symbols), 3)
    positions = _row(known, "coordinates", index, each, where)
    lengths, angles = (_row(known, name, index, (3,), where) for name in ("cell_lengths", "cell_angles"))
    cell = None if lengths is None or angles is None else cellpar_to_cell([*lengths, *angles]) @ turn
    atoms = Atoms(symbols, positions=positions, cell=cell, pbc=cell is not None)
    time = _row(known, "time", index, (), where)
    if time is not None:
        atoms.info["Time"] = 1e3 * float(time)
    velocities = _row(known, "velocities", index, each, where)
    if velocities is not None:
        atoms.arrays["vel"] = 1e-3 * velocities
    forces = _row(known, "forces", index, each, where)
    energies = _row(known, "potential_energy", index, (len(symbols),), where)
    charges = _row(known, "charge", index, (len(symbols),), where)
    bec = _row(known, "bec", index, (len(symbols), 3, 3), where)
    known_labels = Labels(
        energy=None if energies is None else float(energies.sum()),
        forces=None if forces is None else forces * kcal / mol,
        charges=charges,
        bec=bec,
    )
    set_labels(atoms, known_labels)
    return atoms


FORMAT = Format(
    name="gpumd-netcdf",
    summary="GPUMD dump_netcdf (NetCDF 3): positions, velocities, forces; elements from model.xyz beside it",
    names=("*.nc",),
    marks=(b"CDF\x01", b"CDF\x02"),
    read=read,
)
