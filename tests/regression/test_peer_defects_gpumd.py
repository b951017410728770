"""Defects of a peer in what it makes of GPUMD's outputs: each was seen there, none may be here."""

import json

import numpy as np
import pytest

from nepkit.cli.main import main


@pytest.fixture
def plot(capsys):
    def run(*words):
        status = main(["plot", *map(str, words), "--json"])
        text = capsys.readouterr()
        return status, json.loads(text.out) if text.out else None, text.err

    return run


def row(found, quantity):
    return next(row for row in next(iter(found["numbers"].values())) if row["quantity"] == quantity)


def test_the_error_of_a_conductivity_is_no_scatter_along_correlation_time(plot, tmp_path):
    """Three runs that are constant in time but differ have an error; the peer's would be zero."""
    time = np.arange(1, 21) * 0.1
    runs = [np.column_stack([time, np.ones((20, 5)), np.full((20, 5), value)]) for value in (1.0, 2.0, 6.0)]
    np.savetxt(tmp_path / "hac.out", np.concatenate(runs))
    _, found, _ = plot("emd", tmp_path)
    assert row(found, "z")["error"] == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))


def test_one_run_prints_no_zero_for_an_error(plot, tmp_path):
    time = np.arange(1, 21) * 0.1
    np.savetxt(tmp_path / "hac.out", np.column_stack([time, np.ones((20, 10))]))
    _, found, _ = plot("emd", tmp_path)
    assert row(found, "x")["error"] is None
    assert "no error" in found["notes"][0]
    np.savetxt(tmp_path / "kappa.out", np.random.default_rng(0).normal(size=(400, 5)))
    _, found, _ = plot("hnemd", tmp_path, "--interval", "1")
    assert 0.03 < row(found, "x")["error"] < 0.12
    assert "blocks" in row(found, "x")["error from"]


def test_a_running_average_starts_at_its_first_point(plot, tmp_path):
    np.savetxt(tmp_path / "kappa.out", np.tile([2.0, 0, 0, 0, 0], (4, 1)))
    (tmp_path / "run.in").write_text("time_step 0.5\ncompute_hnemd 100 1e-5 0 0\nrun 400\n")
    _, found, _ = plot("hnemd", tmp_path)
    assert found["series"]["kappa x (W/m/K)"] == [2.0] * 4


def test_the_time_of_a_driven_run_is_that_of_run_in(plot, tmp_path):
    np.savetxt(tmp_path / "kappa.out", np.ones((4, 5)))
    (tmp_path / "run.in").write_text("time_step 0.5\ncompute_hnemd 100 1e-5 0 0\nrun 400\n")
    _, found, _ = plot("hnemd", tmp_path)
    assert found["series"]["time (ps)"] == pytest.approx([0.05, 0.1, 0.15, 0.2])


def test_negative_spectral_values_are_not_clipped(plot, tmp_path):
    rows = ["-1 0 0", "0 1 1", "1 0 0", *(f"{omega} {(-1) ** omega} 0" for omega in range(1, 102))]
    (tmp_path / "shc.out").write_text("\n".join(rows) + "\n")
    _, found, _ = plot("shc", tmp_path, "--volume", 1000, "--temperature", 300, "--force", 1e-5)
    assert min(found["series"]["in (W/m/K/THz)"]) < 0
    assert abs(row(found, "total")["value"]) < 1e-9 * max(found["series"]["in (W/m/K/THz)"])


def test_a_temperature_with_a_fraction_scales_the_spectrum(plot, tmp_path):
    (tmp_path / "shc.out").write_text("-1 0 0\n0 1 1\n1 0 0\n1 1 1\n2 1 1\n")
    (tmp_path / "run.in").write_text(
        "ensemble nvt_nhc 300.5 300.5 100\ncompute_hnemd 100 1e-5 0 0\ncompute_shc 2 2 0 2 2.0\nrun 400\n"
    )
    _, found, _ = plot("shc", tmp_path, "--volume", 1000)
    assert found["series"]["in (W/m/K/THz)"][0] == pytest.approx(1602.176634 / (1e-5 * 300.5 * 1000))


