"""The objective over labelled frames: its value, its normal equations, and the errors reported."""

import numpy as np
import pytest

from lr_correction.gauss_newton import Prior, minimise
from lr_correction.kernels import gpumd
from lr_correction.objective import Objective, Weights, errors
from lr_correction.parameters import Layout
from lr_correction.store import FrameStore
from tests.factories import random_nep
from tests.truth import labelled, potential_of, random_frames

NEP = random_nep(2, neurons=3)
LAYOUT = Layout(3, 3)
TRUTH = potential_of(NEP, {"Li": 1.0, "Cl": -1.0, "Y": 0.6}, sqrt_epsilon_inf=1.4)
WEIGHTS = Weights(energy=2.0, force=1.0, virial=0.5, bec=0.7, charges=0.3, dipole=0.2)


def frames():
    """Every kind of label, but not on every frame."""
    result = labelled(TRUTH, random_frames(4, grid=(2, 2, 2)), bec=True)
    for atoms in result:
        evaluation = TRUTH.evaluate([atoms])
        atoms.arrays["charges"] = evaluation.charges + 0.1
        atoms.info["dipole"] = 1.4 * evaluation.charges @ atoms.positions + [0.3, 0.2, 0.1]
    del result[0].arrays["bec"]
    del result[1].calc.results["stress"]
    del result[2].info["dipole"], result[2].arrays["charges"]
    return result


def objective(interaction="full", threads=1, blocks=(0, 0, 1, 1), weights=WEIGHTS) -> Objective:
    store = FrameStore(NEP, frames(), {"full": gpumd(2, NEP.cutoff_radial)})
    return Objective(store, LAYOUT, weights, interaction=interaction, blocks=list(blocks), threads=threads)


def true_parameters() -> np.ndarray:
    vector = np.zeros(LAYOUT.size)
    vector[LAYOUT.charges] = TRUTH.charges.parameters
    vector[LAYOUT.readout] = NEP.w1.ravel()
    vector[LAYOUT.scale] = 1.4
    return vector


@pytest.fixture(scope="module")
def ready() -> Objective:
    return objective()


def test_the_model_that_made_the_labels_has_no_residuals(ready):
    for frame in ready.residuals(true_parameters()):
        for kind, values in frame.items():
            expected = {"charges": 0.1, "dipole": np.array([0.3, 0.2, 0.1]) / 8}.get(kind, 0.0)
            np.testing.assert_allclose(values, expected, atol=1e-9, err_msg=kind)


def test_labels_count_where_they_are(ready):
    kinds = [set(frame) for frame in ready.residuals(true_parameters())]
    always = {"energy", "force"}
    assert kinds[0] == always | {"virial", "charges", "dipole"}
    assert kinds[1] == always | {"bec", "charges", "dipole"}
    assert kinds[2] == always | {"virial", "bec"}


def test_the_loss_is_the_sum_of_weighted_mean_squares(ready):
    point = true_parameters() + 0.1 * np.random.default_rng(0).normal(size=LAYOUT.size)
    collected = {}
    for frame in ready.residuals(point):
        for kind, values in frame.items():
            collected.setdefault(kind, []).append(values)
    expected = sum(getattr(WEIGHTS, kind) ** 2 * np.mean(np.concatenate(v) ** 2) for kind, v in collected.items())
    assert ready.loss(point) == pytest.approx(expected, rel=1e-12)
    assert ready.normal(point).loss.sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("interaction", ["full", None])
def test_the_gradient_is_that_of_the_loss(interaction):
    ready = objective(interaction)
    point = true_parameters() + 0.1 * np.random.default_rng(1).normal(size=LAYOUT.size)
    gradient = -2 * ready.normal(point).gradient.sum(axis=0)
    for column in range(LAYOUT.size):
        ends = []
        for sign in (1, -1):
            moved = point.copy()
            moved[column] += sign * 1e-4
            ends.append(ready.loss(moved))
        assert gradient[column] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-5, abs=1e-6)


def test_blocks_add_up_and_hold_their_frames(ready):
    point = true_parameters()
    point[LAYOUT.readout] *= 1.1
    whole = objective(blocks=(0, 0, 0, 0)).normal(point)
    parts = ready.normal(point)
    np.testing.assert_allclose(parts.curvature.sum(axis=0), whole.curvature[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parts.gradient.sum(axis=0), whole.gradient[0], rtol=1e-12, atol=1e-12)
    swapped = objective(blocks=(1, 1, 0, 0)).normal(point)
    np.testing.assert_allclose(swapped.loss, parts.loss[::-1], rtol=1e-12)
    for matrix in parts.curvature:
        assert np.linalg.eigvalsh(matrix)[0] > -1e-9


def test_threads_change_nothing(ready):
    point = true_parameters() * 1.05
    one, three = ready.normal(point), objective(threads=3).normal(point)
    np.testing.assert_array_equal(one.loss, three.loss)
    np.testing.assert_array_equal(one.curvature, three.curvature)


def test_a_weight_of_zero_leaves_a_label_out():
    nothing = Weights(energy=0, force=0, virial=0, bec=0, charges=0, dipole=0)
    assert objective(weights=nothing).loss(true_parameters() * 2) == 0.0


def test_charges_of_frames(ready):
    for atoms, charges in zip(frames(), ready.charges(true_parameters()), strict=True):
        np.testing.assert_allclose(charges, TRUTH.evaluate([atoms]).charges, atol=1e-12)


def test_errors_are_root_mean_squares_in_milli_electronvolts():
    summary = errors([{"energy": np.array([0.003]), "force": np.array([0.01, -0.02])}, {"energy": np.array([-0.004])}])
    assert summary.energy_mev_atom == pytest.approx(1e3 * np.sqrt(12.5) * 1e-3)
    assert summary.force_mev_a == pytest.approx(np.sqrt(250.0))
    assert summary.virial_mev_atom is None
    assert summary.frames == 2


def test_minimising_finds_the_model_that_made_the_labels():
    clean = labelled(TRUTH, random_frames(4, grid=(2, 2, 2)))
    store = FrameStore(NEP, clean, {"full": gpumd(2, NEP.cutoff_radial)})
    ready = Objective(store, LAYOUT, Weights(), interaction="full")
    truth = true_parameters()
    start = truth * (1 + 0.1 * np.random.default_rng(2).normal(size=LAYOUT.size))
    solution = minimise(ready, start, Prior(start, np.full(LAYOUT.size, 1e-13)), LAYOUT.mask(), tolerance=1e-9)
    # A common constant on every charge is taken away again: charges, not parameters, are what comes back.
    for found, expected in zip(ready.charges(solution.parameters), ready.charges(truth), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert solution.objective < 1e-10
