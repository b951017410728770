import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.core.errors import InputError, OutputError
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels, strip_labels

VIRIAL = np.array([[1.0, 0.1, 0.2], [0.1, 2.0, 0.3], [0.2, 0.3, 3.0]])


def salt() -> Atoms:
    return bulk("NaCl", "rocksalt", 5.6)


def test_a_bare_frame_has_no_labels():
    assert labels(salt()) == Labels()


@pytest.mark.parametrize("key", ["energy", "Energy", "ENERGY", "free_energy", "REF_energy"])
def test_energy_in_any_spelling(key):
    atoms = salt()
    atoms.info[key] = -3
    assert labels(atoms).energy == -3.0


def test_the_energy_is_the_free_energy_whose_derivatives_the_forces_are():
    atoms = salt()
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, free_energy=-2.0)
    assert labels(atoms).energy == -2.0


def test_two_spellings_that_differ_are_refused():
    atoms = salt()
    atoms.info.update(energy=-1.0, Energy=-2.0)
    with pytest.raises(InputError, match=r"a\.xyz, frame 3: two values of energy that differ"):
        labels(atoms, "a.xyz, frame 3")
    atoms.info.update(Energy=-1.0)
    assert labels(atoms).energy == -1.0


@pytest.mark.parametrize("key", ["force", "forces", "Forces"])
def test_forces_in_any_spelling(key):
    atoms = salt()
    atoms.arrays[key] = np.ones((2, 3))
    np.testing.assert_array_equal(labels(atoms).forces, np.ones((2, 3)))


def test_stress_becomes_the_virial_of_the_other_sign():
    atoms = salt()
    atoms.info["stress"] = [1, 2, 3, 4, 5, 6]  # six numbers are ASE's Voigt order
    expected = -atoms.get_volume() * np.array([[1, 6, 5], [6, 2, 4], [5, 4, 3]])
    np.testing.assert_allclose(labels(atoms).virial, expected)


def test_six_virial_numbers_are_ambiguous():
    atoms = salt()
    atoms.info["virial"] = [1, 2, 3, 4, 5, 6]
    with pytest.raises(InputError, match="order is ambiguous"):
        labels(atoms)


def test_virial_and_stress_must_agree_unless_gpumd_dumped_them():
    atoms = salt()
    atoms.info["virial"] = VIRIAL
    atoms.info["stress"] = (VIRIAL / atoms.get_volume()).ravel()
    with pytest.raises(InputError, match="virial and stress disagree"):
        labels(atoms)
    atoms.info["Time"] = 0.0
    np.testing.assert_array_equal(labels(atoms).virial, VIRIAL)
    del atoms.info["Time"]
    atoms.info["stress"] *= -1
    np.testing.assert_array_equal(labels(atoms).virial, VIRIAL)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("energy", "low", "energy is 'low', expected one number"),
        ("energy", [1.0, 2.0], r"energy is of shape \(2,\), expected one number"),
        ("energy", float("nan"), "energy is not finite"),
        ("virial", np.ones(5), r"virial is of shape \(5,\), expected numbers of shape \(3, 3\)"),
        ("dipole", [1.0, 2.0], "dipole is of shape"),
        ("charge", "neutral", "charge is 'neutral'"),
    ],
)
def test_bad_labels_are_told(key, value, message):
    atoms = salt()
    atoms.info[key] = value
    with pytest.raises(InputError, match=f"^here: {message}"):
        labels(atoms, "here")


def test_nothing_is_computed_and_stale_results_are_not_taken():
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    assert labels(atoms).energy is None
    energy = atoms.get_potential_energy()
    assert labels(atoms).energy == energy
    atoms.positions[0] += 0.1
    assert labels(atoms).energy is None


def test_born_effective_charges_of_a_calculator():
    atoms = salt()
    calculator = SinglePointCalculator(atoms)
    calculator.results = {"born_effective_charges": np.arange(18.0).reshape(2, 3, 3), "charges": np.array([1.0, -1.0])}
    atoms.calc = calculator
    found = labels(atoms)
    np.testing.assert_array_equal(found.bec, np.arange(18.0).reshape(2, 3, 3))
    np.testing.assert_array_equal(found.charges, [1.0, -1.0])


def test_set_labels_replaces_everything_under_every_spelling():
    atoms = salt()
    atoms.info.update(Energy=5.0, Virial=VIRIAL, note="kept")
    atoms.arrays["force"] = np.ones((2, 3))
    set_labels(atoms, Labels(energy=-1.0, virial=VIRIAL))
    assert labels(atoms).energy == -1.0
    assert labels(atoms).forces is None
    assert atoms.get_potential_energy() == -1.0
    np.testing.assert_allclose(atoms.get_stress(voigt=False), -VIRIAL / atoms.get_volume())
    assert atoms.info["note"] == "kept"
    strip_labels(atoms)
    assert labels(atoms) == Labels()
    assert set(atoms.info) == {"note"}
    assert set(atoms.arrays) == {"numbers", "positions"}


def test_writing_is_all_or_nothing(tmp_path):
    path = tmp_path / "out.xyz"
    with pytest.raises(OutputError, match=r"out\.xyz: nothing to write"):
        write_frames(path, [])
    bad = salt()
    bad.positions[0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        write_frames(path, [salt(), bad])
    assert list(tmp_path.iterdir()) == []
    assert write_frames(path, iter([salt(), salt()])) == 2
    with pytest.raises(OutputError, match="already exists"):
        write_frames(path, [salt()])
    assert len(list(read_frames(path))) == 2
    assert write_frames(path, [salt()], overwrite=True) == 1


def test_other_formats_go_through_ase(tmp_path):
    salt().write(tmp_path / "POSCAR.vasp")
    (atoms,) = read_frames(tmp_path / "POSCAR.vasp")
    assert atoms.get_chemical_formula() == "ClNa"
    (tmp_path / "bad.cif").write_text("nothing of the kind")
    with pytest.raises(InputError, match=r"bad\.cif"):
        list(read_frames(tmp_path / "bad.cif"))
    with pytest.raises(FileNotFoundError):
        list(read_frames(tmp_path / "absent.cif"))


def test_vasp_labels_through_ase(reference_data):
    frames = list(read_frames(reference_data / "dft_outputs" / "vasprun.h2o.md.tribox.xml"))
    assert len(frames) == 3
    found = labels(frames[0])
    assert found.energy == pytest.approx(6.29883446)
    np.testing.assert_allclose(found.virial, -frames[0].get_volume() * frames[0].get_stress(voigt=False))


def test_a_heading_of_coordinates_behind_a_step_is_of_the_next_one(tmp_path):
    """A log that repeats the heading of its coordinates behind them gave a structure of nothing."""
    text = (
        "www.abacus-dft.com\n lattice constant (Angstrom) = 1\n"
        " Lattice vectors: (Cartesian coordinate: in unit of a_0)\n"
        " 9 0 0\n 0 9 0\n 0 0 9\n DIRECT COORDINATES\n tauc_C1 0.1 0.2 0.3\n\n ELEC=   1-\n"
        " charge density convergence is achieved\n final etot is -219.6 eV\n"
    )
    path = tmp_path / "running_scf.log"
    path.write_text(text)
    assert [len(atoms) for atoms in read_frames(path)] == [1]
    path.write_text(text + " DIRECT COORDINATES\n")
    assert [len(atoms) for atoms in read_frames(path)] == [1]
