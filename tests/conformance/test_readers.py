"""Whatever the format, a reader tells what is wrong with a file and where."""

import pytest

from nepkit.errors import InputError
from nepkit.frames import READERS


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"\x00\xff\xfe" * 100, b"nonsense\nmore of it\n", b"3\nonly one\nH 0 0 0\n"])
def test_files_of_another_kind_are_refused_with_their_name(name, content, tmp_path):
    path = tmp_path / "input"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        list(READERS[name](path))


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_told_as_such(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        list(READERS[name](tmp_path / "absent"))
