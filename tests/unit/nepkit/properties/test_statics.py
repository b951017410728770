import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import GPa

from nepkit.core.errors import InputError
from nepkit.properties.statics import cohesive, moduli, scaled_vectors


def test_bulk_modulus_of_copper_agrees_with_its_elastic_constants():
    """EMT copper: the curvature of the energy and the stress of strained cells are two roads to one modulus."""
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    scale = np.linspace(0.96, 1.06, 101)
    energy = []
    for factor in scale:
        work = atoms.copy()
        work.set_cell(atoms.cell * factor, scale_atoms=True)
        work.calc = EMT()
        energy.append(work.get_potential_energy())
    found = cohesive(scale, np.array(energy), volume=atoms.get_volume(), scaled=3, atoms=4)
    rest = atoms.copy()
    rest.set_cell(atoms.cell * found.lowest[0], scale_atoms=True)
    stiffness = np.zeros((6, 6))
    for column, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        half = np.zeros((3, 3))
        half[i, j] = half[j, i] = 1e-3 if i == j else 5e-4
        ends = []
        for sign in (1, -1):
            work = rest.copy()
            work.set_cell(rest.cell.array @ (np.eye(3) + sign * half), scale_atoms=True)
            work.calc = EMT()
            ends.append(work.get_stress())
        stiffness[:, column] = (ends[0] - ends[1]) / 2e-3 / GPa
    assert moduli(stiffness).bulk[2] == pytest.approx(found.bulk_modulus, rel=0.02)
    assert found.residual < 1.0
    assert found.equilibrium == pytest.approx(atoms.get_volume() * found.lowest[0] ** 3)


def test_moduli_of_an_isotropic_solid_have_no_bounds_apart():
    shear, lame = 30.0, 50.0
    matrix = np.full((6, 6), 0.0)
    matrix[:3, :3] = lame
    matrix[range(6), range(6)] += [2 * shear] * 3 + [shear] * 3
    found = moduli(matrix)
    assert found.shear == pytest.approx((30.0,) * 3)
    assert found.bulk == pytest.approx((70.0,) * 3)
    assert found.poisson == pytest.approx(lame / (2 * (lame + shear)))
    assert found.anisotropy == pytest.approx(0, abs=1e-12)
    assert (found.stable, found.notes) == (True, ())


def test_unstable_and_lopsided_matrices_are_told():
    matrix = np.diag([100.0, 100, 100, -5, 30, 30])
    assert "not positive definite" in moduli(matrix).notes[0]
    matrix = np.diag([100.0] * 6)
    matrix[0, 1] = 20.0
    assert "10 %" not in moduli(matrix).notes[0]
    assert "20 %" in moduli(matrix).notes[0]
    with pytest.raises(InputError, match="cannot be inverted"):
        moduli(np.zeros((6, 6)))


def test_without_a_volume_there_is_a_minimum_alone():
    scale = np.linspace(0.9, 1.1, 41)
    for arguments, message in (
        ({"volume": 10.0}, "give --isotropic"),
        ({"scaled": 3}, "give --volume"),
        ({"scaled": 1, "volume": 10.0}, "not all three"),
    ):
        found = cohesive(scale, (scale - 1.013) ** 2, **arguments)
        assert found.lowest == (pytest.approx(1.013), pytest.approx(0, abs=1e-9))
        assert found.bulk_modulus is None
        assert message in found.notes[0]
    with pytest.raises(InputError, match="at the end of the range"):
        cohesive(scale, scale)


@pytest.mark.parametrize(("direction", "expected"), [(0, 1), (3, 2), (6, 3)])
def test_the_direction_of_run_in_tells_the_scaled_vectors(tmp_path, direction, expected):
    (tmp_path / "run.in").write_text(f"potential nep.txt\ncompute_cohesive 0.9 1.1 {direction} # scan\n")
    assert scaled_vectors(tmp_path / "run.in") == expected
    assert scaled_vectors(tmp_path / "none.in") is None
    (tmp_path / "run.in").write_text("compute_cohesive 0.9 1.1\n")
    with pytest.raises(InputError, match="lacks a direction"):
        scaled_vectors(tmp_path / "run.in")
