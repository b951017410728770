"""Models and numbers that other programs wrote: GPUMD on a GPU, and calorine as an independent evaluation."""

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from calorine.calculators import CPUNEP
from calorine.nep import get_descriptors

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward, short_range
from lr_correction.errors import ModelError
from lr_correction.nepfile import read_nep, write_nep

FIXTURES = "gpumd_fixtures"
BATIO3, WATER = "gpumd_fixtures/BaTiO3-nat40-rattled.xyz", "gpumd_fixtures/water-nat63-from-md.xyz"
MODELS = {
    "gpumd_fixtures/nep_BaTiO3.txt": BATIO3,
    "gpumd_fixtures/nep_BaZrO3.txt": "gpumd_fixtures/BaZrO3-nat40-rattled.xyz",
    "gpumd_fixtures/nep_C.txt": "gpumd_fixtures/C-nat16-rattled.xyz",
    "gpumd_fixtures/nep_water.txt": WATER,
    "superionic_water/nep.txt": "superionic_water/test.xyz",
    "pbte_nep_train/nep.txt": "pbte_nep_train/train.xyz",
    "nep89_liycl/nep.txt": None,
}
CHARGED = {
    "gpumd_fixtures/qnep_mode1_BaTiO3.txt": BATIO3,
    "gpumd_fixtures/qnep_mode2_BaTiO3.txt": BATIO3,
    "gpumd_fixtures/qnep_mode1_water.txt": WATER,
    "gpumd_fixtures/qnep_mode2_water.txt": WATER,
    "pbte_qnep_train/nep.txt": "pbte_nep_train/train.xyz",
}


def li_y_cl():
    """Return a compressed rock salt with some yttrium, close enough for the ZBL repulsion to act."""
    atoms = bulk("LiCl", "rocksalt", a=4.4, cubic=True).repeat((1, 1, 2))
    atoms.symbols[2] = "Y"
    atoms.rattle(0.25, seed=1)
    return atoms


def frame_of(reference_data, name):
    atoms = ase.io.read(reference_data / name, index=0) if name else li_y_cl()
    return ase.Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)


@pytest.mark.parametrize("model", MODELS)
def test_models_equal_calorine(model, reference_data):
    path, atoms = str(reference_data / model), frame_of(reference_data, MODELS[model])
    nep = read_nep(path)
    batch = Batch.from_atoms([atoms], nep.elements)
    ours = short_range(nep, batch)
    atoms.calc = CPUNEP(path)
    assert ours.energy[0] == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    np.testing.assert_allclose(ours.forces, atoms.get_forces(), atol=1e-9)
    np.testing.assert_allclose(ours.virial[0], -atoms.get_volume() * atoms.get_stress(voigt=False), atol=1e-9)
    state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
    np.testing.assert_allclose(state.descriptors, get_descriptors(atoms, path), atol=1e-9)


@pytest.mark.parametrize("model", CHARGED)
def test_charges_equal_calorine(model, reference_data):
    path, atoms = str(reference_data / model), frame_of(reference_data, CHARGED[model])
    nep = read_nep(path)
    batch = Batch.from_atoms([atoms], nep.elements)
    state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
    charge = (nep.w1_charge[batch.types] * state.hidden).sum(axis=1)
    atoms.calc = CPUNEP(path)
    atoms.get_potential_energy()
    np.testing.assert_allclose(charge - charge.mean(), atoms.calc.results["charges"], atol=1e-9)


def test_raw_charges_equal_those_of_the_trainer(reference_data):
    nep = read_nep(reference_data / "pbte_qnep_train/nep.txt")
    frames = ase.io.read(reference_data / "pbte_nep_train/train.xyz", index=":3")
    for frame in frames:
        frame.pbc = True
    batch = Batch.from_atoms(frames, nep.elements)
    state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
    ours = (nep.w1_charge[batch.types] * state.hidden).sum(axis=1)
    theirs = np.loadtxt(reference_data / "pbte_qnep_train/charge_train.out", max_rows=len(ours))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)  # single precision


def test_energy_forces_and_stress_equal_those_of_gpumd(reference_data):
    stored = np.load(reference_data / "gpumd_fixtures/bulk_bazro3.npz")
    atoms = frame_of(reference_data, "gpumd_fixtures/BaZrO3-nat40-rattled.xyz")
    nep = read_nep(reference_data / "gpumd_fixtures/nep_BaZrO3.txt")
    ours = short_range(nep, Batch.from_atoms([atoms], nep.elements))
    assert ours.energy[0] == pytest.approx(float(stored["energy"]), abs=1e-4)
    np.testing.assert_allclose(ours.forces, stored["forces"], atol=5e-5)
    stress = -ours.virial[0].ravel()[[0, 4, 8, 5, 2, 1]] / atoms.get_volume()
    np.testing.assert_allclose(stress, stored["stress"], atol=1e-6)


@pytest.mark.parametrize("model", [*MODELS, *CHARGED])
def test_rewritten_models_are_the_same_text(model, reference_data, tmp_path):
    write_nep(read_nep(reference_data / model), tmp_path / "nep.txt")
    before, after = ((path.read_text().split()) for path in (reference_data / model, tmp_path / "nep.txt"))
    assert [_plain(word) for word in before] == [_plain(word) for word in after]


def _plain(word):
    return word.removesuffix(".0")  # one header says 6.0 where GPUMD writes 6


@pytest.mark.parametrize("model", ["tnep-BaZrO3-susceptibility.txt", "tnep-water-polarization.txt"])
def test_tensorial_models_are_refused(model, reference_data):
    with pytest.raises(ModelError, match=r"models of the kind nep4_\w+ are not supported"):
        read_nep(reference_data / FIXTURES / model)
