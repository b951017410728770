import numpy as np

from nepkit.transport.element_msd import mean_squared_displacement


def test_a_random_walk_grows_linearly_and_drift_does_not_count():
    rng = np.random.default_rng(3)
    steps = rng.normal(scale=0.1, size=(400, 60, 3))
    symbols = ["Li"] * 30 + ["Cl"] * 30
    steps[:, 30:] *= 0.5
    drift = 0.3 * np.arange(400.0)[:, None, None]
    masses = np.ones(60)
    found = mean_squared_displacement(np.cumsum(steps, axis=0) + drift, symbols, 0.02, masses=masses, longest=0.05)
    assert found.time[-1] == 19 * 0.02
    # 3 x 0.01 A^2 a step; the centre of mass takes 1/60 away.
    np.testing.assert_allclose(found.msd["Li"][1:], 0.03 * np.arange(1, 20) * (59 / 60), rtol=0.05)
    np.testing.assert_allclose(found.msd["Cl"][1:], 0.0075 * np.arange(1, 20), rtol=0.05)


def test_the_centre_of_mass_is_weighted():
    positions = np.zeros((3, 2, 3))
    positions[:, 0, 0] = [0.0, 3.0, 6.0]
    found = mean_squared_displacement(positions, ["H", "O"], 1.0, masses=np.array([1.0, 2.0]))
    np.testing.assert_allclose([found.msd["H"][1], found.msd["O"][1]], [4.0, 1.0])
