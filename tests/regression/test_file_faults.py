"""Full disks, signals, races and strange names: one line, nothing lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.build import bulk

from nepkit.core.atomic import atomic_path, refuse_existing, write_or_keep
from nepkit.core.errors import OutputError
from nepkit.core.table import Table, printable
from nepkit.core.temporary import temporary_name
from nepkit.formats.files import write_frames

NEPKIT = [sys.executable, "-m", "nepkit"]


@pytest.fixture
def data(repository):
    return repository / "nepkit" / "data" / "li3ycl6"


def call(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "nepkit", *map(str, words)], stderr=subprocess.PIPE, text=True, timeout=60, **more
    )


@pytest.fixture
def frames(tmp_path):
    write_frames(tmp_path / "in.xyz", [bulk("Cu", cubic=True)] * 20)
    return tmp_path / "in.xyz"


@pytest.mark.parametrize(
    "words",
    [["--help"], ["data", "info", "in.xyz"], ["data", "info", "in.xyz", "--json"], ["formats"], ["formats", "--json"]],
)
def test_a_full_standard_output_is_one_line(frames, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*NEPKIT, *words], cwd=frames.parent, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output: No space left on device\n"


@pytest.mark.parametrize("words", ["--help", "formats"])
def test_a_closed_standard_output_is_one_line(words):
    command = f'"{sys.executable}" -m nepkit {words} >&-'
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "standard output is closed" in done.stderr


def test_a_file_that_grows_too_large_is_named_and_nothing_stays(frames):
    command = f'ulimit -f 1; exec "{sys.executable}" -m nepkit convert in.xyz out.xyz'
    done = subprocess.run(["bash", "-c", command], cwd=frames.parent, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: out.xyz: File too large")
    assert [item.name for item in frames.parent.iterdir()] == ["in.xyz"]


def test_a_result_whose_disk_is_full_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()

    def write(place: Path) -> None:
        if place.parent == tmp_path:
            raise OSError(28, "No space left on device")
        place.write_text("whole")

    with pytest.raises(OutputError, match=r"model\.txt: No space left on device.*kept in .*other") as caught:
        write_or_keep(tmp_path / "model.txt", write)
    assert Path(str(caught.value).rpartition("kept in ")[2]).read_text() == "whole"
    assert [item.name for item in tmp_path.iterdir()] == ["other"]


def test_a_file_made_meanwhile_is_not_replaced_and_the_result_is_kept(tmp_path):
    path = tmp_path / "a.txt"

    def race() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("mine")
            path.write_text("other's")

    with pytest.raises(OutputError, match="made by another process meanwhile") as caught:
        race()
    assert path.read_text() == "other's"
    assert Path(str(caught.value).rpartition("kept in ")[2]).read_text() == "mine"


def test_overwrite_follows_links_keeps_modes_and_refuses_devices(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to("a.txt")
    refuse_existing(link, overwrite=True)
    with atomic_path(link, overwrite=True) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    with pytest.raises(OutputError, match="not a regular file"), atomic_path("/dev/null", overwrite=True):
        pass


def test_stale_files_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    living = tmp_path / temporary_name("b.xyz").replace(f"-{os.getpid()}-", f"-{os.getppid()}-")
    dead = tmp_path / temporary_name("a.xyz").replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    strange = tmp_path / ".hidden.xyz"
    for file in (dead, living, strange):
        file.touch()
    with atomic_path(tmp_path / "c.txt"):
        pass
    assert (dead.exists(), living.exists(), strange.exists()) == (False, True, True)


def test_the_signal_that_ends_jobs_leaves_no_temporary_file(tmp_path):
    (tmp_path / "run.py").write_text(
        "import sys, time\nfrom nepkit.cli import main\nfrom nepkit.core.atomic import atomic_path\n"
        "def work(*_):\n    with atomic_path('out.txt') as place:\n        place.write_text('half')\n"
        "        time.sleep(60)\nmain.ROOT.main = lambda **_: work()\nmain.run()\n"
    )
    process = subprocess.Popen([sys.executable, "run.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 30
    while not list(tmp_path.glob(".out*")) and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=30)[1]
    assert (process.returncode, told) == (143, "Error: ended by a signal\n")
    assert [item.name for item in tmp_path.iterdir()] == ["run.py"]


def test_pipes_are_inputs(frames):
    command = f'"{sys.executable}" -m nepkit data info --json'
    whole = subprocess.run(["bash", "-c", f"{command} in.xyz"], cwd=frames.parent, capture_output=True, text=True)
    for words in (f"cat in.xyz | {command} -", f"{command} <(cat in.xyz)", f"{command} /dev/stdin < in.xyz"):
        done = subprocess.run(["bash", "-c", words], cwd=frames.parent, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert '"frames": 20' in done.stdout or done.stdout == whole.stdout


def test_printed_cells_hold_no_escapes():
    assert Table("", ["name"], [("\x1b]0;title\x07\x1b[2JLi\x9b",)]).cells() == [["Li"]]
    assert Table("", ["name"], [("\x1b]0;title\x07Cl",)]).cells() == [["Cl"]]
    assert printable("\x1b[31mLi\x1b[0m\x07\u202e") == "Li"
    assert printable("a\tb\u202e") == "a\tb"


def test_an_output_that_is_no_file_is_refused_before_the_work(data):
    done = call("data", "frames", data / "test.xyz", "--index", "1", "-o", "/dev/full", stdout=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "Error: /dev/full is not a regular file; give the name of a file, or - for standard output\n"


def test_standard_input_and_output_by_a_hyphen(data):
    text = (data / "test.xyz").read_text()
    done = call("data", "frames", "-", "--index", "2", "-o", "-", input=text, stdout=subprocess.PIPE)
    assert done.returncode == 0
    count = int(done.stdout.splitlines()[0])
    assert len(done.stdout.splitlines()) == count + 2


def test_sigterm_is_an_end_like_ctrl_c(data, tmp_path):
    call("data", "frames", data / "test.xyz", "--index", "1", "-o", tmp_path / "one.xyz", stdout=subprocess.PIPE)
    words = ["calc", "md", "one.xyz", "-m", str(data / "nep.txt"), "--steps", "10000000"]
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
