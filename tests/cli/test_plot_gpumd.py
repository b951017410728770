"""Plots of GPUMD's outputs on small files whose numbers are known, and what they say of bad ones."""

import json

import numpy as np
import pytest

from nepkit.cli.main import main

MODEL = (
    '4\nLattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3:group:I:1\n'
    "Li 0 0 0 0\nLi 1 1 1 0\nCl 5 5 5 1\nCl 6 6 6 1\n"
)


@pytest.fixture
def plot(capsys):
    def run(*words):
        status = main(["plot", *map(str, words), "--json"])
        text = capsys.readouterr()
        return status, json.loads(text.out) if text.out else None, text.err

    return run


def table(found, place=0):
    return list(found["numbers"].values())[place]


def test_thermo_of_several_runs_with_running_averages(plot, tmp_path):
    for name, kelvin in (("a", 300.0), ("b", 600.0)):
        (tmp_path / name).mkdir()
        rows = np.tile([kelvin, 0.2, -4.0, 1, 2, 3, 0, 0, 0, *np.diag([10.0] * 3).ravel()], (100, 1))
        rows[:, 0] += np.random.default_rng(0).normal(0, 5, 100)
        np.savetxt(tmp_path / name / "thermo.out", rows)
        (tmp_path / name / "run.in").write_text("time_step 2\nensemble nve\ndump_thermo 5\nrun 500\n")
        (tmp_path / name / "model.xyz").write_text(MODEL)
    image = tmp_path / "a.png"
    status, found, _ = plot("thermo", tmp_path / "a", tmp_path / "b", "--running", "--components", "-o", image)
    rows = {(row["file"], row["quantity"]): row for row in table(found)}
    kelvin = np.loadtxt(tmp_path / "b" / "thermo.out")[:, 0]
    assert status == 0
    assert rows["b", "temperature"]["value"] == pytest.approx(kelvin.mean(), abs=1)
    assert rows["a", "pressure"]["value"] == pytest.approx(2)
    assert (rows["a", "volume"]["value"], rows["a", "volume"]["error from"]) == (pytest.approx(1000), "constant")
    assert rows["a", "total energy"]["value"] == pytest.approx(-0.95)
    assert found["series"]["time (ps)"][:2] == [pytest.approx(0.01), pytest.approx(0.02)]
    assert image.stat().st_size > 10_000


def test_rdf_with_coordination_numbers_and_its_mean_force(plot, tmp_path):
    r = np.arange(0.05, 6.0, 0.1)
    g = 4 * np.exp(-((r - 2.5) ** 2) / 0.08) + 2 * np.exp(-((r - 4.5) ** 2) / 0.08) + 0.1 * (r > 2)
    np.savetxt(tmp_path / "rdf.out", np.column_stack([r, g, g]), header="radius total Li-Cl", comments="#")
    (tmp_path / "model.xyz").write_text(MODEL)
    (tmp_path / "run.in").write_text("ensemble nvt_nhc 500 500.5 100\ncompute_rdf 6 60 10\nrun 10\n")
    status, found, _ = plot("rdf", tmp_path)
    rows = {row["neighbours"]: row for row in table(found, 1)}
    edge = rows["Cl around Li"]["within (A)"]
    inside = r < edge
    by_hand = (4 * np.pi * (r**2 + 0.01 / 12) * 0.1 * g * 0.002)[inside].sum()
    assert status == 0
    assert rows["Cl around Li"]["number"] == pytest.approx(by_hand, rel=0.02)
    assert table(found)[0]["first peak (A)"] == pytest.approx(2.45, abs=0.06)
    _, found, _ = plot("rdf-pmf", tmp_path, "--pair", "Li-Cl")
    rows = {row["point"]: row for row in table(found)}
    assert rows["first minimum"]["energy (eV)"] == pytest.approx(-8.617343e-5 * 500.5 * np.log(g.max()), rel=1e-6)
    assert rows["height of the barrier"]["energy (kJ/mol)"] > 0
    assert plot("rdf-pmf", tmp_path, "--temperature", 1001)[1]["numbers"] != found["numbers"]


def test_adf_takes_the_last_block(plot, tmp_path):
    x = np.arange(1.5, 180, 3.0)
    bell = np.exp(-((x - 109.5) ** 2) / 200)
    text = "#angles total step = 99\n" + "".join(f"{a} 1\n" for a in x)
    text += "#angles total step = 199\n" + "".join(f"{a} {b}\n" for a, b in zip(x, bell, strict=True))
    (tmp_path / "adf.out").write_text(text)
    row = table(plot("adf", tmp_path)[1])[0]
    assert (row["most frequent (degrees)"], row["mean (degrees)"]) == (109.5, pytest.approx(109.5, abs=0.1))
    assert row["standard deviation (degrees)"] == pytest.approx(10, rel=0.01)


