import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.datasets.expression import Condition, Missing
from nepkit.datasets.filtering import Bounds, Criteria, why_dropped
from nepkit.frames import Labels, set_labels


@pytest.fixture
def salt():
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    forces = np.zeros((8, 3))
    forces[0] = 3.0, 4.0, 0.0
    set_labels(atoms, Labels(energy=-24.0, forces=forces, virial=np.diag([8.0, 0, -16.0])))
    atoms.info["config_type"] = "bulk"
    return atoms


@pytest.mark.parametrize(
    ("ranges", "reason"),
    [
        ({"energy": Bounds(-3.0, -3.0)}, None),
        ({"energy": Bounds(-2.9)}, "energy"),
        ({"force": Bounds(high=5.0)}, None),
        ({"force": Bounds(high=4.9)}, "force"),
        ({"net_force": Bounds(high=1.0)}, "net force"),
        ({"virial": Bounds(high=2.0)}, None),
        ({"virial": Bounds(high=1.9)}, "virial"),
        ({"volume": Bounds(22.0, 23.0)}, None),
        ({"longest_edge": Bounds(high=5.0)}, "longest edge"),
        ({"atoms": Bounds(9)}, "atoms"),
        ({"distance": Bounds(2.81)}, None),
        ({"distance": Bounds(2.83)}, "distance"),
    ],
)
def test_ranges(salt, ranges, reason):
    assert why_dropped(salt, Criteria(ranges=ranges)) == reason


def test_pairs_and_radii_and_compositions(salt):
    assert why_dropped(salt, Criteria(pairs={("Cl", "Na"): Bounds(2.9)})) == "distance Cl-Na"
    assert why_dropped(salt, Criteria(pairs={("Na", "Na"): Bounds(3.0, 4.0), ("Cl", "Li"): Bounds(9.0)})) is None
    assert why_dropped(salt, Criteria(radii=1.0)) is None  # 2.82 A against 1.66 + 1.02 A
    assert why_dropped(salt, Criteria(radii=1.1)) == "covalent radii"
    assert why_dropped(salt, Criteria(elements=frozenset({"Na"}))) == "elements"
    assert why_dropped(salt, Criteria(formulas=frozenset({"NaCl"}))) == "formula"
    assert why_dropped(salt, Criteria(formulas=frozenset({"Na4Cl4"}))) is None


def test_a_frame_without_the_label_does_not_pass():
    bare = bulk("Cu")
    assert why_dropped(bare, Criteria(ranges={"energy": Bounds()})) == "no energy"
    assert why_dropped(bare, Criteria(condition=Condition("virial < 3"))) == "no virial"
    assert why_dropped(Atoms("H"), Criteria(ranges={"volume": Bounds(1.0)})) == "no volume"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("energy < -2.9 and force <= 5", True),
        ("energy < -4 or n_Na == 4", True),
        ("not n_Li", True),
        ("2 < distance < 2.5", False),
        ("config_type == 'bulk' and (atoms / 2 - 4) == 0", True),
        ("formula != 'Na4Cl4'", False),
    ],
)
def test_conditions(salt, text, holds):
    assert why_dropped(salt, Criteria(condition=Condition(text))) == (None if holds else "condition")


@pytest.mark.parametrize(
    "text", ["", "energy <", "__import__('os')", "energy.real > 1", "[1]", "lambda: 1", "energy if 1 else 2", "1 ** 9"]
)
def test_conditions_are_comparisons_and_nothing_else(text):
    with pytest.raises(InputError):
        Condition(text)


def test_conditions_that_make_no_sense_are_told(salt):
    with pytest.raises(UnknownNameError, match="did you mean energy"):
        why_dropped(salt, Criteria(condition=Condition("enrgy < 2")))
    with pytest.raises(InputError, match="cannot be worked out"):
        why_dropped(salt, Criteria(condition=Condition("config_type < 2")))
    with pytest.raises(InputError, match="cannot be worked out"):
        why_dropped(salt, Criteria(condition=Condition("energy / 0 < 2")))
    with pytest.raises(Missing):
        Condition("force < 2").holds({"force": None})


@pytest.mark.parametrize("text", ["", "3", "a:b", "5:2", "nan:", "1:2:3"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InputError, match="range"):
        Bounds.parse(text)


def test_unknown_quantities_are_refused():
    with pytest.raises(UnknownNameError, match="known: atoms"):
        Criteria(ranges={"mass": Bounds()})
