import numpy as np
import pytest
from ase import Atoms

from lr_correction.nepfile import write_nep
from nepkit.core.device import array_module
from nepkit.core.errors import InputError, MissingExtraError
from nepkit.models import prediction
from nepkit.models.charge_fit import cut_to
from nepkit.models.prediction import load_model, predict
from tests.factories import random_nep
from tests.truth import random_frames


@pytest.fixture(scope="module")
def charged(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "qnep.txt"
    write_nep(random_nep(5, charge_mode=2), path)
    return load_model(path)


def test_batches_do_not_change_the_result(charged, monkeypatch):
    frames = random_frames(5, seed=9)
    together = predict(charged, frames)
    monkeypatch.setattr(prediction, "ATOMS_PER_BATCH", 30)
    assert [len(part) for part in prediction._batches(frames)] == [2, 2, 1]
    for one, other in zip(together, predict(charged, frames), strict=True):
        for name in ("energy", "forces", "virial", "charges", "bec"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-10)
    assert predict(charged, frames[:1], bec=False)[0].bec is None


def test_the_total_charge_of_a_frame_is_used(charged):
    frame = random_frames(1)[0]
    frame.info["charge"] = 1.0
    assert predict(charged, [frame])[0].charges.sum() == pytest.approx(1.0)


def test_a_frame_that_cannot_be_used_is_named(charged):
    good = random_frames(1)[0]
    bad = good.copy()
    bad.pbc = (True, True, False)
    with pytest.raises(InputError, match=r'frames\.xyz, frame 2: pbc is "T T F"'):
        predict(charged, [good, bad], source="frames.xyz")
    with pytest.raises(InputError, match=r"frames\.xyz, frame 1: element Xe is not in the model"):
        predict(charged, [Atoms("Xe", cell=[5, 5, 5], pbc=True)], source="frames.xyz")


def test_a_model_is_cut_only_where_elements_are_absent():
    nep = random_nep(5)
    same, notes = cut_to(nep, random_frames(1))
    assert same is nep
    assert notes == ()
    cut, notes = cut_to(nep, random_frames(1, elements=("Y", "Li")))
    assert cut.elements == ("Li", "Y")
    assert notes == ("the model's 3 elements were cut to Li Y, those of the frames",)


def test_cuda_needs_cupy(monkeypatch):
    assert array_module("cpu") is np
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    with pytest.raises(MissingExtraError, match="cuda12"):
        array_module("cuda")
