"""NetCDF trajectories, written here by SciPy in the layout of GPUMD's dump_netcdf."""

import numpy as np
import pytest
from ase import Atoms
from ase.geometry import cell_to_cellpar
from scipy.io import netcdf_file

from nepkit.formats.files import read_frames, write_frames

CELL = np.array([[0.0, 9.0, 1.0], [8.0, 0.5, 0.0], [1.0, 2.0, 10.0]])  # not in the standard place


def write(path, positions, cells, types, times):
    with netcdf_file(path, "w", version=2) as file:
        file.createDimension("frame", None)
        for name, size in (("spatial", 3), ("atom", len(types)), ("cell_spatial", 3), ("cell_angular", 3)):
            file.createDimension(name, size)
        time = file.createVariable("time", "d", ("frame",))
        time.units = "picosecond"
        lengths = file.createVariable("cell_lengths", "d", ("frame", "cell_spatial"))
        angles = file.createVariable("cell_angles", "d", ("frame", "cell_angular"))
        kind = file.createVariable("type", "i", ("frame", "atom"))
        places = file.createVariable("coordinates", "f", ("frame", "atom", "spatial"))
        for index, (cell, now) in enumerate(zip(cells, times, strict=True)):
            parameters = cell_to_cellpar(cell)
            time[index], lengths[index], angles[index] = now, parameters[:3], parameters[3:]
            kind[index], places[index] = types, positions[index]


@pytest.fixture
def run(tmp_path):
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 8, (3, 2, 3))
    cells = [CELL * scale for scale in (1.0, 1.01, 1.02)]
    write(tmp_path / "movie.nc", positions, cells, [1, 0], [0.0, 0.5, 1.0])
    write_frames(tmp_path / "model.xyz", [Atoms("OLi", positions=positions[0], cell=CELL, pbc=True)])
    return tmp_path / "movie.nc", positions, cells


def test_elements_and_place_of_the_cell_come_from_the_model(run):
    path, positions, cells = run
    frames = list(read_frames(path))
    assert [frame.get_chemical_formula("reduce") for frame in frames] == ["OLi"] * 3
    assert [frame.info["Time"] for frame in frames] == [0.0, 500.0, 1000.0]
    for frame, place, cell in zip(frames, positions, cells, strict=True):
        np.testing.assert_allclose(frame.positions, place, atol=1e-5)
        np.testing.assert_allclose(frame.cell.array, cell, atol=1e-6)
