import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.spectra import Density, Series
from nepkit.heat.vibrations import GAS_CONSTANT, StatesOfGroup, groups_of_dos, heat_capacity, infrared, states_of


def debye(cutoff, atoms=10):
    """States that grow as the square of the frequency up to a cutoff: 3 per atom."""
    frequency = np.linspace(cutoff / 4000, cutoff, 4000)
    states = np.repeat((3 * atoms * 3 * frequency**2 / cutoff**3 / 3)[:, None], 3, axis=1)
    return StatesOfGroup("all", frequency, states, atoms)


def test_heat_capacity_of_debye_is_the_tabulated_one():
    """C/3R of a Debye solid at T/theta = 0.25 and 1: 0.5031 and 0.9517 (American Institute of Physics Handbook)."""
    solid = debye(10.0)
    theta = 4.135667696e-3 * 10.0 / 8.617343e-5
    found = heat_capacity(solid, [0.25 * theta, theta, 100 * theta]) / (3 * GAS_CONSTANT)
    np.testing.assert_allclose(found, [0.5031, 0.9517, 1.0], atol=3e-4)
    assert solid.missing == pytest.approx(0, abs=1e-3)
    with pytest.raises(InputError, match="above zero"):
        heat_capacity(solid, [0.0])


def test_blocks_are_groups_and_runs():
    omega = np.linspace(1, 100, 100)
    blocks = [Density(omega, np.full((100, 3), value)) for value in (1.0, 2.0, 3.0, 4.0)]
    groups, notes = states_of(blocks, [("group 0", 16), ("group 1", 32)])
    assert [group.states[0, 0] for group in groups] == [2.0, 3.0]
    assert notes[-1] == "mean of 2 runs"
    assert groups[0].found == pytest.approx(3 * 2.0 * 99 / (2 * np.pi))
    assert "group 0: the states integrate to 94.5" in notes[0]
    with pytest.raises(InputError, match="4 blocks, no multiple of the 3 groups"):
        states_of(blocks, [("a", 1)] * 3)


def test_groups_and_their_atoms_come_from_run_in_and_model(tmp_path):
    (tmp_path / "model.xyz").write_text(
        '3\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:group:I:2\n'
        "C 0 0 0 0 1\nC 1 1 1 0 0\nC 2 2 2 0 0\n"
    )
    for words, expected in (
        ("", [("all", 6)]),
        ("group 1 0", [("group 0", 4)]),
        ("group 1 -1", [("group 0", 4), ("group 1", 2)]),
    ):
        (tmp_path / "run.in").write_text(f"replicate 2 1 1\nensemble nve\ncompute_dos 5 200 400 {words}\nrun 1000\n")
        assert groups_of_dos(tmp_path) == (expected, ())
    (tmp_path / "run.in").write_text("compute_dos 5 200 400 group 7 0\nrun 1000\n")
    with pytest.raises(InputError, match="2 grouping methods, run"):
        groups_of_dos(tmp_path)


@pytest.mark.parametrize("derivative", [True, False])
def test_a_line_of_a_dipole_is_where_it_oscillates(derivative):
    time = np.arange(4000) * 0.002
    values = np.cos(2 * np.pi * 15 * time)[:, None] * np.array([1.0, 0.5, 0.0])
    found = infrared(Series(time, values), derivative=derivative)
    assert found.peaks[0][0] == pytest.approx(15 * 33.3564, abs=0.5 * found.resolution)
    assert found.intensity.max() == 1.0


def test_a_dipole_needs_times():
    values = np.random.default_rng(0).normal(size=(200, 3))
    for series, message in (
        (Series(np.arange(200.0), values, timed=False), "give --interval"),
        (Series(np.arange(50.0), values[:50]), "at least 101"),
        (Series(np.arange(200.0) ** 2, values), "equal steps"),
    ):
        with pytest.raises(InputError, match=message):
            infrared(series, derivative=True)
    with pytest.raises(InputError, match="has 2 steps"):
        infrared(Series(np.arange(200.0), values), derivative=True, length=2.0)
