"""Defects of other tool kits in menus and in cleaning that nepkit must not have."""

import sys

import pexpect
import pytest

PROMPT = r"nepkit> "


@pytest.fixture
def menu(tmp_path):
    """The menu on a terminal."""
    child = pexpect.spawn(
        sys.executable, ["-m", "nepkit"], timeout=60, encoding="utf-8", dimensions=(50, 100), cwd=str(tmp_path)
    )
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def ended(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


@pytest.mark.parametrize("answer", [".", "101 102", "[0-9]*", ".*", "1 2", "10", "-1", "101."])
def test_a_pattern_is_no_choice(menu, answer):
    """Choices were searched for by grep: "." was accepted, and "101 102" ran nothing and said nothing."""
    menu.sendline(answer)
    menu.expect("is not a choice|has the number")
    menu.expect(PROMPT)
    menu.sendline("0")
    menu.expect("Bye")
    assert ended(menu) == 0


def test_the_same_inside_a_section(menu):
    menu.sendline("7")
    menu.expect("703")
    menu.expect(r"nepkit 7> ")
    for answer in (".", "701 702", "70."):
        menu.sendline(answer)
        menu.expect("is not a choice")
        menu.expect(r"nepkit 7> ")
    menu.sendline("0")
    assert ended(menu) == 0


def test_the_status_of_a_failure_is_the_status_of_the_menu(menu, tmp_path):
    """Every run ended with status 0, although the script that was called had failed."""
    (tmp_path / "run.in").write_text("rum 10\n")
    menu.sendline("703")
    menu.expect("paths")
    menu.sendline("run.in")
    menu.expect("--strict")
    menu.sendline("go")
    menu.expect("Running: .*nepkit check run.in")
    menu.expect("did you mean run")
    menu.expect("ended with status 1")
    menu.sendline("0")
    assert ended(menu) == 1


@pytest.mark.parametrize("answer", ["maybe", "msd.out", "ye", "no", "", "1"])
def test_an_answer_that_is_not_yes_removes_nothing(tmp_path, answer):
    """An unclear answer was read as the name of a file to keep, and all others were deleted, POSCAR among them."""
    files = ("POSCAR", "INCAR", "msd.out", "run.in", "thermo.out")
    for name in files:
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "run.in").write_text("ensemble nve\nrun 1\n")
    child = pexpect.spawn(sys.executable, ["-m", "nepkit", "clean", str(tmp_path)], timeout=60, encoding="utf-8")
    child.expect("Type yes")
    child.sendline(answer)
    child.expect("nothing was moved")
    assert ended(child) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_yes_leaves_what_is_no_output(tmp_path):
    for name in ("POSCAR", "INCAR", "CONTCAR", "msd.out", "job.sh"):
        (tmp_path / name).write_text(f"{name}\n")
    child = pexpect.spawn(sys.executable, ["-m", "nepkit", "clean", str(tmp_path)], timeout=60, encoding="utf-8")
    child.expect("Type yes")
    child.sendline("yes")
    assert ended(child) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [".nepkit-trash", "CONTCAR", "INCAR", "POSCAR", "job.sh"]
