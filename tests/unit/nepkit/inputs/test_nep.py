"""What is found in a nep.in, with its line."""

import numpy as np
import pytest
from ase.build import bulk

from nepkit.formats.files import write_frames
from nepkit.frames import Labels, set_labels
from nepkit.inputs.nep import check_nep_file

GOOD = """type 2 Na Cl   # in this order
version 4
cutoff 6 4
n_max 4 4
basis_size 8 8
l_max 4 2 1
neuron 30
lambda_v 0.1
batch 2
population 50
generation 1000
"""


def frames(count=3, charge=None, symbol="NaCl"):
    found = []
    for number in range(count):
        atoms = bulk(symbol, "rocksalt", 5.6 + 0.01 * number, cubic=True)
        known = Labels(energy=-30.0, forces=np.zeros((8, 3)), virial=np.eye(3), charge=charge)
        set_labels(atoms, known)
        found.append(atoms)
    return found


@pytest.fixture
def folder(tmp_path):
    write_frames(tmp_path / "train.xyz", frames())
    return tmp_path


def check(folder, text, name="nep.in"):
    (folder / name).write_text(text)
    return check_nep_file(folder / name)


def kinds(findings):
    return [(item.severity, item.line, item.kind) for item in findings]


def test_a_good_file_has_no_finding(folder):
    assert check(folder, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "kind", "words"),
    [
        ("neuron 30", "neurons 30", 7, "unknown keyword", "did you mean neuron"),
        ("neuron 30", "neuron 30 20", 7, "neuron", "one hidden layer"),
        ("neuron 30", "neuron 200", 7, "arguments", "expected 1 to 120"),
        ("version 4", "version 3", 2, "arguments", "version is 3"),
        ("version 4", "use_typewise_cutoff 1", 2, "removed", "cutoff <radial> <angular> once per element"),
        ("type 2 Na Cl", "type 3 Na Cl", 1, "type", "lists 2 elements"),
        ("type 2 Na Cl", "type 2 Na Na", 1, "type", "listed twice"),
        ("type 2 Na Cl", "type 1 Na", 1, "elements", "train.xyz has Cl"),
        ("type 2 Na Cl", "type 3 Na Cl Br", 1, "elements", "has Br"),
        ("cutoff 6 4", "cutoff 4 6", 3, "cutoff", "exceeds the radial"),
        ("cutoff 6 4", "cutoff 6 4 6 4 6 4", 3, "cutoff", "expected 2 or 4"),
        ("cutoff 6 4", "cutoff 6 2", 3, "arguments", "expected 3 to 100"),
        ("l_max 4 2 1", "l_max 3 0 0 0 0 0 1", None, "l_max", "134 needs l_max of 4"),
        ("n_max 4 4", "n_max 4 8\nbasis_size 8 8", 6, "twice", "keep one"),
        ("population 50", "population 500", 10, "arguments", "expected 10 to 200"),
        ("generation 1000", "generation 50", None, "no output", "every 100 of 50"),
        ("generation 1000", "generation 0", 11, "generation", "nothing is trained"),
        ("generation 1000", "lambda_q 1", 11, "no effect", "charge_mode 1 or 2"),
        ("generation 1000", "sigma_e 1", 11, "loss_mode", "needs loss_mode 1"),
        ("generation 1000", "prediction 1", None, "missing file", "needs nep.txt"),
    ],
)
def test_each_mistake_is_found_in_its_line(folder, old, new, line, kind, words):
    assert old in GOOD
    found = [item for item in check(folder, GOOD.replace(old, new)) if item.kind == kind]
    assert [item.line for item in found][:1] == [line], found
    assert words in f"{found[0].message} | {found[0].remedy}"


def test_too_many_descriptors(folder):
    found = check(folder, GOOD.replace("n_max 4 4", "n_max 4 8").replace("l_max 4 2 1", "l_max 8 1 1 1"))
    assert [item.message for item in found] == ["n_max and l_max give 99 angular descriptors"]
    found = check(folder, GOOD.replace("n_max 4 4", "n_max 12 8").replace("l_max 4 2 1", "l_max 8 1 1 0"))
    assert found == []  # 13 + 90 = 103, the most that fit


