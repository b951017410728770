import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import of_blocks, of_variance
from nepkit.transport import NotDiffusiveError, diffusion, msd
from nepkit.transport.diffusion import finite_size_correction
from tests.walks import brownian, caged

SEEDS = range(40)


def estimates(walk):
    return [diffusion(msd(paths), "all", positions=paths).D for paths in map(walk, SEEDS)]


@pytest.mark.parametrize(
    ("walk", "d"),
    [
        (lambda seed: brownian(seed, frames=600, atoms=40), 0.01e-4),
        (lambda seed: caged(seed, frames=1500, atoms=40), 0.01 * 4 / 6 * 1e-4),
    ],
    ids=["brownian", "caged"],
)
def test_errors_are_those_of_repeated_runs(walk, d):
    found = estimates(walk)
    z = np.array([(part.value - d) / part.error for part in found])
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.3)  # 40 seeds: 11 %
    assert np.mean(z) == pytest.approx(0.0, abs=0.4)
    assert np.mean([part.low < d < part.high for part in found]) >= 0.88


def test_pairs_that_move_together_are_found_out():
    """Half as many walkers as ions: independent ions would have an error too small by the root of two."""
    trusted, z = [], []
    for seed in SEEDS:
        one = brownian(seed, frames=2000, atoms=15)
        paths = np.concatenate([one, one + 1.0], axis=1)
        found = diffusion(msd(paths), "all", positions=paths)
        trusted.append(found.trusted)
        z.append((found.D.value - 0.01e-4) / found.D.error)
    assert trusted.count("blocks") > 20
    assert np.sqrt(np.mean(np.square(z))) < 1.4


def test_a_start_is_found_after_the_rattling():
    paths = caged(0, frames=4000, atoms=100, memory=6.0)
    found = diffusion(msd(paths, 0.1), "all", positions=paths)
    assert found.window[0] >= 1.0
    assert abs(found.exponent.value - 1.0) < 3 * found.exponent.error
    assert found.offset == pytest.approx(6 * 0.3**2, abs=0.15)  # twice the variance in each of three directions


def test_directions_add_up():
    paths = brownian(3) * np.array([1.0, 2.0, 0.5])
    curves = msd(paths)
    found = diffusion(curves, "all")
    values = [part.value for part in found.directions]
    np.testing.assert_allclose(values, [0.01e-4, 0.04e-4, 0.0025e-4], rtol=0.1)
    assert diffusion(curves, "all", axes=(1,)).D.value == pytest.approx(0.04e-4, rel=0.1)


def test_a_window_by_hand_gives_the_plain_line():
    curves = msd(brownian(1), 0.1)
    found = diffusion(curves, "all", window=(0.2, 0.6))
    assert found.line == found.D
    assert found.window == pytest.approx((9.9, 29.9), abs=0.2)
    chosen = np.array(found.lags)
    slope = np.polyfit(curves.time[chosen], curves.total("all")[chosen], 1)[0]
    assert found.D.value == pytest.approx(slope / 6 * 1e-4)
    assert found.D.error > found.model.error


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (np.ones((100, 4, 3)), "positions are constant"),
        (np.random.default_rng(0).normal(size=(400, 50, 3)), "does not diffuse|rattles in place"),
        (
            np.arange(200.0)[:, None, None] * np.random.default_rng(0).normal(size=(1, 50, 3)),
            "has no diffusive regime: .* to the power 2",
        ),
        (brownian(0, frames=12), "too few for a line"),
    ],
    ids=["constant", "solid", "ballistic", "short"],
)
def test_what_does_not_diffuse_is_refused(paths, message):
    with pytest.raises(NotDiffusiveError, match=message):
        diffusion(msd(paths), "all")


@pytest.mark.parametrize("window", [(0.8, 0.4), (-0.1, 0.5), (0.5, 1.5), (0.5, 0.501)])
def test_bad_windows_are_refused(window):
    with pytest.raises(InputError, match="window"):
        diffusion(msd(brownian(0, frames=200)), "all", window=window)


def test_intervals_of_a_mean_of_squares_lean_upwards():
    wide = of_variance(2.0, 0.5, "cm^2/s")
    assert wide.high - wide.value > wide.value - wide.low > 0
    narrow = of_variance(2.0, 0.01, "cm^2/s")
    assert narrow.high == pytest.approx(2.0 * (1 + 1.96 * 0.01), rel=1e-3)
    assert of_variance(2.0, 40.0, "").high == np.inf
    wrong_sign = of_variance(-1.0, 2.0, "")
    assert wrong_sign.low < -1.0 < wrong_sign.high
    assert of_blocks(2.0, 0.1, 8, "").high == pytest.approx(2.0 + 2.365 * 0.1, rel=1e-3)


def test_finite_size_correction_has_its_scaling():
    one = finite_size_correction(300.0, 1e-3, 20.0)
    assert finite_size_correction(300.0, 1e-3, 40.0) == pytest.approx(one / 2)
    assert one == pytest.approx(1e4 * 2.837297 * 1.380649e-23 * 300 / (6 * np.pi * 1e-3 * 20e-10))
    with pytest.raises(InputError, match="more than zero"):
        finite_size_correction(300.0, 0.0, 20.0)
