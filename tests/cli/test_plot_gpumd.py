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
        ("shc", "shc.out", "-1 1 1\n0 1 1\n1 1 1\n1 1 1\n", [], "give --force"),
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
