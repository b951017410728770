import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError
from nepkit.datasets.quantities import fingerprint, measure
from nepkit.datasets.survey import survey, survey_file
from nepkit.formats.files import write_frames
from nepkit.frames import Labels, set_labels


def labelled(energy=-3.0, scale=1.0, forces=None, virial=None, seed=0, **more):
    atoms = bulk("NaCl", "rocksalt", 5.64 * scale, cubic=True)
    atoms.rattle(0.05, seed=seed)
    if forces is None:
        forces = np.random.default_rng(seed).normal(size=(len(atoms), 3))
        forces -= forces.mean(axis=0)
    set_labels(atoms, Labels(energy=energy * len(atoms), forces=forces, virial=virial, **more))
    return atoms


def kinds(frames):
    return {(item.severity, item.kind, item.frame) for item in survey(frames).findings}


def test_quantities_have_known_values():
    atoms = labelled(energy=-3.5, forces=np.tile([3.0, 4.0, 0.0], (8, 1)), virial=np.diag([8.0, 0.0, -16.0]))
    found = measure(atoms)
    assert (found.formula, found.atoms) == ("Na4Cl4", 8)
    assert found.energy == pytest.approx(-3.5)
    assert found.force == pytest.approx(5.0)
    assert found.net_force == pytest.approx(40.0)
    assert found.virial == pytest.approx(2.0)
    assert found.pressure == pytest.approx(-8.0 / 3 / 5.64**3 * 160.2177)
    assert found.stress == pytest.approx(16.0 / 5.64**3 * 160.2177)
    assert found.volume == pytest.approx(5.64**3 / 8)
    assert found.shortest_edge == found.longest_edge == pytest.approx(5.64)


def test_a_clean_set_has_no_findings_and_right_ranges():
    frames = [labelled(energy=-3.0 - 0.01 * k, scale=1.0 + 0.01 * k, seed=k) for k in range(3)]
    found = survey([*frames, labelled(seed=7, energy=-3.005)])
    assert found.findings == []
    assert (found.frames, found.atoms, found.elements) == (4, 32, {"Na": 16, "Cl": 16})
    assert found.compositions == {"Na4Cl4": [1, 2, 3, 4]}
    energy = found.ranges["energy"]
    assert (energy.minimum, energy.minimum_frame, energy.maximum, energy.maximum_frame) == pytest.approx(
        (-3.02, 3, -3.0, 1)
    )
    assert energy.mean == pytest.approx(-3.00875)
    assert found.contacts["Cl", "Na"].frame in (1, 2, 3, 4)


def test_each_kind_of_defect_is_found_with_its_frame():
    pulled = labelled(seed=1)
    pulled.positions[0] = pulled.positions[1]
    close = labelled(seed=2)
    close.positions[0] = close.positions[1] + [0.5, 0, 0]
    assert ("error", "overlap", 1) in kinds([pulled])
    assert ("warning", "close atoms", 1) in kinds([close])
    assert ("warning", "large force", 1) in kinds([labelled(forces=np.outer([1, -1] * 4, [60.0, 0, 0]))])
    assert ("warning", "net force", 1) in kinds([labelled(forces=np.ones((8, 3)))])
    assert ("error", "virial", 1) in kinds([labelled(virial=np.full((3, 3), 1e6))])
    assert ("warning", "large virial", 1) in kinds([labelled(virial=np.eye(3) * 100)])
    assert ("warning", "low energy", 1) in kinds([labelled(energy=-400.0)])
    assert ("warning", "some virial", None) in kinds([labelled(virial=np.eye(3)), labelled(seed=3)])


def test_missing_labels_and_cells_are_errors():
    bare = bulk("Cu", cubic=True)
    assert kinds([bare]) == {("error", "no energy", 1), ("error", "no forces", 1)}
    molecule = Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]])
    assert ("error", "no cell", 1) in kinds([molecule])
    molecule.center(vacuum=5.0)
    assert ("warning", "not periodic", 1) in kinds([molecule])


@pytest.mark.parametrize("weight", [0, -1.0, 101, "heavy"])
def test_weights_outside_what_the_trainer_takes_are_errors(weight):
    atoms = labelled()
    atoms.info["weight"] = weight
    assert ("error", "weight", 1) in kinds([atoms])


def test_one_structure_twice_is_a_duplicate_and_with_two_energies_an_error():
    assert kinds([labelled(), labelled()]) == {("warning", "duplicate", 1)}
    assert kinds([labelled(), labelled(energy=-2.9)]) == {("error", "contradiction", 1)}
    assert fingerprint(labelled()) != fingerprint(labelled(seed=1))


def test_an_energy_off_the_trend_is_found():
    frames = [labelled(energy=-3.0 + 0.001 * k, seed=k) for k in range(12)]
    frames[4] = labelled(energy=-2.5, seed=4)
    assert kinds(frames) == {("warning", "energy", 5)}


def test_wrong_labels_of_a_file_are_findings_of_their_frames(tmp_path):
    write_frames(tmp_path / "a.xyz", [labelled(virial=np.eye(3)), labelled(seed=1)])
    text = (tmp_path / "a.xyz").read_text()
    (tmp_path / "a.xyz").write_text(text.replace("virial=", 'stress="9 0 0 0 9 0 0 0 9" virial=', 1))
    found = survey_file(tmp_path / "a.xyz")
    assert found.frames == 2
    errors = [item for item in found.findings if item.severity == "error"]
    assert [item.frame for item in errors] == [1]
    assert "virial and stress disagree" in errors[0].message


def test_a_file_cut_short_is_surveyed_up_to_there(tmp_path):
    write_frames(tmp_path / "a.xyz", [labelled(), labelled(seed=1)])
    text = (tmp_path / "a.xyz").read_text()
    (tmp_path / "a.xyz").write_text(text[: int(0.8 * len(text))])
    found = survey_file(tmp_path / "a.xyz")
    assert found.frames == 1
    assert [item.kind for item in found.findings if item.severity == "error"] == ["unreadable"]
    (tmp_path / "b.xyz").write_text("no xyz\n")
    with pytest.raises(InputError, match="expected the number of atoms"):
        survey_file(tmp_path / "b.xyz")
