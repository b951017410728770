import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import (
    drift,
    equilibration,
    inefficiency,
    over_blocks,
    over_runs,
    part_of,
    running_mean,
)


def memory(seed, rows, decay):
    """A series whose correlation decays as ``decay ** lag``: its inefficiency is (1 + decay) / (1 - decay)."""
    noise = np.random.default_rng(seed).normal(size=rows)
    series = np.zeros(rows)
    for row in range(1, rows):
        series[row] = decay * series[row - 1] + noise[row] * np.sqrt(1 - decay**2)
    return series


def test_rows_that_remember_are_fewer_independent_ones():
    assert inefficiency(memory(0, 100_000, 0.9)) == pytest.approx(19, rel=0.15)
    assert inefficiency(memory(0, 100_000, 0.0)) == pytest.approx(1, abs=0.05)
    assert inefficiency(np.ones(10)) == 1.0


def test_errors_of_blocks_are_calibrated():
    deviations = []
    for seed in range(100):
        mean = over_blocks(memory(seed, 4000, 0.9), "K")
        deviations.append(mean.quantity.value / mean.quantity.error)
    assert np.sqrt(np.mean(np.square(deviations))) == pytest.approx(1, abs=0.2)


def test_a_short_series_has_no_error_and_a_constant_one_none():
    short = over_blocks(memory(0, 30, 0.9), "K")
    assert (short.over, np.isnan(short.quantity.error)) == ("nothing", True)
    assert over_blocks(np.full(5, 3.0), "A").quantity.error == 0.0


def test_equilibration_is_cut_and_a_steady_series_is_not():
    series = memory(1, 2000, 0.5)
    decaying = series + 30.0 * np.exp(-np.arange(2000) / 100.0)
    assert 200 <= equilibration([decaying]) <= 900
    assert equilibration([series]) < 500
    assert equilibration([series, decaying]) == equilibration([decaying])
    assert equilibration([series[:10]]) == 0


def test_drift_is_the_slope_with_a_calibrated_error():
    time = np.arange(2000) * 0.1
    deviations = []
    for seed in range(60):
        found = drift(time, 0.3 * time + memory(seed, 2000, 0.8), "meV/ps").quantity
        deviations.append((found.value - 0.3) / found.error)
    assert np.sqrt(np.mean(np.square(deviations))) == pytest.approx(1, abs=0.25)
    assert np.isnan(drift(time[:5], time[:5], "").quantity.value)


def test_runs_have_a_standard_error_with_n_minus_one():
    mean = over_runs([1.0, 2.0, 4.0], "W/m/K")
    assert mean.quantity.error == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))
    assert mean.source == "3 runs"
    assert np.isnan(over_runs([1.0], "").quantity.error)


def test_running_means_and_windows():
    np.testing.assert_allclose(running_mean(np.array([[2.0, 0], [4, 4]])), [[2, 0], [3, 2]])
    assert part_of(np.arange(4.0), (0.5, 1.0)) == slice(2, 4)
    for window in ((0.5, 0.5), (-0.1, 1.0), (0.2, 1.1)):
        with pytest.raises(InputError, match="window"):
            part_of(np.arange(4.0), window)
