"""Numbers that the plots of GPUMD's own example outputs show."""

import json
import shutil

import numpy as np
import pytest

from nepkit.cli.main import main


@pytest.fixture
def plot(capsys):
    """Run ``nepkit plot ... --json``."""

    def run(*words):
        status = main(["plot", *map(str, words), "--json"])
        text = capsys.readouterr()
        assert (status, text.err) == (0, "")
        return json.loads(text.out)

    return run


@pytest.fixture
def folder(reference_data, tmp_path):
    """A run folder of some of the example's files, by their names in a run."""

    def make(files):
        for name, here in files.items():
            shutil.copy(reference_data / "gpumd_outputs" / name, tmp_path / here)
        return tmp_path

    return make


def values(found):
    """Return value and error by quantity of the first table."""
    rows = next(iter(found["numbers"].values()))
    return {row["quantity"]: (row["value"], row["error"]) for row in rows}


def test_three_runs_of_carbon_have_the_scatter_of_runs(plot, reference_data):
    table = np.loadtxt(reference_data / "gpumd_outputs" / "hac.out")
    found = values(plot("emd", reference_data / "gpumd_outputs" / "hac.out"))
    assert found["x"] == (pytest.approx(2652.91, abs=0.01), pytest.approx(516.74, abs=0.01))
    y = [block[2500:, 8:10].sum(axis=1).mean() for block in np.split(table, 3)]
    assert found["y"] == (pytest.approx(np.mean(y)), pytest.approx(np.std(y, ddof=1) / np.sqrt(3)))


def test_driven_carbon(plot, folder):
    run = folder({"kappa.out": "kappa.out", "run_hnemd.in": "run.in"})
    found = plot("hnemd", run)
    table = np.loadtxt(run / "kappa.out")
    value, error = values(found)["y"]
    assert value == pytest.approx(table[:, 2:4].sum(axis=1).mean())
    # Forty blocks of 250 ps, by hand.
    blocks = table[:, 2:4].sum(axis=1).reshape(40, 250).mean(axis=1)
    assert error == pytest.approx(blocks.std(ddof=1) / np.sqrt(40))
    assert found["series"]["time (ps)"][-1] == pytest.approx(10_000)
    assert "blocks of time" in found["notes"][0]


def test_the_spectrum_of_carbon_agrees_with_its_conductivity(plot, folder):
    """The parts in and out of plane have the ratio of kappa.out, which shc.out knows nothing of."""
    run = folder({"kappa.out": "kappa.out", "shc.out": "shc.out", "run_hnemd.in": "run.in"})
    parts = values(plot("shc", run, "--volume", 35_000))
    table = np.loadtxt(run / "kappa.out")
    assert parts["out"][0] / parts["in"][0] == pytest.approx(table[:, 3].mean() / table[:, 2].mean(), rel=0.02)
    assert parts["total"][0] == pytest.approx(1.01629895e8 / 35_000, rel=1e-6)


def test_viscosity_of_silicon(plot, reference_data):
    found = values(plot("viscosity", reference_data / "gpumd_outputs" / "viscosity.out"))
    table = np.loadtxt(reference_data / "gpumd_outputs" / "viscosity.out")[500:, 10:]
    by_hand = table[:, [3, 4, 5, 6, 7, 8]].mean(axis=0)
    assert found["shear"][0] == pytest.approx(by_hand.mean())
    assert found["shear"][1] == pytest.approx(by_hand[:3].std(ddof=1) / np.sqrt(3), rel=1e-4)
    assert found["xy"][1] is None
    assert found["longitudinal"][0] == pytest.approx(table[:, :3].mean())


def test_vibrations_of_graphene(plot, folder):
    """The states of 8640 atoms, and the heat capacity by another road: the energy of oscillators at 299 and 301 K."""
    run = folder({"dos.out": "dos.out", "mvac.out": "mvac.out", "run_dos.in": "run.in"})
    found = plot("pdos", run, "--atoms", 8640, "--temperature", 300)
    states = found["numbers"]["Density of states"][0]
    assert states["states"] == pytest.approx(25_845.9, abs=0.1)
    assert states["3 x atoms"] == 25_920
    table = np.loadtxt(run / "dos.out")
    nu, total = table[:, 0] / (2 * np.pi), table[:, 1:].sum(axis=1)
    energy = [
        np.trapezoid(total * 4.135667696e-3 * nu / (np.exp(4.135667696e-3 * nu / (8.617343e-5 * kelvin)) - 1), nu)
        for kelvin in (299.0, 301.0)
    ]
    per_atom = 3 * (energy[1] - energy[0]) / 2 / np.trapezoid(total, nu)  # eV/K
    heat = found["numbers"]["Heat capacity"][0]["all (J/mol/K)"]
    assert heat == pytest.approx(per_atom * 8.314462618 / 8.617343e-5, rel=1e-4)
