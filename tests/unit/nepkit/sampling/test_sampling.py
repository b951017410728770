import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers, covalent_radii
from hypothesis import given
from hypothesis import strategies as st

from lr_correction import engine as engine_module
from lr_correction.nepfile import write_nep
from nepkit.core.errors import InputError
from nepkit.datasets.distances import closest_contacts
from nepkit.models.potentials import nep as nep_module
from nepkit.sampling import simple
from nepkit.sampling.descriptors import AtomDescriptors, frame_descriptors
from nepkit.sampling.farthest import farthest_points, principal_components
from nepkit.sampling.perturb import perturbed
from tests.factories import random_frame, random_nep


@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 99), st.integers(0, 10))
def test_every_choice_is_the_farthest(count, dimension, seed, known):
    rng = np.random.default_rng(seed)
    points, base = rng.normal(size=(count, dimension)), rng.normal(size=(known, dimension))
    found = farthest_points(points, known=base)
    assert sorted(found.indices) == list(range(count))
    assert found.left == 0.0
    chosen = list(base)
    for index, told in zip(found.indices, found.distances, strict=True):
        if chosen:
            gaps = np.linalg.norm(points[:, None] - np.array(chosen)[None], axis=2).min(axis=1)
            assert told == pytest.approx(gaps.max())
            assert gaps[index] == pytest.approx(gaps.max())
        else:
            assert np.isnan(told)
        chosen.append(points[index])


def test_no_point_within_the_least_distance_is_chosen():
    points = np.array([[0.0], [0.05], [1.0], [1.04], [2.0]])
    found = farthest_points(points, min_distance=0.1)
    assert sorted(found.indices) in ([0, 2, 4], [0, 3, 4])
    assert found.left == pytest.approx(0.05)
    assert farthest_points(points, min_distance=0.1, known=points[[0, 2, 4]]).indices == []
    assert farthest_points(points, 5, known=np.array([[0.0]])).indices[0] == 4


def test_copies_of_a_frame_are_chosen_once():
    points = np.repeat(np.arange(3.0)[:, None], 4, axis=0)
    assert len(farthest_points(points).indices) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"candidates": np.zeros((3, 2)), "count": 0}, "at least 1"),
        ({"candidates": np.full((3, 2), np.nan)}, "not finite"),
        ({"candidates": np.zeros((3, 2)), "known": np.zeros((3, 1))}, "components"),
    ],
)
def test_points_that_cannot_be_are_refused(words, message):
    with pytest.raises(InputError, match=message):
        farthest_points(**words)


@pytest.mark.parametrize("count", [0, -1, 21])
def test_more_frames_than_there_are_cannot_be_had(count):
    with pytest.raises(InputError, match="ask for 1 to 20"):
        simple.uniform(20, count)
    with pytest.raises(InputError, match="ask for 1 to 20"):
        simple.random(20, count)


