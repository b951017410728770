"""Plots of the published Li7La3Zr2O12 runs: 0.278 eV, and 0.804 mS/cm at 300 K."""

import json

import numpy as np
import pytest

from nepkit.cli.main import main


@pytest.fixture
def plot(capsys):
    def run(*words):
        status = main(["plot", *map(str, words), "--json"])
        text = capsys.readouterr()
        assert (status, text.err) == (0, "")
        return json.loads(text.out)

    return run


@pytest.fixture
def llzo(reference_data):
    return reference_data / "llzo_conductivity"


VOLUMES = (143358.240, 143800.502, 144721.614, 145702.327)


def fitted(found, quantity):
    return next(row for row in found["numbers"]["Activation"] if row["quantity"] == quantity)


def test_conductivity_and_activation_energy_of_the_publication(plot, llzo):
    words = [word for volume in VOLUMES for word in ("--volume", volume)]
    found = plot("sigma", llzo, "--ion", "Li", "--window", 0.4, 0.8, *words)
    published = (393.1, 448.0, 541.2, 630.7)
    assert [row["T (K)"] for row in found["numbers"]["Runs"]] == [950, 1000, 1100, 1200]
    np.testing.assert_allclose([row["sigma"] for row in found["numbers"]["Runs"]], published, rtol=0.01)
    assert fitted(found, "Ea")["value"] == pytest.approx(0.278, abs=0.003)
    assert fitted(found, "extrapolated")["value"] == pytest.approx(0.804, rel=0.03)


def test_diffusion_in_every_direction(plot, llzo):
    found = plot("D", llzo, "--ion", "Li", "--window", 0.4, 0.8, "--directions")
    rows = {(row["direction"], row["T (K)"]): row["D"] for row in found["numbers"]["Runs"]}
    assert len(rows) == 12
    for kelvin, published in zip((950, 1000, 1100, 1200), (8.036e-6, 9.667e-6, 1.293e-5, 1.655e-5), strict=True):
        assert np.mean([rows[axis, kelvin] for axis in "xyz"]) == pytest.approx(published, rel=0.01)
    assert {row["direction"] for row in found["numbers"]["Activation"]} == {"x", "y", "z"}


def test_displacements_of_every_element(plot, llzo):
    found = plot("msd", llzo / "950K")
    rows = {row["group"]: row for row in found["numbers"]["Displacements"]}
    table = np.loadtxt(llzo / "950K" / "msd.out")
    assert rows["Li"]["last MSD (A^2)"] == pytest.approx(table[-1, 1:4].sum())
    assert rows["O"]["last MSD (A^2)"] == pytest.approx(table[-1, 19:22].sum())
    assert rows["Li"]["D (cm^2/s)"] == pytest.approx(8.036e-6, rel=0.01)
    assert rows["Li"]["error"] > 0
    assert rows["O"]["D (cm^2/s)"] is None
    assert any("O rattles in place" in note for note in found["notes"])


def test_running_coefficients_of_every_group(plot, llzo):
    table = np.loadtxt(llzo / "950K" / "msd.out")
    for group in (0, 3):
        found = plot("sdc", llzo / "950K", "--group", group)
        mean = table[500:, 4 + 6 * group : 7 + 6 * group].mean() * 1e-4
        assert found["numbers"][next(iter(found["numbers"]))][-1]["value"] == pytest.approx(mean)
