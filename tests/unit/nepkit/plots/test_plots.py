"""What the plots draw are the numbers of the result; the golden values are written out by hand."""

import subprocess
import sys

import numpy as np
import pytest

from nepkit.accuracy.parity import Parity
from nepkit.core.errors import OutputError
from nepkit.plots.charges import plot_charges
from nepkit.plots.energy import plot_energy
from nepkit.plots.errors import plot_errors
from nepkit.plots.msd import plot_msd
from nepkit.plots.parity import plot_parity
from nepkit.plots.residuals import plot_residuals
from nepkit.plots.style import check_image, new_figure, save_image, svg
from nepkit.properties.charges import ChargeDistribution
from nepkit.properties.dynamics import Trajectory
from nepkit.transport.element_msd import MeanSquaredDisplacement


def parity(offset=0.1):
    energy = np.array([[-4.0, -4.2, -4.1], [-4.0 + offset, -4.2, -4.1]])
    force = np.array([[0.0, 1.0, -1.0, 0.5], [0.0, 1.0 + offset, -1.0, 0.5 - offset]])
    return Parity(energy, force, np.empty((2, 0)))


def distribution():
    values = {"Li": np.array([0.4, 0.5, 0.5, 0.6]), "Cl": np.array([-0.5, -0.5])}
    return ChargeDistribution(values, {name: [""] * len(row) for name, row in values.items()}, {})


def trajectory():
    time = np.arange(-5, 20) * 0.01
    energy = np.where(time < 0.0, -1.0, -3.0 + 1e-3 * time)
    return Trajectory(time, 600.0 + time, energy, np.zeros((25, 1, 3)), ["Li"], np.ones(1), 600.0, 2.0)


def msd():
    return MeanSquaredDisplacement(np.array([0.0, 0.1, 0.2]), {"Li": np.array([0.0, 1.0, 1.5]), "Cl": np.zeros(3)})


PLOTS = {
    "parity": lambda **more: plot_parity({"train": parity(), "test": parity(0.2)}, "force", **more),
    "no labels": lambda **more: plot_parity({"train": parity()}, "virial", **more),
    "residuals": lambda **more: plot_residuals({"train": parity()}, **more),
    "errors": lambda **more: plot_errors({"train": {"frozen": 100.0, "charges": None}}, **more),
    "charges": lambda **more: plot_charges(distribution(), **more),
    "msd": lambda **more: plot_msd(msd(), **more),
    "energy": lambda **more: plot_energy(trajectory(), **more),
}


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_draws_where_told_and_alone_and_has_units(name):
    ax = new_figure().add_subplot()
    assert PLOTS[name](ax=ax) is ax
    alone = PLOTS[name]()
    assert alone is not ax
    assert "(" in alone.get_xlabel() + alone.get_ylabel()
    assert alone.get_title(loc="left")
    assert svg(alone) == svg(PLOTS[name]())


def points(ax, label):
    line = next(line for line in ax.get_lines() if line.get_label().startswith(label))
    return np.array(line.get_data())


def test_parity_draws_the_pairs_and_the_error():
    ax = plot_parity({"train": parity()}, "force")
    np.testing.assert_array_equal(points(ax, "train"), parity().force)
    assert ax.get_legend().get_texts()[0].get_text() == "train: 70.7 meV/Å"
    energies = points(plot_parity({"train": parity()}, "energy"), "train")
    np.testing.assert_allclose(energies, [[0.1, -0.1, 0.0], [0.2, -0.1, 0.0]], atol=1e-12)


def test_residuals_are_shares_of_all_components():
    ax = plot_residuals({"train": parity()})
    heights, edges, _ = ax.patches[0].get_data()
    assert heights.sum() == pytest.approx(100.0)
    assert heights[len(heights) // 2] == 50.0  # two of four errors are zero
    assert edges[-1] == pytest.approx(100.0, rel=0.01)  # meV/A


def test_error_bars_stand_in_the_order_of_the_models():
    row = {"charges": 58.0, "frozen": 103.1, "readout": 93.6}
    ax = plot_errors({"train": row, "test": {**row, "short_range_charges": 102.9}})
    heights = [patch.get_height() for patch in ax.patches]
    assert heights == [103.1, 93.6, 58.0, 103.1, 93.6, 102.9, 58.0]
    assert [text.get_text() for text in ax.texts] == ["103", "94", "58", "103", "94", "103", "58"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["train frames", "test frames"]


def test_charges_legend_has_mean_and_spread():
    ax = plot_charges(distribution())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Li +0.500 ± 0.071", "Cl -0.500 ± 0.000"]
    heights, edges, _ = ax.patches[0].get_data()
    assert heights.max() == 1.0
    assert edges[0] < -0.5
    assert edges[-1] > 0.6


def test_msd_and_energy_draw_their_columns():
    ax = plot_msd(msd())
    np.testing.assert_array_equal(points(ax, "Li"), [msd().time, msd().msd["Li"]])
    x, y = plot_energy(trajectory()).get_lines()[0].get_data()
    np.testing.assert_allclose(x, np.arange(20) * 0.01, atol=1e-12)
    np.testing.assert_allclose(y, x - x.mean(), atol=1e-9)  # 1e-3 eV/atom/ps is 1 meV/atom/ps


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_images_are_saved_by_suffix(tmp_path, suffix, start):
    path = tmp_path / f"plot.{suffix}"
    save_image(plot_msd(msd()), path)
    assert path.read_bytes().startswith(start)
    with pytest.raises(OutputError, match="already exists"):
        save_image(plot_msd(msd()), path)


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write \.doc, known: \.pdf, \.png, \.svg"):
        check_image(tmp_path / "plot.doc")
    with pytest.raises(OutputError, match="cannot write a file without a suffix"):
        check_image(tmp_path / "plot")


def test_plots_leave_no_global_state():
    code = """
import sys, matplotlib, numpy as np
before = matplotlib.rcParams.copy()  # dict() would load a backend
from nepkit.transport.element_msd import MeanSquaredDisplacement
from nepkit.plots.msd import plot_msd
plot_msd(MeanSquaredDisplacement(np.arange(2.0), {"Li": np.arange(2.0)}))
assert matplotlib.rcParams.copy() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
