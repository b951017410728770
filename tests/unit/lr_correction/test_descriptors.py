from dataclasses import replace

import ase
import numpy as np
import pytest
from calorine.calculators import CPUNEP
from calorine.nep import get_descriptors

from lr_correction import descriptors
from lr_correction.batch import Batch, Pairs, neighbour_pairs
from lr_correction.descriptors import backward, forward, hidden_gradient, short_range
from lr_correction.errors import ModelError
from lr_correction.nep import keep_species
from tests.factories import random_frame, random_nep, through_file

MODELS = {
    "all invariants": {},
    "three-body only, high l": {"invariants": (), "l_max": 8},
    "invariants up to l_max": {"invariants": ("222", "112"), "l_max": 2},
    "late invariants": {"invariants": ("233", "134")},
    "one element": {"elements": ("C",)},
    "smallest": {"n_max": (0, 0), "basis_size": (0, 0), "l_max": 1, "invariants": (), "neurons": 1},
    "equal cutoffs": {"cutoffs": (4.0, 4.0)},
    "typewise cutoffs": {"typewise": ((4.5, 3.0), (4.0, 3.5), (3.5, 3.5))},
}
TYPEWISE = MODELS["typewise cutoffs"]


def state_of(nep, frames):
    batch = Batch.from_atoms(frames, nep.elements)
    return forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))


def virial_of(atoms):
    return -atoms.get_volume() * atoms.get_stress(voigt=False)


def assert_equals_calorine(nep, path, atoms):
    ours = short_range(nep, Batch.from_atoms([atoms], nep.elements))
    atoms = atoms.copy()
    atoms.calc = CPUNEP(str(path))
    scale = len(atoms)
    assert ours.energy[0] == pytest.approx(atoms.get_potential_energy(), abs=1e-11 * scale)
    np.testing.assert_allclose(ours.forces, atoms.get_forces(), atol=1e-11)
    np.testing.assert_allclose(ours.virial[0], virial_of(atoms), atol=1e-11 * scale)
    np.testing.assert_allclose(state_of(nep, [atoms]).descriptors, get_descriptors(atoms, str(path)), atol=1e-11)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("grid", [(2, 2, 3), (1, 1, 3)], ids=["cell", "cell smaller than the cutoff"])
def test_random_models_equal_calorine(kind, grid, tmp_path):
    settings = MODELS[kind]
    elements = settings.get("elements", ("Li", "Cl", "Y"))
    path = tmp_path / "nep.txt"
    nep = through_file(random_nep(1, **settings), path)
    assert_equals_calorine(nep, path, random_frame(2, elements=elements, grid=grid))


@pytest.mark.parametrize("mode", [1, 2])
def test_raw_charges_of_random_models_equal_calorine(mode, tmp_path):
    path = tmp_path / "nep.txt"
    nep = through_file(random_nep(1, charge_mode=mode), path)
    atoms = random_frame(2, grid=(2, 2, 2))
    state = state_of(nep, [atoms])
    raw = (state.hidden * nep.w1_charge[state.batch.types]).sum(axis=1)
    atoms.calc = CPUNEP(str(path))
    atoms.get_potential_energy()
    np.testing.assert_allclose(raw - raw.mean(), atoms.calc.results["charges"], atol=1e-12)


def test_shared_network_equals_one_network_for_each_element(tmp_path):
    nep3 = through_file(random_nep(1, version=3), tmp_path / "nep3.txt")
    path = tmp_path / "nep4.txt"
    nep4 = through_file(replace(nep3, version=4), path)
    frame = random_frame(2)
    assert_equals_calorine(nep4, path, frame)
    three, four = (short_range(nep, Batch.from_atoms([frame], nep.elements)) for nep in (nep3, nep4))
    np.testing.assert_array_equal(three.forces, four.forces)
    np.testing.assert_array_equal(three.energy, four.energy)


def test_bias_of_an_element_is_subtracted_from_its_atoms():
    nep5 = random_nep(1, version=5)
    frame = random_frame(2)
    batch = Batch.from_atoms([frame], nep5.elements)
    five, four = short_range(nep5, batch), short_range(replace(nep5, version=4, type_bias=None), batch)
    np.testing.assert_allclose(five.atom_energy, four.atom_energy - nep5.type_bias[batch.types], atol=1e-13)
    np.testing.assert_array_equal(five.forces, four.forces)


