import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.transport import conductivity, diffusion, msd
from nepkit.transport.conductivity import conductivity_per_diffusion
from nepkit.transport.onsager import onsager
from tests.walks import brownian

STATE = {"interval": 1.0, "volume": 1e4, "temperature": 500.0}
LAGS = [4, 5, 6, 8, 10, 13, 16, 20]


def currents(seed, mixing, frames=2000):
    """Partial dipoles whose steps have the covariance mixing mixing^T in every direction."""
    steps = np.random.default_rng(seed).normal(size=(frames, len(mixing), 3))
    return np.einsum("ab,fbd->fad", mixing, steps).cumsum(axis=0)


def test_coefficients_and_errors_of_repeated_runs():
    mixing = np.array([[1.0, 0.0], [-0.6, 0.8]])
    truth = 0.5 * mixing @ mixing.T * 1e-4 * conductivity_per_diffusion(1e4, 500.0)  # D = half the variance of a step
    shares = truth.sum(axis=1) / truth.sum()
    z = []
    for seed in range(60):
        found = onsager(currents(seed, mixing), LAGS, **STATE)
        parts = [found.coefficients[0][0], found.coefficients[0][1], found.coefficients[1][1], found.conductivity]
        parts += found.transference
        known = [truth[0, 0], truth[0, 1], truth[1, 1], truth.sum(), *shares]
        z.append([(part.value - value) / part.error for part, value in zip(parts, known, strict=True)])
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(z), axis=0)), 1.0, atol=0.3)
    np.testing.assert_allclose(np.mean(z, axis=0), 0.0, atol=0.45)


def test_parts_add_up():
    found = onsager(currents(0, np.array([[1.0, 0.2], [0.1, 0.5]])), LAGS, **STATE)
    total = sum(part.value for row in found.coefficients for part in row)
    assert found.conductivity.value == pytest.approx(total)
    assert sum(part.value for part in found.transference) == pytest.approx(1.0)
    assert found.coefficients[0][1] == found.coefficients[1][0]


def test_the_sum_is_the_collective_conductivity():
    paths = brownian(0, frames=1500, atoms=40)
    labels, charges = ["Li"] * 20 + ["Cl"] * 20, {"Li": 1.0, "Cl": -1.0}
    z = np.array([charges[label] for label in labels])
    curves = msd(paths, labels=labels, charges=z)
    ions = {ion: diffusion(curves, ion) for ion in charges}
    whole = conductivity(ions, curves, charges, volume=1e4, temperature=500.0).collective
    lags = max((item.lags for item in ions.values()), key=lambda item: item[0])
    parts = np.stack([paths[:, :20].sum(axis=1), -paths[:, 20:].sum(axis=1)], axis=1)
    found = onsager(parts, lags, **STATE)
    assert found.conductivity.value == pytest.approx(whole.value, rel=0.02)  # other weights of the same lags
    assert found.conductivity.error == pytest.approx(whole.error, rel=0.2)


def test_nothing_that_conducts_is_refused():
    rest = np.random.default_rng(1).normal(size=(300, 1, 3)).cumsum(axis=0)
    with pytest.raises(InputError, match="does not diffuse in this window"):
        onsager(np.concatenate([rest, -rest], axis=1), LAGS, **STATE)
