from dataclasses import fields, replace

import numpy as np
import pytest

from lr_correction.errors import ModelError, SettingsError
from lr_correction.nepfile import INVARIANTS, NEP, keep_species, read_nep, write_nep
from tests.factories import random_nep

KINDS = {
    "nep3": {"version": 3},
    "nep4": {},
    "nep5": {"version": 5},
    "nep4_zbl": {"zbl": (0.7, 1.5, None)},
    "nep4_zbl typewise repulsion": {"zbl": (0.7, 1.5, 0.65)},
    "nep4_zbl flexible": {"flexible": True},
    "nep4 typewise cutoffs": {"typewise": ((4.5, 3.5), (4.0, 3.0), (3.5, 3.5))},
    "nep4 one element": {"elements": ("C",)},
    "nep4 three-body": {"invariants": (), "l_max": 8},
    "nep4 one late invariant": {"invariants": ("233",)},
    "nep4_charge1": {"charge_mode": 1},
    "nep4_zbl_charge2": {"charge_mode": 2, "zbl": (1.0, 2.0, None)},
}


def assert_same(a: NEP, b: NEP):
    for field in fields(NEP):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray | float):
            np.testing.assert_allclose(y, x, rtol=1e-7, err_msg=field.name)
        else:
            assert y == x, field.name


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_again(kind, tmp_path):
    nep = random_nep(**KINDS[kind])
    write_nep(nep, tmp_path / "nep.txt")
    again = read_nep(tmp_path / "nep.txt")
    assert_same(nep, again)
    write_nep(again, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "nep.txt").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.txt", "nep.txt"]  # no temporary file stays
    assert (tmp_path / "nep.txt").read_text().startswith(kind.split()[0] + " ")


def test_layout_is_that_of_gpumd(tmp_path):
    nep = random_nep(elements=("Te", "Pb"), invariants=("222",), charge_mode=2, neurons=2, l_max=2)
    write_nep(nep, tmp_path / "nep.txt")
    lines = (tmp_path / "nep.txt").read_text().splitlines()
    assert lines[:6] == [
        "nep4_charge2 2 Te Pb",
        "cutoff 4.5 3.5 100 60",
        "n_max 3 2",
        "basis_size 5 4",
        "l_max 2 2 0",
        "ANN 2 0",
    ]
    numbers = [float(line) for line in lines[6:]]
    assert all(len(line) == 15 for line in lines[6:])
    # w0 of neuron 1, type 0 follows that of neuron 0; charge weights follow energy weights; then the next type
    dimension, per_type = 13, (13 + 3) * 2
    assert nep.dimension == dimension
    assert numbers[dimension] == pytest.approx(nep.w0[0, 1, 0], rel=1e-6)
    assert numbers[per_type - 4 : per_type] == pytest.approx([*nep.w1[0], *nep.w1_charge[0]], rel=1e-6)
    assert numbers[per_type] == pytest.approx(nep.w0[1, 0, 0], rel=1e-6)
    assert numbers[2 * per_type : 2 * per_type + 2] == pytest.approx([nep.sqrt_epsilon_inf, nep.b1], rel=1e-6)
    # c: neighbour type fastest, then centre type, then k
    assert numbers[2 * per_type + 2 : 2 * per_type + 7] == pytest.approx(
        [*nep.c_radial[0, 0].ravel(), nep.c_radial[0, 1, 0, 0]], rel=1e-6
    )
    assert numbers[-dimension:] == pytest.approx(nep.q_scaler, rel=1e-6)


def test_shared_network_of_nep3_is_repeated(tmp_path):
    write_nep(random_nep(version=3), tmp_path / "nep.txt")
    nep = read_nep(tmp_path / "nep.txt")
    assert nep.w0.shape[0] == 3
    assert (nep.w0 == nep.w0[:1]).all()


def test_nep3_with_different_networks_is_not_written(tmp_path):
    with pytest.raises(ModelError, match="cannot be written as nep3"):
        write_nep(replace(random_nep(), version=3), tmp_path / "nep.txt")
    assert not list(tmp_path.iterdir())


