import numpy as np
import pytest

from lr_correction.radial import basis, basis_and_derivative

CUTOFF = 4.5


@pytest.mark.parametrize("size", [0, 1, 2, 12])
def test_functions_are_chebyshev_polynomials_under_the_cutoff(size):
    distance = np.linspace(0.4, CUTOFF, 20)
    values = basis(distance, CUTOFF, size)
    assert values.shape == (size + 1, 20)
    cutoff = 0.5 * (1 + np.cos(np.pi * distance / CUTOFF))
    angle = np.arccos(2 * (distance / CUTOFF - 1) ** 2 - 1)
    for k in range(size + 1):
        np.testing.assert_allclose(values[k], 0.5 * (np.cos(k * angle) + 1) * cutoff, atol=1e-13)


@pytest.mark.parametrize("size", [0, 1, 2, 12])
def test_derivatives(size):
    distance, step = np.linspace(0.4, CUTOFF - 0.1, 20), 1e-5
    values, slope = basis_and_derivative(distance, CUTOFF, size)
    np.testing.assert_array_equal(values, basis(distance, CUTOFF, size))
    expected = (basis(distance + step, CUTOFF, size) - basis(distance - step, CUTOFF, size)) / (2 * step)
    np.testing.assert_allclose(slope, expected, atol=2e-8 * max(1, size) ** 2)


def test_value_and_slope_vanish_at_the_cutoff():
    values, slope = basis_and_derivative(np.array([CUTOFF]), CUTOFF, 8)
    np.testing.assert_allclose(values, 0, atol=1e-15)
    np.testing.assert_allclose(slope, 0, atol=1e-15)
