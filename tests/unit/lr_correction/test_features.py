"""The hidden layer and its derivatives, merged over periodic images, against finite differences."""

import numpy as np
import pytest

from lr_correction import gradients
from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward, hidden_gradient
from lr_correction.features import HiddenResponse, as_float32, hidden_response
from lr_correction.gradients import DenseGradient, SparseGradient
from tests.factories import random_frame, random_nep

NEP = random_nep(3, elements=("Li", "Cl"), neurons=4)
STEP = 1e-4
# Two atoms in a cell much smaller than the cutoff see each other and themselves many times over.
FRAMES = {
    "self images": random_frame(1, elements=("Li", "Cl"), grid=(1, 1, 2), rattle=0.1),
    "small": random_frame(2, elements=("Li", "Cl"), grid=(2, 2, 2)),
    "one element": random_frame(4, elements=("Cl",), grid=(1, 2, 2)),
}
every_frame = pytest.mark.parametrize("atoms", FRAMES.values(), ids=FRAMES)


@pytest.fixture(params=[SparseGradient, DenseGradient], ids=["sparse", "dense"], autouse=True)
def form(request, monkeypatch):
    """Every test holds for both forms of the derivatives."""
    monkeypatch.setattr(gradients, "DENSE_SHARE", 0.0 if request.param is DenseGradient else 2.0)
    return request.param


def batch_of(atoms):
    return Batch.from_atoms([atoms], NEP.elements)


def hidden(atoms):
    batch = batch_of(atoms)
    return forward(NEP, batch, neighbour_pairs(batch, NEP.cutoff_radial)).hidden


def response_of(atoms, **settings) -> HiddenResponse:
    batch = batch_of(atoms)
    return hidden_response(NEP, batch, neighbour_pairs(batch, NEP.cutoff_radial), **settings)


def difference(atoms, move) -> np.ndarray:
    """Central difference of the hidden layer along a change that `move` makes to a copy, given an amplitude."""
    ends = []
    for amplitude in (STEP, -STEP):
        copy = atoms.copy()
        move(copy, amplitude)
        ends.append(hidden(copy))
    return (ends[0] - ends[1]) / (2 * STEP)


def dense(response) -> np.ndarray:
    """The derivative as a full array: centre, atom that moves, direction, neuron."""
    count = len(response.hidden)
    table = np.zeros((count, count, 3, response.hidden.shape[1]))
    for gradient in response.gradients:
        if isinstance(gradient, SparseGradient):
            table[gradient.centre, gradient.atom] += gradient.values
        else:
            table[gradient.centres] += gradient.values
    return table


@every_frame
def test_derivative_by_positions(atoms):
    table = dense(response_of(atoms))
    for atom in range(len(atoms)):
        for axis in range(3):

            def move(copy, amplitude, atom=atom, axis=axis):
                copy.positions[atom, axis] += amplitude

            np.testing.assert_allclose(table[:, atom, axis], difference(atoms, move), rtol=1e-6, atol=2e-7)


@every_frame
def test_derivative_by_strain(atoms):
    strain = response_of(atoms).strain
    for a in range(3):
        for b in range(3):

            def move(copy, amplitude, a=a, b=b):
                change = np.eye(3)
                change[a, b] += amplitude  # position' = position + amplitude * position_a along b
                copy.set_cell(copy.cell.array @ change, scale_atoms=True)

            np.testing.assert_allclose(strain[:, a, b], difference(atoms, move), rtol=1e-6, atol=2e-7)


@every_frame
def test_entries_are_sorted_by_the_atom_that_moves_and_belong_to_their_type(atoms, monkeypatch):
    monkeypatch.setattr(gradients, "DENSE_SHARE", 2.0)
    response = response_of(atoms)
    for t, gradient in enumerate(response.gradients):
        assert (response.batch.types[gradient.centre] == t).all()
        for atom in range(len(atoms)):
            assert (gradient.atom[gradient.rows[atom] : gradient.rows[atom + 1]] == atom).all()
        assert gradient.rows[-1] == len(gradient.centre)
        assert len(set(zip(gradient.centre, gradient.atom, strict=True))) == len(gradient.centre)


def test_contractions_equal_dense_sums(form):
    response = response_of(FRAMES["small"])
    assert all(isinstance(gradient, form) for gradient in response.gradients)
    generator = np.random.default_rng(0)
    count, neurons = response.hidden.shape
    by_centre, by_neuron, values = (generator.normal(size=s) for s in (count, neurons, (count, 5)))
    every = dense(response)
    for t, gradient in enumerate(response.gradients):
        table = every * (response.batch.types == t)[:, None, None, None]
        np.testing.assert_allclose(
            gradient.contract_centres(by_centre), np.einsum("c,cadm->adm", by_centre, table), atol=1e-12
        )
        vectors = gradient.contract_parameters(by_neuron)
        np.testing.assert_allclose(vectors, gradient.values @ by_neuron, atol=1e-12)
        expected = np.einsum("cadm,m,cn->adn", table, by_neuron, values)
        np.testing.assert_allclose(gradient.spread(vectors, values), expected, atol=1e-12)


def test_neighbour_strain_sums_pairs_by_neighbour_and_type_of_centre():
    atoms = FRAMES["small"]
    response = response_of(atoms, neighbour_strain=True)
    pairs, types = response.pairs, response.batch.types
    by_pair = hidden_gradient(NEP, forward(NEP, response.batch, pairs))
    expected = np.zeros((len(atoms), 3, 3, 2, NEP.neurons))
    for p in range(len(pairs)):
        expected[pairs.neighbour[p], :, :, types[pairs.centre[p]]] += pairs.vector[p][:, None, None] * by_pair[p]
    np.testing.assert_allclose(response.neighbour_strain, expected, atol=1e-12)
    assert response_of(atoms).neighbour_strain is None


def test_an_absent_element_has_no_entries():
    absent = response_of(FRAMES["one element"]).gradients[0]
    assert absent.values.size == 0
    assert absent.contract_centres(np.ones(4)).shape == (4, 3, NEP.neurons)
    assert absent.contract_parameters(np.ones(NEP.neurons)).shape == (0, 3)


def test_an_atom_without_neighbours_does_not_respond():
    lonely = random_frame(5, elements=("Li",), grid=(1, 1, 1), spacing=20.0)
    response = response_of(lonely, neighbour_strain=True)
    assert len(response.pairs) == 0
    assert not dense(response).any()
    assert not response.strain.any()


def test_float32_halves_the_large_arrays_and_keeps_seven_digits():
    response = response_of(FRAMES["small"])
    single = as_float32(response)
    assert single.gradients[0].values.nbytes * 2 == response.gradients[0].values.nbytes
    np.testing.assert_allclose(single.gradients[1].values, response.gradients[1].values, rtol=1e-6)