def text_of(tmp_path, **settings):
    write_nep(random_nep(**settings), tmp_path / "model.txt")
    return (tmp_path / "model.txt").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "the file is empty"),
        (lambda text: "12\nLattice=...\n", 'not a NEP model: line 1 starts with "12"'),
        (lambda text: text.replace("nep4", "nep2", 1), "models of the kind nep2 are not supported"),
        (lambda text: text.replace("nep4", "nep4_dipole", 1), "kind nep4_dipole are not supported"),
        (lambda text: text.replace("nep4", "nep4_polarizability", 1), "kind nep4_polarizability are not supported"),
        (lambda text: text.replace("nep4", "nep4_zbl_temperature", 1), "kind nep4_zbl_temperature are not supported"),
        (lambda text: text.replace("nep4", "nep4_vdw", 1), "kind nep4_vdw are not supported"),
        (lambda text: text.replace("nep4", "nep4_charge_vdw", 1), "kind nep4_charge_vdw are not supported"),
        (lambda text: text.replace("nep4", "nep4_charge3", 1), "kind nep4_charge3 are not supported"),
        (lambda text: text.replace("nep4", "nep5_charge1", 1), "kind nep5_charge1 are not supported"),
        (lambda text: text.replace("nep4 3", "nep4 4", 1), "line 1: expected the token, the number of elements"),
        (lambda text: text.replace("Li Cl", "Li Li", 1), "line 1: Li is no chemical symbol or appears twice"),
        (lambda text: text.replace("nep4", "nep4_zbl", 1), 'line 2: expected "zbl", found "cutoff"'),
        (lambda text: text.replace("4.5 3.5 100 60", "4.5 3.5"), "line 2: expected 2 cutoffs"),
        (lambda text: text.replace("4.5 3.5 100", "3.5 4.5 100"), "line 2: cutoffs must be positive"),
        (
            lambda text: text.replace("nep4", "nep4_charge1", 1).replace("4.5 3.5", "4.5 3.5 4.5 3.5 4.5 3.5"),
            "models with charges have one radial and one angular cutoff",
        ),
        (lambda text: text.replace("n_max 3 2", "n_max 3"), "line 3: expected 2 integers >= 0"),
        (lambda text: text.replace("n_max 3 2", "n_max three 2"), 'line 3: expected numbers after "n_max"'),
        (lambda text: text.replace("l_max 4", "l_max 9"), "line 5: expected l_max"),
        (lambda text: text.replace("ANN 6 0", "ANN 6 5"), "line 6: expected one hidden layer"),
        (lambda text: text[:40], 'truncated: expected the n_max line|line 3: expected "n_max"'),
        (
            lambda text: "\n".join(text.splitlines()[:100]),
            r"truncated: expected \d+ numbers after the header, found 94",
        ),
        (lambda text: text + "1.0\n", r"too long: expected \d+ numbers after the header, found \d+"),
        (lambda text: text.replace(text.splitlines()[9], "  1.0x"), 'line 10: expected a finite number, found "1.0x"'),
        (lambda text: text.replace(text.splitlines()[9], "nan"), 'line 10: expected a finite number, found "nan"'),
    ],
)
def test_bad_files_are_refused_in_one_line(change, message, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text(change(text_of(tmp_path)))
    with pytest.raises(ModelError, match=message) as error:
        read_nep(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_truncation_is_counted(tmp_path):
    text = text_of(tmp_path)
    total = len(text.splitlines()) - 6
    (tmp_path / "cut.txt").write_text("\n".join(text.splitlines()[:518]))
    with pytest.raises(ModelError, match=f"expected {total} numbers after the header, found 512$"):
        read_nep(tmp_path / "cut.txt")


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        read_nep(tmp_path / "nothing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\x80\xff\x00")
    with pytest.raises(ModelError, match="not a text file"):
        read_nep(tmp_path / "binary.txt")


def test_flags_of_invariants_default_to_off(tmp_path):
    nep = random_nep(invariants=())
    path = tmp_path / "nep.txt"
    write_nep(nep, path)
    path.write_text(path.read_text().replace("l_max 4 0 0", "l_max 4"))
    assert read_nep(path).invariants == ()


def test_invariants_beyond_l_max_are_refused():
    with pytest.raises(ModelError, match="the invariant 134 needs l_max of 4 or more, the model has 3"):
        replace(random_nep(invariants=("222",)), l_max=3, invariants=("222", "134"))


def test_shapes_are_checked():
    with pytest.raises(ModelError, match=r"q_scaler of the NEP has shape \(3,\)"):
        replace(random_nep(), q_scaler=np.ones(3))


@pytest.mark.parametrize("kind", ["nep4_zbl flexible", "nep4 typewise cutoffs", "nep5", "nep4_charge1"])
def test_keeping_all_species_in_another_order_and_back_changes_nothing(kind):
    nep = random_nep(**KINDS[kind])
    turned = keep_species(nep, ["Y", "Li", "Cl"])
    assert turned.elements == ("Y", "Li", "Cl")
    np.testing.assert_array_equal(turned.c_radial[:, :, 0, 2], nep.c_radial[:, :, 2, 1])
    assert_same(keep_species(turned, ["Li", "Cl", "Y"]), nep)


def test_keeping_one_species():
    nep = keep_species(random_nep(flexible=True, typewise=((4.5, 3.5), (4.0, 3.2), (3.5, 3.0))), ["Cl"])
    full = random_nep(flexible=True)
    np.testing.assert_array_equal(nep.zbl_flexible, full.zbl_flexible[3:4])  # (0,0) (0,1) (0,2) (1,1) (1,2) (2,2)
    assert (nep.cutoff_radial, nep.cutoff_angular, nep.typewise_cutoffs) == (4.0, 3.2, None)


@pytest.mark.parametrize("elements", [["Na"], [], ["Li", "Li"]])
def test_keeping_what_is_not_there_is_refused(elements):
    with pytest.raises(SettingsError, match="the model knows Li Cl Y"):
        keep_species(random_nep(), elements)


def test_invariants_are_listed_in_the_order_of_their_flags(tmp_path):
    write_nep(random_nep(invariants=INVARIANTS), tmp_path / "nep.txt")
    assert "l_max 4 2 1 1 1 1 1\n" in (tmp_path / "nep.txt").read_text()
