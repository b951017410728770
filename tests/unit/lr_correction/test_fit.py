"""What `fit_charges` reports, on data whose answer is known."""

import json

import numpy as np
import pytest

from lr_correction.errors import ModelError
from lr_correction.export import write_qnep
from lr_correction.fit import fit_charges
from lr_correction.objective import Weights
from lr_correction.results import Ridge
from tests.factories import random_nep
from tests.truth import labelled, perturbed, potential_of, random_frames

ELEMENTS, CHARGES = ("Li", "Cl"), {"Li": 1.0, "Cl": -1.0}
NEP = random_nep(4, elements=ELEMENTS, neurons=3)
TRUTH = potential_of(NEP, CHARGES, sqrt_epsilon_inf=1.6)
WEAK = Ridge(1e-11, 1e-11, 0.0)


def frames(count=6, seed=100, total_charges=None, **settings):
    made = random_frames(count, seed=seed, elements=ELEMENTS, grid=(2, 2, 2))
    return labelled(TRUTH, made, total_charges=total_charges or [0.0] * count, **settings)


def fit(train=None, nep=NEP, **settings):
    defaults = {"initial_charges": {"Li": 0.8, "Cl": -0.8}, "scales": (1.0,), "prior": WEAK, "threads": 1}
    return fit_charges(perturbed(nep, 0.05), frames() if train is None else train, **{**defaults, **settings})


@pytest.fixture(scope="module")
def plain():
    seen = []
    result = fit(test=frames(3, seed=300), scales=(1.0, -1.0, 0.5), progress=lambda *event: seen.append(event))
    return result, seen


def test_errors_fall_from_stage_to_stage(plain):
    result, _ = plain
    for stages in (result.train, result.test):
        assert stages.frozen.force_mev_a > stages.readout.force_mev_a > 1e3 * stages.charges.force_mev_a
        assert stages.charges.virial_mev_atom < 0.1
    assert result.train.frozen.frames == 6
    assert result.test.frozen.frames == 3


def test_the_errors_reported_are_those_of_the_potential(plain):
    result, _ = plain
    test = frames(3, seed=300)
    found = result.potential.evaluate(test)
    off = found.forces - np.concatenate([atoms.get_forces() for atoms in test])
    assert 1e3 * np.sqrt((off**2).mean()) == pytest.approx(result.test.charges.force_mev_a, rel=1e-3, abs=1e-6)


def test_the_range_diagnosis_tells_full_from_cut(plain):
    result, _ = plain
    assert result.range.frames == "test"
    assert result.range.full == result.test.charges
    assert result.range.readout == result.test.readout
    assert result.range.full.force_mev_a < 0.1 * result.range.short_range_charges.force_mev_a
    assert result.charges_help
    assert "the long range helps" in result.verdict


def test_starts_are_told_the_best_first(plain):
    starts = plain[0].starts
    assert sorted(start.scale for start in starts) == [-1.0, 0.5, 1.0]
    assert [start.objective for start in starts] == sorted(start.objective for start in starts)
    kept = plain[0].charges["Li"]
    assert kept.start == pytest.approx(0.8 * starts[0].scale)


def test_numbers_of_parameters_rank_and_blocks(plain):
    result, _ = plain
    assert result.parameters == 2 * 4 + 2 * 3 + 2
    assert result.rank == result.parameters - 1  # one constant on all charges is taken away by neutrality
    assert result.condition > 1
    assert result.blocks == 6
    assert result.converged


def test_progress_tells_every_stage_and_seconds_add_up(plain):
    result, seen = plain
    stages = {stage for stage, *_ in seen}
    assert {"features of the training frames", "features of the test frames", "frozen NEP", "readout refit"} <= stages
    assert {f"charges, start {scale}" for scale in ("1", "-1", "0.5")} <= stages
    assert all(0 <= done <= total for _, done, total, _ in seen)
    parts = sum(value for stage, value in result.seconds.items() if stage != "total")
    assert parts == pytest.approx(result.seconds["total"], rel=0.05)


def test_the_summary_is_json_with_the_promised_keys(plain):
    summary = json.loads(json.dumps(plain[0].summary(), allow_nan=False))
    for part in ("train", "test"):
        for stage in ("frozen", "readout", "charges"):
            assert {"energy_mev_atom", "force_mev_a", "virial_mev_atom"} <= set(summary[part][stage])
    assert {"readout", "short_range_charges", "full"} <= set(summary["range"])
    assert set(summary["charges"]) == set(ELEMENTS)
    assert {"mean", "std", "error"} <= set(summary["charges"]["Li"])
    assert isinstance(summary["iterations"], int)
    assert summary["seconds"] > 0


