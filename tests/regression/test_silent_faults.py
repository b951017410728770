"""Inputs that were once misread without a word, and what is right; the files are in tests/cases."""

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import labels, set_labels


@pytest.fixture(scope="module")
def cases(repository):
    return repository / "tests" / "cases"


def read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(read_frames(path))


@pytest.mark.parametrize("folder", ["01_abacus_relax", "01_abacus_relax_old"])
def test_a_relaxation_of_abacus_has_its_labels_at_its_own_geometry(cases, folder):
    frames = read(cases / folder / "running_relax.log")
    distances = np.array([atoms.get_distance(0, 1) for atoms in frames])
    assert distances == pytest.approx([2.50, 2.42, 2.36], abs=1e-8)
    # A harmonic pair: energies and forces follow from the distances.
    assert [labels(atoms).energy for atoms in frames] == pytest.approx(-200 + 2 * (distances - 2.3) ** 2, abs=1e-8)
    pull = [labels(atoms).forces[0, 0] for atoms in frames]
    assert pull == pytest.approx(4 * (distances - 2.3), abs=1e-6)


def test_pw_of_version_5_converged(cases):
    (atoms,) = read(cases / "02_qe_old_header" / "pw.out")
    (other,) = read(cases / "02_qe_old_header" / "pw_new.out")
    assert labels(atoms).energy == pytest.approx(labels(other).energy)


def test_a_criterion_that_is_missing_is_unknown_and_not_failed(cases, tmp_path):
    text = (cases / "02_qe_old_header" / "pw.out").read_text()
    kept = "".join(line for line in text.splitlines(keepends=True) if "convergence threshold" not in line)
    (tmp_path / "pw.out").write_text(kept)
    with pytest.warns(UserWarning, match="does not say whether"), pytest.raises(InputError, match="does not say"):
        list(read_frames(tmp_path / "pw.out"))


def test_the_table_of_a_siesta_run_ends_after_its_atoms(cases):
    frames = read(cases / "03_siesta_md" / "siesta.out")
    distances = np.array([atoms.get_distance(0, 1) for atoms in frames])
    assert distances == pytest.approx([1.0, 1.05, 1.1])
    assert [labels(atoms).forces[1, 0] for atoms in frames] == pytest.approx(-4 * (distances - 1.1), abs=1e-9)


def test_an_atom_beside_its_special_position_is_one_atom(cases):
    with pytest.warns(UserWarning, match="within 0.3 A of each other, 5 to 4"):
        (atoms,) = read_frames(cases / "06_cif" / "rounded.cif")
    assert atoms.get_chemical_formula() == "LiO3"
    assert atoms.get_scaled_positions()[0] == pytest.approx([1 / 3, 2 / 3, 0.25], abs=1e-3)


def test_names_of_data_sets_are_elements(cases):
    (atoms,) = read(cases / "07_poscar" / "potcar_names.vasp")
    assert atoms.get_chemical_symbols() == ["Li", "Cl", "H"]


def test_numbers_that_touch_are_taken_apart(cases):
    touching = read(cases / "08_xdatcar" / "XDATCAR_npt")
    spaced = read(cases / "08_xdatcar" / "XDATCAR_npt_spaced")
    for one, other in zip(touching, spaced, strict=True):
        assert one.positions == pytest.approx(other.positions)
    assert labels(read(cases / "18_outcar" / "glued" / "OUTCAR")[0]).forces[0, 1] == pytest.approx(-1234567.1234)


@pytest.mark.parametrize("folder", ["running", "running_in_forces"])
def test_a_run_under_way_gives_its_whole_steps(cases, folder):
    with pytest.warns(UserWarning, match="1 steps left out: cut short"):
        frames = list(read_frames(cases / "18_outcar" / folder / "OUTCAR"))
    assert [labels(atoms).energy for atoms in frames] == pytest.approx([-10.0, -10.1])


def test_another_order_of_elements_in_poscar_is_said(cases):
    with pytest.warns(UserWarning, match=r"Li Cl by its pseudopotentials, but Cl Li by .*POSCAR"):
        list(read_frames(cases / "18_outcar" / "species_order" / "OUTCAR"))


def test_the_comment_of_poscar_tells_the_order_too(cases, tmp_path):
    shutil.copy(cases / "18_outcar" / "species_order" / "OUTCAR", tmp_path / "OUTCAR")
    with pytest.warns(UserWarning, match="Cl Li by its comment line"):
        list(read_frames(tmp_path / "OUTCAR"))


