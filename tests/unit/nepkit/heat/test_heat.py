"""Conductivities of made-up currents whose answer is known."""

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.heat import HeatCorrelation, SpectralHeatCurrent
from nepkit.gpumd.spectra import Viscosity
from nepkit.heat.components import COMPONENTS
from nepkit.heat.green_kubo import green_kubo
from nepkit.heat.hnemd import hnemd
from nepkit.heat.nemd import Geometry, ends_of, geometry, nemd
from nepkit.heat.spectrum import conductance_spectrum, spectrum
from nepkit.heat.viscosity import shear_viscosity
from nepkit.inputs.runfile import read_run_file


def run_in(tmp_path, text):
    (tmp_path / "run.in").write_text(text)
    return read_run_file(tmp_path / "run.in")


def test_green_kubo_takes_the_scatter_of_runs():
    time = np.arange(1, 11) * 0.1
    runs = [HeatCorrelation(time, np.ones((10, 5)), np.full((10, 5), value)) for value in (1.0, 2.0, 6.0)]
    found = green_kubo(runs)
    assert found.values["x"].quantity.value == pytest.approx(6.0)
    assert found.values["x"].quantity.error == pytest.approx(2 * np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert found.values["xyz"].quantity.value == pytest.approx(5.0)
    assert found.window == (pytest.approx(0.6), pytest.approx(1.0))
    assert (found.band("z")[0].shape, found.notes) == ((10,), ())
    with pytest.raises(InputError, match="run 2 has 9 correlation times"):
        green_kubo([runs[0], HeatCorrelation(time[:9], np.ones((9, 5)), np.ones((9, 5)))])


def test_one_run_has_no_error_and_is_told_how_large_it_may_be():
    time = np.arange(1, 101) * 1.0
    found = green_kubo([HeatCorrelation(time, np.ones((100, 5)), np.ones((100, 5)))], length=40_000.0)
    assert np.isnan(found.values["x"].quantity.error)
    assert found.values["x"].over == "nothing"
    assert found.band("x")[1] is None
    assert "10 % at 100 ps in a run of 4e+04 ps" in found.notes[0]


def test_components_are_sums_and_means_of_columns():
    columns = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    values = {name: float(columns @ weights) for name, weights in COMPONENTS.items()}
    assert values["x"] == values["x in"] + values["x out"]
    assert values["xy"] == (values["x"] + values["y"]) / 2
    assert values["xyz"] == pytest.approx((values["x"] + values["y"] + values["z"]) / 3)


RUN = "time_step 0.5\nensemble nvt_nhc 300 300.5 100\ncompute_hnemd 100 0 -0.00001 0\nrun 1000\n"


def test_hnemd_takes_times_and_runs_from_run_in(tmp_path):
    rng = np.random.default_rng(0)
    table = rng.normal(3.0, 1.0, (20, 5))
    found = hnemd(table, run_in(tmp_path, "run 5\n" + RUN))
    np.testing.assert_allclose(found.time, 0.05 * np.arange(1, 11))
    assert (found.kappa.shape, found.direction) == ((2, 10, 5), "y")
    halves = table[:, 2:4].sum(axis=1).reshape(2, 10)
    np.testing.assert_allclose(found.running("y")[:, 0], halves[:, 0])
    np.testing.assert_allclose(found.running("y")[:, -1], halves.mean(axis=1))
    assert found.values["y"].quantity.error == pytest.approx(abs(np.diff(halves.mean(axis=1))[0]) / 2)
    cut = hnemd(table[:13], run_in(tmp_path, RUN))
    assert "3 rows after 1 complete runs of 10 rows are left out" in cut.notes[0]
    assert "not complete" in hnemd(table[:7], run_in(tmp_path, RUN)).notes[0]


def test_one_driven_run_has_errors_of_blocks_and_says_so(tmp_path):
    table = np.random.default_rng(0).normal(3.0, 1.0, (2000, 5))
    found = hnemd(table, None, interval=0.1, skip=100.0)
    assert (found.values["z"].over, found.skip) == ("blocks", 1000)
    assert found.values["z"].quantity.error == pytest.approx(1 / np.sqrt(1000), rel=0.4)
    assert "blocks of time" in found.notes[-1]
    with pytest.raises(InputError, match="give --interval"):
        hnemd(table, None)
    with pytest.raises(InputError, match="nothing is left"):
        hnemd(table, None, interval=0.1, skip=500.0)


def test_spectrum_integrates_to_the_conductivity_with_negative_values_kept():
    omega = np.linspace(0.1, 100, 1000)
    current = np.stack([np.cos(omega / 5), np.ones(1000)], axis=1)  # in plane it is negative half of the time
    found = spectrum([SpectralHeatCurrent(np.zeros(1), np.zeros((1, 2)), omega, current)],
                     force=-2e-5, temperature=300.5, volume=500.0)  # fmt: skip
    factor = 1.602176634e3 / (-2e-5 * 300.5 * 500.0)
    exact = factor * 5 * (np.sin(20) - np.sin(0.02)) / (2 * np.pi)
    assert found.values["in"].quantity.value == pytest.approx(exact, rel=1e-3)
    assert found.values["out"].quantity.value == pytest.approx(factor * 99.9 / (2 * np.pi))
    assert found.cumulative()[-1] == pytest.approx(found.values["total"].quantity.value)
    bar = conductance_spectrum([SpectralHeatCurrent(np.zeros(1), np.zeros((1, 2)), omega, current)],
                               difference=20.0, volume=500.0)  # fmt: skip
    assert bar.unit == "MW/m^2/K"
    assert bar.values["out"].quantity.value == pytest.approx(1.602176634e7 / (20 * 500) * 99.9 / (2 * np.pi))
    with pytest.raises(InputError, match="not above zero"):
        spectrum([SpectralHeatCurrent(np.zeros(1), np.zeros((1, 2)), omega, current)], force=0, temperature=1, volume=1)


NEMD = "time_step 0.5\nensemble heat_lan 300 100 30 1 8\ncompute 0 10 100 temperature\nrun 400000\n"
PLACE = Geometry(np.arange(10) * 10.0, 0, 100.0)


def write_compute(tmp_path, *, seed=0, rows=400, flow=0.05):
    """A fixed group 0, then a line from 330 K to 270 K with noise; 0.5 ps a row, heat of ``flow`` eV/ps."""
    rng = np.random.default_rng(seed)
    kelvin = np.concatenate([[0.0], 330 - 60 / 7 * np.arange(8), [0.0]]) + rng.normal(0, 1, (rows, 10)) * (
        [0] + [1] * 8 + [0]
    )
    time = 0.5 * np.arange(1, rows + 1)
    given = flow * time
    np.savetxt(tmp_path / "compute.out", np.column_stack([kelvin, -given + rng.normal(0, 0.01, rows), given]))
    return tmp_path / "compute.out"


def test_nemd_with_half_a_femtosecond(tmp_path):
    found = nemd(write_compute(tmp_path), run_in(tmp_path, NEMD), PLACE)
    assert found.time[0] == pytest.approx(0.5)
    assert found.window == (pytest.approx(100.5), pytest.approx(200))
    assert (found.groups, found.ends) == (tuple(range(1, 9)), (1, 8))
    assert found.power.value == pytest.approx(0.05, rel=0.01)
    assert found.difference.value == pytest.approx(60, abs=0.5)
    exact = 1.602176634e7 * 0.05 / (100 * 60)
    assert abs(found.conductance.value - exact) < 4 * found.conductance.error
    assert found.conductance.error < 0.01 * exact
    assert found.conductivity.value == pytest.approx(found.conductance.value * 70 * 1e-4)
    assert found.conductivity_by_slope.value == pytest.approx(1602.176634 * 0.05 / (100 * 6 / 7), rel=0.02)
    assert found.fit[0] == pytest.approx(-6 / 7, rel=0.02)


@pytest.mark.parametrize("ensemble", ["heat_lan 300 100 30 1 8", "heat_nhc 300 100 30 1 8", "heat_bdp 300 100 30 1 8",
                                      "heat_nhc_power 300 100 0.5 1 8"])  # fmt: skip
def test_every_ensemble_with_a_source_and_a_sink(tmp_path, ensemble):
    runs = run_in(tmp_path, f"ensemble {ensemble}\nrun 5\n")
    assert ends_of(runs.runs[0]) == (1, 8)


def test_nemd_refuses_what_contradicts(tmp_path):
    file = write_compute(tmp_path)
    for text, message in (
        ("ensemble nve\ncompute 0 10 100 temperature\nrun 10\n", r"no run with an ensemble heat_\*"),
        (NEMD.replace("1 8", "8 1"), "not hotter than the sink"),
        (NEMD.replace("30 1 8", "30 1"), None),
        (NEMD.replace("heat_lan 300 100 30 1 8", "heat_hybrid a b"), "give --ends"),
    ):
        runs = run_in(tmp_path, text)
        if message:
            with pytest.raises(InputError, match=message):
                nemd(file, runs, PLACE)
    with pytest.raises(InputError, match="12 columns fit no number of groups"):
        nemd(file, run_in(tmp_path, NEMD), Geometry(np.arange(20.0), 0, 1.0))
    with pytest.raises(InputError, match="at least 20"):
        nemd(write_compute(tmp_path, rows=20), run_in(tmp_path, NEMD), PLACE)


def test_the_geometry_comes_from_the_groups(tmp_path):
    rows = "".join(f"C 1 {y} 2 {y // 10}\n" for y in range(1, 40, 4))
    (tmp_path / "model.xyz").write_text(
        f'10\nLattice="5 0 0 0 40 0 0 0 8" Properties=species:S:1:pos:R:3:group:I:1\n{rows}'
    )
    found = geometry(tmp_path / "model.xyz", 0, (0, 3), (2, 1, 1))
    assert (found.axis, found.area) == (1, pytest.approx(80))
    np.testing.assert_allclose(found.position, [5, 15, 23, 33 + 2], atol=2.1)
    for arguments, message in (((1, (0, 3)), "1 grouping methods"), ((0, (0, 9)), "no atom is in group 9"),
                               ((0, (0, 3), (1, 2, 1)), "replicates")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            geometry(tmp_path / "model.xyz", *arguments)


def viscosity(values):
    """One run whose running integral is constant: diagonal 4, off-diagonals as given for xy, xz, yz."""
    tensor = np.zeros((10, 3, 3))
    tensor[:, range(3), range(3)] = [4.0, 5.0, 6.0]
    for (i, j), value in zip(((0, 1), (0, 2), (1, 2)), values, strict=True):
        tensor[:, i, j], tensor[:, j, i] = value + 0.1, value - 0.1
    return Viscosity(np.arange(10.0), tensor, tensor)


def test_viscosity_of_one_run_has_the_scatter_of_components():
    found = shear_viscosity([viscosity((1.0, 2.0, 3.0))])
    assert found.shear.quantity.value == pytest.approx(2.0)
    assert found.shear.quantity.error == pytest.approx(1 / np.sqrt(3))
    assert found.shear.over == "components"
    assert found.components["xz"].quantity.value == pytest.approx(2.0)
    assert np.isnan(found.components["xz"].quantity.error)
    assert found.bulk.quantity.value == pytest.approx(5 - 8 / 3)
    assert found.curves(found.viscosity)["shear"][0] == pytest.approx(2.0)


def test_viscosity_of_several_runs_has_the_scatter_of_runs():
    found = shear_viscosity([viscosity((1.0, 2.0, 3.0)), viscosity((3.0, 4.0, 5.0))])
    assert found.shear.quantity.value == pytest.approx(3.0)
    assert found.shear.quantity.error == pytest.approx(1.0)
    assert (found.shear.over, found.notes) == ("runs", ())
    rising = viscosity((1.0, 2.0, 3.0))
    slope = Viscosity(rising.time, rising.correlation, rising.viscosity * np.linspace(0, 2, 10)[:, None, None])
    assert "no plateau" in shear_viscosity([slope]).notes[-1]