def test_born_charges_give_their_scale_alone_unless_they_have_a_weight():
    seen = fit(frames(bec=True), range_diagnosis=False)
    unseen = fit(frames(), range_diagnosis=False)
    assert seen.potential.sqrt_epsilon_inf == pytest.approx(1.6, rel=1e-3)
    assert any("sqrt_epsilon_inf alone" in note for note in seen.notes)
    np.testing.assert_array_equal(seen.potential.charges.parameters, unseen.potential.charges.parameters)


def test_born_charges_with_a_weight_are_fitted_with_their_scale():
    result = fit(frames(bec=True), range_diagnosis=False, weights=Weights(bec=1.0))
    assert result.potential.sqrt_epsilon_inf == pytest.approx(1.6, rel=1e-5)
    assert result.train.charges.bec_e < 1e-5
    assert result.range is None
    assert not any("sqrt_epsilon_inf" in note for note in result.notes)


def test_without_born_charges_their_scale_is_one_and_told(plain):
    assert plain[0].potential.sqrt_epsilon_inf == 1.0
    assert any("sqrt_epsilon_inf is set to 1" in note for note in plain[0].notes)


def test_charged_frames_are_fitted_and_not_exported(tmp_path):
    totals = [0.0, 1.0, -1.0, 2.0, 0.0, 1.0]
    train = frames(total_charges=totals)
    result = fit(train, range_diagnosis=False)
    found = result.potential.evaluate(train, total_charges=totals)
    np.testing.assert_allclose(found.charges, TRUTH.evaluate(train, total_charges=totals).charges, atol=1e-5)
    with pytest.raises(ModelError, match="training frame 2 has charge"):
        write_qnep(result.potential, tmp_path / "qnep.txt", trained_on=train)


def test_fixed_charges_do_not_change_with_the_environment():
    result = fit(charges="fixed", range_diagnosis=False)
    assert not result.potential.charges.depends_on_environment
    assert result.parameters == 2 + 2 * 3 + 2


def test_a_frozen_short_range_stays():
    nep = perturbed(NEP, 0.05)
    result = fit(short_range="frozen", range_diagnosis=False)
    np.testing.assert_array_equal(result.potential.nep.w1, nep.w1)
    assert result.parameters == 2 * 4 + 2


def test_energies_of_elements_are_found():
    train = frames()
    for atoms in train:
        atoms.calc.results["energy"] += 3.0 * (atoms.symbols == "Li").sum() - 200.0 * (atoms.symbols == "Cl").sum()
    result = fit(train, range_diagnosis=False)
    np.testing.assert_allclose(result.potential.energies, [3.0, -200.0], atol=1e-3)
    assert result.train.frozen.energy_mev_atom < 1e4


def test_one_frame_has_no_error_bars_but_a_fit():
    result = fit(frames(1), prior=None)
    assert result.blocks == 1
    assert not result.ridge_chosen
    assert np.isnan(result.charges["Li"].error)
    assert not result.charges_help  # one frame proves nothing
    json.dumps(result.summary(), allow_nan=False)


def test_an_element_that_no_frame_has_is_carried_along(tmp_path):
    nep = random_nep(4, elements=("Li", "Y", "Cl"), neurons=3)
    truth = potential_of(nep, {**CHARGES, "Y": 3.0})
    train = labelled(truth, random_frames(6, elements=ELEMENTS, grid=(2, 2, 2)), total_charges=[0.0] * 6)
    result = fit(train, nep, initial_charges={"Li": 0.8, "Cl": -0.8, "Y": 2.4}, range_diagnosis=False)
    assert set(result.charges) == set(ELEMENTS)
    assert result.train.charges.force_mev_a < 1e-2
    write_qnep(result.potential, tmp_path / "qnep.txt")


def test_frames_without_virial_are_fitted():
    result = fit(frames(virial=False), range_diagnosis=False)
    assert result.train.charges.virial_mev_atom is None
    assert result.train.charges.force_mev_a < 1e-2


def test_cross_validation_chooses_a_strength():
    result = fit(prior=None, range_diagnosis=False)
    assert result.ridge_chosen
    assert result.ridge.charges < 1e-5
    assert result.train.charges.force_mev_a < 5
