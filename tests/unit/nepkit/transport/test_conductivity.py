import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.transport import conductivity, diffusion, msd
from nepkit.transport.conductivity import conductivity_per_diffusion
from tests.walks import brownian


def study(paths, charges, labels=None):
    labels = labels or ["Li"] * paths.shape[1]
    z = np.array([charges[label] for label in labels])
    curves = msd(paths, labels=labels, charges=z)
    ions = {ion: diffusion(curves, ion, positions=paths[:, [label == ion for label in labels]]) for ion in charges}
    dipole = np.einsum("i,fia->fa", z, paths)
    return conductivity(ions, curves, charges, volume=1e4, temperature=500.0, dipole=dipole)


def test_nernst_einstein_of_a_known_walk():
    found = study(brownian(0, frames=2000), {"Li": 1.0})
    expected = 64 * 0.01e-4 * conductivity_per_diffusion(1e4, 500.0)
    assert found.nernst_einstein.value == pytest.approx(expected, rel=0.05)
    assert found.nernst_einstein.unit == "mS/cm"


def test_charges_enter_squared():
    paths = brownian(0)
    one, two = (study(paths, {"Mg": z}, ["Mg"] * 64) for z in (1.0, -2.0))
    assert two.nernst_einstein.value == pytest.approx(4 * one.nernst_einstein.value)
    assert two.collective.value == pytest.approx(4 * one.collective.value)


def test_haven_ratio_of_independent_ions_is_one():
    found = [study(brownian(seed, frames=600, atoms=30), {"Li": 1.0}).haven for seed in range(30)]
    z = [(part.value - 1.0) / part.error for part in found]
    assert np.mean([part.value for part in found]) == pytest.approx(1.0, abs=0.05)
    assert np.sqrt(np.mean(np.square(z))) == pytest.approx(1.0, abs=0.35)


def test_a_direction_in_which_the_dipole_comes_back_is_not_taken_for_sure():
    runs = [study(brownian(seed, frames=170, atoms=60), {"Li": 1.0}) for seed in range(30)]
    parts = [part for found in runs for part in found.directions]
    relative = [part.error / part.value for part in parts]
    assert min(relative) > 0.6 * np.median(relative)
    expected = 60 * 0.01e-4 * conductivity_per_diffusion(1e4, 500.0)
    assert np.mean([part.low < expected < part.high for part in parts]) > 0.9


def test_haven_ratio_of_pairs_is_one_half():
    ratios = []
    for seed in range(20):
        one = brownian(seed, frames=1500, atoms=20)
        ratios.append(study(np.concatenate([one, one], axis=1), {"Li": 1.0}).haven)
    assert np.mean([part.value for part in ratios]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([part.low < 0.5 < part.high for part in ratios]) >= 0.8


def test_opposite_charges_bound_to_each_other_carry_little():
    one = brownian(0, frames=1500, atoms=20)
    labels = ["Na"] * 20 + ["Cl"] * 20
    bound = np.concatenate([one, one + 0.01 * brownian(1, frames=1500, atoms=20)], axis=1)
    found = study(bound, {"Na": 1.0, "Cl": -1.0}, labels)
    assert found.collective.value < 0.01 * found.nernst_einstein.value
    assert found.haven.value > 50


def test_without_a_dipole_there_is_no_haven_ratio():
    curves = msd(brownian(0), labels=["Li"] * 64)
    found = conductivity({"Li": diffusion(curves, "Li")}, curves, {"Li": 1.0}, volume=1e4, temperature=500.0)
    assert found.collective is None
    assert found.haven is None
    assert np.mean([part.value for part in found.directions]) == pytest.approx(found.nernst_einstein.value, rel=0.01)


@pytest.mark.parametrize(("volume", "temperature"), [(0.0, 300.0), (100.0, -1.0)])
def test_impossible_states_are_refused(volume, temperature):
    with pytest.raises(InputError, match="expected more than zero"):
        conductivity_per_diffusion(volume, temperature)
