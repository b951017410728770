"""Small files of every kind that GPUMD writes, in the layouts of old and new versions, and what must come out."""

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd import heat, logs, profiles, spectra, structure
from nepkit.gpumd.outputs import READERS, pattern_of
from nepkit.inputs.runfile import read_run_file


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def rows(table):
    return "".join(" ".join(f"{value:g}" for value in row) + "\n" for row in np.atleast_2d(table))


def test_hac_splits_appended_runs_and_adds_in_and_out(file):
    run = np.column_stack([[0.1, 0.3], np.arange(20).reshape(2, 10)])
    first, second = heat.read_hac(file("hac.out", rows(run) + rows(run)))
    np.testing.assert_array_equal(first.total, [[11, 15, 9], [31, 35, 19]])
    np.testing.assert_array_equal(second.correlation[0], range(5))
    with pytest.raises(InputError, match="expected time and 10"):
        heat.read_hac(file("hac.out", "0 1 2\n"))


SHC = "-1 1 2\n0 3 4\n1 5 6\n10 7 8\n20 9 10\n"


@pytest.mark.parametrize("header", ["", "# num_correlation_rows 3\n# num_frequency_rows 2\n# num_output_groups 2\n"])
def test_shc_has_groups_and_runs(file, header):
    parts = heat.read_shc(file("shc.out", (header + SHC + SHC) * 2))
    assert len(parts) == 4
    np.testing.assert_array_equal(parts[3].time, [-1, 0, 1])
    np.testing.assert_array_equal(parts[3].current, [[7, 8], [9, 10]])


@pytest.mark.parametrize("text", ["0 1\n", "-1 1 2\n0 3 4\n1 5 6\n", "1 1 1\n2 2 2\n", SHC + "-1 1 2\n"])
def test_a_file_that_is_no_shc_is_refused(file, text):
    with pytest.raises(InputError):
        heat.read_shc(file("shc.out", text))


def test_other_files_of_heat(file):
    assert heat.read_kappa(file("kappa.out", "1 2 3 4 5\n")).shape == (1, 5)
    assert heat.read_modes(file("kappamode.out", "1 2 3 4 5\n" * 6), 3).shape == (2, 3, 5)
    with pytest.raises(InputError, match="no multiple of 4 bins"):
        heat.read_modes(file("kappamode.out", "1 2 3 4 5\n" * 6), 4)
    onsager = heat.read_onsager(file("onsager.out", "1 2 3 4 5 6 7 8 9\n"))
    np.testing.assert_array_equal(onsager[0, 2], [7, 8, 9])
    for reader, name in ((heat.read_kappa, "kappa.out"), (heat.read_onsager, "onsager.out")):
        with pytest.raises(InputError, match="columns"):
            reader(file(name, "1 2\n"))


def test_densities_and_correlations_have_group_blocks(file):
    groups = spectra.read_dos(file("dos.out", "2 1 1 1\n4 2 2 2\n2 3 3 3\n4 4 4 4\n"))
    np.testing.assert_array_equal(groups[1].states[:, 0], [3, 4])
    assert len(spectra.read_mvac(file("mvac.out", "0 1 1 1\n0.1 0 0 0\n0 1 1 1\n0.1 0 0 0\n"))) == 2
    assert spectra.read_sdc(file("sdc.out", "0 1 2 3 4 5 6\n"))[0].values.shape == (1, 6)
    assert spectra.read_ic(file("ic.out", "0 1 2 3\n"))[0].values.shape == (1, 3)
    with pytest.raises(InputError, match="7 columns, expected 4"):
        spectra.read_ic(file("ic.out", "0 1 2 3 4 5 6\n"))


def test_viscosity_components_stand_where_gpumd_puts_them(file):
    # time, then xx yy zz xy xz yz yx zx zy twice
    found = spectra.read_viscosity(file("viscosity.out", "0 " + " ".join(map(str, range(18))) + "\n"))[0]
    np.testing.assert_array_equal(found.correlation[0], [[0, 3, 4], [6, 1, 5], [7, 8, 2]])
    np.testing.assert_array_equal(found.viscosity[0], found.correlation[0] + 9)


