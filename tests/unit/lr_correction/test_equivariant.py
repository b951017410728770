"""Cartesian moments of a NEP: derivatives by finite differences, rotation, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from lr_correction.batch import Batch, Pairs, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.equivariant import moment_features, moment_gradient
from lr_correction.errors import ModelError
from tests.factories import random_frame, random_nep

ELEMENTS = ("Li", "Cl")
NEP = random_nep(3, elements=ELEMENTS, neurons=4)
FRAMES = {
    "self images": random_frame(1, elements=ELEMENTS, grid=(1, 1, 2), rattle=0.1),
    "small": random_frame(2, elements=ELEMENTS, grid=(2, 2, 2)),
}
every_frame = pytest.mark.parametrize("atoms", FRAMES.values(), ids=FRAMES)
every_rank = pytest.mark.parametrize("rank", [1, 2])


def state_of(atoms):
    batch = Batch.from_atoms([atoms], NEP.elements)
    return forward(NEP, batch, neighbour_pairs(batch, NEP.cutoff_radial))


@every_frame
@every_rank
def test_gradients_by_pair_vectors_are_finite_differences(atoms, rank):
    state, step = state_of(atoms), 1e-4
    found = moment_gradient(NEP, state, rank)
    assert abs(found).max() > 0.01
    for pair in (0, len(state.pairs) // 2):
        for axis in range(3):
            ends = []
            for sign in (1, -1):
                vector = state.pairs.vector.copy()
                vector[pair, axis] += sign * step
                pairs: Pairs = replace(state.pairs, vector=vector)
                ends.append(moment_features(NEP, forward(NEP, state.batch, pairs), rank))
            expected = np.zeros_like(ends[0])
            expected[state.pairs.centre[pair]] = found[pair, axis]
            np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), expected, atol=2e-7)


@every_rank
def test_features_turn_with_the_frame(rank):
    atoms, turned = FRAMES["small"].copy(), FRAMES["small"].copy()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turned.set_cell(atoms.cell.array @ turn, scale_atoms=False)
    turned.positions = atoms.positions @ turn
    still, moved = (moment_features(NEP, state_of(frame), rank) for frame in (atoms, turned))
    if rank == 1:
        np.testing.assert_allclose(moved, still @ turn, atol=1e-12)
        return
    rows, columns = np.triu_indices(3)
    tensor = np.zeros((*still.shape[:2], 3, 3))
    tensor[..., rows, columns] = tensor[..., columns, rows] = still
    np.testing.assert_allclose(np.trace(tensor, axis1=2, axis2=3), 0.0, atol=1e-12)
    np.testing.assert_allclose(moved, (turn.T @ tensor @ turn)[..., rows, columns], atol=1e-12)


def test_what_a_model_does_not_have_is_refused():
    state = state_of(FRAMES["small"])
    with pytest.raises(ModelError, match="rank 3 are not known"):
        moment_features(NEP, state, 3)
    flat = random_nep(3, elements=ELEMENTS, l_max=1, invariants=())
    with pytest.raises(ModelError, match="up to l = 1"):
        moment_gradient(flat, state, 2)
    with pytest.raises(ModelError, match="one cutoff for all elements"):
        moment_gradient(replace(NEP, typewise_cutoffs=((5.0, 4.0), (5.0, 4.0))), state, 1)
