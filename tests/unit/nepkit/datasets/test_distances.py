import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from nepkit.core.errors import InputError
from nepkit.datasets.distances import closest_contacts, closest_in_frames, pair_name


def brute_force(atoms, images):
    """Return the shortest distances by looking at every pair and image."""
    found = {}
    ranges = [range(-images, images + 1) if p else (0,) for p in atoms.pbc]
    shifts = np.array(np.meshgrid(*ranges, indexing="ij")).reshape(3, -1).T
    symbols = atoms.get_chemical_symbols()
    for i in range(len(atoms)):
        for j in range(i, len(atoms)):
            distances = np.linalg.norm(atoms.positions[j] - atoms.positions[i] + shifts @ atoms.cell.array, axis=1)
            if i == j:
                distances = distances[shifts.any(axis=1)]
            if len(distances):
                pair = tuple(sorted((symbols[i], symbols[j])))
                found[pair] = min(found.get(pair, np.inf), distances.min())
    return found


@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.floats(2.0, 16.0),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_distances_equal_a_search_over_all_images(seed, count, edge, pbc):
    rng = np.random.default_rng(seed)
    cell = edge * (np.eye(3) + rng.uniform(-0.35, 0.35, (3, 3))) * [1.0, 1.3, 0.8]
    positions = rng.uniform(-1.0, 2.0, (count, 3)) @ cell
    atoms = Atoms(rng.choice(["Li", "Cl", "Y"], count), positions=positions, cell=cell, pbc=pbc)
    expected = brute_force(atoms, 5)
    found = closest_contacts(atoms)
    assert {pair: contact.distance for pair, contact in found.items()} == pytest.approx(expected, abs=1e-9)
    for (first, second), contact in found.items():
        assert sorted(atoms.symbols[list(contact.atoms)]) == [first, second]


def test_a_long_thin_cell_is_searched_whole():
    atoms = Atoms("LiCl", positions=[[0, 0, 1], [1, 1, 60]], cell=[3, 3, 100], pbc=True)
    contacts = closest_contacts(atoms)
    assert contacts["Cl", "Li"].distance == pytest.approx(np.sqrt(2 + 41**2))
    assert contacts["Li", "Li"].distance == pytest.approx(3.0)


def test_an_atom_alone_without_images_has_no_contact():
    assert closest_contacts(Atoms("Li", positions=[[0, 0, 0]])) == {}


def test_the_closest_frame_is_told():
    frames = [bulk("Cu", a=a) for a in (3.8, 3.6, 3.7)]
    contact = closest_in_frames(frames)["Cu", "Cu"]
    assert (contact.frame, contact.distance) == (2, pytest.approx(3.6 / np.sqrt(2)))


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms("Li", positions=[[np.nan, 0, 0]]), "not finite"),
        (Atoms("Li", positions=[[0, 0, 0]], pbc=True), "no volume"),
    ],
)
def test_frames_without_a_geometry_are_refused(atoms, message):
    with pytest.raises(InputError, match=f"frame 1.*{message}"):
        closest_in_frames([atoms])


@pytest.mark.parametrize("text", ["Li", "Li-", "Li-Qq", "Li-Cl-Y", "X-Li"])
def test_what_is_no_pair_of_elements_is_refused(text):
    with pytest.raises(InputError, match="not a pair"):
        pair_name(text)
