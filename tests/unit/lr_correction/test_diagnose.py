"""What residual forces say of charges beyond the cutoff: planted ones come back, none come from noise."""

import json

import numpy as np
import pytest
from ase import Atoms

from lr_correction.blocks import assign_blocks
from lr_correction.diagnose import STANDARD_ERRORS, _Regression, design, diagnose, far_fields
from lr_correction.errors import DataError
from lr_correction.kernels import COULOMB_CONSTANT
from tests.worlds import fragments, gases

ELEMENTS = ["Na", "Cl"]
SIGNS = {"Na": 1.0, "Cl": -1.0}
CUTOFF = 4.0


@pytest.fixture(scope="module")
def world():
    """Frames, their types and far fields."""
    frames = gases(20, np.random.default_rng(1))
    types = [np.array([ELEMENTS.index(symbol) for symbol in atoms.symbols]) for atoms in frames]
    return frames, types, [far_fields(atoms, ELEMENTS, CUTOFF) for atoms in frames]


def noise(frames, level, seed=0):
    rng = np.random.default_rng(seed)
    return [level * rng.normal(size=(len(atoms), 3)) for atoms in frames]


def test_far_fields_are_those_of_charges_beyond_the_cutoff():
    atoms = Atoms("NaCl", positions=[[0, 0, 0], [10, 0, 0]], cell=[60.0] * 3, pbc=True)
    force = far_fields(atoms, ELEMENTS, CUTOFF)[0, 0, 1]  # on Na, of Cl
    assert force == pytest.approx(-COULOMB_CONSTANT / 100, rel=0.03)  # images in 60 A
    atoms.positions[1, 0] = 2.0  # within 0.8 of the cutoff: nothing but images
    assert abs(far_fields(atoms, ELEMENTS, CUTOFF)[0, 0, 1]) < 0.01


@pytest.mark.parametrize("charge", [0.1, 0.5])
def test_planted_charges_come_back(world, charge):
    frames, types, fields = world
    rest = noise(frames, 0.05)
    units = [np.array([1.0, -1.0])[t] for t in types]
    planted = [
        r + charge**2 * q[:, None] * (field @ np.array([1.0, -1.0]))
        for r, q, field in zip(rest, units, fields, strict=True)
    ]
    found = diagnose(frames, planted, [0 * r for r in rest], ELEMENTS, CUTOFF, signs=SIGNS)
    assert found.statement == "found"
    assert found.positive
    assert found.charges["Na"] == pytest.approx(charge, rel=0.1)
    assert found.charges["Cl"] == pytest.approx(-charge, rel=0.1)
    assert "charges are missing beyond the cutoff" in found.text
    json.dumps(found.summary(), allow_nan=False)


def test_nothing_is_found_in_noise(world):
    """Random residuals stay below two errors in 95 of 100 draws."""
    frames, types, fields = world
    tables = [design(field, t) for field, t in zip(fields, types, strict=True)]
    below, shares = 0, []
    for seed in range(100):
        rest = [r.ravel() for r in noise(frames, 0.1, seed)]
        share, error = _Regression(tables, rest, assign_blocks(frames)).share()
        below += share < STANDARD_ERRORS * error
        shares.append(share)
    assert below >= 95
    assert np.mean(shares) < 0  # of frames that the numbers were not found on


def test_few_frames_make_no_statement(world):
    frames = world[0][:6]
    found = diagnose(frames, noise(frames, 0.1), noise(frames, 0.1, 1), ELEMENTS, CUTOFF)
    assert found.statement == "too few frames"
    assert "need 15 frames in 8 blocks" in found.text


def test_parts_beyond_the_cutoff_tell_their_charges():
    frames = [atoms for atoms in fragments(12, np.random.default_rng(3)) if atoms.positions[4, 0] > 6.5]
    for atoms in frames:  # all of them at least 5 A apart
        atoms.positions[3:, 0] += 3.0
    formal = [np.where(np.array(atoms.symbols) == "Na", 1.0, -1.0) for atoms in frames]
    forces = []
    for atoms, q in zip(frames, formal, strict=True):
        force = q[:, None] * (far_fields(atoms, ELEMENTS, CUTOFF) @ np.array([1.0, -1.0]))
        forces.append(force + noise([atoms], 0.001)[0])
    found = diagnose(frames, forces, [0 * force for force in forces], ELEMENTS, CUTOFF, signs=SIGNS)
    assert found.fragments.frames == len(frames)
    assert found.fragments.product == pytest.approx(-1.0, rel=0.1)
    assert found.statement == "found"


def test_frames_without_three_periods_are_refused():
    atoms = Atoms("NaCl", positions=[[0, 0, 0], [3, 0, 0]])
    with pytest.raises(DataError, match="frame 1 is not periodic in three directions"):
        diagnose([atoms], [np.zeros((2, 3))], [np.zeros((2, 3))], ELEMENTS, CUTOFF)
