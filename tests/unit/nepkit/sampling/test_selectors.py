import sys
from types import ModuleType

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from scipy.spatial.distance import cdist

from lr_correction.errors import ModelError
from lr_correction.nepfile import write_nep
from nepkit.core.errors import InputError, NepkitError
from nepkit.models.potentials import Committee, as_potential, load_potential
from nepkit.sampling.clusters import clusters
from nepkit.sampling.coverage import cover
from nepkit.sampling.descriptors import environments
from nepkit.sampling.deviation import committee_deviation, largest, recorded_deviation
from nepkit.sampling.entropy import entropy, most_informative
from nepkit.sampling.maxvol import ActiveSet, d_optimal
from nepkit.sampling.store import Store
from tests.factories import random_frame, random_nep


def frames_of(rng, count=12, atoms=6, width=4, kinds=2):
    return [(rng.integers(0, kinds, atoms), rng.normal(size=(atoms, width))) for _ in range(count)]


def brute_gap(candidates, covered, frame):
    """Return the distance of the farthest atom of a frame from all covered ones of its element."""
    types, values = candidates[frame]
    gaps = []
    for kind in np.unique(types):
        others = np.concatenate([v[t == kind] for t, v in covered])
        gaps.append(np.inf if not len(others) else cdist(values[types == kind], others).min(axis=1).max())
    return max(gaps)


def test_every_choice_has_the_atom_farthest_from_all_that_is_covered():
    rng = np.random.default_rng(0)
    candidates, base = frames_of(rng), frames_of(rng, 3)
    with Store(candidates) as store, Store(base) as known:
        found = cover(store, known=known)
    covered = list(base)
    for frame, told in zip(found.indices, found.distances, strict=True):
        gaps = [brute_gap(candidates, covered, other) for other in range(len(candidates))]
        assert told == pytest.approx(max(gaps), rel=1e-5)
        assert gaps[frame] == pytest.approx(max(gaps), rel=1e-5)
        covered.append(candidates[frame])
    assert found.left == pytest.approx(0.0)


def test_one_rare_atom_is_found_that_a_mean_would_hide():
    rng = np.random.default_rng(1)
    candidates = [(np.zeros(50, int), rng.normal(scale=0.1, size=(50, 3))) for _ in range(10)]
    candidates[7][1][13] = 1.0
    with Store(candidates) as store, Store(candidates[:1]) as known:
        assert cover(store, 1, known=known).indices == [7]
        assert cover(store, None, 5.0, known).indices == []


def test_atoms_of_elements_are_compared_among_themselves():
    one = [(np.array([0, 1]), np.array([[0.0], [5.0]]))]
    swapped = [(np.array([0, 1]), np.array([[5.0], [0.0]]))]
    with Store(one) as known, Store(one + swapped) as store:
        found = cover(store, known=known)
    assert found.indices == [1]
    assert found.distances == [5.0]


def test_the_volume_of_an_active_set_cannot_be_raised_by_an_exchange():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(200, 5))
    active = ActiveSet(np.eye(6))
    while active.absorb(values, np.arange(200)):
        pass
    volume = abs(np.linalg.det(active.rows))
    every = np.column_stack([values, np.ones(200)])
    np.testing.assert_allclose(active.rows, every[active.frames])
    for place in range(6):
        for row in every:
            other = active.rows.copy()
            other[place] = row
            assert abs(np.linalg.det(other)) <= volume * 1.002
    assert active.grades(values).max() <= 1.002


def test_d_optimal_frames_leave_no_other_extrapolating():
    rng = np.random.default_rng(3)
    candidates = frames_of(rng, 40, 5, 3, 2)
    with Store(candidates) as store:
        found = d_optimal(store)
        chosen = [candidates[index] for index in found.frames]
        assert found.sizes == {0: 4, 1: 4}
        assert found.grades.max() <= 1.002
        with Store(chosen) as known:
            again = d_optimal(store, known)
    assert again.grades.max() <= 1.002
    assert again.frames == []