def test_order(folder):
    found = check(folder, "cutoff 6 4\ntype 2 Na Cl\n")
    assert ("error", 1, "order") in kinds(found)
    assert ("error", None, "no type") in kinds(check(folder, "cutoff 6 4\n"))


def test_a_qnep(folder):
    text = GOOD + "charge_mode 2\n"
    assert check(folder, text) == []
    assert ("error", 12, "charge_mode") in kinds(check(folder, text.replace("cutoff 6 4", "cutoff 6 4 5 4")))
    assert ("error", 12, "charge_mode") in kinds(check(folder, text.replace("neuron 30", "neuron 30 10")))


def test_charged_frames_need_the_full_batch(folder):
    write_frames(folder / "train.xyz", frames(charge=1.0), overwrite=True)
    found = check(folder, GOOD + "charge_mode 2\n")
    assert [(item.kind, item.line) for item in found] == [("batch", 9)]
    assert "batch 3" in found[0].remedy
    assert check(folder, GOOD.replace("batch 2", "batch 3") + "charge_mode 2\n") == []


def test_labels_that_are_missing(folder):
    some = frames()
    set_labels(some[1], Labels(energy=-30.0))
    write_frames(folder / "train.xyz", some, overwrite=True)
    found = check(folder, GOOD)
    assert {(item.severity, item.kind) for item in found} == {("error", "labels"), ("warning", "virial")}
    assert "1 of 3 frames of train.xyz have no forces" in found[0].message


def test_no_training_frames(folder):
    (folder / "train.xyz").unlink()
    assert kinds(check(folder, GOOD)) == [("error", None, "missing file")]


def test_rows_of_the_restart_file(folder):
    # T ((D + 2) N) + 1 + T^2 ((4 + 1)(8 + 1) + (4 + 1)(8 + 1)), D = 5 + 5 (4 + 2)
    (folder / "nep.restart").write_text("0 0.1\n" * (2 * 37 * 30 + 1 + 4 * 90))
    assert check(folder, GOOD) == []
    found = check(folder, GOOD.replace("neuron 30", "neuron 40"))
    assert kinds(found) == [("error", None, "restart")]


def test_the_model_to_go_on_from(folder):
    (folder / "nep.restart").write_text("0 0.1\n" * (2 * 37 * 30 + 1 + 4 * 90))
    head = "nep4 2 Na Cl\ncutoff 6 4 50 20\nn_max 4 4\nbasis_size 8 8\nl_max 4 2 1\nANN 30 0\n"
    (folder / "nep.txt").write_text(head)
    assert check(folder, GOOD) == []
    (folder / "nep.txt").write_text(head.replace("cutoff 6 4", "cutoff 7 4"))
    found = check(folder, GOOD)
    assert kinds(found) == [("error", 3, "model")]
    assert "cutoff is 6 4, in nep.txt it is 7 4" in found[0].message


def test_the_foundation_model(folder):
    text = GOOD + "fine_tune base.txt base.restart\n"
    found = check(folder, text)
    assert kinds(found) == [("error", 12, "missing file")] * 2
    (folder / "base.restart").write_text("")
    (folder / "base.txt").write_text(
        "nep4_zbl 2 Na Br\nzbl 1 2\ncutoff 6 5 50 20\nn_max 4 4\nbasis_size 8 8\nl_max 4 2 1\nANN 80 0\n"
    )
    found = check(folder, text)
    assert {item.message.partition(" ")[0] for item in found} == {"the", "cutoff", "neuron", "zbl", "base.restart"}


def test_gnep_has_its_own_keywords(folder):
    text = "type 2 Na Cl\ncutoff 6 4\nl_max 4\nepoch 50\nbatch 2\nstart_lr 1e-3\n"
    assert check(folder, text, "gnep.in") == []
    assert ("error", 7, "unknown keyword") in kinds(check(folder, text + "population 50\n", "gnep.in"))