def test_components_are_those_of_largest_variance():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 4)) * [0.1, 5.0, 0.1, 1.0]
    found = principal_components(points)
    assert abs(np.corrcoef(found[:, 0], points[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(found[:, 1], points[:, 3])[0, 1]) > 0.95
    assert principal_components(points[:1]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("charge_mode", [0, 1])
def test_backends_agree_also_for_charges(tmp_path, charge_mode):
    write_nep(random_nep(charge_mode=charge_mode), tmp_path / "nep.txt")
    frames = [random_frame(k) for k in range(2)]
    for by in ("frame", "element"):
        one, *others = (
            frame_descriptors(frames, tmp_path / "nep.txt", by=by, backend=backend)
            for backend in ("auto", "calorine", "arrays")
        )
        for other in others:
            np.testing.assert_allclose(one, other, atol=1e-10)


def test_means_of_elements_are_weighted_means_of_the_frame(tmp_path):
    write_nep(random_nep(), tmp_path / "nep.txt")
    atoms = random_frame(3)
    whole = frame_descriptors([atoms], tmp_path / "nep.txt", backend="arrays")[0]
    parts = frame_descriptors([atoms], tmp_path / "nep.txt", by="element", backend="arrays")[0].reshape(3, -1)
    shares = np.array([sum(atoms.symbols == name) for name in ("Li", "Cl", "Y")]) / len(atoms)
    np.testing.assert_allclose(shares @ parts, whole)


def test_frames_that_the_model_does_not_know_are_named(tmp_path):
    write_nep(random_nep(), tmp_path / "nep.txt")
    frames = [random_frame(0), Atoms("Na", cell=[5, 5, 5], pbc=True)]
    with pytest.raises(InputError, match=r"new.xyz, frame 2: element Na is not in the model"):
        frame_descriptors(frames, tmp_path / "nep.txt", source="new.xyz")
    with pytest.raises(InputError, match="no frames"):
        frame_descriptors([], tmp_path / "nep.txt")


@pytest.mark.parametrize("style", ["uniform", "normal", "const"])
def test_displacements_and_strains_are_of_the_size_asked_for(style):
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(3)
    (still,) = perturbed(atoms, 1, displacement=0.0, strain=0.02, style=style)
    strain = np.linalg.solve(atoms.cell.array, still.cell.array) - np.eye(3)
    assert np.abs(strain).max() <= 0.02
    np.testing.assert_allclose(strain, strain.T, atol=1e-12)
    np.testing.assert_allclose(still.get_scaled_positions(), atoms.get_scaled_positions(), atol=1e-12)
    (moved,) = perturbed(atoms, 1, displacement=0.3, strain=0.0, style=style, seed=3)
    lengths = np.linalg.norm(moved.positions - atoms.positions, axis=1)
    if style == "const":
        assert lengths == pytest.approx(np.full(len(atoms), 0.3))
    elif style == "uniform":
        assert lengths.max() <= 0.3
        assert lengths.mean() == pytest.approx(0.225, abs=0.02)  # 3/4 of the radius of a ball
    else:
        assert np.sqrt((lengths**2).mean()) == pytest.approx(0.3, abs=0.03)


def test_perturbed_atoms_do_not_come_too_close():
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    for made in perturbed(atoms, 20, displacement=0.8, min_radii=0.8):
        for (first, second), contact in closest_contacts(made).items():
            radii = covalent_radii[[atomic_numbers[first], atomic_numbers[second]]].sum()
            assert contact.distance >= 0.8 * radii
    with pytest.raises(InputError, match="at least 1 copy"):
        list(perturbed(atoms, 0))


def test_the_descriptors_of_frames_of_every_kind(tmp_path, monkeypatch, compiled_kernel):
    monkeypatch.setattr(engine_module, "kernel", lambda: compiled_kernel)
    monkeypatch.setattr(nep_module, "kernel", lambda: compiled_kernel)
    write_nep(random_nep(), tmp_path / "nep.txt")
    engine = AtomDescriptors(tmp_path / "nep.txt")
    cluster = Atoms("LiCl", positions=[[0, 0, 0], [2.2, 0, 0]])
    boxed = Atoms("LiCl", positions=[[0, 0, 0], [2.2, 0, 0]], cell=[30, 30, 30], pbc=True)
    np.testing.assert_allclose(engine(cluster), engine(boxed), atol=1e-9)
    with pytest.raises(InputError, match="frame 2: element Na is not in the model"):
        engine(Atoms("Na", cell=[5, 5, 5], pbc=True), "frame 2")
    cluster.positions[1] = 0.0
    with pytest.raises(InputError, match=r"set.xyz, frame 3: atoms 1 and 2 are at the same place"):
        engine(cluster, "set.xyz, frame 3")
    quick = engine(boxed)
    monkeypatch.setattr(nep_module, "kernel", lambda: None)
    without = AtomDescriptors(tmp_path / "nep.txt")
    assert without.potential.engine == "calorine"
    np.testing.assert_allclose(without(boxed), quick, atol=1e-9)
