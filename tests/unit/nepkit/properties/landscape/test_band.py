import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms

from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.models.potentials import Committee, as_potential, load_potential
from nepkit.plots.band import plot_band
from nepkit.properties.landscape.band import Band, find_band, interpolate
from nepkit.properties.landscape.matching import match
from nepkit.properties.landscape.path import fixed_atoms, prepare_ends
from tests import wells


def double_well(**settings):
    band = interpolate(*wells.wells(), settings.pop("images", 5))
    return find_band(band, as_potential(settings.pop("calculator", wells.DoubleWell)), fmax=1e-3, **settings)


@pytest.mark.parametrize("images", [5, 6])
def test_the_barrier_of_a_double_well_is_exact(images):
    """With an even number of images none starts at the saddle: one has to climb there."""
    found = double_well(images=images)
    assert found.converged
    assert found.barrier == pytest.approx(wells.HEIGHT, abs=1e-6)
    assert found.reverse_barrier == pytest.approx(wells.HEIGHT, abs=1e-6)
    assert found.reaction_energy == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(found.images[found.saddle].positions, 0.0, atol=1e-3)
    assert found.slope[found.saddle] == pytest.approx(0.0, abs=1e-3)
    assert found.notes() == []


def test_without_a_climbing_image_the_saddle_is_missed():
    assert double_well(images=6, climb=False).barrier < wells.HEIGHT - 0.01


def test_the_coordinate_is_the_length_of_the_path():
    found = double_well(images=11)
    x = np.linspace(-wells.HALF, wells.HALF, 2001)
    valley = np.trapezoid(np.sqrt(1 + (2 * wells.BEND * x) ** 2), x)
    assert found.coordinate[0] == 0.0
    assert found.coordinate[-1] == pytest.approx(valley, rel=0.03)  # the valley is close to the path
    numeric = np.gradient(found.energy, found.coordinate)
    np.testing.assert_allclose(found.slope[2:-2], numeric[2:-2], atol=0.08)


def test_a_committee_gives_the_error_of_the_barrier():
    members = [as_potential(wells.DoubleWell), as_potential(wells.higher)]
    found = find_band(interpolate(*wells.wells(), 5), Committee(members), fmax=1e-3)
    assert found.barrier == pytest.approx(0.75, abs=1e-5)
    assert found.barrier_error == pytest.approx(0.1 / np.sqrt(2), abs=1e-5)
    assert found.deviation[0] == 0.0
    assert found.deviation.max() == pytest.approx(found.barrier_error, abs=1e-6)
    assert len(plot_band(found).containers) == 1


def test_what_was_computed_last_is_kept_when_forces_are_no_numbers():
    wells.Breaking.calls = 0
    found = double_well(calculator=wells.Breaking)
    assert not found.converged
    assert "not finite numbers" in found.reason
    assert np.isfinite(found.energy).all()
    assert all(np.isfinite(atoms.positions).all() for atoms in found.images)


def test_images_that_fly_apart_are_told():
    band = interpolate(*wells.wells(), 4)
    for number, atoms in enumerate(band[1:-1]):
        atoms.positions[0, 2] += 0.3 * (-1) ** number
    found = find_band(band, as_potential(wells.Repelling), fmax=1e-3, spring=0.01, climb=False)
    assert not found.converged
    assert "A apart: the band was torn" in found.reason
    assert len(found.images) == 6


def test_not_converged_is_told():
    found = double_well(steps=3)
    assert not found.converged
    assert found.reason.startswith("not converged within 3 steps: force")


def test_a_minimum_between_the_ends_and_a_path_without_barrier_are_noted():
    energy = np.array([0.0, 0.3, 0.1, 0.3, 0.0])
    empty = Band([], np.arange(5.0), energy, np.zeros(5), None, None, 0.0, 1, True, "")
    assert "image 3 lies in a minimum" in empty.notes()[0]
    down = Band([], np.arange(5.0), -np.arange(5.0), np.zeros(5), None, None, 0.0, 1, True, "")
    assert "no barrier" in down.notes()[0]


def vacancies():
    """Return two neighbouring vacancies in copper, the second with its atoms shuffled, in other copies and shifted."""
    perfect = bulk("Cu", cubic=True).repeat((2, 2, 2))
    neighbour = int(np.argsort(perfect.get_distances(0, range(len(perfect)), mic=True))[1])
    first, second = perfect.copy(), perfect.copy()
    second.positions[neighbour] = perfect.positions[0]
    del first[0], second[0]
    rng = np.random.default_rng(1)
    second = second[rng.permutation(len(second))]
    second.positions += rng.integers(-2, 3, (len(second), 3)) @ second.cell.array + [0.7, -0.4, 0.2]
    return first, second


def test_atoms_are_matched_whatever_their_order_copy_and_origin():
    first, second = vacancies()
    found = match(first, second)
    distance = np.linalg.norm(found.displacement, axis=1)
    assert (distance > 0.1).sum() == 1
    assert distance.max() == pytest.approx(3.61 / np.sqrt(2), abs=1e-6)
    assert sorted(found.order) == list(range(len(first)))
    assert found.reordered > 20


def test_elements_are_not_exchanged():
    first = Atoms("NaCl", positions=[[0, 0, 0], [2, 0, 0]], cell=[6, 6, 6], pbc=True)
    second = Atoms("ClNa", positions=[[0.1, 0, 0], [2.1, 0, 0]], cell=[6, 6, 6], pbc=True)
    assert match(first, second).order.tolist() == [1, 0]


def test_ends_that_do_not_fit_are_refused():
    first, second = vacancies()
    with pytest.raises(InputError, match="differ in composition: Cu31 and Cu30"):
        match(first, second[1:])
    second.set_cell(second.cell.array * 1.01)
    with pytest.raises(InputError, match="different cells"):
        match(first, second)
    with pytest.raises(InputError, match="both ends are the same structure"):
        interpolate(first, first, 3)


def test_ends_come_to_rest_with_fixed_atoms_in_place():
    first, second = vacancies()
    second.positions -= [0.7, -0.4, 0.2]
    ends = prepare_ends(first, second, load_potential("emt"), fixed=["31"], fmax=0.01)
    assert ends.reasons == ("", "")
    np.testing.assert_array_equal(ends.last.positions[30], first.positions[30])
    assert isinstance(ends.last.constraints[0], FixAtoms)
    for atoms in (ends.first, ends.last):
        forces = np.delete(labels(atoms).forces, 30, axis=0)
        assert np.linalg.norm(forces, axis=1).max() < 0.01
    short = prepare_ends(first, second, load_potential("emt"), fmax=1e-6, steps=1)
    prepare_ends(first, second, load_potential("emt"), rest=False).require_rest()
    with pytest.raises(InputError, match=r"a\.xyz: the end of the path did not come to rest: not converged within 1 "):
        short.require_rest(("a.xyz", "b.xyz"))


def test_words_for_fixed_atoms():
    atoms = Atoms("OH2Cu", positions=[[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, -3]])
    assert fixed_atoms(atoms, ["H", "z<-1"]).tolist() == [1, 2, 3]
    assert fixed_atoms(atoms, ["1", "3-4"]).tolist() == [0, 2, 3]
    for word in ("Fe", "9", "z<-9", "w>1"):
        with pytest.raises(InputError, match="names no atom"):
            fixed_atoms(atoms, [word])
