"""The model of the example does what it says, and the real trajectory is what the README says it is."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nepkit.transport.hydroxide.analysis import hydroxide
from nepkit.transport.hydroxide.protonation import protonation
from nepkit.transport.mechanism.motion import motion_of


@pytest.fixture(scope="module")
def study(repository: Path):
    """The scripts of the example, which import each other by name."""
    folder = str(repository / "examples" / "membrane_hydroxide")
    sys.path.insert(0, folder)
    try:
        import study

        yield study
    finally:
        sys.path.remove(folder)
        for name in ("study", "model"):
            sys.modules.pop(name, None)


def test_the_lattice_is_that_of_cubic_ice(study: ModuleType) -> None:
    model = sys.modules["model"]
    place, beside = model.lattice()
    box = model.CELL * model.CELLS
    away = place[beside] - place[:, None]
    away -= box * np.round(away / box)
    np.testing.assert_allclose(np.linalg.norm(away, axis=2), np.sqrt(3) / 4 * model.CELL)
    assert (np.sort(beside.ravel()) == np.repeat(np.arange(len(place)), 4)).all()
    cosine = np.einsum("sd,sd->s", away[:, 0], away[:, 1]) / (3 / 16 * model.CELL**2)
    np.testing.assert_allclose(cosine, -1 / 3)


def test_every_hop_of_the_model_is_found_in_its_atoms(study: ModuleType) -> None:
    model = study.Membrane(12, 10, seed=3)
    motion = motion_of(model.run(120))
    protons = protonation(motion)
    assert protons.excess == -12
    assert protons.waters == 120.0
    assert not protons.flags
    found = hydroxide(motion, persistence=0.0)
    assert model.hops > 10
    assert found.hops.raw == model.hops
    # No more than two oxygens give to one water, and OH- accepts what is there.
    assert 0.5 < found.surroundings.accepted.value < 4.0


def test_the_real_trajectory_is_potassium_hydroxide(study: ModuleType) -> None:
    frames = study.koh()
    assert len(frames) == 201
    assert frames[0].get_chemical_formula() == "H31K3O17"
    motion = motion_of(frames)
    assert motion.interval == pytest.approx(0.005)
    found = hydroxide(motion, persistence=0.1)
    assert abs(found.protons.excess) == 3
    assert found.hops.raw == 38
    assert len(found.hops.frame) == 8
    # A shell of more than three that is smaller while the proton moves.
    assert found.surroundings.accepted.value == pytest.approx(3.1, abs=0.1)
    assert found.surroundings.accepted_at_transfer.value < found.surroundings.accepted.value
    assert found.split.why_no_D
