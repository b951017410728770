import numpy as np
import pytest

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.transport import msd
from nepkit.transport.displacement import framework_weights
from tests.walks import brownian, direct_msd

LABELS = ["Li", "Li", "Cl", "Li", "Y"]


@pytest.fixture(scope="module")
def walk():
    return brownian(0, frames=41, atoms=5) + 100.0


def test_every_element_of_the_tensor_is_its_definition(walk):
    curves = msd(walk, 0.5, labels=LABELS, longest=1.0, tensor=True)
    assert curves.time[-1] == pytest.approx(20.0)
    for label in ("Li", "Cl", "Y"):
        chosen = walk[:, [name == label for name in LABELS]]
        for lag in (1, 2, 17, 40):
            np.testing.assert_allclose(curves.tensor[label][lag], direct_msd(chosen, lag), atol=1e-10)
    assert curves.count == {"Li": 3, "Cl": 1, "Y": 1}


def test_without_the_tensor_only_its_diagonal_is_filled(walk):
    full, diagonal = (msd(walk, tensor=tensor).tensor["all"] for tensor in (True, False))
    np.testing.assert_allclose(diagonal, full * np.eye(3), atol=1e-10)


def test_chunks_do_not_show():
    walk = brownian(1, frames=20, atoms=150)
    curves = msd(walk)
    np.testing.assert_allclose(curves.total("all")[7], np.trace(direct_msd(walk, 7)), rtol=1e-10)


def test_collective_displacement_is_that_of_the_dipole(walk):
    charges = np.array([1.0, 1.0, -1.0, 1.0, 3.0])
    curves = msd(walk, charges=charges, longest=1.0, tensor=True)
    dipole = np.einsum("i,fia->fa", charges, walk)[:, None]
    np.testing.assert_allclose(curves.collective[5], direct_msd(dipole, 5), atol=1e-9)


def test_motion_of_the_framework_is_removed(walk):
    weights = framework_weights(LABELS, [7.0, 7.0, 35.0, 7.0, 89.0], ["Li"])
    assert weights[[0, 1, 3]].sum() == 0.0
    drifting = walk + 0.3 * np.arange(len(walk))[:, None, None]
    charges = np.array([1.0, 1.0, 0.0, 1.0, 0.0])
    still, moving = (msd(path, labels=LABELS, framework=weights, charges=charges) for path in (walk, drifting))
    np.testing.assert_allclose(moving.tensor["Li"], still.tensor["Li"], atol=1e-9)
    np.testing.assert_allclose(moving.collective, still.collective, atol=1e-8)
    assert msd(drifting).total("all")[-1] > 10 * still.total("Li")[-1]


@pytest.mark.parametrize(
    ("positions", "more", "message"),
    [
        (np.zeros((5, 3)), {}, r"shape \(5, 3\), expected \(frames, atoms, 3\)"),
        (np.zeros((1, 4, 3)), {}, "1 frame, at least two"),
        (np.full((5, 4, 3), np.nan), {}, "not finite"),
        (np.zeros((5, 4, 3)), {"interval": 0.0}, "expected more than zero"),
        (np.zeros((5, 4, 3)), {"labels": ["Li"]}, "1 labels for 4 atoms"),
        (np.zeros((5, 4, 3)), {"charges": [1.0]}, "charges of shape"),
        (np.zeros((5, 4, 3)), {"framework": np.zeros(4)}, "has no atoms"),
    ],
)
def test_bad_input_gets_one_line(positions, more, message):
    with pytest.raises(InputError, match=message):
        msd(positions, **more)


def test_an_absent_element_is_told():
    with pytest.raises(UnknownNameError, match="no Na among the atoms"):
        msd(np.zeros((5, 2, 3)), labels=["Li", "Cl"], only=["Na"])
    with pytest.raises(UnknownNameError, match="no displacements of Na"):
        msd(np.zeros((5, 2, 3))).total("Na")
