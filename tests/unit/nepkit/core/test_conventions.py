import numpy as np
import pytest
from ase.stress import full_3x3_to_voigt_6_stress

from nepkit.core import conventions

TENSOR = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
SYMMETRIC = TENSOR + TENSOR.T


@pytest.mark.parametrize("order", ["rows", "gpumd"])
def test_nine_components_keep_every_element(order):
    np.testing.assert_array_equal(conventions.matrix(conventions.components(TENSOR, order), order), TENSOR)


@pytest.mark.parametrize("order", ["ase", "nep", "thermo"])
def test_six_components_keep_a_symmetric_tensor(order):
    np.testing.assert_array_equal(conventions.matrix(conventions.components(SYMMETRIC, order), order), SYMMETRIC)


def test_orders_against_their_sources():
    np.testing.assert_array_equal(conventions.components(SYMMETRIC, "ase"), full_3x3_to_voigt_6_stress(SYMMETRIC))
    names = np.array([["xx", "xy", "xz"], ["yx", "yy", "yz"], ["zx", "zy", "zz"]])

    def spelled(order: str) -> str:
        return " ".join(names[place] for place in conventions.ORDERS[order])

    assert spelled("nep") == "xx yy zz xy yz zx"
    assert spelled("thermo") == "xx yy zz yz xz xy"
    assert spelled("rows") == "xx xy xz yx yy yz zx zy zz"
    assert spelled("gpumd") == "xx yy zz xy xz yz yx zx zy"


def test_virial_and_stress_have_opposite_signs():
    np.testing.assert_allclose(conventions.virial_from_stress(SYMMETRIC, 10.0), -10.0 * SYMMETRIC)
    np.testing.assert_allclose(conventions.stress_from_virial(-10.0 * SYMMETRIC, 10.0), SYMMETRIC)


def test_a_wrong_number_of_components_is_refused():
    with pytest.raises(ValueError, match="'ase' has 6 components, not 9"):
        conventions.matrix(np.zeros(9), "ase")


def test_trainer_output_order(reference_data):
    """virial_train.out (six, eV/atom) and stress_train.out (GPa) of one run agree through the volume of the frames."""
    from nepkit.formats.files import read_frames

    folder = reference_data / "pbte_nep_train"
    frames = list(read_frames(folder / "train.xyz"))
    virial = np.loadtxt(folder / "virial_train.out")[:, :6]
    stress = np.loadtxt(folder / "stress_train.out")[:, :6]
    volumes = np.array([atoms.get_volume() / len(atoms) for atoms in frames])
    np.testing.assert_allclose(virial / volumes[:, None] * conventions.EV_PER_A3_IN_GPA, stress, rtol=2e-5, atol=1e-5)


def test_dump_stress_has_the_other_sign(reference_data):
    """GPUMD's dump.xyz of a static run: the stress is positive under compression and has a little kinetic part."""
    from nepkit.formats.extxyz import parse_header
    from nepkit.formats.files import read_frames
    from nepkit.frames import labels

    path = reference_data / "gpumd_static_qnep" / "dump.xyz"
    (atoms,) = read_frames(path)
    header, _ = parse_header(path.read_text().splitlines()[1])
    stress = conventions.stress_from_dump(conventions.matrix(header["stress"], "rows"))
    found = conventions.virial_from_stress(stress, atoms.get_volume())
    np.testing.assert_allclose(found, labels(atoms).virial, atol=0.03)
