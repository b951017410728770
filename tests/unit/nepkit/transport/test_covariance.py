from itertools import pairwise

import numpy as np
import pytest

from nepkit.core.statistics.blocks import bootstrap
from nepkit.transport.blocks import block_slopes, blocks_that_fit, kurtosis
from nepkit.transport.covariance import fit_line, ordinary_slope, overlaps

FRAMES, LAGS = 200, np.array([4, 9, 10, 40])


def squares(paths):
    return np.array([((paths[lag:] - paths[:-lag]) ** 2).mean(axis=0) for lag in LAGS])


@pytest.mark.parametrize("rattling", [0.0, 4.0])
def test_covariance_of_many_walkers(rattling):
    rng = np.random.default_rng(2)
    walks = rng.normal(size=(FRAMES, 6000)).cumsum(axis=0) + np.sqrt(rattling) * rng.normal(size=(FRAMES, 6000))
    measured = np.cov(squares(walks))
    expected = overlaps(FRAMES, LAGS).gaussian(rattling)
    np.testing.assert_allclose(measured / expected, 1.0, atol=0.12)  # 6000 samples: a few percent


def test_jumps_add_their_fourth_cumulant():
    """For jumps of length one at a small rate the squares vary with the number of jumps that intervals share."""
    rng = np.random.default_rng(3)
    rate = 0.05
    steps = (rng.random((FRAMES, 6000)) < rate) * rng.choice([-1.0, 1.0], (FRAMES, 6000))
    shared = overlaps(FRAMES, LAGS)
    expected = rate**2 * shared.gaussian() + (rate - 3 * rate**2) * shared.first
    np.testing.assert_allclose(np.cov(squares(steps.cumsum(axis=0))) / expected, 1.0, atol=0.15)


def test_overlaps_by_enumeration():
    frames, short, long = 9, 2, 5
    pairs = [max(0, min(i + short, j + long) - max(i, j)) for i in range(frames - short) for j in range(frames - long)]
    found = overlaps(frames, [short, long])
    assert found.first[0, 1] == pytest.approx(np.mean(pairs))
    assert found.second[1, 0] == pytest.approx(np.mean(np.square(pairs)))


def test_the_line_is_the_best_unbiased_estimate():
    covariance = overlaps(500, [10, 13, 18, 25, 40, 50]).gaussian()
    time = np.array([10, 13, 18, 25, 40, 50.0])
    line = fit_line(time, 3.0 + 2.0 * time, covariance)
    assert line.slope == pytest.approx(2.0)
    assert line.offset == pytest.approx(3.0)
    assert line.bend == pytest.approx(0.0, abs=1e-6)
    assert line.weights @ covariance @ line.weights == pytest.approx(line.slope_error**2, rel=1e-3)
    assert line.slope_error < ordinary_slope(time, time, covariance)[1]


def test_the_bend_is_the_exponent():
    time = np.linspace(10, 50, 12)
    covariance = overlaps(500, time.astype(int)).gaussian()
    assert fit_line(time, time**1.02, covariance).bend == pytest.approx(0.02, abs=0.003)


def test_blocks_average_what_they_say():
    paths = np.random.default_rng(0).normal(size=(90, 4, 3)).cumsum(axis=0)
    found = block_slopes(paths, [3, 8], [-0.25, 1.0], 4)
    squares = {lag: ((paths[lag : 82 + lag] - paths[:82]) ** 2).sum(axis=2).mean(axis=1) for lag in (3, 8)}
    edges = np.linspace(0, 82, 5).astype(int)
    series = squares[8] - 0.25 * squares[3]
    np.testing.assert_allclose(found, [series[a:b].mean() for a, b in pairwise(edges.tolist())], rtol=1e-5)
    drift = np.arange(90.0)[:, None].repeat(3, axis=1)
    shifted = block_slopes(paths + drift[:, None], [3, 8], [-0.25, 1.0], 4, shift=drift)
    np.testing.assert_allclose(shifted, found, rtol=1e-4)
    parts = [block_slopes(paths, [3, 8], [-0.25, 1.0], 4, axes=[axis]) for axis in range(3)]
    np.testing.assert_allclose(sum(parts), found, rtol=1e-5)


def test_thinned_blocks_see_the_same_slope():
    """Lags between the thinned frames are interpolated, which a straight displacement does not notice."""
    paths = np.random.default_rng(1).normal(size=(40_000, 2, 3)).cumsum(axis=0)
    lags, weights = np.array([21, 50, 90]), np.array([-0.01, -0.005, 0.015])
    found = block_slopes(paths, lags, weights, 20)
    direct = np.array([((paths[lag:] - paths[:-lag]) ** 2).sum(axis=2).mean() for lag in lags]) @ weights
    assert found.mean() == pytest.approx(direct, rel=0.02)


def test_kurtosis_counts_jumps():
    rng = np.random.default_rng(5)
    steps = np.zeros((4000, 40, 3))
    steps[..., 0] = (rng.random((4000, 40)) < 0.02) * 2.0 * rng.choice([-1, 1], (4000, 40))
    # all along x: the formula takes the directions for independent, so the cumulant is exact here too
    assert kurtosis(steps.cumsum(axis=0), 10) == pytest.approx(0.02 * 16, rel=0.15)


def test_number_of_blocks():
    assert blocks_that_fit(1000, 10) == 40
    assert blocks_that_fit(1000, 50) == 9
    assert blocks_that_fit(1000, 100) == 0


def test_bootstrap_has_the_scatter_of_the_mean():
    values = np.random.default_rng(0).normal(size=30)
    assert bootstrap(values, samples=20000).std() == pytest.approx(values.std(ddof=1) / np.sqrt(30), rel=0.03)