def test_grades_tell_what_lies_outside_of_a_known_set():
    rng = np.random.default_rng(4)
    known = [(np.zeros(20, int), rng.uniform(-1, 1, (20, 2))) for _ in range(10)]
    inside, outside = (np.zeros(1, int), np.array([[0.1, 0.0]])), (np.zeros(1, int), np.array([[6.0, 0.0]]))
    new_element = (np.ones(1, int), np.zeros((1, 2)))
    with Store(known) as base, Store([inside, outside, new_element]) as store:
        found = d_optimal(store, base, threshold=2.0)
    assert found.grades[0] < 1.0
    assert 3.0 < found.grades[1] < 10.0
    assert np.isinf(found.grades[2])
    assert found.frames == [2, 1]


def test_directions_without_variance_do_not_count():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(30, 2))
    flat = np.column_stack([values, values.sum(axis=1), np.full(30, 7.0)])
    with Store([(np.zeros(30, int), flat)]) as store:
        assert d_optimal(store).sizes == {0: 3}


def test_sets_of_different_descriptors_are_refused():
    with (
        Store([(np.zeros(2, int), np.zeros((2, 3)))]) as one,
        Store([(np.zeros(2, int), np.ones((2, 4)))]) as other,
    ):
        with pytest.raises(InputError, match="components"):
            d_optimal(one, other)
        with pytest.raises(InputError, match="components"):
            cover(one, known=other)
        with pytest.raises(InputError, match="at least 1"):
            cover(one, 0)


def test_a_store_refuses_nothing_and_numbers_that_are_not():
    with pytest.raises(InputError, match="no frames"), Store([]):
        pass
    broken = [(np.zeros(1, int), np.full((1, 2), np.nan))]
    with pytest.raises(InputError, match=r"set.xyz, frame 1: descriptors are not finite"), Store(broken, "set.xyz"):
        pass


def test_clusters_are_the_blobs_and_known_ones_are_taken():
    rng = np.random.default_rng(6)
    centres = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
    label = np.repeat(np.arange(4), [40, 30, 20, 10])
    points = centres[label] + rng.normal(scale=0.3, size=(100, 2))
    found = clusters(points, 4)
    assert found.sizes == [40, 30, 20, 10]
    assert [label[index] for index in found.indices] == [0, 1, 2, 3]
    for cluster, index in enumerate(found.indices):
        gaps = np.linalg.norm(points[label == cluster] - points[label == cluster].mean(axis=0), axis=1)
        assert np.flatnonzero(label == cluster)[gaps.argmin()] == index
        assert found.spread[cluster] == pytest.approx(np.sqrt((gaps**2).mean()))
    assert clusters(points, 4, seed=11).indices == found.indices
    assert [label[index] for index in clusters(points, 4, known=centres[1:2]).indices] == [0, 2, 3]
    assert clusters(np.zeros((5, 2)), 3).sizes == [5]
    with pytest.raises(InputError, match="ask for 1 to 5"):
        clusters(np.zeros((5, 2)), 6)


def test_entropy_of_points_that_are_the_same_and_far_apart():
    assert entropy(np.zeros((8, 2)), 1.0) == pytest.approx(0.0)
    assert entropy(100.0 * np.arange(8.0)[:, None], 1.0) == pytest.approx(np.log(8))


def test_what_is_informative_lies_where_nothing_is():
    rng = np.random.default_rng(7)
    points = np.concatenate([rng.normal(scale=0.1, size=(50, 2)), [[4.0, 0.0], [0.0, 9.0]]])
    found = most_informative(points, 2, 0.3, known=points[:5])
    assert set(found.indices) == {50, 51}
    assert min(found.gains) > 50.0  # half the square of a distance in bandwidths
    assert found.entropy > entropy(points[:5], 0.3)
    assert len(set(most_informative(points, 20).indices)) == 20
    for words, message in (((points, 99), "ask for 1 to 52"), ((np.zeros((4, 2)), 2), "not positive")):
        with pytest.raises(InputError, match=message):
            most_informative(*words)


def test_a_model_does_not_deviate_from_itself():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    one = as_potential(EMT())
    committee = Committee([one, one])
    assert committee_deviation([atoms], committee).tolist() == [0.0]


