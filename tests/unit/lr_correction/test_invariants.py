import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lr_correction.harmonics import harmonics
from lr_correction.invariants import cartesian, invariant, invariant_gradient
from lr_correction.nepfile import INVARIANTS


@pytest.fixture(scope="module")
def weighted():
    """Return unit vectors and weights of a few neighbours of one atom, for two functions g_n."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(7, 3))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None], rng.normal(size=(2, 7))


def moments(unit, weight):
    return (weight @ harmonics(unit, 4)[:, 0])[None]


def traceless(unit, weight):
    """Return the Cartesian moments of rank 1 to 4 as in the definition, traces removed by hand."""
    one = np.eye(3)
    outer = [np.einsum("p,pa->a", weight, unit)]
    outer.append(np.einsum("p,pa,pb->ab", weight, unit, unit))
    outer.append(np.einsum("p,pa,pb,pc->abc", weight, unit, unit, unit))
    outer.append(np.einsum("p,pa,pb,pc,pd->abcd", weight, unit, unit, unit, unit))
    vector, square = outer[0], outer[1]
    three = sum(np.einsum(f"{p},{q}->abc", one, vector) for p, q in (("ab", "c"), ("ac", "b"), ("bc", "a")))
    pairs = (("ab", "cd"), ("ac", "bd"), ("ad", "bc"), ("bc", "ad"), ("bd", "ac"), ("cd", "ab"))
    four = sum(np.einsum(f"{p},{q}->abcd", one, square) for p, q in pairs)
    ones = sum(np.einsum(f"{p},{q}->abcd", one, one) for p, q in pairs[:3])
    total = weight.sum()
    return vector, square - total / 3 * one, outer[2] - three / 5, outer[3] - four / 7 + total / 35 * ones


def test_cartesian_moments(weighted):
    unit, weight = weighted
    spherical = moments(unit, weight)[0, 0]
    for degree, expected in enumerate(traceless(unit, weight[0]), start=1):
        part = spherical[degree**2 - 1 : (degree + 1) ** 2 - 1]
        np.testing.assert_allclose(np.tensordot(part, cartesian(degree), 1), expected, atol=1e-13)


CARTESIAN = {
    "222": lambda v, q, o, h: -0.809943929279723 * np.linalg.det(q),
    "1111": lambda v, q, o, h: 0.026596810706114 * (v @ v) ** 2,
    "112": lambda v, q, o, h: 0.08248065254654 * v @ q @ v,
    "123": lambda v, q, o, h: -0.168362926992 * np.einsum("a,bc,abc", v, q, o),
    "233": lambda v, q, o, h: 0.642946547639 * np.einsum("ab,acd,bcd", q, o, o),
    "134": lambda v, q, o, h: 0.340215334272 * np.einsum("a,bcd,abcd", v, o, h),
}


@pytest.mark.parametrize("name", INVARIANTS)
def test_invariants_are_contractions_of_cartesian_moments(name, weighted):
    unit, weight = weighted
    values = invariant(name, moments(unit, weight))
    expected = [CARTESIAN[name](*traceless(unit, w)) for w in weight]
    np.testing.assert_allclose(values, [expected], rtol=1e-11)


@pytest.mark.parametrize("name", INVARIANTS)
def test_invariants_do_not_turn(name, weighted):
    unit, weight = weighted
    turned = unit @ Rotation.random(rng=1).as_matrix()
    np.testing.assert_allclose(invariant(name, moments(unit, weight)), invariant(name, moments(turned, weight)))
    mirrored = invariant(name, moments(-unit, weight))  # the sum of the l is even in each of them
    np.testing.assert_allclose(invariant(name, moments(unit, weight)), mirrored)


@pytest.mark.parametrize("name", INVARIANTS)
def test_gradients(name):
    rng = np.random.default_rng(5)
    at, direction = rng.normal(size=(2, 4, 3, 24))
    used, gradient = invariant_gradient(name, at)
    step = 1e-4
    numeric = (invariant(name, at + step * direction) - invariant(name, at - step * direction)) / (2 * step)
    np.testing.assert_allclose((gradient * direction[:, :, used]).sum(axis=2), numeric, atol=1e-6)
    unused = np.ones(24, dtype=bool)
    unused[used] = False
    direction[:, :, ~unused] = 0
    np.testing.assert_array_equal(invariant(name, at + direction), invariant(name, at))
