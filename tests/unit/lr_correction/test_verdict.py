"""What is said of errors whose ratio is known: gains, their intervals, and the words."""

import json

import numpy as np
import pytest

from lr_correction.verdict import FrameErrors, compare, gain, judge


def errors(force, energy=None, clusters=None):
    """Frames of ten atoms with given root mean square errors, eV/A and eV/atom."""
    force = np.asarray(force, float)
    energy = np.full(len(force), 1e-3) if energy is None else np.asarray(energy, float)
    clusters = np.arange(len(force)) if clusters is None else np.asarray(clusters)
    return FrameErrors(force**2, energy**2, np.full(len(force), 10), clusters)


def scattered(count, level, *, spread=0.2, seed=0):
    return level * np.exp(spread * np.random.default_rng(seed).normal(size=count))


def test_gain_is_the_geometric_mean_over_clusters_and_its_interval_student_s():
    rng = np.random.default_rng(1)
    reference, model, clusters, weights = rng.uniform(1, 2, 8), rng.uniform(1, 2, 8), np.arange(8) // 2, np.ones(8)
    found = gain(reference, model, clusters, weights)
    logs = 0.5 * np.log(model.reshape(4, 2).sum(axis=1) / reference.reshape(4, 2).sum(axis=1))
    assert found.value == pytest.approx(1 - np.exp(logs.mean()))
    margin = 4.540703 * logs.std(ddof=1) / 2  # Student's t at 99 %, three degrees of freedom
    assert (found.low, found.high) == pytest.approx(
        (1 - np.exp(logs.mean() + margin), 1 - np.exp(logs.mean() - margin))
    )
    assert found.pooled == pytest.approx(1 - np.sqrt(model.sum() / reference.sum()))
    assert (found.better, found.clusters) == (int((logs < 0).sum()), 4)


def test_one_cluster_proves_nothing():
    found = judge("charges", errors([0.1]), errors([0.002]), where="test frames")
    assert found.helps is None
    assert found.text.startswith("cannot tell from 1 test frame whether charges help")
    assert json.loads(json.dumps(found.summary(), allow_nan=False))["over_reference"]["force"]["error"] is None


def test_the_confidence_is_what_it_says():
    """Two models of the same error: a gain is seen about once in a hundred, by forces and by energies together."""
    rng = np.random.default_rng(5)
    claims = 0
    for _ in range(1500):
        force, energy = np.exp(0.2 * rng.normal(size=(2, 10))), np.abs(rng.normal(size=(2, 10)))
        claims += compare(errors(force[0], energy[0]), errors(force[1], energy[1])).better
    assert claims <= 45


def test_few_hard_frames_do_not_hide_what_the_many_say():
    """Nine of ten frames gain much, one hard frame nothing: the ratio of averages says nothing, the paired one does."""
    before, after = np.full(10, 0.02), np.full(10, 0.005)
    before[3], after[3] = 0.2, 0.19
    found = judge("charges", errors(before), errors(after))
    assert found.helps
    assert "in 10 of 10 frames" in found.text
    assert found.over_reference.force.pooled < 0.1


def test_energies_count_beside_forces():
    force = scattered(10, 0.05)
    before, after = 0.07 * np.ones(10), scattered(10, 0.015, spread=0.5)
    found = judge("charges", errors(force, before), errors(force * scattered(10, 0.95, seed=2), after))
    assert found.helps
    assert "energies 70.0 -> " in found.text


def test_it_never_says_do_not_help_where_energies_fall_by_half():
    force = scattered(10, 0.05)
    before, after = np.full(10, 0.01), np.full(10, 0.01)
    before[:3], after[:3] = 0.2, 0.01  # most of the energy error was in three frames
    found = judge("charges", errors(force, before), errors(force, after))
    assert found.over_reference.energy.pooled > 0.5
    assert found.helps is None
    assert found.text.startswith("cannot tell from 10 test frames")


CASES = [
    ((0.10, 0.10), None, None, False, "none", "charges do not help: forces 100.0 -> 100.0 meV/A"),
    ((0.10, 0.12), None, None, False, "none", "20.0 +- 0.0 % higher"),
    ((0.10, 0.08), None, None, True, "unknown", "charges help: forces 100.0 -> 80.0 meV/A (20.0 +- 0.0 % lower"),
    ((0.10, 0.08), 0.08, 0.08, True, "within the cutoff", "not by their range, but as a more flexible model"),
    ((0.10, 0.08), 0.09, 0.08, True, "beyond the cutoff", "that it is long-ranged is not shown, a longer cutoff"),
    ((0.10, 0.08), 0.09, None, True, "beyond the cutoff", "a part is from beyond the cutoff: against an interaction"),
    ((0.10, 0.08), 0.09, 0.085, True, "long range", "the long range helps: against one that ends at two cutoffs"),
    ((0.10, 0.08), 0.0805, 0.08, True, "within the cutoff", "not by their range"),  # 0.6 %: sure, but nothing
]


@pytest.mark.parametrize(("levels", "near", "screened", "helps", "reach", "words"), CASES)
def test_the_judgement(levels, near, screened, helps, reach, words):
    shape = scattered(12, 1.0)
    made = [None if level is None else errors(level * shape) for level in (*levels, near, screened)]
    found = judge("charges", *made, where="test frames")
    assert (found.helps, found.range) == (helps, reach)
    assert words in _plain(found.text, shape)
    assert "12 test frames" in found.text


def _plain(text, shape):
    """The text as for frames that all have the same error."""
    scale = np.sqrt(np.mean(shape**2))
    for level in (0.10, 0.08, 0.12):
        text = text.replace(f"{1e3 * level * scale:.1f}", f"{1e3 * level:.1f}")
    return text


def test_small_cells_are_named_as_the_reason():
    shape = scattered(12, 1.0)
    made = [errors(level * shape) for level in (0.10, 0.08, 0.09, 0.08)]
    assert "these cells are too small for that" in judge("charges", *made, too_small=True).text


def test_many_frames_that_scatter_leave_the_question_open():
    rng = np.random.default_rng(2)
    before = np.exp(1.0 * rng.normal(size=10))
    found = judge("charges", errors(before), errors(before * np.exp(rng.normal(-0.3, 0.8, size=10))))
    assert found.helps is None
    assert found.range == "unknown"
