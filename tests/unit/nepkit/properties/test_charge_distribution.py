import numpy as np
import pytest
from ase.build import bulk

from nepkit.core.errors import InputError
from nepkit.properties.charges import charge_distribution, first_minimum


def rock_salt(repeat=(2, 2, 2), rattle=0.05):
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(repeat)
    atoms.rattle(rattle, seed=1)
    return atoms


def test_rock_salt_has_six_neighbours():
    atoms = rock_salt()
    charges = np.where(atoms.symbols == "Na", 0.9, -0.9)
    found = charge_distribution([atoms], [charges])
    assert [(row.element, row.environment, row.count) for row in found.by_environment()] == [
        ("Na", "Cl6", 32),
        ("Cl", "Na6", 32),
    ]
    # First shell at 2.82 A, the next of this pair at 4.88 A.
    assert 3.3 < found.shells["Na", "Cl"] < 4.5
    assert ("Na", "Na") not in found.shells


def test_a_vacancy_is_seen_by_its_neighbours():
    atoms = rock_salt()
    vacancy = int(np.flatnonzero(atoms.symbols == "Cl")[0])
    del atoms[vacancy]
    charges = np.where(atoms.symbols == "Na", 31.0, -32.0) / 32.0
    rows = charge_distribution([atoms], [charges]).by_environment()
    assert {(row.environment, row.count) for row in rows if row.element == "Na"} == {("Cl6", 26), ("Cl5", 6)}
    few = charge_distribution([atoms], [charges]).by_environment(least=0.2)
    assert {(row.environment, row.count) for row in few if row.element == "Na"} == {("Cl6", 26), ("other", 6)}


def test_statistics_over_several_frames():
    atoms = rock_salt((1, 1, 1))
    sign = np.where(atoms.symbols == "Na", 1.0, -1.0)
    row = charge_distribution([atoms, atoms], [0.8 * sign, 1.0 * sign]).by_element()[0]
    assert (row.element, row.count) == ("Na", 8)
    assert (row.mean, row.std, row.lowest, row.highest) == pytest.approx((0.9, 0.1, 0.8, 1.0))


def test_models_without_charges_are_refused():
    with pytest.raises(InputError, match="no charges to sort"):
        charge_distribution([rock_salt()], [None])


def test_first_minimum_of_a_broad_distribution():
    rng = np.random.default_rng(0)
    shells = np.concatenate([rng.normal(2.6, 0.15, 6000), rng.normal(4.6, 0.3, 20000)])
    assert first_minimum(shells[shells < 6.0]) == pytest.approx(3.4, abs=0.3)
    assert first_minimum(np.array([])) == 6.0
