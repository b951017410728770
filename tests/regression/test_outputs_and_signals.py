"""Full disks, closed streams, signals and pipes: one line that names the output, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nepkit.core.atomic import atomic_path, refuse_existing
from nepkit.core.errors import OutputError
from nepkit.core.table import Table, printable
from nepkit.core.temporary import clear_stale, temporary_name

FULL = Path("/dev/full")
linux = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full on this system")


@pytest.fixture
def data(repository):
    return repository / "nepkit" / "data" / "li3ycl6"


def call(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "nepkit", *map(str, words)], stderr=subprocess.PIPE, text=True, timeout=60, **more
    )


@linux
@pytest.mark.parametrize("words", [["--help"], ["formats"], ["formats", "--json"]], ids=" ".join)
def test_a_full_output_is_one_line(words):
    with FULL.open("w") as full:
        done = call(*words, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output: No space left on device\n"


def test_a_closed_output_is_one_line():
    done = subprocess.run(
        f"{sys.executable} -m nepkit formats >&-",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "standard output is closed" in done.stderr


@linux
def test_an_output_that_is_no_file_is_refused_before_the_work(data):
    done = call("data", "frames", data / "test.xyz", "--index", "1", "-o", FULL, stdout=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == f"Error: {FULL} is not a regular file; give the name of a file, or - for standard output\n"


def test_standard_input_and_output_by_a_hyphen(data):
    text = (data / "test.xyz").read_text()
    done = call("data", "frames", "-", "--index", "2", "-o", "-", input=text, stdout=subprocess.PIPE)
    assert done.returncode == 0
    count = int(done.stdout.splitlines()[0])
    assert len(done.stdout.splitlines()) == count + 2


def test_sigterm_is_an_end_like_ctrl_c(data, tmp_path):
    call("data", "frames", data / "test.xyz", "--index", "1", "-o", tmp_path / "one.xyz", stdout=subprocess.PIPE)
    words = ["calc", "md", "one.xyz", "-m", str(data / "nep.txt"), "--steps", "10000000", "--engine", "own"]
    words[-1] = "auto"
    process = subprocess.Popen(
        [sys.executable, "-m", "nepkit", *words],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "md" / "state.pack").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in told
    assert "ended by a signal" in told
    assert list(tmp_path.rglob(".*")) == []


def test_temporary_files_of_dead_processes_are_cleared(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", "from nepkit.core.temporary import temporary_name; print(temporary_name('a.xyz'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    dead, mine, other = tmp_path / process.stdout.strip(), tmp_path / temporary_name("a.xyz"), tmp_path / ".hidden.xyz"
    for path in (dead, mine, other):
        path.touch()
    clear_stale(tmp_path)
    assert not dead.exists()
    assert mine.exists()
    assert other.exists()


def test_two_writers_without_overwrite_are_one_and_an_error(tmp_path):
    path = tmp_path / "out.xyz"

    def write():
        with atomic_path(path, overwrite=False) as one:
            one.write_text("first")
            path.write_text("of somebody who was quicker")

    with pytest.raises(OutputError, match="made by another process meanwhile; this result is kept in") as caught:
        write()
    assert path.read_text() == "of somebody who was quicker"
    (kept,) = set(os.listdir(tmp_path)) - {"out.xyz"}
    assert kept in str(caught.value)
    assert (tmp_path / kept).read_text() == "first"


def test_a_link_is_followed_and_modes_are_kept(tmp_path):
    real, link = tmp_path / "real.xyz", tmp_path / "link.xyz"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    refuse_existing(link, overwrite=True)
    with atomic_path(link, overwrite=True) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_terminal_escapes_do_not_reach_a_terminal():
    assert printable("\x1b[31mLi\x1b[0m\x07\u202e") == "Li"
    table = Table("", ["name"], [("\x1b]0;title\x07Cl",)])
    assert table.cells() == [["Cl"]]
