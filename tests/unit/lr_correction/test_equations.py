"""The fit's equations: predictions, and all Jacobians, against finite differences."""

import numpy as np
import pytest

from lr_correction.equations import frame_electrostatics, frame_features, predict, six
from lr_correction.kernels import gpumd, smeared_within
from lr_correction.moments import HiddenCharges
from lr_correction.parameters import Layout
from lr_correction.zbl import COULOMB
from tests.factories import random_frame, random_nep

ELEMENTS = ("Li", "Cl", "Y")
NEP = random_nep(5, elements=ELEMENTS, neurons=3, zbl=(0.7, 2.2, None))
LAYOUT = Layout(3, 3)
INTERACTIONS = {
    "none": None,
    "mode 1": gpumd(1, NEP.cutoff_radial),
    "mode 2": gpumd(2, NEP.cutoff_radial),
    "cut": smeared_within(NEP.cutoff_radial),
}
every_interaction = pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
both_charges = pytest.mark.parametrize("charge", [None, 1.7], ids=["neutral", "charged"])
STEP = 1e-4


def frame(charge=None, elements=ELEMENTS):
    atoms = random_frame(6, elements=elements, grid=(2, 2, 2))
    if charge is not None:
        atoms.info["charge"] = charge
    return atoms


def parameters() -> np.ndarray:
    generator = np.random.default_rng(4)
    vector = generator.normal(size=LAYOUT.size)
    vector[LAYOUT.charges] *= 0.4
    vector[LAYOUT.scale] = 1.3
    return vector


def prepared(atoms, interaction):
    features = frame_features(NEP, atoms, bec=True)
    return features, None if interaction is None else frame_electrostatics(features, interaction)


def predicted(atoms, interaction, vector=None):
    return predict(*prepared(atoms, interaction), parameters() if vector is None else vector, LAYOUT)


def energy_difference(atoms, interaction, move) -> float:
    ends = []
    for amplitude in (STEP, -STEP):
        copy = atoms.copy()
        move(copy, amplitude)
        ends.append(predicted(copy, interaction).energy)
    return (ends[0] - ends[1]) / (2 * STEP)


@every_interaction
@both_charges
def test_forces_are_the_gradient_of_the_energy(interaction, charge):
    atoms = frame(charge)
    forces = predicted(atoms, interaction).forces
    for atom in (0, 2):
        for axis in range(3):

            def move(copy, amplitude, atom=atom, axis=axis):
                copy.positions[atom, axis] += amplitude

            assert forces[atom, axis] == pytest.approx(-energy_difference(atoms, interaction, move), rel=2e-6, abs=2e-6)


@every_interaction
@both_charges
def test_virial_is_minus_the_strain_derivative_of_the_energy(interaction, charge):
    atoms = frame(charge)
    virial = predicted(atoms, interaction).virial
    table = np.zeros((3, 3))
    for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)):

        def move(copy, amplitude, a=a, b=b):
            change = np.eye(3)
            change[a, b] += amplitude / 2
            change[b, a] += amplitude / 2
            copy.set_cell(copy.cell.array @ change, scale_atoms=True)

        table[a, b] = table[b, a] = -energy_difference(atoms, interaction, move)
    np.testing.assert_allclose(virial, six(table), rtol=2e-6, atol=1e-5)


@every_interaction
@both_charges
def test_every_column_of_every_jacobian(interaction, charge):
    centre, step = parameters(), 0.05  # everything is at most quadratic in the parameters: exact for any step
    known = prepared(frame(charge), interaction)
    tables = predict(*known, centre, LAYOUT, jacobian=True)
    names = ("energy", "forces", "virial", "bec")
    for column in range(LAYOUT.size):
        ends = []
        for sign in (1, -1):
            vector = centre.copy()
            vector[column] += sign * step
            ends.append(predict(*known, vector, LAYOUT))
        for name in names:
            expected = (getattr(ends[0], name) - getattr(ends[1], name)) / (2 * step)
            found = getattr(tables, f"{name}_jacobian")[..., column]
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=f"{name}, column {column}")


@both_charges
def test_charges_add_up_to_the_total_charge(charge):
    model = predicted(frame(charge), INTERACTIONS["mode 2"])
    assert model.charges.sum() == pytest.approx(charge or 0.0, abs=1e-12)
    assert np.ptp(model.charges) > 0.1


def test_born_charges_of_constant_charges_are_the_charges():
    vector = parameters()
    fixed = HiddenCharges.fixed({"Li": 1.0, "Cl": -1.0, "Y": 0.5}, ELEMENTS, 3)
    vector[LAYOUT.charges] = fixed.parameters
    model = predicted(frame(), INTERACTIONS["mode 2"], vector)
    expected = 1.3 * model.charges[:, None, None] * np.eye(3)
    np.testing.assert_allclose(model.bec.reshape(-1, 3, 3), expected, atol=1e-12)


def test_two_constant_charges_in_a_large_cell_feel_coulombs_force():
    # Mode 1 with fixed charges is Ewald's sum: at 3 A in a cell of 25 A the images matter little.
    atoms = frame(elements=("Li", "Cl"))[:2]
    atoms.symbols = ["Li", "Cl"]
    atoms.set_cell([25.0] * 3)
    atoms.positions = [[0, 0, 0], [3.0, 0, 0]]
    vector = np.zeros(LAYOUT.size)
    vector[LAYOUT.charges] = HiddenCharges.fixed({"Li": 1.0, "Cl": -1.0, "Y": 0.0}, ELEMENTS, 3).parameters
    bare = predicted(atoms, None, vector)
    model = predicted(atoms, INTERACTIONS["mode 1"], vector)
    assert (model.forces - bare.forces)[0, 0] == pytest.approx(COULOMB / 9, rel=1e-2)


@pytest.mark.parametrize("version", [4, 5])
def test_biases_enter_the_energy_alone(version):
    nep = random_nep(5, elements=ELEMENTS, neurons=3, version=version)
    features = frame_features(nep, frame())
    bias = nep.b1 + (0 if nep.type_bias is None else nep.type_bias)
    assert features.energy == pytest.approx(-(features.counts * bias).sum())
    assert not features.forces.any()


def test_an_element_that_the_frame_lacks_changes_nothing():
    atoms = frame(elements=("Li", "Cl"))
    tables = predict(*prepared(atoms, INTERACTIONS["mode 2"]), parameters(), LAYOUT, jacobian=True)
    absent = np.zeros(LAYOUT.size, dtype=bool)
    absent[LAYOUT.charges].reshape(3, -1)[2] = True
    absent[LAYOUT.readout].reshape(3, -1)[2] = True
    absent[LAYOUT.energies][2] = True
    assert tables.forces_jacobian[:, :, ~absent].any()
    for name in ("energy", "forces", "virial", "bec"):
        assert not getattr(tables, f"{name}_jacobian")[..., absent].any()


def test_six_components_follow_gpumds_order():
    np.testing.assert_array_equal(six(np.arange(9.0).reshape(3, 3)), [0, 4, 8, 2, 6, 4])