def test_dipoles_along_several_runs(file):
    current, dipole = spectra.read_dpdt(
        file("dpdt.out", "0 1 0 0 0 0 0\n10 1 0 0 10 0 0\n0 1 0 0 0 0 0\n10 1 0 0 9 0 0\n")
    )
    np.testing.assert_allclose(current.time, [0, 0.01, 0.02, 0.03])
    np.testing.assert_array_equal(dipole.values[:, 0], [0, 10, 0, 9])
    old = spectra.read_dipole(file("dipole.out", "10 1 2 3\n20 1 2 3\n10 4 5 6\n"))
    np.testing.assert_array_equal(old.time, [10, 20, 30])
    assert not old.timed
    new = spectra.read_polarizability(file("polarizability.out", "# dt_output 0.5 fs\n1 1 2 3 4 5 6\n2 1 2 3 4 5 6\n"))
    np.testing.assert_allclose(new.time, [0.0005, 0.001])
    np.testing.assert_array_equal(new.values[0], [[1, 4, 6], [4, 2, 5], [6, 5, 3]])


def test_distributions_take_names_from_the_header(file):
    rdf = structure.read_distribution(file("rdf.out", "#radius total Li-Cl\n0.5 1 2\n1.5 3 4\n" * 2))
    assert len(rdf) == 2
    np.testing.assert_array_equal(rdf[1].curves["Li-Cl"], [2, 4])
    bare = structure.read_distribution(file("rdf.out", "0.5 1 2\n1.5 3 4\n"))
    assert list(bare[0].curves) == ["total", "column 3"]
    adf = structure.read_distribution(
        file("adf.out", "#angles total step = 99\n1.5 0\n4.5 1\n#angles total step = 199\n1.5 0\n")
    )
    assert [part.step for part in adf] == [99, 199]
    grid = structure.read_angular_rdf(
        file("a.out", "#radius theta total type_0_0\n1 -1 0 1\n1 1 2 3\n2 -1 4 5\n2 1 6 7\n")
    )
    np.testing.assert_array_equal(grid.curves["type_0_0"], [[1, 3], [5, 7]])


def test_phonons(file):
    old = structure.read_omega2(file("omega2.out", rows(np.full((2, 3), 4 * np.pi**2))))
    np.testing.assert_allclose(old.frequency, 1, rtol=1e-5)
    new = structure.read_omega2(file("omega2.out", "# G 0 X 0.5 G 1\n0 -1 1 2\n0.5 1 2 3\n1 1 2 3\n"))
    assert new.labels == (("G", 0), ("X", 0.5), ("G", 1))
    assert new.frequency[0, 0] == pytest.approx(-1 / (2 * np.pi))
    matrices = structure.read_dynamical_matrices(file("D.out", rows(np.arange(36).reshape(6, 6))))
    assert matrices[1, 0, 2] == 20 + 23j


def test_statics(file):
    scale, energy = structure.read_cohesive(file("cohesive.out", "0.9 -1\n1 -2\n"))
    assert (scale[1], energy[1]) == (1, -2)
    full = structure.read_elastic(file("elastic.out", "# GPa\n" + rows(np.arange(36).reshape(6, 6))))
    assert full[1, 2] == 8
    for text in ("1 2\n", "C11 = 5 GPa\n"):
        with pytest.raises(InputError):
            structure.read_elastic(file("elastic.out", text))


def test_order_of_atoms(file):
    steps = structure.read_orientational_order(file("o.out", "step = 5\nql6\n0.1\n0.2\nstep = 10\nql6\n0.3\n0.4\n"))
    assert [part.step for part in steps] == [5, 10]
    np.testing.assert_array_equal(steps[1].values["ql6"], [0.3, 0.4])
    for text in ("1 2\n", "step = 5\nql4 ql6\n1\n", "step = 5\n", "step = 5\nql6\n1\nstep = 6\nql6\n1\n2\n"):
        with pytest.raises(InputError):
            structure.read_orientational_order(file("o.out", text))


@pytest.mark.parametrize("end", ["step = 10\nql6\n0.3\n0.", "step = 10\nql6\n0.3\n", "step = 10\n"])
def test_a_last_step_of_a_killed_run_is_left_out(file, end):
    path = file("o.out", "step = 5\nql6\n0.1\n0.2\n" + end)
    with pytest.warns(UserWarning, match="left out"):
        steps = structure.read_orientational_order(path)
    assert [part.step for part in steps] == [5]


