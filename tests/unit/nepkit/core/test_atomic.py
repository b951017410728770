import os

import pytest

from nepkit.core.atomic import atomic_path
from nepkit.core.errors import OutputError


def test_the_file_appears_whole_with_the_usual_rights(tmp_path):
    with atomic_path(tmp_path / "model.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "model.txt").exists()
        assert temporary.suffix == ".txt"
    assert [file.name for file in tmp_path.iterdir()] == ["model.txt"]
    assert (tmp_path / "model.txt").read_text() == "whole"
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "model.txt").stat().st_mode & 0o777 == 0o666 & ~umask


def test_an_error_leaves_nothing(tmp_path):
    def write_half() -> None:
        with atomic_path(tmp_path / "model.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_old_file(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path, overwrite=True):
        raise RuntimeError
    assert path.read_text() == "old"


def test_existing_files_folders_and_missing_folders_are_refused(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text("old")
    for target, reason in ((path, "--overwrite"), (tmp_path, "is a folder"), (tmp_path / "no" / "x", "does not exist")):
        with pytest.raises(OutputError, match=reason), atomic_path(target):
            pass
    with atomic_path(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
