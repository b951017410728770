"""Contacts that last through a window of time, and contacts that are made within it."""

import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.percolation.statistics import network
from nepkit.transport.lasting_network import lasting_network


def chain(gaps):
    """Li at 0 and 2 in a cell of 4: one contact inside and one through the face, the latter broken by a gap."""
    return [Atoms("Li2", positions=[[0, 0, 0], [2.0 - gap, 0, 0]], cell=[4, 9, 9], pbc=True) for gap in gaps]


def test_contacts_must_last_or_need_not():
    frames = chain([0.0, 0.6, 0.0, 0.0])  # in the second frame 2.6 through the face, beyond the cutoff
    assert network(frames, ["Li"], 2.3).rank.tolist() == [1, 0, 1, 1]
    assert lasting_network(frames, ["Li"], 2.3, 2).rank.tolist() == [0, 1]
    assert lasting_network(frames, ["Li"], 2.3, 2, lasting=False).rank.tolist() == [1, 1]
    # Contacts of different frames make a path together.
    parts = chain([0.6, -0.6])
    assert network(parts, ["Li"], 2.3).rank.tolist() == [0, 0]
    assert lasting_network(parts, ["Li"], 2.3, 2, lasting=False).rank.tolist() == [1]
    assert lasting_network(parts, ["Li"], 2.3, 2).neighbours.tolist() == [0.0]


def test_a_contact_stays_the_same_when_its_atoms_cross_a_face():
    drifting = []
    for shift in np.linspace(0.0, 12.0, 25):
        atoms = Atoms("Li2", positions=[[shift, 0, 0], [2.0 + shift, 0, 0]], cell=[9, 9, 9], pbc=True)
        atoms.wrap()
        drifting.append(atoms)
    found = lasting_network(drifting, ["Li"], 2.3, 25)
    assert found.neighbours.tolist() == [1.0]


def test_too_few_frames_are_told():
    with pytest.raises(InputError, match="2 frames are fewer than the 3 of a window"):
        lasting_network(chain([0.0, 0.0]), ["Li"], 2.3, 3)