def test_an_isotope_keeps_its_mass(cases, tmp_path):
    text = (cases / "18_outcar" / "ok" / "OUTCAR").read_text()
    position = text.index("ions per type")
    end = text.index("\n", position) + 1
    (tmp_path / "OUTCAR").write_text(text[:end] + "   POMASS =   7.95 35.45\n" + text[end:])
    assert read(tmp_path / "OUTCAR")[0].get_masses() == pytest.approx([7.95, 35.45])
    assert not read(cases / "18_outcar" / "ok" / "OUTCAR")[0].has("masses")


def test_old_text_data_of_deepmd(cases):
    frames = read(cases / "20_deepmd" / "raw")
    assert [labels(atoms).energy for atoms in frames] == pytest.approx([-1.0, -2.0])
    assert frames[0].get_chemical_symbols() == ["H", "O"]
    assert labels(frames[0]).virial == pytest.approx(np.arange(9.0).reshape(3, 3))


def pair(**info):
    atoms = Atoms("HH", positions=[[0, 0, 0], [0, 0, 0.8]], cell=[9, 9, 9], pbc=True)
    atoms.info.update(info)
    return atoms


def test_labels_have_one_reader():
    """Two readers disagreed in 8 of these 12 frames; the files are told apart by nothing but their spelling."""
    moved = pair()
    moved.calc = SinglePointCalculator(moved, energy=-1.0)
    moved.positions[1, 2] += 0.3
    assert labels(moved).energy is None
    both = pair()
    both.calc = SinglePointCalculator(both, energy=-1.0, free_energy=-1.1)
    assert labels(both).energy == -1.1
    assert labels(pair(energy=-1.0, free_energy=-1.1)).energy == -1.1
    assert labels(pair(dft_energy=-3.0)).energy == -3.0
    assert labels(pair(virial=np.full((3, 3), 1e6))).virial is None
    assert labels(pair(total_charge=1.0)).charge == 1.0
    assert labels(pair(Time=1.0, stress=np.eye(3) * 0.5)).virial is None  # GPUMD's dump: another sign, kinetic part
    column = pair()
    column.arrays["charge"] = np.array([0.1, -0.1])
    assert labels(column).charges.tolist() == [0.1, -0.1]


def contradicting():
    other = pair(energy=-5.0)
    other.calc = SinglePointCalculator(other, energy=-1.0)
    forces = pair()
    forces.arrays["force"], forces.arrays["forces"] = np.ones((2, 3)), -np.ones((2, 3))
    yield other, "energy"
    yield pair(energy=1.0, dft_energy=2.0), "energy and dft_energy"
    yield forces, "force and forces"
    yield pair(virial=np.eye(3) * 2.0, stress=np.eye(3) * 0.5), "virial and stress disagree"
    yield pair(virial=np.arange(6.0)), "ambiguous"
    yield pair(virial=np.full((3, 3), np.nan)), "not finite"


@pytest.mark.parametrize(("atoms", "message"), list(contradicting()))
def test_labels_that_contradict_each_other_are_refused(atoms, message):
    with pytest.raises(InputError, match=f"^here: .*{message}"):
        labels(atoms, "here")


@pytest.mark.parametrize("suffix", ["xyz", "traj", "db"])
def test_one_rule_of_the_energy_for_every_container(tmp_path, suffix):
    from ase.io import write

    atoms = pair()
    atoms.calc = SinglePointCalculator(atoms, energy=-5.0, free_energy=-5.1, forces=np.zeros((2, 3)))
    write(tmp_path / f"frames.{suffix}", atoms)
    (found,) = read(tmp_path / f"frames.{suffix}")
    assert labels(found).energy == pytest.approx(-5.1)