def test_computed_deviation_against_its_definition(tmp_path):
    names = []
    for seed in range(3):
        write_nep(random_nep(seed), tmp_path / f"{seed}.txt")
        names.append(str(tmp_path / f"{seed}.txt"))
    members = [load_potential(name) for name in names]
    frames = [random_frame(k) for k in range(3)]
    forces = np.array([[labels.forces for labels in member.compute(frames)] for member in members])
    expected = np.sqrt(forces.var(axis=0, ddof=1).sum(axis=2)).max(axis=1)
    np.testing.assert_allclose(committee_deviation(iter(frames), Committee(members)), expected)


def test_rows_of_active_out_are_found_by_time(tmp_path):
    (tmp_path / "active.out").write_text("".join(f"{10.0 * k} {0.01 * k}\n" for k in range(20)))
    frames = []
    for k in (17, 4, 9):
        frames.append(bulk("Cu"))
        frames[-1].info["Time"] = 10.0 * k
    np.testing.assert_allclose(recorded_deviation(frames, tmp_path / "active.out"), [0.17, 0.04, 0.09])
    frames[1].info["Time"] = 44.0
    with pytest.raises(InputError, match=r"frame 2: no row of .* has its time of 44 fs"):
        recorded_deviation(frames, tmp_path / "active.out")
    frames[1].info["Time"] = 40.0
    frames[0].info["uncertainty"] = 0.3
    with pytest.raises(InputError, match=r"its uncertainty is 0.3 eV/A, .* says 0.17"):
        recorded_deviation(frames, tmp_path / "active.out")
    with pytest.raises(InputError, match="frame 2: it has no uncertainty"):
        recorded_deviation(frames)
    for atoms in frames:
        atoms.info["uncertainty"] = 0.25
    assert recorded_deviation(frames).tolist() == [0.25] * 3


def test_largest_leaves_out_what_is_broken():
    assert largest([0.1, 0.5, 9.0, 0.3, 0.5], 0.2, 5.0, None) == [1, 4, 3]


@pytest.mark.parametrize("jobs", [1, 2])
def test_environments_are_the_same_whatever_the_number_of_workers(tmp_path, jobs):
    write_nep(random_nep(), tmp_path / "nep.txt")
    frames = [random_frame(k) for k in range(3)]
    found = list(environments(frames, tmp_path / "nep.txt", jobs=jobs))
    alone = [next(environments([atoms], tmp_path / "nep.txt", backend="arrays")) for atoms in frames]
    for (types, values), (same, expected), atoms in zip(found, alone, frames, strict=True):
        np.testing.assert_array_equal(types, same)
        assert [("Li", "Cl", "Y")[kind] for kind in types] == list(atoms.symbols)
        np.testing.assert_allclose(values, expected, atol=1e-10)


def test_pynep_is_used_where_it_is_installed_and_never_for_charges(tmp_path, monkeypatch):
    class NEP:
        def __init__(self, path):
            self.path = path

        def get_property(self, name, atoms):
            assert name == "descriptor"
            return np.arange(2.0 * len(atoms)).reshape(-1, 2)

    write_nep(random_nep(), tmp_path / "nep.txt")
    write_nep(random_nep(charge_mode=2), tmp_path / "qnep.txt")
    frame = random_frame()
    with pytest.raises(NepkitError, match="PyNEP is not installed"):
        list(environments([frame], tmp_path / "nep.txt", backend="pynep"))
    monkeypatch.setitem(sys.modules, "pynep", ModuleType("pynep"))
    module = ModuleType("pynep.calculate")
    module.NEP = NEP
    monkeypatch.setitem(sys.modules, "pynep.calculate", module)
    ((_, values),) = environments([frame], tmp_path / "nep.txt", backend="pynep")
    assert values[-1].tolist() == [2.0 * len(frame) - 2, 2.0 * len(frame) - 1]
    with pytest.raises(ModelError, match="PyNEP misreads models with charges"):
        list(environments([frame], tmp_path / "qnep.txt", backend="pynep"))
