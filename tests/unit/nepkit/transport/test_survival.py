import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.transport.mechanism.survival import survival


def telegraph(seed, on, off, frames=4000, pairs=60, interval=0.1):
    """Pairs that part with rate ``on`` and meet again with rate ``off`` (1/ps)."""
    rng = np.random.default_rng(seed)
    leave, come = on * interval, off * interval
    state = rng.random(pairs) < off / (on + off)
    rows = []
    for _ in range(frames):
        rows.append(state)
        state = np.where(state, rng.random(pairs) >= leave, rng.random(pairs) < come)
    frame, pair = np.nonzero(np.array(rows))
    return pair, frame, frames, interval


def test_lifetime_and_exchange_of_a_random_telegraph():
    found = survival(*telegraph(0, 0.2, 0.05), background=0.2, longest=20.0)
    # Every frame a pair leaves with probability 0.02, and the correlation decays by 1 - 0.02 - 0.005.
    assert abs(found.lifetime.value - -0.1 / np.log(0.98)) < 3 * found.lifetime.error
    assert abs(found.exchange.value - -0.1 / np.log(0.975)) < 3 * found.exchange.error
    assert found.exchange.error < 0.1 * found.exchange.value
    expected = 0.2 + 0.8 * 0.975 ** (found.time / 0.1)
    assert np.abs(found.intermittent - expected).max() < 5 * found.intermittent_error.max()
    assert np.abs(found.continuous - 0.98 ** (found.time / 0.1)).max() < 5 * found.continuous_error.max()


def test_errors_are_those_of_repeated_runs():
    z = []
    for seed in range(40):
        found = survival(*telegraph(seed, 0.2, 0.05, frames=600, pairs=40), background=0.2, longest=20.0)
        z.append((found.lifetime.value - -0.1 / np.log(0.98)) / found.lifetime.error)
    assert np.std(z) == pytest.approx(1.0, abs=0.3)
    assert abs(np.mean(z)) < 0.5


def test_visits_cut_off_by_the_end_do_not_shorten_the_lifetime():
    pair, frame, frames, interval = telegraph(1, 0.02, 0.02, frames=300, pairs=400)
    found = survival(pair, frame, frames, interval)  # 30 ps of run for a lifetime of 50 ps
    assert abs(found.lifetime.value - 50.0) < 3 * found.lifetime.error
    assert found.exchange is None


def test_patience_bridges_short_absences():
    pair, frame = [0] * 6, [0, 1, 3, 4, 6, 7]
    assert survival(pair, frame, 9, 1.0, longest=4.0).continuous.tolist() == pytest.approx([1, 0.5, 0, 0, 0])
    patient = survival(pair, frame, 9, 1.0, longest=4.0, patience=1.0)
    assert patient.exits == 1
    assert patient.continuous.tolist() == pytest.approx([1, 5 / 6, 4 / 5, 1, 3 / 4])
    assert patient.intermittent[1] == pytest.approx(0.5)


def test_what_never_parts_has_no_lifetime():
    found = survival([3] * 10, range(10), 10, 1.0)
    assert found.lifetime is None
    assert found.exits == 0
    assert (found.continuous == 1.0).all()


def test_no_pair_is_an_error():
    with pytest.raises(InputError, match="no pair is ever there"):
        survival([], [], 10, 1.0)
