import numpy as np
import pytest
from ase.build import bulk

from nepkit.core.errors import InputError
from nepkit.formats.files import write_frames
from nepkit.properties.planes import plane_grid, read_displacements


def crystal():
    """Four planes of four Na and four Cl."""
    return bulk("NaCl", "rocksalt", 5.6, cubic=True).repeat((1, 1, 2))


def moved(atoms, frames=3):
    """Na of plane k moves k/10 A along x with noise that averages out; Cl has no displacement."""
    rng = np.random.default_rng(0)
    vectors = np.full((frames, len(atoms), 3), np.nan)
    sodium = np.array(atoms.get_chemical_symbols()) == "Na"
    planes = np.round(atoms.positions[:, 2] / 2.8)
    vectors[:, sodium] = rng.normal(0, 0.001, (frames, sodium.sum(), 3))
    vectors[:, sodium, 0] += 0.1 * planes[sodium]
    return vectors


def test_planes_have_their_mean_displacement():
    atoms = crystal()
    found = plane_grid(atoms, moved(atoms))
    assert [plane.height for plane in found.planes] == pytest.approx([0, 2.8, 5.6, 8.4])
    np.testing.assert_allclose([plane.mean[0] for plane in found.planes], [0, 0.1, 0.2, 0.3], atol=2e-3)
    assert all(0 < plane.error[0] < 2e-3 for plane in found.planes)
    assert (found.axes, found.frames, len(found.planes[0].positions)) == (("x", "y"), 3, 2)
    across = plane_grid(atoms, moved(atoms), normal="x", element="Na")
    assert across.axes == ("y", "z")
    assert across.planes[0].mean[2] == pytest.approx(0.15, abs=2e-3)  # along the normal
    with pytest.raises(InputError, match="no Cl with a displacement"):
        plane_grid(atoms, moved(atoms), element="Cl")


def test_the_three_forms_of_the_file_are_the_same(tmp_path):
    atoms = crystal()
    vectors = moved(atoms)
    sodium = np.flatnonzero(np.array(atoms.get_chemical_symbols()) == "Na")
    frames = []
    for one in vectors:
        frame = atoms.copy()
        frame.arrays["displacement"] = np.nan_to_num(one)
        frames.append(frame)
    write_frames(tmp_path / "displacements.xyz", frames)
    write_frames(tmp_path / "model.xyz", [atoms])
    np.savetxt(tmp_path / "displacements.dat", vectors[:, sodium].reshape(-1, 3), header="x y z")
    np.savez(tmp_path / "displacements.npz", values=vectors[:, sodium], centres=sodium)
    for name in ("displacements.xyz", "displacements.dat", "displacements.npz"):
        structure, values = read_displacements(tmp_path / name, tmp_path / "model.xyz", "Na")
        means = [plane.mean for plane in plane_grid(structure, values, element="Na").planes]
        np.testing.assert_allclose(np.array(means)[:, 0], [0, 0.1, 0.2, 0.3], atol=2e-3)


def test_what_does_not_fit_is_told(tmp_path):
    atoms = crystal()
    write_frames(tmp_path / "model.xyz", [atoms])
    np.savetxt(tmp_path / "d.dat", np.ones((7, 3)))
    np.savez(tmp_path / "d.npz", values=np.ones((1, 1, 3)), centres=[99])
    for name, structure, message in (
        ("d.dat", None, "give --structure"),
        ("d.dat", "model.xyz", "7 lines of 3 numbers are no frames"),
        ("d.npz", "model.xyz", "centres beyond the 16 atoms"),
        ("model.xyz", None, "no column displacement"),
    ):
        with pytest.raises(InputError, match=message):
            read_displacements(tmp_path / name, tmp_path / structure if structure else None, "Na")
