"""Labels that cannot be meant are named: units, signs, order; test frames that are training frames."""

import numpy as np
import pytest

from lr_correction.errors import DataError
from lr_correction.fit import fit_charges
from lr_correction.results import Ridge
from lr_correction.sanity import repeated_frames
from tests.factories import random_nep
from tests.truth import labelled, perturbed, potential_of, random_frame

ELEMENTS = ("Li", "Cl")
NEP = random_nep(4, elements=ELEMENTS, neurons=3)
TRUTH = potential_of(NEP, {"Li": 0.3, "Cl": -0.3})


def frames(count=10, seed=100):
    """Frames of the same atoms, labelled, whose labels may be changed."""
    rng = np.random.default_rng(seed)
    base = random_frame(1, elements=ELEMENTS, grid=(2, 2, 2), rattle=0.0)
    made = []
    for _ in range(count):
        atoms = base.copy()
        atoms.positions += rng.normal(scale=0.12, size=atoms.positions.shape)
        made.append(atoms)
    return labelled(TRUTH, made, virial=False, total_charges=[0.0] * count)


def fit(train, test=None):
    settings = {"prior": Ridge(1e-6, 1e-6), "scales": (1.0,), "range_diagnosis": False, "threads": 1}
    return fit_charges(perturbed(NEP, 0.05), train, test=test, initial_charges={"Li": 0.3, "Cl": -0.3}, **settings)


def scaled(train, name, factor):
    for atoms in train:
        atoms.calc.results[name] = factor * atoms.calc.results[name]
    return train


WRONG = [
    ("forces", -1.0, "forces of the training frames have the wrong sign"),
    ("forces", 1 / 51.4221, "they look like Hartree/bohr, expected eV/angstrom"),
    ("forces", 23.06, "they look like kcal/mol/angstrom"),
    ("energy", 1 / 27.2114, "they look like Hartree, expected eV"),
    ("energy", -1.0, "energies of the training frames have the wrong sign"),
]


@pytest.mark.parametrize(("name", "factor", "words"), WRONG)
def test_other_units_and_signs_are_named(name, factor, words):
    with pytest.raises(DataError, match=words) as caught:
        fit(scaled(frames(), name, factor))
    assert "\n" not in str(caught.value)


def test_those_of_the_test_frames_too():
    with pytest.raises(DataError, match="forces of the test frames have the wrong sign"):
        fit(frames(), scaled(frames(seed=7), "forces", -1.0))


def test_labels_of_other_frames_are_named():
    train = frames()
    results = [dict(atoms.calc.results) for atoms in train]
    for atoms, other in zip(train, results[1:] + results[:1], strict=True):
        atoms.calc.results = other
    with pytest.raises(DataError, match=r"another order than the frames: the NEP's forces of training frame 1"):
        fit(train)


def test_energies_that_do_not_follow_are_told():
    train = frames(12)
    energies = [atoms.calc.results["energy"] for atoms in train]
    for atoms, energy in zip(train, np.roll(energies, 5), strict=True):
        atoms.calc.results["energy"] = energy
    assert any("do not follow the NEP's" in note for note in fit(train).notes)


def test_test_frames_that_are_training_frames_are_left_out_of_the_verdict():
    train, fresh = frames(), frames(4, seed=9)
    assert repeated_frames(train, [fresh[0], train[3]]) == {1: 3}
    some = fit(train, [*fresh, train[3]])
    assert any("1 of 5 test frames are training frames (test frame 5 is training frame 4)" in n for n in some.notes)
    assert "on 4 test frames" in some.verdict or "from 4 test frames" in some.verdict
    every = fit(train, train)
    assert "10 held-out training frames" in every.verdict


def test_good_labels_pass_without_a_word():
    found = fit(frames(), frames(4, seed=9))
    assert not any("NEP" in note or "test frames" in note for note in found.notes)