@pytest.mark.parametrize("kind", MODELS)
def test_forces_and_virial_are_gradients(kind):
    settings = MODELS[kind]
    nep = random_nep(4, zbl=(0.8, 2.2, None), **settings)
    frame = random_frame(5, elements=nep.elements, grid=(2, 2, 2))
    result = short_range(nep, Batch.from_atoms([frame], nep.elements))
    rng, step = np.random.default_rng(0), 1e-5
    direction, strain = rng.normal(size=(len(frame), 3)), rng.normal(size=(3, 3))
    frames = []
    for sign in (1, -1):
        moved, strained = frame.copy(), frame.copy()
        moved.positions += sign * step * direction
        strained.set_cell(frame.cell.array @ (np.eye(3) + sign * step * strain), scale_atoms=True)
        frames += [moved, strained]
    energy = short_range(nep, Batch.from_atoms(frames, nep.elements)).energy
    slope = (energy[:2] - energy[2:]) / (2 * step)
    expected = [-(result.forces * direction).sum(), -(result.virial[0] * strain).sum()]
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_hidden_gradient_equals_differences_of_the_hidden_layer(kind):
    settings = MODELS[kind]
    nep = random_nep(6, **settings)
    frame = random_frame(7, elements=nep.elements, grid=(1, 2, 2))
    state = state_of(nep, [frame])
    gradient = hidden_gradient(nep, state)
    assert gradient.shape == (len(state.pairs), 3, nep.neurons)
    step, direction = 1e-4, np.random.default_rng(1).normal(size=(len(frame), 3))
    slope = 0.0
    for sign in (1, -1):
        moved = frame.copy()
        moved.positions += sign * step * direction
        slope = slope + sign * state_of(nep, [moved]).hidden / (2 * step)
    bend = direction[state.pairs.neighbour] - direction[state.pairs.centre]
    change = np.zeros_like(state.hidden)
    np.add.at(change, state.pairs.centre, (gradient * bend[:, :, None]).sum(axis=1))
    np.testing.assert_allclose(change, slope, atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_backward_is_the_weighted_hidden_gradient(kind):
    settings = MODELS[kind]
    nep = random_nep(6, **settings)
    state = state_of(nep, [random_frame(seed, elements=nep.elements) for seed in (1, 2)])
    weight = np.random.default_rng(2).normal(size=state.hidden.shape)
    weighted = (hidden_gradient(nep, state) * weight[state.pairs.centre][:, None, :]).sum(axis=2)
    np.testing.assert_allclose(backward(nep, state, weight), weighted, atol=1e-12)


def test_moments_are_sums_over_neighbours_of_radial_function_times_harmonic():
    nep = random_nep(3)
    state = state_of(nep, [random_frame(1)])
    atom = 5
    vectors = state.pairs.vector[state.pairs.centre == atom]
    kinds = state.batch.types[state.pairs.neighbour[state.pairs.centre == atom]]
    expected = np.zeros((3, 3))
    for vector, kind in zip(vectors, kinds, strict=True):
        r = np.linalg.norm(vector)
        if r < nep.cutoff_angular:
            x = 2 * (r / nep.cutoff_angular - 1) ** 2 - 1
            functions = 0.25 * (np.cos(np.arange(5) * np.arccos(x)) + 1) * (1 + np.cos(np.pi * r / nep.cutoff_angular))
            g = nep.c_angular[:, :, state.batch.types[atom], kind] @ functions
            expected += np.sqrt(3 / (4 * np.pi)) * np.outer(g, vector / r)
    np.testing.assert_allclose(state.moments[atom, :, :3], expected[:, [1, 2, 0]], atol=1e-12)


def test_systems_of_a_batch_do_not_mix():
    nep = random_nep(2, zbl=(0.8, 2.2, None))
    frames = [random_frame(1), random_frame(2, grid=(1, 2, 2)), random_frame(3)]
    together = short_range(nep, Batch.from_atoms(frames, nep.elements))
    for number, frame in enumerate(frames):
        alone = short_range(nep, Batch.from_atoms([frame], nep.elements))
        first = sum(map(len, frames[:number]))
        np.testing.assert_allclose(together.energy[number], alone.energy[0], rtol=1e-12)
        np.testing.assert_allclose(together.forces[first : first + len(frame)], alone.forces, atol=1e-12)
        np.testing.assert_allclose(together.virial[number], alone.virial[0], atol=1e-11)


def test_size_of_the_blocks_does_not_matter(monkeypatch):
    nep = random_nep(2)
    frames = [random_frame(seed) for seed in range(6)]
    state = state_of(nep, frames)
    gradient = hidden_gradient(nep, state)
    monkeypatch.setitem(descriptors.BLOCK_BYTES, "numpy", 1)
    many = state_of(nep, frames)
    assert len(many.blocks) > len(state.blocks)
    np.testing.assert_allclose(many.hidden, state.hidden, atol=1e-13)
    np.testing.assert_allclose(hidden_gradient(nep, many), gradient, atol=1e-12)
    np.testing.assert_allclose(backward(nep, many, many.hidden), backward(nep, state, state.hidden), atol=1e-12)


@pytest.mark.parametrize("settings", [{}, TYPEWISE], ids=["uniform", "typewise"])
def test_pairs_beyond_the_cutoff_do_nothing(settings):
    nep = random_nep(2, **settings)
    batch = Batch.from_atoms([random_frame(1)], nep.elements)
    near, far = (neighbour_pairs(batch, cutoff) for cutoff in (nep.cutoff_radial, 6.0))
    np.testing.assert_allclose(forward(nep, batch, far).hidden, forward(nep, batch, near).hidden, atol=1e-13)
    gradient = hidden_gradient(nep, forward(nep, batch, far))
    distance = np.linalg.norm(far.vector, axis=1)
    assert not gradient[distance >= nep.cutoff_radial].any()
    assert gradient[distance < 3.0].any()


def test_an_atom_without_neighbours():
    nep = random_nep(2)
    frame = ase.Atoms("LiY", [[0, 0, 0], [10, 10, 10]], cell=[20, 20, 20], pbc=True)
    state = state_of(nep, [frame])
    assert not state.descriptors.any()
    assert hidden_gradient(nep, state).shape == (0, 3, nep.neurons)
    np.testing.assert_allclose(state.hidden, np.tanh(-nep.b0[[0, 2]]))
    result = short_range(nep, Batch.from_atoms([frame], nep.elements))
    np.testing.assert_allclose(result.energy, [(nep.w1[[0, 2]] * np.tanh(-nep.b0[[0, 2]])).sum() - 2 * nep.b1])
    assert not result.forces.any()


def test_single_precision_stays_single():
    nep = random_nep(2, zbl=(0.8, 2.2, None))
    frames = [random_frame(1)]
    double = short_range(nep, Batch.from_atoms(frames, nep.elements))
    single = short_range(nep, Batch.from_atoms(frames, nep.elements, dtype=np.float32))
    assert {a.dtype for a in (single.energy, single.forces, single.virial, single.atom_energy)} == {np.dtype("float32")}
    np.testing.assert_allclose(single.energy, double.energy, rtol=1e-5)
    np.testing.assert_allclose(single.forces, double.forces, atol=2e-4)
    batch = Batch.from_atoms(frames, nep.elements, dtype=np.float32)
    state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
    gradient = hidden_gradient(nep, state)
    assert state.hidden.dtype == gradient.dtype == backward(nep, state, state.hidden).dtype == np.float32
    exact = state_of(nep, frames)
    np.testing.assert_allclose(gradient, hidden_gradient(nep, exact), atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [{"zbl": (0.8, 2.2, 0.7)}, {"flexible": True}, {"version": 5, **TYPEWISE}],
    ids=["typewise repulsion", "flexible repulsion", "biases, typewise cutoffs"],
)
def test_a_model_cut_to_fewer_elements_does_what_it_did(settings):
    nep = random_nep(2, **settings)
    cut = keep_species(nep, ["Y", "Cl"])
    frame = random_frame(1, elements=("Cl", "Y"), spacing=2.0)
    before, after = (short_range(model, Batch.from_atoms([frame], model.elements)) for model in (nep, cut))
    np.testing.assert_allclose(after.atom_energy, before.atom_energy, atol=1e-11)
    np.testing.assert_allclose(after.forces, before.forces, atol=1e-10)


def test_elements_in_another_order_are_refused():
    nep = random_nep(2)
    batch = Batch.from_atoms([random_frame(1)], ("Y", "Cl", "Li"))
    with pytest.raises(ModelError, match="built for the elements Y Cl Li, the model has Li Cl Y"):
        forward(nep, batch, Pairs(batch.system[:0], batch.system[:0], batch.positions[:0]))
