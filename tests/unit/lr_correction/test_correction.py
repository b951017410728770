"""The corrected model: energy, forces and virial belong together, alone and in a batch."""

import numpy as np
import pytest

from lr_correction.correction import LongRangePotential
from lr_correction.equations import frame_electrostatics, frame_features, predict, six
from lr_correction.errors import DataError, ModelError
from lr_correction.kernels import gpumd
from lr_correction.parameters import Layout
from tests.factories import random_frame, random_nep
from tests.truth import labelled, potential_of

ELEMENTS = ("Li", "Cl", "Y")
CHARGES = {"Li": 1.0, "Cl": -0.8, "Y": 1.7}
STEP = 1e-5
both_modes = pytest.mark.parametrize("mode", [1, 2])


def model(mode=2, version=4, **settings) -> LongRangePotential:
    nep = random_nep(5, elements=ELEMENTS, neurons=3, version=version, zbl=(0.7, 2.2, None))
    return potential_of(nep, CHARGES, mode=mode, **settings)


def frame(seed=6, grid=(2, 2, 2)):
    return random_frame(seed, elements=ELEMENTS, grid=grid)


@both_modes
@pytest.mark.parametrize("total", [0.0, 1.5])
def test_forces_and_virial_are_derivatives_of_the_energy(mode, total):
    potential, atoms = model(mode), frame()
    ready = potential.evaluate([atoms], total_charges=[total])
    generator = np.random.default_rng(0)
    shift, strain = generator.normal(size=(len(atoms), 3)), generator.normal(size=(3, 3))
    strain = 0.5 * (strain + strain.T)

    def energies(move):
        moved = []
        for sign in (1, -1):
            copy = atoms.copy()
            move(copy, sign * STEP)
            moved.append(copy)
        up, down = potential.evaluate(moved, total_charges=[total, total]).energy
        return (up - down) / (2 * STEP)

    def displace(copy, amplitude):
        copy.positions += amplitude * shift

    def stretch(copy, amplitude):
        copy.set_cell(copy.cell.array @ (np.eye(3) + amplitude * strain), scale_atoms=True)

    assert energies(displace) == pytest.approx(-(ready.forces * shift).sum(), rel=1e-6, abs=1e-6)
    assert energies(stretch) == pytest.approx(-(ready.virial[0] * strain).sum(), rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(ready.virial[0], ready.virial[0].T, atol=1e-10)
    assert ready.charges.sum() == pytest.approx(total, abs=1e-12)
    assert abs(ready.forces.sum(axis=0)).max() < 1e-9


@both_modes
def test_the_fit_and_the_model_agree(mode):
    potential = model(mode, sqrt_epsilon_inf=1.2)
    atoms = labelled(potential, [frame()], bec=True, total_charges=[0.7])[0]
    features = frame_features(potential.nep, atoms)
    vector = np.concatenate([potential.charges.parameters, potential.nep.w1.ravel(), np.zeros(3), [1.2]])
    electrostatics = frame_electrostatics(features, gpumd(mode, potential.nep.cutoff_radial))
    fitted = predict(features, electrostatics, vector, Layout(3, 3))
    ready = potential.evaluate([atoms], total_charges=[0.7], bec=True)
    assert fitted.energy == pytest.approx(ready.energy[0], abs=1e-9)
    np.testing.assert_allclose(fitted.forces, ready.forces, atol=1e-9)
    np.testing.assert_allclose(fitted.virial, six(ready.virial[0]), atol=1e-9)
    np.testing.assert_allclose(fitted.charges, ready.charges, atol=1e-12)
    np.testing.assert_allclose(fitted.bec.reshape(-1, 3, 3), ready.bec, atol=1e-11)


@both_modes
def test_frames_of_a_batch_do_not_see_each_other(mode):
    potential = model(mode)
    frames, totals = [frame(1), frame(2, (1, 2, 2)), frame(3, (2, 2, 3))], [0.0, 1.0, -0.5]
    together = potential.evaluate(frames, total_charges=totals, bec=True)
    assert together.offsets == (0, 8, 12, 24)
    for index, (atoms, total) in enumerate(zip(frames, totals, strict=True)):
        alone = potential.evaluate([atoms], total_charges=[total], bec=True)
        mine = slice(*together.offsets[index : index + 2])
        assert together.energy[index] == pytest.approx(alone.energy[0], abs=1e-9)
        np.testing.assert_allclose(together.virial[index], alone.virial[0], atol=1e-9)
        for name in ("forces", "charges", "bec"):
            np.testing.assert_allclose(getattr(together, name)[mine], getattr(alone, name), atol=1e-9)


@both_modes
def test_energy_per_atom_of_a_supercell(mode):
    # The sums of mode 1 are cut at 9e-6, so two splittings of one crystal agree to that.
    potential, atoms = model(mode), frame()
    one, two = potential.evaluate([atoms]), potential.evaluate([atoms * (1, 1, 2)])
    assert two.energy[0] == pytest.approx(2 * one.energy[0], abs=1e-7)
    np.testing.assert_allclose(two.forces[:8], one.forces, atol=1e-7)
    np.testing.assert_allclose(two.virial[0], 2 * one.virial[0], atol=1e-7)


def test_energies_of_elements_and_biases_add_constants():
    plain = model()
    shifted = LongRangePotential(plain.nep, plain.charges, (1.0, 2.0, 4.0), 2)
    atoms = frame()
    counts = [int((atoms.symbols == e).sum()) for e in ELEMENTS]
    difference = shifted.evaluate([atoms]).energy - plain.evaluate([atoms]).energy
    assert difference[0] == pytest.approx(np.dot(counts, [1.0, 2.0, 4.0]))
    biased = model(version=5)
    bare = LongRangePotential(
        type(biased.nep)(**{**vars(biased.nep), "type_bias": None, "version": 4}), biased.charges, (0.0,) * 3, 2
    )
    difference = biased.evaluate([atoms]).energy - bare.evaluate([atoms]).energy
    assert difference[0] == pytest.approx(-np.dot(counts, biased.nep.type_bias))


def test_born_charges_scale_and_are_made_when_asked_for():
    atoms = frame()
    assert model().evaluate([atoms]).bec is None
    one, two = model().evaluate([atoms], bec=True).bec, model(sqrt_epsilon_inf=2.0).evaluate([atoms], bec=True).bec
    np.testing.assert_allclose(two, 2 * one)


def test_a_model_without_charges_is_refused():
    with pytest.raises(ModelError, match="the model has no charges"):
        LongRangePotential.from_nep(random_nep(1))


def test_an_unknown_element_is_refused():
    atoms = frame()
    atoms.symbols[0] = "O"
    with pytest.raises(DataError, match="element O is not in the model"):
        model().evaluate([atoms])


def test_total_charges_must_be_one_per_frame():
    with pytest.raises(DataError, match="2 total charges given for 1 frames"):
        model().evaluate([frame()], total_charges=[0.0, 1.0])


@both_modes
def test_float32_agrees_within_its_tolerance(mode):
    potential, atoms = model(mode), frame()
    double, single = potential.evaluate([atoms], bec=True), potential.evaluate([atoms], bec=True, dtype=np.float32)
    np.testing.assert_allclose(single.forces, double.forces, atol=1e-4)
    np.testing.assert_allclose(single.energy, double.energy, atol=1e-5 * len(atoms))
    np.testing.assert_allclose(single.bec, double.bec, atol=1e-4)
    assert (single.forces != double.forces).any()
