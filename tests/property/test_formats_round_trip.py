"""Every property of a frame comes back from every format that can hold it."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nepkit.formats.catalogue import formats
from nepkit.formats.files import read_frames, write_frames
from nepkit.formats.format import Reading
from nepkit.frames import Labels, labels, set_labels

WRITERS = {name: made for name, made in formats().items() if made.read and made.write}
PERIODIC_ALONE = ("cif", "lammps-data", "poscar")
EACH_AXIS = ("extxyz", "ase-traj", "ase-db")
ELEMENTS = ("Cl", "Li", "Y")
numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 12))


@st.composite
def cells(draw):
    """Cells of any shape and handedness, not so flat that a coordinate would be all rounding."""
    cell = np.diag(draw(arrays(float, 3, elements=st.floats(3.0, 12.0)))) @ (
        np.eye(3) + draw(arrays(float, (3, 3), elements=st.floats(-0.6, 0.6)))
    )
    assume(abs(np.linalg.det(cell)) > 0.3 * np.prod(np.linalg.norm(cell, axis=1)))
    return cell[draw(st.permutations(range(3)))]


@st.composite
def frames(draw, name):
    count = draw(st.integers(1, 5))
    pbc = np.array([True] * 3)
    if name in EACH_AXIS:
        pbc = draw(arrays(bool, 3))
    elif name not in PERIODIC_ALONE:
        pbc[:] = draw(st.booleans())
    atoms = Atoms(
        draw(st.lists(st.sampled_from(ELEMENTS), min_size=count, max_size=count)),
        positions=draw(arrays(float, (count, 3), elements=st.floats(-20.0, 20.0))),
        cell=draw(cells()) if pbc.any() else None,
        pbc=pbc,
    )
    if name == "cif":  # which cannot tell two atoms at one place
        assume(len(atoms) == 1 or atoms.get_all_distances(mic=True)[np.triu_indices(count, 1)].min() > 0.1)
    virial = draw(st.none() | arrays(float, (3, 3), elements=numbers)) if pbc.any() else None
    known = Labels(
        energy=draw(st.none() | numbers),
        forces=draw(st.none() | arrays(float, (count, 3), elements=numbers)),
        virial=virial if virial is None or name != "mtp" else virial + virial.T,  # MTP has six components
        bec=draw(st.none() | arrays(float, (count, 3, 3), elements=numbers)),
        charges=draw(st.none() | arrays(float, count, elements=numbers)),
        dipole=draw(st.none() | arrays(float, 3, elements=numbers)) if not pbc.any() else None,
        charge=draw(st.none() | numbers),
    )
    set_labels(atoms, known)
    return atoms, known


def written_and_read(name, made):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        assert write_frames(path, [atoms for atoms, _ in made], format=name) == len(made)
        places = sorted(path.iterdir()) if WRITERS[name].folder else [path]
        reading = Reading(() if name == "deepmd" else tuple(sorted({symbol for a, _ in made for symbol in a.symbols})))
        found = [atoms for place in places for atoms in read_frames(place, name, reading)]
    assert not reading.dropped
    return found


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=25)
@given(data=st.data())
def test_frames_survive(name, data):
    size = 1 if WRITERS[name].single else 3
    made = data.draw(st.lists(frames(name), min_size=1, max_size=size))
    found = written_and_read(name, made)
    assert len(found) == len(made)
    for (atoms, known), again in zip(matched(made, found), found, strict=True):
        assert again.pbc.tolist() == ([True] * 3 if name in PERIODIC_ALONE else atoms.pbc.tolist())
        order = same_places(atoms, again)
        for label in WRITERS[name].holds:
            value = getattr(known, label)
            if value is not None and label in ("forces", "bec", "charges"):
                value = value[order]
            again_value = getattr(labels(again), label)
            if value is None:
                assert again_value is None, label
            else:
                np.testing.assert_allclose(again_value, value, rtol=1e-12, atol=1e-9, err_msg=label)


def matched(made, found):
    """Return what was made in the order of what was found: DeePMD sorts frames by formula."""
    left = list(made)
    for atoms in found:
        for index, (given_atoms, _) in enumerate(left):
            if sorted(given_atoms.symbols) == sorted(atoms.symbols) and is_same(given_atoms, atoms):
                yield left.pop(index)
                break
        else:
            raise AssertionError(f"{atoms} was never written")


def is_same(given_atoms, found):
    try:
        same_places(given_atoms, found)
    except AssertionError:
        return False
    return True


def same_places(given_atoms, found):
    """Return where the atoms found stood, after a test of cell, elements and places up to a rotation of everything."""
    np.testing.assert_allclose(found.cell.array @ found.cell.array.T, metric(given_atoms), rtol=1e-5, atol=1e-4)
    order = np.argsort(given_atoms.numbers, kind="stable")
    back = np.argsort(found.numbers, kind="stable")
    places = np.empty(len(order), dtype=int)
    places[back] = order
    assert given_atoms.numbers[places].tolist() == found.numbers.tolist()
    if given_atoms.cell.rank == 3:
        one, other = (a.cell.scaled_positions(a.positions) for a in (given_atoms[places], found))
        step = other - one
        step -= np.round(step)  # atoms may be wrapped
        assert np.abs(step @ given_atoms.cell.array).max() < 1e-5
    else:
        np.testing.assert_allclose(found.positions, given_atoms.positions[places], atol=1e-5)
    return places


def metric(atoms):
    return atoms.cell.array @ atoms.cell.array.T


@pytest.mark.parametrize("name", [name for name in WRITERS if name in PERIODIC_ALONE])
def test_a_frame_without_a_cell_is_refused(name, tmp_path):
    from nepkit.core.errors import InputError

    with pytest.raises(InputError, match="without a cell of three vectors"):
        write_frames(tmp_path / "a", [Atoms("H")], format=name)
    assert not list(tmp_path.iterdir())


def test_a_cif_of_two_atoms_at_one_place_is_refused(tmp_path):
    from nepkit.core.errors import InputError

    with pytest.raises(InputError, match="atoms 1 and 2 are at one place"):
        write_frames(tmp_path / "a.cif", [Atoms("H2", cell=[3, 3, 3], pbc=True)])
