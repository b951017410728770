"""Packs hold data alone, come back as they were, and tell damage."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from hypothesis import given
from hypothesis import strategies as st

from lr_correction.packing import PackError, fingerprint, pack, unpack
from nepkit.core.statistics.quantity import Quantity
from nepkit.frames import Labels

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_things_come_back_with_their_types(thing):
    back = unpack(pack(thing))
    assert back == thing
    assert repr(back) == repr(thing)


def test_arrays_dataclasses_and_frames_come_back():
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint(FixAtoms([0]))
    atoms.info["source"] = "a:1"
    atoms.calc = SinglePointCalculator(atoms, energy=-1.5, forces=np.ones((4, 3)))
    quantity = Quantity(1.0, np.float64(0.1), "eV", 0.8, 1.2)
    found = unpack(
        pack({"q": quantity, "a": atoms, "labels": Labels(forces=np.eye(3)), "path": Path("x/y"), 3: "three"})
    )
    assert found["q"] == quantity
    assert found["a"] == atoms
    assert found["a"].get_potential_energy() == -1.5
    assert found["a"].constraints[0].index.tolist() == [0]
    assert found["a"].info == atoms.info
    np.testing.assert_array_equal(found["labels"].forces, np.eye(3))
    assert (found["path"], found[3]) == (Path("x/y"), "three")


@pytest.mark.parametrize("thing", [object(), len, Path, np.array([None]), {1, 2}], ids=list("abcde"))
def test_what_is_no_data_is_refused(thing):
    with pytest.raises(PackError, match="cannot be packed"):
        pack(thing)


def test_every_changed_byte_is_seen():
    content = pack({"energy": 1.0, "forces": np.arange(6.0)})
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1
        with pytest.raises(PackError):
            unpack(bytes(damaged))
    for end in (0, 1, 40, len(content) - 1):
        with pytest.raises(PackError):
            unpack(content[:end])


def test_code_cannot_come_out_of_a_pack(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harmed",))

    with pytest.raises(PackError, match="not a file of this kind"):
        unpack(pickle.dumps(Harm()))
    assert not (tmp_path / "harmed").exists()


def test_only_dataclasses_of_ours_come_out():
    content = pack(Quantity(1.0, 0.1, "eV")).replace(b"nepkit.core.statistics.quantity:Quantity", b"x")
    with pytest.raises(PackError):
        unpack(content)


def test_fingerprints_tell_what_differs():
    same = [1.0, "a", None, (1, 2), {"k": np.arange(3)}, bulk("Cu"), len, Quantity(1.0, 0.1, "eV")]
    assert fingerprint(*same) == fingerprint(*same)
    prints = [fingerprint(thing) for thing in (*same, [1, 2], 1, "1", {"k": np.arange(3.0)}, bulk("Cu", a=3.6))]
    assert len(set(prints)) == len(prints)
