import numpy as np
import pytest
from scipy.special import eval_legendre

from lr_correction.harmonics import columns, harmonics


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(0.2, 1, size=(30, 3))


def split(vectors):
    distance = np.linalg.norm(vectors, axis=1)
    return vectors / distance[:, None], distance


@pytest.mark.parametrize("degree", range(1, 9))
def test_addition_theorem(vectors, degree):
    unit, _ = split(vectors)
    values = harmonics(unit, degree)[:, 0, columns(degree, degree)]
    assert values.shape == (30, 2 * degree + 1)
    expected = (2 * degree + 1) / (4 * np.pi) * eval_legendre(degree, unit @ unit.T)
    np.testing.assert_allclose(values @ values.T, expected, atol=1e-13)


def test_lower_degrees_do_not_depend_on_the_highest(vectors):
    unit, distance = split(vectors)
    np.testing.assert_allclose(
        harmonics(unit, 8, distance)[:, :, columns(1, 3)], harmonics(unit, 3, distance), atol=1e-13
    )


def test_first_degree_is_the_vector(vectors):
    unit, _ = split(vectors)
    np.testing.assert_allclose(harmonics(unit, 1)[:, 0], np.sqrt(3 / (4 * np.pi)) * unit[:, [1, 2, 0]], atol=1e-15)


def test_gradient(vectors):
    step = 1e-4
    unit, distance = split(vectors)
    result = harmonics(unit, 8, distance)
    np.testing.assert_allclose(result[:, 0], harmonics(unit, 8)[:, 0], atol=1e-14)
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        ahead, behind, far, back = (harmonics(split(vectors + n * shift)[0], 8)[:, 0] for n in (1, -1, 2, -2))
        slope = (8 * (ahead - behind) - (far - back)) / (12 * step)
        np.testing.assert_allclose(result[:, 1 + axis], slope, atol=1e-8 * np.abs(slope).max())


@pytest.mark.parametrize("axis", range(3))
def test_axes_are_no_special_points(axis):
    unit = np.eye(3)[[axis]]
    result = harmonics(unit, 4, np.ones(1))
    assert np.isfinite(result).all()
    assert (result[0, 1:] @ result[0, 0])[axis] == pytest.approx(0, abs=1e-14)  # no slope along the vector