def test_velocities_and_running_coefficients(plot, tmp_path):
    time = np.linspace(0, 5, 51)
    decay = np.exp(-time)[:, None] * np.array([2.0, 3.0, 4.0])
    np.savetxt(tmp_path / "sdc.out", np.column_stack([time, decay, 1 - decay / [2, 3, 4]]))
    _, found, _ = plot("vac", tmp_path)
    assert found["series"]["VAC y (A^2/ps^2)"][0] == 3.0
    _, found, _ = plot("sdc", tmp_path)
    rows = {row["quantity"]: row for row in table(found)}
    assert rows["mean"]["value"] == pytest.approx(1e-4 * (1 - np.exp(-time[25:]).mean()))
    assert rows["mean"]["error"] is None
    assert "one run" in found["notes"][0]


def test_convergence_of_longer_and_longer_parts(plot, tmp_path):
    (tmp_path / "model.xyz").write_text(MODEL.replace("Cl", "Li").replace(" 1\n", " 0\n"))
    time = 0.1 * np.arange(60)
    (tmp_path / "run.in").write_text("time_step 1\nensemble nve\ncompute_msd 100 60 save_every 1000\nrun 3000000\n")
    for step, slope in ((10000, 0.5), (20000, 0.6)):
        line = slope * time[:, None] * np.ones(3)
        np.savetxt(tmp_path / f"msd_step{step}.out", np.column_stack([time, line, line]))
    status, found, _ = plot("msd-conv", tmp_path)
    rows = table(found)
    assert status == 0
    assert [row["length (ps)"] for row in rows] == [10.0, 20.0]
    np.testing.assert_allclose([row["D (cm^2/s)"] for row in rows], [0.25e-4, 0.3e-4], rtol=1e-4)
    assert all(row["error"] > 0 for row in rows)


@pytest.mark.parametrize(
    ("name", "file", "text", "words", "message"),
    [
        ("rdf", "rdf.out", "0.5 1 2\n1.5 1 2\n", ["--pair", "Li-X"], "no pair Li-X"),
        ("rdf-pmf", "rdf.out", "0.5 1\n1.5 1\n", [], "give --temperature"),
        ("thermo", "thermo.out", "300 1 2 0 0 0 0 0 0 2 3 4\n", [], "times are not known"),
        ("sdc", "msd.out", "0" + " 1" * 12 + "\n1" + " 1" * 12 + "\n", [], "2 groups; choose one with --group"),
        ("D", "msd.out", "0 1 1 1 1 1 1\n", [], "which element is mobile?"),
        ("msd", "msd.out", "0 1 1 1\n", [], "4 columns, expected time and 6 per group"),
        ("shc", "shc.out", "-1 1 1\n0 1 1\n1 1 1\n1 1 1\n", [], "give --volume"),
        ("nemd", "compute.out", "300 300\n", [], "no run.in in this folder"),
        ("emd", "hac.out", "0 1\n", [], "2 columns"),
        ("viscosity", "viscosity.out", "0 1\n", [], "2 columns"),
        ("hnemd", "kappa.out", "1 1 1 1 1\n", [], "give --interval"),
    ],
)
def test_bad_input_gets_one_line(plot, tmp_path, name, file, text, words, message):
    (tmp_path / file).write_text(text)
    status, found, err = plot(name, tmp_path, *words)
    assert (status, found, len(err.strip().splitlines())) == (1, None, 1)
    assert message in err


def test_bands_and_imaginary_modes(plot, tmp_path):
    squares = (2 * np.pi * np.array([[-1.0, 0, 2], [1, 2, 3]])) ** 2 * np.sign([[-1.0, 0, 2], [1, 2, 3]])
    np.savetxt(tmp_path / "omega2.out", np.column_stack([[0, 0.5], squares]), header="G 0 X 0.5")
    _, found, _ = plot("bands", tmp_path)
    row = table(found)[0]
    assert (row["lowest (THz)"], row["highest (THz)"]) == (pytest.approx(-1), pytest.approx(3))
    assert (row["bands"], row["points with imaginary modes"]) == (3, 1)


def test_infrared_of_a_current(plot, tmp_path):
    time = np.arange(2000) * 2.0
    line = np.cos(2 * np.pi * 0.02 * time)
    np.savetxt(tmp_path / "dpdt.out", np.column_stack([time, *[line] * 6]))
    _, found, _ = plot("ir", tmp_path)
    assert table(found)[0]["peak (1/cm)"] == pytest.approx(20 * 33.3564, abs=5)


def test_monte_carlo(plot, tmp_path):
    rows = "".join(
        f"{100 * step} 0.25 {0.5 + 0.01 * (-1) ** step} {0.5 - 0.01 * (-1) ** step}\n" for step in range(1, 101)
    )
    (tmp_path / "mcmd.out").write_text("# mc sgc 100 50 300 300 2 Au 0 Cu 0.1\n" + rows)
    _, found, _ = plot("mcmd", tmp_path)
    rows = {row["quantity"]: row for row in table(found)}
    assert (rows["acceptance"]["value"], rows["acceptance"]["error from"]) == (0.25, "constant")
    assert rows["Au"]["value"] == pytest.approx(0.5)


