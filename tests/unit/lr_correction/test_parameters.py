import numpy as np
import pytest

from lr_correction.parameters import Layout

LAYOUT = Layout(types=2, neurons=3)


def test_the_parts_cover_the_vector_once_and_in_order():
    everything = np.arange(LAYOUT.size)
    parts = [everything[LAYOUT.charges], everything[LAYOUT.readout], everything[LAYOUT.energies], [LAYOUT.scale]]
    assert [len(part) for part in parts] == [8, 6, 2, 1]
    np.testing.assert_array_equal(np.concatenate(parts), everything)


@pytest.mark.parametrize(
    ("settings", "moving"),
    [
        ({}, (8, 6, 2, False)),
        ({"charges": "fixed"}, (2, 6, 2, False)),
        ({"charges": "none"}, (0, 6, 2, False)),
        ({"readout": False}, (8, 0, 2, False)),
        ({"charges": "none", "readout": False, "scale": True}, (0, 0, 2, True)),
    ],
)
def test_what_moves(settings, moving):
    free = LAYOUT.mask(**settings)
    counts = tuple(free[part].sum() for part in (LAYOUT.charges, LAYOUT.readout, LAYOUT.energies))
    assert (*counts, free[LAYOUT.scale]) == moving


def test_fixed_charges_are_the_last_of_every_type():
    np.testing.assert_array_equal(np.flatnonzero(LAYOUT.mask(charges="fixed")[LAYOUT.charges]), [3, 7])