def test_half_a_femtosecond_is_a_time_step(plot, tmp_path):
    rng = np.random.default_rng(0)
    time = 0.5 * np.arange(1, 101)
    kelvin = np.linspace(330, 270, 5) + rng.normal(0, 1, (100, 5))
    np.savetxt(tmp_path / "compute.out", np.column_stack([kelvin, -time, time]))
    (tmp_path / "run.in").write_text(
        "time_step 0.5\nensemble heat_nhc 300 100 30 0 4\ncompute 0 10 100 temperature\nrun 100000\n"
    )
    atoms = "".join(f"C {place} 1 1 {place // 10}\n" for place in range(5, 50, 10))
    (tmp_path / "model.xyz").write_text(
        f'5\nLattice="50 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3:group:I:1\n{atoms}'
    )
    status, found, _ = plot("nemd", tmp_path)
    assert status == 0
    assert row(found, "heat flow")["value"] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("rows", [3, 6, 12])
def test_the_number_of_times_is_the_number_of_rows(plot, tmp_path, rows):
    """Times counted up in floating point have one too many for some numbers of rows."""
    np.savetxt(tmp_path / "thermo.out", np.tile([300.0, 1, -1, 0, 0, 0, 0, 0, 0, 5, 5, 5], (rows, 1)))
    (tmp_path / "run.in").write_text(f"time_step 1\nensemble nve\ndump_thermo 100\nrun {100 * rows}\n")
    status, found, _ = plot("thermo", tmp_path)
    assert status == 0
    np.testing.assert_allclose(found["series"]["time (ps)"], 0.1 * np.arange(1, rows + 1))


def test_every_stage_of_run_in_has_its_own_time_step(plot, tmp_path):
    np.savetxt(tmp_path / "thermo.out", np.tile([300.0, 1, -1, 0, 0, 0, 0, 0, 0, 5, 5, 5], (6, 1)))
    (tmp_path / "run.in").write_text(
        "time_step 1\nensemble nve\ndump_thermo 100\nrun 200\ntime_step 0.5\nensemble nve\ndump_thermo 10\nrun 40\n"
    )
    _, found, _ = plot("thermo", tmp_path)
    np.testing.assert_allclose(found["series"]["time (ps)"], [0.1, 0.2, 0.205, 0.21, 0.215, 0.22])


def test_a_slope_is_printed_with_its_window_and_error(plot, tmp_path):
    time = 0.1 * np.arange(60)
    line = 0.6 * time[:, None] * np.ones(3)
    np.savetxt(tmp_path / "msd.out", np.column_stack([time, line, line]))
    (tmp_path / "run.in").write_text("ensemble nve\ncompute_msd 100 60\nrun 300000\n")
    (tmp_path / "model.xyz").write_text(
        '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nLi 0 0 0\nLi 1 1 1\n'
    )
    _, found, _ = plot("msd", tmp_path)
    first = next(iter(found["numbers"].values()))[0]
    assert first["D (cm^2/s)"] == pytest.approx(3e-5, rel=1e-6)
    assert 0 < first["error"] < 3e-5
    assert "to" in first["fitted (ps)"]


def test_an_unknown_number_of_atoms_is_not_that_of_a_tutorial(plot, tmp_path):
    frequency = np.linspace(1, 100, 50)
    np.savetxt(tmp_path / "dos.out", np.column_stack([frequency, np.ones((50, 3))]))
    status, found, err = plot("pdos", tmp_path, "--temperature", 300)
    assert (status, found) == (1, None)
    assert "no model.xyz" in err
    assert "give --atoms" in err
    _, found, _ = plot("pdos", tmp_path)
    assert found["numbers"]["Density of states"][0]["3 x atoms"] is None
    assert "Heat capacity" not in found["numbers"]
    assert any("give --atoms" in note for note in found["notes"])


def test_groups_of_a_density_of_states_need_no_column_number(plot, tmp_path):
    """The group is the one that run.in names, by method and label, wherever the column of groups stands."""
    frequency = 2 * np.pi * np.linspace(0.1, 10, 100)
    one = np.column_stack([frequency, np.full((100, 3), 0.2)])
    np.savetxt(tmp_path / "dos.out", np.concatenate([one, 2 * one * [0.5, 1, 1, 1]]))
    (tmp_path / "run.in").write_text("ensemble nve\ncompute_dos 5 200 63 group 0 -1\nrun 1000\n")
    (tmp_path / "model.xyz").write_text(
        '3\nLattice="9 0 0 0 9 0 0 0 9" Properties=group:I:1:species:S:1:pos:R:3\n0 C 0 0 0\n1 C 1 1 1\n1 C 2 2 2\n'
    )
    _, found, _ = plot("pdos", tmp_path)
    assert [row["3 x atoms"] for row in found["numbers"]["Density of states"]] == [3, 6]