def test_statics(plot, tmp_path):
    scale = np.linspace(0.995, 1.005, 41)
    np.savetxt(tmp_path / "cohesive.out", np.column_stack([scale, 5 * (scale**3 - 1) ** 2 - 8]))
    (tmp_path / "run.in").write_text("compute_cohesive 0.95 1.05 6\n")
    (tmp_path / "model.xyz").write_text(MODEL)
    _, found, _ = plot("cohesive", tmp_path)
    row = table(found)[0]
    # E = 5 (V/V0 - 1)^2 has the bulk modulus 10 / V0.
    assert row["bulk modulus (GPa)"] == pytest.approx(160.2177 * 10 / 1000, rel=2e-3)
    assert (row["volume (A^3)"], row["per atom (eV)"]) == (pytest.approx(1000, rel=1e-3), pytest.approx(-2, abs=1e-4))
    (tmp_path / "elastic.out").write_text("C11 = 149 GPa\nC12 = 66 GPa\nC44 = 75 GPa\n")
    _, found, _ = plot("elastic", tmp_path)
    rows = {row["quantity"]: row for row in table(found)}
    assert rows["bulk modulus"]["Hill"] == pytest.approx((149 + 2 * 66) / 3)
    assert rows["shear modulus"]["Voigt"] == pytest.approx((149 - 66 + 3 * 75) / 5)


def test_displacements_by_plane(plot, tmp_path):
    (tmp_path / "model.xyz").write_text(MODEL)
    (tmp_path / "displacements.dat").write_text("# displacement x y z (A)\n0.1 0 0\n0.3 0 0\n0.3 0 0\n0.1 0 0.2\n")
    status, found, _ = plot("plane-grid", tmp_path, "--element", "Li", "--gap", "0.5", "-o", tmp_path / "a.png")
    rows = table(found)
    assert status == 0
    assert [row["at z (A)"] for row in rows] == [0, 1]
    assert [row["x (A)"] for row in rows] == pytest.approx([0.2, 0.2])
    assert rows[1]["z (A)"] == pytest.approx(0.1)
    assert rows[0]["± x"] is None
    assert plot("plane-grid", tmp_path, "--element", "Y")[2].count("\n") == 1


def test_onsager_coefficients(plot, tmp_path):
    rows = np.tile(np.arange(1.0, 7.0), (50, 1)) + np.random.default_rng(0).normal(0, 0.1, (50, 6))
    np.savetxt(tmp_path / "onsager.out", rows)
    (tmp_path / "run.in").write_text("time_step 0.5\ncompute_hnemdec -1 100 1e-5 0 0\nrun 5000\n")
    _, found, _ = plot("onsager", tmp_path, "--skip", 0.5)
    values = {row["quantity"]: row["value"] for row in table(found)}
    assert values["heat y"] == pytest.approx(rows[10:, 1].mean())
    assert values["element 1 z"] == pytest.approx(rows[10:, 5].mean())
    assert found["series"]["time (ps)"][0] == pytest.approx(0.55)
    status, _, err = plot("onsager", tmp_path, "--skip", 99)
    assert (status, "nothing is left after 99 ps" in err) == (1, True)


def test_running_conductivity_of_several_runs(plot, tmp_path):
    time = np.arange(10.0)
    runs = [np.column_stack([time, np.full((10, 3), value) * [1, 2, 3]]) for value in (1.0, 2.0, 3.0)]
    np.savetxt(tmp_path / "ic.out", np.concatenate(runs))
    rows = {row["quantity"]: row for row in table(plot("ic", tmp_path)[1])}
    assert rows["y"]["value"] == pytest.approx(4.0)
    assert rows["mean"]["error"] == pytest.approx(2 / np.sqrt(3))


def test_profile_of_bins(plot, tmp_path):
    rng = np.random.default_rng(0)
    lines = [f"{b} {b + 0.5} 4.0 {300 + 10 * b + rng.normal():.4f} 0.05\n" for _ in range(80) for b in range(3)]
    (tmp_path / "compute_chunk.out").write_text("".join(lines))
    (tmp_path / "run.in").write_text("compute_chunk 10 100 bin/1d x lower 1.0 temperature density/number\nrun 80000\n")
    _, found, _ = plot("profile", tmp_path)
    assert found["series"]["temperature (K)"] == pytest.approx([300, 310, 320], abs=0.6)
    assert found["series"]["error of temperature (K)"][0] == pytest.approx(1 / np.sqrt(40), rel=0.7)
    assert {row["quantity"] for row in table(found)} == {"atoms", "temperature (K)", "density/number (1/A^3)"}


def test_conductance_by_frequency_between_source_and_sink(plot, tmp_path):
    (tmp_path / "shc.out").write_text("-1 0 0\n0 1 1\n1 0 0\n1 2 0\n2 2 0\n")
    (tmp_path / "run.in").write_text("ensemble heat_lan 300 100 10.5 1 8\ncompute_shc 2 2 0 2 2.0\nrun 400\n")
    _, found, _ = plot("shc", tmp_path, "--volume", 1000)
    assert found["series"]["in (MW/m^2/K/THz)"] == pytest.approx([2 * 1.602176634e7 / (21 * 1000)] * 2)
    assert table(found)[2]["unit"] == "MW/m^2/K"
