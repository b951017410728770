"""The table of files in docs/ and the readers are the same, and every reader names a bad file in one line."""

import re

import pytest

from nepkit.core.errors import NepkitError
from nepkit.gpumd.outputs import READERS, pattern_of

#: What a reader must be told besides the file.
ARGUMENTS = {"heatmode.out": (2,), "kappamode.out": (2,), "compute.out": (["temperature"],)}


def test_the_page_of_files_is_complete(repository):
    text = (repository / "docs" / "gpumd_files.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|.*\| `(\w+)\.(\w+)` \|$", text, re.M)
    told = {pattern_of(name): reader for names, _, reader in rows for name in re.findall(r"`([^`]+)`", names)}
    assert told == {pattern: READERS[pattern].__name__ for pattern in READERS}


@pytest.mark.parametrize("pattern", list(READERS))
@pytest.mark.parametrize("text", ["", "# only a header\n", "these are no numbers\n"])
def test_a_bad_file_is_one_line_with_its_name(tmp_path, pattern, text):
    file = tmp_path / pattern.replace("*", "x")
    file.write_text(text)
    with pytest.raises(NepkitError, match=re.escape(file.name)) as error:
        READERS[pattern](file, *ARGUMENTS.get(pattern, ()))
    assert "\n" not in str(error.value)


def test_all_reference_outputs_are_read(reference_data):
    seen = 0
    for folder in ("gpumd_outputs", "llzo_conductivity"):
        for path in sorted((reference_data / folder).rglob("*.out")):
            assert READERS[str(pattern_of(path))](path) is not None
            seen += 1
    assert seen == 10
