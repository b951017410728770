"""Bad input to the library: one line that says what is wrong and what to do, and nothing expensive before it."""

from dataclasses import replace

import numpy as np
import pytest

from lr_correction.checks import check_frames, check_model
from lr_correction.errors import DataError, LongRangeError, ModelError, SettingsError
from lr_correction.fit import fit_charges
from tests.factories import random_frame, random_nep
from tests.truth import labelled, potential_of

ELEMENTS = ("Li", "Cl")
NEP = random_nep(1, elements=ELEMENTS, neurons=2)
CHARGES = {"Li": 1.0, "Cl": -1.0}


def salt(seed=0):
    """A labelled frame with as many Li as Cl."""
    atoms = random_frame(seed, elements=ELEMENTS, grid=(2, 2, 2))
    atoms.symbols[:] = ["Li", "Cl"] * 4
    return labelled(potential_of(NEP, CHARGES), [atoms])[0]


def without(atoms, label):
    copy = atoms.copy()
    copy.calc = type(atoms.calc)(copy, **{k: v for k, v in atoms.calc.results.items() if k != label})
    return copy


def relabel(atoms):
    """Let the results be of the structure as it is now: those of an earlier one are no labels."""
    atoms.calc = type(atoms.calc)(atoms, **atoms.calc.results)


def unbalanced(charge=None):
    atoms = salt()
    atoms.symbols[0] = "Cl"
    relabel(atoms)
    if charge is not None:
        atoms.info["charge"] = charge
    return atoms


def coinciding():
    atoms = salt()
    atoms.positions[1] = atoms.positions[0]
    relabel(atoms)
    return atoms


def open_boundary():
    atoms = salt()
    atoms.pbc = [True, True, False]
    relabel(atoms)
    return atoms


def foreign():
    atoms = salt()
    atoms.symbols[3] = "Y"
    return atoms


def with_info(**info):
    atoms = salt()
    atoms.info.update(info)
    return atoms


BAD_FRAMES = {
    "none": ([], "no training frames: the file is empty, at least one labelled frame is needed"),
    "element": ([salt(), foreign()], "training frame 2: element Y is not in the model, which knows Li Cl"),
    "no energy": ([without(salt(), "energy")], "training frame 1: no energy, expected energy and forces"),
    "no forces": ([salt(), without(salt(), "forces")], "training frame 2: no forces, expected energy and forces"),
    "no labels": ([salt().copy()], "training frame 1: no energy"),
    "bad label": (
        [with_info(dipole=[1.0])],
        "frame 1: dipole is of shape (1,), expected numbers of shape (3,)",
    ),
    "charged": ([salt(), unbalanced()], "training frame 2: starting charges add up to -2 e"),
}


@pytest.mark.parametrize(("frames", "message"), BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_frames_that_cannot_be_used(frames, message):
    with pytest.raises(DataError) as caught:
        fit_charges(NEP, frames, initial_charges=CHARGES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("atoms", "message"),
    [(coinciding(), "atoms 1 and 2 are at the same place"), (open_boundary(), 'pbc is "T T F"')],
    ids=["same place", "open"],
)
def test_frames_whose_geometry_cannot_be_used(atoms, message):
    with pytest.raises(DataError, match=rf"^training frame 2: {message}"):
        fit_charges(NEP, [salt(), atoms], initial_charges=CHARGES)


def test_bad_test_frames_are_called_so():
    with pytest.raises(DataError, match=r"^test frame 1: no energy"):
        fit_charges(NEP, [salt()], test=[salt().copy()])


def test_a_stated_total_charge_is_enough():
    assert check_frames(NEP, [salt(), unbalanced(-2)], CHARGES, explicit=True) == []


def test_default_charges_that_fit_no_frame_are_an_assumption_told():
    notes = check_frames(NEP, [unbalanced()], CHARGES, explicit=False)
    assert notes == ["the starting charges of no frame add up to zero: every frame is taken as neutral"]


def test_default_charges_that_fit_some_frames_alone_are_refused():
    with pytest.raises(DataError, match="frame 2: starting charges add up to -2 e"):
        check_frames(NEP, [salt(), unbalanced()], CHARGES, explicit=False)


def test_missing_virials_are_told():
    notes = check_frames(NEP, [salt(), without(salt(), "stress")], CHARGES, explicit=True)
    assert notes == ["1 of 2 frames have no virial; the others' virials are used"]


BAD_MODELS = {
    "qnep": (random_nep(1, elements=ELEMENTS, neurons=2, charge_mode=2), "already has charges (nep4_charge2)"),
    "typewise": (
        random_nep(1, elements=ELEMENTS, neurons=2, typewise=((4.5, 3.5), (4.0, 3.0))),
        "typewise cutoffs, which GPUMD's charge models do not support",
    ),
}


@pytest.mark.parametrize(("nep", "message"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_models_that_cannot_be_used(nep, message):
    with pytest.raises(ModelError) as caught:
        fit_charges(nep, [salt()])
    assert message in str(caught.value)
    with pytest.raises(ModelError):
        check_model(nep)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": 3}, "charge mode 3 is not known"),
        ({"charges": "bader"}, 'charges="bader" is not known'),
        ({"short_range": "none"}, 'short_range="none" is not known'),
        ({"scales": ()}, "scales of the starting charges must be numbers other than zero"),
        ({"scales": (1.0, 0.0)}, "scales of the starting charges must be numbers other than zero"),
        ({"initial_charges": {"O": -2.0}}, "a charge is given for O"),
        ({"memory_gb": 0.0}, "memory_gb is 0.0, expected a positive number"),
        ({"threads": -1}, "threads is -1, expected a positive number"),
        ({"tolerance": float("nan")}, "tolerance is nan, expected a positive number"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(SettingsError) as caught:
        fit_charges(NEP, [salt()], **settings)
    assert message in str(caught.value)


def test_every_error_is_caught_by_one_name():
    assert issubclass(ModelError, LongRangeError)
    assert issubclass(DataError, LongRangeError)
    assert issubclass(SettingsError, LongRangeError)


def test_a_good_model_passes():
    check_model(NEP)
    check_model(replace(NEP, version=5, type_bias=np.zeros(2)))
