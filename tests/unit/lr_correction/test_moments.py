import numpy as np

from lr_correction.moments import HiddenCharges, columns, neutralise

HIDDEN = np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6], [0.7, 0.8]])
TYPES = np.array([0, 2, 1, 0])
SYSTEM, OFFSETS = np.array([0, 0, 0, 1]), (0, 3, 4)


def family() -> HiddenCharges:
    generator = np.random.default_rng(0)
    return HiddenCharges(generator.normal(size=(3, 2)), generator.normal(size=3))


def test_charges_are_columns_times_parameters():
    charges = family()
    expected = [charges.weights[t] @ h + charges.constants[t] for h, t in zip(HIDDEN, TYPES, strict=True)]
    np.testing.assert_allclose(charges.raw(HIDDEN, TYPES), expected)
    np.testing.assert_allclose(columns(HIDDEN, TYPES, 3) @ charges.parameters, expected)


def test_parameters_make_the_family_again():
    charges = family()
    again = HiddenCharges.from_parameters(charges.parameters, 3)
    np.testing.assert_array_equal(again.weights, charges.weights)
    np.testing.assert_array_equal(again.constants, charges.constants)


def test_fixed_charges_do_not_see_the_environment():
    fixed = HiddenCharges.fixed({"O": -2.0, "H": 1.0}, ["H", "O"], 2)
    assert not fixed.depends_on_environment
    assert family().depends_on_environment
    np.testing.assert_array_equal(fixed.raw(HIDDEN[:2], np.array([1, 0])), [-2.0, 1.0])


def test_every_system_gets_its_total_charge():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(neutralise(values, SYSTEM, OFFSETS), [-1.0, 0.0, 1.0, 0.0])
    shifted = neutralise(values, SYSTEM, OFFSETS, np.array([3.0, -2.0]))
    np.testing.assert_allclose(shifted, [0.0, 1.0, 2.0, -2.0])


def test_columns_are_neutralised_one_by_one():
    raw = columns(HIDDEN, TYPES, 3)
    neutral = neutralise(raw, SYSTEM, OFFSETS)
    np.testing.assert_allclose(neutral[:3].sum(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(neutral[3], 0.0, atol=1e-15)
    np.testing.assert_allclose(neutral @ family().parameters, neutralise(family().raw(HIDDEN, TYPES), SYSTEM, OFFSETS))
