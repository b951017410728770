"""Owners of hydrogens and hydrogen bonds of real frames against distances and angles from ASE, one by one."""

import sys

import numpy as np
import pytest

from nepkit.transport.hydroxide.hbonds import frame_bonds
from nepkit.transport.hydroxide.protonation import protonation
from nepkit.transport.mechanism.motion import motion_of


@pytest.fixture(scope="module")
def frames(repository):
    folder = str(repository / "examples" / "membrane_hydroxide")
    sys.path.insert(0, folder)
    try:
        import study

        return study.koh()[::40]
    finally:
        sys.path.remove(folder)
        for name in ("study", "model"):
            sys.modules.pop(name, None)


def test_every_hydrogen_is_on_the_nearest_oxygen(frames):
    motion = motion_of(frames)
    protons = protonation(motion)
    for number, atoms in enumerate(frames):
        distances = atoms.get_all_distances(mic=True)[np.ix_(protons.hydrogen, protons.oxygen)]
        assert (distances.argmin(axis=1) == protons.owner[number]).all()


def test_hydrogen_bonds_are_those_of_the_definition(frames):
    motion = motion_of(frames)
    protons = protonation(motion)
    for number, atoms in enumerate(frames):
        found = frame_bonds(motion, protons, number)
        mine = set(zip(found.donor.tolist(), found.hydrogen.tolist(), found.acceptor.tolist(), strict=True))
        theirs = set()
        for hydrogen, donor in enumerate(protons.owner[number]):
            for acceptor in range(len(protons.oxygen)):
                d, h, a = protons.oxygen[donor], protons.hydrogen[hydrogen], protons.oxygen[acceptor]
                if a != d and atoms.get_distance(d, a, mic=True) < 3.5 and atoms.get_angle(h, d, a, mic=True) < 30.0:
                    theirs.add((int(donor), hydrogen, acceptor))
        assert mine == theirs
        assert len(mine) > 10