@pytest.mark.parametrize("count", [9, 10, 16])
def test_a_radial_distribution_is_the_mean_over_all_frames(count):
    """Blocks of unequal length were averaged as if they had the same: off by two standard errors at 10 frames."""
    from nepkit.transport.mechanism.radial import radial

    rng = np.random.default_rng(1)
    side, places = 12.0, rng.uniform(0, 12.0, (count, 120, 3))
    frames = [Atoms(["Li"] * 60 + ["O"] * 60, positions=one, cell=[side] * 3, pbc=True) for one in places]
    (found,) = radial(frames, [("Li", "O")], longest=5.0, width=0.25)
    counts = []
    for one in places:
        apart = one[:60, None] - one[None, 60:]
        apart -= side * np.round(apart / side)
        counts.append(np.histogram(np.linalg.norm(apart, axis=-1), bins=20, range=(0, 5))[0])
    shells = 4 / 3 * np.pi * np.diff(np.linspace(0, 5, 21) ** 3)
    assert found.g == pytest.approx(np.mean(counts, axis=0) * side**3 / (3600 * shells), abs=1e-12)


def test_a_radial_distribution_is_that_of_freud():
    freud = pytest.importorskip("freud", reason="freud is not installed")
    from nepkit.transport.mechanism.radial import radial

    rng = np.random.default_rng(2)
    frames = [Atoms("Li200", positions=rng.uniform(0, 14, (200, 3)), cell=[14] * 3, pbc=True) for _ in range(10)]
    (found,) = radial(frames, [("Li", "Li")], longest=6.0, width=0.2)
    other = freud.density.RDF(bins=30, r_max=6.0)
    for atoms in frames:
        other.compute((freud.box.Box.cube(14.0), atoms.positions - 7.0), reset=False)
    # freud divides by N, the mean density of pairs has N - 1.
    assert found.g[2:] == pytest.approx(other.rdf[2:] * 200 / 199, abs=2e-3)


@pytest.mark.parametrize("name", ["opt.out", "v6.out"])
def test_the_last_energy_of_an_optimization_in_orca_has_no_forces(cases, name):
    """ORCA evaluates the last geometry once more, without a gradient; that step is told and left out."""
    with pytest.warns(UserWarning, match="1 steps left out: without forces, which earlier steps have"):
        frames = list(read_frames(cases / "26_orca" / name))
    distances = np.array([atoms.get_distance(0, 1) for atoms in frames])
    assert distances == pytest.approx([0.80, 0.76, 0.74])
    assert [labels(atoms).energy / 27.211386 for atoms in frames] == pytest.approx([-1.1, -1.12, -1.125], abs=1e-6)


def test_no_numbers_of_deepmd_that_are_none(cases):
    with pytest.raises(InputError, match=r"nan.set\.000, frame 2: energy is not finite"):
        list(read_frames(cases / "20_deepmd" / "nan"))


def test_a_poscar_without_elements_is_told_as_such(cases):
    with pytest.raises(InputError, match="no elements, neither in line 6 nor in line 1"):
        list(read_frames(cases / "07_poscar" / "vasp4_nonames.vasp"))
    assert read(cases / "07_poscar" / "vasp4.vasp")[0].get_chemical_symbols() == ["Li", "Cl"]


def test_an_output_that_says_nothing_of_convergence_is_not_called_failed(cases, tmp_path):
    text = (cases / "01_abacus_relax" / "running_relax.log").read_text()
    kept = [line for line in text.splitlines(keepends=True) if "convergence is achieved" not in line]
    kept = [line for line in kept if "SCF IS CONVERGED" not in line]
    assert len(kept) < len(text.splitlines())
    (tmp_path / "running_relax.log").write_text("".join(kept))
    with pytest.warns(UserWarning, match="does not say whether"), pytest.raises(InputError, match="does not say"):
        list(read_frames(tmp_path / "running_relax.log"))


@pytest.mark.parametrize(("label", "value"), [("energy", 1e308), ("virial", np.full((3, 3), 1e30))])
def test_absurd_labels_do_not_become_a_model(repository, tmp_path, label, value, capsys):
    """They were fitted, and a model was written with status 0."""
    from nepkit.cli.main import main
    from nepkit.formats.files import write_frames

    data = repository / "nepkit" / "data" / "li3ycl6"
    frames = [atoms for atoms, _ in zip(read_frames(data / "train.xyz"), range(4), strict=False)]
    wrong = frames[2].copy()
    known = labels(frames[2])
    set_labels(wrong, replace(known, **{label: value}))
    write_frames(tmp_path / "train.xyz", [*frames[:2], wrong, frames[3]])
    status = main(["lr", "fit", str(data / "nep.txt"), str(tmp_path / "train.xyz"), "-o", str(tmp_path / "qnep.txt")])
    told = capsys.readouterr().err
    assert status == 1
    assert f"frame 3: {label} of" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "qnep.txt").exists()