def test_groups_of_compute_out(file, tmp_path):
    line = "300 310 1 2 3 4 5 6 7 8 0.5 -0.5\n"  # two temperatures, two potentials, force x x y y z z, source and sink
    found = profiles.read_compute(file("compute.out", line), ["force", "temperature", "potential"])
    np.testing.assert_array_equal(found.values["force"], [[[3, 5, 7], [4, 6, 8]]])
    np.testing.assert_array_equal(found.thermostats, [[0.5, -0.5]])
    hybrid = profiles.read_compute(file("compute.out", "300 310 320 1 2 3 4\n"), ["temperature"], 3)
    assert hybrid.thermostats.shape == (1, 4)
    with pytest.raises(InputError, match="7 columns fit no number of groups"):
        profiles.read_compute(file("compute.out", "300 310 320 1 2 3 4\n"), ["temperature", "potential"])
    (tmp_path / "run.in").write_text("compute 0 10 100 temperature jp\nrun 10\n")
    assert profiles.quantities_of(read_run_file(tmp_path / "run.in").runs[0]) == ["temperature", "jp"]


def test_old_virials_have_three_components(file):
    assert profiles.read_compute(file("c", rows(np.arange(6))), ["virial"], 2).values["virial"].shape == (1, 2, 3)
    assert profiles.read_compute(file("c", rows(np.arange(18))), ["virial"], 2).values["virial"].shape == (1, 2, 9)


def test_chunks(file):
    text = "0 0.5 2.0 300 0.1\n1 1.5 3.0 310 0.2\n" * 2
    found = profiles.read_chunks(file("compute_chunk.out", text), ["density/number", "temperature"])
    np.testing.assert_array_equal(found.centers, [[0.5], [1.5]])
    np.testing.assert_array_equal(found.values["density/number"], [[0.1, 0.2]] * 2)
    with pytest.raises(InputError, match="no blocks of bins"):
        profiles.read_chunks(file("compute_chunk.out", text + "0 0.5 2.0 300 0.1\n"))


def test_electron_temperatures(file):
    text = "# nx 1 ny 1 nz 2\n# step 10\n1 1 1 300\n1 1 2 310\n# step 20\n1 1 1 301\n1 1 2 311\n"
    steps = profiles.read_electron_temperature(file("ttm.out", text))
    assert [part.step for part in steps] == [10, 20]
    np.testing.assert_array_equal(steps[1].temperature, [[[301, 311]]])


def test_logs(file):
    time, deviation = logs.read_active(file("active.out", "1000 0.1\n2000 0.2\n"))
    np.testing.assert_array_equal(time, [1, 2])
    assert deviation[1] == 0.2
    header = "# mc sgc 100 50 300 300 2 Au 0 Cu 0.1\n# num_MD_steps acceptance\n"
    mixed = logs.read_mcmd(
        file("mcmd.out", header + "100 0.5 0.3 0.7\n200 0.4 0.2 0.8\n" + header + "100 0.3 0.1 0.9\n")
    )
    np.testing.assert_array_equal(mixed.step, [100, 200, 300])
    np.testing.assert_array_equal(mixed.concentrations["Cu"], [0.7, 0.8, 0.9])
    assert list(logs.read_mcmd(file("mcmd.out", "100 0.5 1\n")).concentrations) == ["species 1"]
    for reader in (logs.read_neighbor, logs.read_integration, logs.read_free_energy):
        with pytest.raises(InputError):
            reader(file("x", "\n"))


def test_every_reader_is_found_by_the_name_of_its_file():
    patterns = {
        "thermo.out": "thermo.out",
        "observer0.out": "observer*.out",
        "msd_step100.out": "msd*.out",
        "ti_spring.csv": "ti*.csv",
        "temperature_hist.txt": "*_hist.txt",
        "lsqt_sigma.out": "lsqt_*.out",
        "README.md": None,
    }
    assert {name: pattern_of(name) for name in patterns} == patterns
    assert all(callable(READERS[pattern]) for pattern in READERS)
