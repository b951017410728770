"""Export as one qNEP file: its limits here, its numbers against calorine."""

import ase
import numpy as np
import pytest
from calorine.calculators import CPUNEP

from lr_correction.correction import LongRangePotential
from lr_correction.errors import ModelError
from lr_correction.export import to_qnep, write_qnep
from lr_correction.nepfile import read_nep
from tests.factories import random_frame, random_nep
from tests.truth import labelled, potential_of

ELEMENTS = ("Li", "Cl", "Y")
CHARGES = {"Li": 1.0, "Cl": -0.8, "Y": 1.7}
KINDS = {
    "plain": {},
    "repulsion": {"zbl": (0.7, 2.2, None)},
    "typewise repulsion": {"zbl": (0.7, 1.9, 0.65)},
    "flexible repulsion": {"flexible": True},
    "bias of every type": {"version": 5},
    "shared network": {"version": 3},
    "three-body": {"invariants": (), "l_max": 3},
}


def model(mode=2, *, energies=(1.5, -2.0, 0.7), **settings) -> LongRangePotential:
    nep = random_nep(5, elements=ELEMENTS, neurons=4, **settings)
    plain = potential_of(nep, CHARGES, mode=mode, sqrt_epsilon_inf=1.3)
    return LongRangePotential(nep, plain.charges, energies, mode, 1.3)


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_calorine_finds_the_same_in_the_file(kind, mode, tmp_path):
    potential, path = model(mode, **KINDS[kind]), tmp_path / "qnep.txt"
    write_qnep(potential, path)
    atoms = random_frame(6, elements=ELEMENTS, grid=(2, 2, 3))
    expected = potential.evaluate([atoms], bec=True)
    atoms.calc = CPUNEP(str(path))
    assert atoms.get_potential_energy() / len(atoms) == pytest.approx(expected.energy[0] / len(atoms), abs=1e-6)
    np.testing.assert_allclose(atoms.get_forces(), expected.forces, atol=1e-5)
    virial = -atoms.get_volume() * atoms.get_stress(voigt=False)
    np.testing.assert_allclose(virial, expected.virial[0], atol=1e-5 * len(atoms))
    results = atoms.calc.results
    np.testing.assert_allclose(results["charges"], expected.charges, atol=1e-6)
    np.testing.assert_allclose(results["born_effective_charges"].reshape(-1, 3, 3), expected.bec, atol=1e-5)


def test_the_exported_network_is_the_model_to_rounding(tmp_path):
    potential = model(version=5)
    qnep = to_qnep(potential)
    assert (qnep.version, qnep.charge_mode, qnep.neurons, qnep.type_bias) == (4, 2, 5, None)
    assert qnep.sqrt_epsilon_inf == 1.3
    atoms = random_frame(6, elements=ELEMENTS, grid=(2, 2, 2))
    one = potential.evaluate([atoms], bec=True)
    two = LongRangePotential.from_nep(qnep).evaluate([atoms], bec=True)
    for name in ("energy", "forces", "virial", "charges", "bec"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), atol=1e-10)
    write_qnep(potential, tmp_path / "qnep.txt")
    assert read_nep(tmp_path / "qnep.txt").charge_mode == 2


def test_as_many_neurons_as_gpumd_can_run():
    nep = random_nep(1, elements=("C",), neurons=119, invariants=(), l_max=1)
    assert to_qnep(potential_of(nep, {"C": 0.0})).neurons == 120
    nep = random_nep(1, elements=("C",), neurons=120, invariants=(), l_max=1)
    with pytest.raises(ModelError, match=r"120 \+ 1 neurons are more than GPUMD's 120: start from a smaller NEP"):
        to_qnep(potential_of(nep, {"C": 0.0}))


def test_as_many_neighbours_as_gpumd_can_run():
    potential = model()
    object.__setattr__(potential.nep, "max_neighbours_radial", 819)
    to_qnep(potential)
    object.__setattr__(potential.nep, "max_neighbours_radial", 820)
    with pytest.raises(ModelError, match="820 neighbours within the radial cutoff are more than GPUMD's 819"):
        to_qnep(potential)


def test_typewise_cutoffs_are_refused():
    with pytest.raises(ModelError, match="typewise cutoffs"):
        to_qnep(model(typewise=((4.5, 3.5), (4.0, 3.0), (3.5, 3.5))))


@pytest.fixture
def frames() -> list[ase.Atoms]:
    return labelled(model(), [random_frame(k, elements=ELEMENTS, grid=(2, 2, 2)) for k in (1, 2)])


def test_charged_training_frames_are_refused(tmp_path, frames):
    write_qnep(model(), tmp_path / "neutral.txt", trained_on=frames)
    frames[1].info["charge"] = -1
    with pytest.raises(ModelError, match="training frame 2 has charge -1 e, but GPUMD makes systems neutral"):
        write_qnep(model(), tmp_path / "charged.txt", trained_on=frames)
    assert not (tmp_path / "charged.txt").exists()


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "qnep.txt"
    path.write_text("precious")
    with pytest.raises(ModelError, match="exists: choose another name or allow overwriting"):
        write_qnep(model(), path)
    assert path.read_text() == "precious"
    write_qnep(model(), path, overwrite=True)
    assert path.read_text().startswith("nep4_charge2 3 Li Cl Y")


def test_nothing_is_left_of_a_model_that_cannot_be_written(tmp_path):
    with pytest.raises(ModelError):
        write_qnep(model(typewise=((4.5, 3.5), (4.0, 3.0), (3.5, 3.5))), tmp_path / "qnep.txt")
    assert not list(tmp_path.iterdir())
