"""Errors of predictions and their standard errors."""

import numpy as np
import pytest
from ase.build import bulk

from nepkit.accuracy.errors import accuracy, predictions_of
from nepkit.accuracy.force_errors import force_errors
from nepkit.core import conventions
from nepkit.frames import Labels


def test_numbers_by_hand():
    found = accuracy([[1.0, 2.0], [3.0, 5.0]], [[1.0, 1.0], [3.0, 3.0]])
    assert found.rmse == pytest.approx(np.sqrt(5 / 4))
    assert (found.mae, found.bias, found.count, found.blocks) == (0.75, 0.75, 4, 2)
    assert found.r2 == pytest.approx(1.0 - 5.0 / 4.0)


def test_no_error_of_one_frame_and_no_r2_of_a_constant():
    found = accuracy([[1.0, 2.0]], [[3.0, 3.0]])
    assert found.r2 is None
    assert (found.rmse_error, found.mae_error, found.r2_error) == (None, None, None)
    assert accuracy([1.0, 2.0], [1.5, 2.5], [0, 0]).rmse_error is None


def test_standard_errors_are_those_of_repeated_samples():
    """60 frames of 20 numbers that err together: the error of the mean is that of 60, not of 1200 numbers."""
    rng = np.random.default_rng(1)
    told, seen, naive = [], [], []
    for _ in range(200):
        common = rng.normal(size=(60, 1))
        error = (0.9 * common + 0.4 * rng.normal(size=(60, 20))).ravel()
        target = rng.normal(scale=3.0, size=1200)
        found = accuracy(target + error, target, np.repeat(np.arange(60), 20))
        told.append(found.rmse_error)
        seen.append(found.rmse)
        naive.append(accuracy(target + error, target).rmse_error)
    assert np.mean(told) == pytest.approx(np.std(seen, ddof=1), rel=0.2)
    assert np.mean(naive) < 0.5 * np.mean(told)


def test_stress_has_the_sign_and_unit_of_the_trainer():
    atoms = bulk("Al", a=4.0)
    atoms.info["virial"] = np.diag([1.0, 2.0, 3.0])  # eV, compressed
    made = predictions_of([atoms], [Labels(virial=np.zeros((3, 3)))])
    pressure = conventions.EV_PER_A3_IN_GPA / atoms.get_volume()
    np.testing.assert_allclose(made["stress"].reference[0], np.array([1, 2, 3, 0, 0, 0]) * pressure)
    np.testing.assert_allclose(made["virial"].reference[0], [1, 2, 3, 0, 0, 0])
    assert set(made) == {"stress", "virial"}


def test_frames_without_a_label_are_counted():
    one, other = bulk("Al"), bulk("Al")
    one.info["energy"] = -1.0
    made = predictions_of([one, other], [Labels(energy=-2.0), Labels(energy=-3.0)])
    assert made["energy"].left_out == 1
    assert made["energy"].error.tolist() == [[-1.0]]


def test_force_errors_by_hand():
    found = force_errors([[1.0, 0, 0], [0, 2.0, 0], [0, 0, 0]], [[1.0, 1e-9, 0], [0, 0, 3.0], [0, 0, 1.0]])
    np.testing.assert_allclose(found.angle, [np.degrees(1e-9), 90.0, np.nan])
    np.testing.assert_allclose(found.length, [1e-9, np.sqrt(13), 1.0])
    np.testing.assert_allclose(found.component[1], [0, 2, -3])
    np.testing.assert_allclose(found.quantiles([0.5, 1.0]), [1.0, np.sqrt(13)])
