"""Whatever frame is written is read back, to the last bit."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nepkit.formats import extxyz_rows
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels

numbers = st.floats(-1e9, 1e9)
keys = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).map(lambda text: f"x_{text}")
# A string that looks like a number or a flag is read as one, as every reader of this format does.
strings = st.from_regex(r"[a-z]{2}[ -~]{0,12}[a-z]", fullmatch=True)
values = st.one_of(strings, st.integers(), st.booleans(), numbers, arrays(float, st.integers(2, 9), elements=numbers))


def maybe(shape):
    return st.none() | arrays(float, shape, elements=numbers)


@st.composite
def frames(draw):
    count = draw(st.integers(1, 5))
    periodic = draw(st.booleans())
    cell = draw(arrays(float, (3, 3), elements=st.floats(-1.0, 1.0))) + 5.0 * np.eye(3) if periodic else None
    atoms = Atoms(
        numbers=draw(st.lists(st.integers(1, 94), min_size=count, max_size=count)),
        positions=draw(arrays(float, (count, 3), elements=numbers)),
        cell=cell,
        pbc=draw(arrays(bool, 3)) if periodic else False,
    )
    if draw(st.booleans()):
        atoms.set_masses(draw(arrays(float, count, elements=st.floats(1.0, 300.0))))
    if draw(st.booleans()):
        atoms.arrays["group"] = draw(arrays(np.int32, (count, 2)))
    atoms.info.update(draw(st.dictionaries(keys, values, max_size=3)))
    known = Labels(
        energy=draw(st.none() | numbers),
        forces=draw(maybe((count, 3))),
        virial=draw(maybe((3, 3))),
        bec=draw(maybe((count, 3, 3))),
        charges=draw(maybe(count)),
        dipole=draw(maybe(3)),
        charge=draw(st.none() | numbers),
    )
    set_labels(atoms, known)
    return atoms, known


@pytest.mark.parametrize("own", [True, False])
@given(made=st.lists(frames(), min_size=1, max_size=3))
def test_frames_survive_a_file(own, compiled_rows, made):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(extxyz_rows, "compiled", compiled_rows if own else None)
        path = Path(folder) / "frames.xyz"
        assert write_frames(path, [atoms for atoms, _ in made]) == len(made)
        back = list(read_frames(path))
    assert len(back) == len(made)
    for (atoms, known), again in zip(made, back, strict=True):
        np.testing.assert_array_equal(again.numbers, atoms.numbers)
        np.testing.assert_array_equal(again.positions, atoms.positions)
        np.testing.assert_array_equal(again.cell.array, atoms.cell.array)
        np.testing.assert_array_equal(again.pbc, atoms.pbc)
        np.testing.assert_array_equal(again.get_masses(), atoms.get_masses())
        assert set(again.info) == set(atoms.info)
        for key in atoms.info:
            np.testing.assert_array_equal(again.info[key], atoms.info[key])
        found = labels(again)
        for name in vars(known):
            np.testing.assert_array_equal(getattr(found, name), getattr(known, name), err_msg=name)
