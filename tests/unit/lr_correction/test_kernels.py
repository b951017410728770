"""The functions of k and r by which charges interact, and the parameters that define them."""

import math

import numpy as np
import pytest
from scipy.special import erf

from lr_correction.errors import SettingsError
from lr_correction.kernels import Interaction, coulomb, gpumd, screened, smeared, smeared_within

INTERACTIONS = {
    "mode 1": gpumd(1, 5.0),
    "mode 2": gpumd(2, 5.0),
    "within": smeared_within(5.0),
    "screened": screened(5.0, 7.5),
    "coulomb": coulomb(0.8, 8.0, 6.0),
    "smeared": smeared(0.8, 8.0),
}


def test_gpumd_parameters_follow_the_cutoff_alone():
    for mode in (1, 2):
        interaction = gpumd(mode, 6.0)
        assert interaction.alpha == pytest.approx(math.pi / 6.0)
        assert interaction.k_cutoff == pytest.approx(2 * math.pi**2 / 6.0)
        assert interaction.reciprocal
        assert interaction.at_zero == 0.0
    assert (gpumd(1, 6.0).pair, gpumd(1, 6.0).pair_cutoff) == ("coulomb", 6.0)
    assert (gpumd(2, 6.0).pair, gpumd(2, 6.0).self_term) == (None, 0.0)


@pytest.mark.parametrize("name", ["mode 2", "screened"])
def test_slope_in_k_is_the_derivative(name):
    k = np.linspace(0.2, 6.0, 50)
    h = 1e-6
    interaction = INTERACTIONS[name]
    _, slope = interaction.in_k(k**2)
    difference = (interaction.in_k((k + h) ** 2)[0] - interaction.in_k((k - h) ** 2)[0]) / (2 * h)
    np.testing.assert_allclose(slope * k, difference, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", ["mode 1", "within"])
def test_slope_in_r_is_the_derivative(name):
    r = np.linspace(0.5, 4.99, 200)
    h = 1e-5
    interaction = INTERACTIONS[name]
    _, slope = interaction.in_r(r)
    difference = (interaction.in_r(r + h)[0] - interaction.in_r(r - h)[0]) / (2 * h)
    np.testing.assert_allclose(slope, difference, rtol=1e-7, atol=1e-8)


def test_smeared_pairs_are_bare_inside_and_reach_zero_smoothly():
    interaction = smeared_within(5.0)
    inner = np.linspace(0.1, 2.5, 20)
    np.testing.assert_allclose(interaction.in_r(inner)[0], erf(interaction.alpha * inner) / inner, rtol=1e-14)
    for eps in (1e-2, 1e-3):
        value, slope = interaction.in_r(np.array([5.0 - eps]))
        assert 0 < value[0] < eps**3  # third order: value, slope and curvature all vanish at the cutoff
        assert 0 < -slope[0] < 3 * eps**2


def test_smeared_self_term_is_the_limit_of_the_pair_function():
    interaction = smeared_within(5.0)
    assert interaction.in_r(np.array([1e-5]))[0][0] == pytest.approx(interaction.self_term, rel=1e-9)


def test_a_screened_interaction_differs_from_the_full_one_by_the_smooth_part_alone():
    full, cut = gpumd(2, 5.0), screened(5.0, 7.5)
    k = np.linspace(0.1, full.k_cutoff, 50)
    assert (cut.alpha, cut.k_cutoff) == (full.alpha, full.k_cutoff)
    smooth = smeared(cut.high_pass, full.k_cutoff).in_k(k**2)[0]
    np.testing.assert_allclose(full.in_k(k**2)[0] - cut.in_k(k**2)[0], smooth, rtol=1e-12, atol=1e-16)
    assert cut.in_k(np.array([1e-8]))[0][0] == pytest.approx(cut.at_zero, rel=1e-6)  # finite, hence of finite range


def test_the_parts_of_full_ewald_add_up_to_one_over_r():
    r = np.linspace(0.3, 4.9, 30)
    outside = coulomb(0.8, 8.0, 6.0).in_r(r)[0]
    np.testing.assert_allclose(outside + erf(0.8 * r) / r, 1 / r, rtol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gpumd(3, 5.0), "charge mode is 3"),
        (lambda: gpumd(1, 0.0), "cutoff_radial is 0.0"),
        (lambda: smeared_within(-1.0), "cutoff_radial is -1.0"),
        (lambda: smeared(float("nan"), 1.0), "alpha is nan"),
        (lambda: screened(5.0, 0.0), "reach is 0.0"),
        (lambda: screened(5.0, 3.0), "high_pass is 0.6"),
        (lambda: coulomb(0.5, 0.0, 3.0), "k_cutoff is 0.0"),
        (lambda: coulomb(0.5, 3.0, 0.0), "pair_cutoff is 0.0"),
        (lambda: Interaction(0.5, pair="bare", pair_cutoff=3.0), 'unknown pair function "bare"'),
        (lambda: gpumd(2, 5.0).in_r(np.ones(1)), "no pair function"),
    ],
)
def test_bad_settings_are_named(make, message):
    with pytest.raises(SettingsError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
