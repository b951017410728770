import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nepkit.transport import msd
from nepkit.transport.covariance import overlaps
from tests.walks import direct_msd

walks = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 40)).map(
    lambda key: np.random.default_rng(key[0]).normal(size=(key[1], key[2], 3)).cumsum(axis=0)
)


@given(walks)
def test_every_lag_is_its_definition(walk):
    curves = msd(walk, longest=1.0, tensor=True)
    for lag in range(1, len(walk)):
        np.testing.assert_allclose(curves.tensor["all"][lag], direct_msd(walk, lag), atol=1e-9)


@given(walks, st.floats(-1e3, 1e3))
def test_neither_place_nor_order_of_atoms_matter(walk, place):
    moved = (walk + place)[:, np.random.default_rng(0).permutation(walk.shape[1])]
    np.testing.assert_allclose(msd(moved).tensor["all"], msd(walk).tensor["all"], atol=1e-8)


@given(walks)
def test_time_may_run_backwards(walk):
    np.testing.assert_allclose(msd(walk[::-1]).tensor["all"], msd(walk).tensor["all"], atol=1e-9)


@given(walks)
def test_rotations_keep_the_sum(walk):
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    np.testing.assert_allclose(msd(walk @ rotation).total("all"), msd(walk).total("all"), atol=1e-9)


@given(st.integers(20, 200), st.floats(0, 50))
def test_covariances_are_those_of_something(frames, rattling):
    lags = np.unique(np.geomspace(1, frames // 2, 6).astype(int))
    covariance = overlaps(frames, lags).gaussian(rattling)
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12 * np.trace(covariance)
