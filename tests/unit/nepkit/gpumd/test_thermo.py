import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.thermo import read_thermo, thermo_time
from nepkit.inputs.runfile import read_run_file

OLD = "300 1 2 1 2 3 0 0 0 2 3 4\n"
NEW = "300 1 2 1 2 3 4 5 6 2 0 0 1 3 0 0 0 4\n"
HEADER = "# dump_thermo\n# num_atoms 40\n# dt_output 20 fs\n# columns T KE PE\n"


def thermo(tmp_path, text):
    (tmp_path / "thermo.out").write_text(text)
    return read_thermo(tmp_path / "thermo.out")


def runs(tmp_path, text):
    (tmp_path / "run.in").write_text(text)
    return read_run_file(tmp_path / "run.in")


def test_old_and_new_versions(tmp_path):
    old, new = thermo(tmp_path, OLD), thermo(tmp_path, NEW)
    assert (float(old.volume[0]), float(new.volume[0])) == (pytest.approx(24), pytest.approx(24))
    assert new.cell[0, 1, 0] == 1
    np.testing.assert_array_equal(new.pressure, [[1, 2, 3, 4, 5, 6]])
    np.testing.assert_allclose(new.angles, [[90, 90, np.degrees(np.arccos(1 / np.sqrt(10)))]])
    np.testing.assert_allclose(new.lengths, [[2, np.sqrt(10), 4]])
    three = thermo(tmp_path, "300 1 2 1 2 3 2 3 4\n")
    assert np.isnan(three.pressure[0, 3:]).all()
    assert three.mean_pressure == 2
    with pytest.raises(InputError, match="3 columns, expected 12 or 18"):
        thermo(tmp_path, "1 2 3\n")


def test_headers_tell_atoms_times_and_path_integrals(tmp_path):
    found = thermo(tmp_path, HEADER + NEW * 2 + HEADER.replace("20 fs", "0.1 ps") + NEW)
    assert (found.atoms, found.starts, found.quantum) == (40, (0, 2), False)
    np.testing.assert_allclose(thermo_time(found, None)[0], [0.02, 0.04, 0.14])
    assert thermo(tmp_path, HEADER.replace("columns T KE", "columns T_target KE_quantum") + NEW).quantum


def test_times_of_several_stages_come_from_run_in(tmp_path):
    stages = runs(
        tmp_path,
        "time_step 0.5\nensemble nve\ndump_thermo 10\nrun 20\nensemble nve\nrun 100\n"
        "time_step 2\nensemble nve\ndump_thermo 5\nrun 10\n",
    )
    time, notes = thermo_time(thermo(tmp_path, OLD * 4), stages)
    np.testing.assert_allclose(time, [0.005, 0.01, 0.07, 0.08])
    assert not notes
    assert "not complete" in thermo_time(thermo(tmp_path, OLD * 3), stages)[1][0]
    time, notes = thermo_time(thermo(tmp_path, OLD * 5), stages)
    assert time[-1] == pytest.approx(0.09)
    assert "accounts for 4" in notes[0]


@pytest.mark.parametrize("text", [None, "ensemble nve\nrun 10\n"])
def test_unknown_times_are_an_error(tmp_path, text):
    with pytest.raises(InputError, match="times"):
        thermo_time(thermo(tmp_path, OLD), runs(tmp_path, text) if text else None)
