"""``nepkit clean``: only outputs go, only by an explicit yes, and they come back."""

import json
import os
import sys

import pexpect
import pytest

INPUTS = (
    "run.in",
    "nep.in",
    "model.xyz",
    "train.xyz",
    "test.xyz",
    "nep.txt",
    "nep.restart",
    "POSCAR",
    "INCAR",
    "job.sh",
)
INPUTS = (*INPUTS, "notes.txt", "results.csv", "C_2024.txt", "restart.xyz", "start.out.bak")
OUTPUTS = ("thermo.out", "msd.out", "msd_step100.out", "loss.out", "energy_train.out", "dump.xyz", "neighbor.out")
OUTPUTS = (*OUTPUTS, "path.xyz", "force_test.out", "observer0.xyz", "nep_y2026_m1_d2_h3_m4_s5_generation100.txt")
RUN = "potential C_2024.txt\nensemble nve\ndump_xyz 10 path.xyz\ndump_xyz 10 train.xyz\nrun 10\n"


@pytest.fixture
def folder(tmp_path):
    for name in (*INPUTS, *OUTPUTS):
        (tmp_path / name).write_text(f"content of {name}\n")
    (tmp_path / "run.in").write_text(RUN)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "thermo.out").write_text("below\n")
    os.symlink(tmp_path / "POSCAR", tmp_path / "kappa.out")
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_without_a_terminal_it_only_lists(in_process, folder):
    before = names(folder)
    done = in_process("clean", str(folder))
    assert done.returncode == 1
    assert "add --yes" in done.stdout
    assert "thermo.out" in done.stdout
    assert names(folder) == before
    assert not (folder / ".nepkit-trash").exists()


def test_yes_moves_outputs_alone_and_they_come_back(in_process, folder):
    before = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    done = in_process("clean", str(folder), "--yes", "--json")
    found = json.loads(done.stdout)
    assert sorted(os.path.basename(item["path"]) for item in found["files"]) == sorted(OUTPUTS)
    assert names(folder) == sorted([*INPUTS, "sub", "kappa.out"])
    assert (folder / "sub" / "thermo.out").read_text() == "below\n"
    words = found["restore"].split()[1:]
    assert in_process(*words).returncode == 0
    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == before
    assert not (folder / ".nepkit-trash").exists()


def test_nothing_to_do(in_process, tmp_path):
    (tmp_path / "POSCAR").write_text("x")
    done = in_process("clean", str(tmp_path), "--yes")
    assert done.returncode == 0
    assert "no outputs" in done.stdout


def test_restoring_overwrites_nothing(in_process, folder):
    found = json.loads(in_process("clean", str(folder), "--yes", "--json").stdout)
    (folder / "loss.out").write_text("new\n")
    done = in_process(*found["restore"].split()[1:])
    assert done.returncode == 1
    assert "loss.out exists again" in done.stderr
    assert (folder / "loss.out").read_text() == "new\n"
    assert not (folder / "thermo.out").exists()
    done = in_process("clean", str(folder), "--restore", "../elsewhere")
    assert done.returncode == 1
    assert "no ../elsewhere in it" in done.stderr


@pytest.mark.parametrize(("answer", "moved"), [("yes", True), ("Y", True), ("n", False), ("maybe", False), ("", False)])
def test_only_yes_is_yes(folder, answer, moved):
    words = ["-m", "nepkit", "clean", str(folder)]
    child = pexpect.spawn(sys.executable, words, timeout=60, encoding="utf-8", dimensions=(40, 100))
    child.expect("Type yes")
    child.sendline(answer)
    child.expect("moved" if moved else "nothing was moved")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (folder / "thermo.out").exists() != moved
    assert set(INPUTS) <= set(names(folder))
