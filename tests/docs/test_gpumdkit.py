"""The page for users of GPUMDkit names commands that exist, by numbers that open them."""

import re

import pytest

from nepkit.cli.command import ROOT, leaves, load_all

ROW = re.compile(r"^\| (?P<theirs>.+?) \| (?P<numbers>[\d, ]*) ?\| `nepkit (?P<command>[^`]+)`")


def rows(repository):
    text = (repository / "docs" / "gpumdkit.md").read_text(encoding="utf-8")
    return [match for match in map(ROW.match, text.splitlines()) if match]


def command_of(words):
    """Return the command that the first words name; the others are its arguments."""
    load_all()
    found = {leaf.path: leaf for leaf in leaves(ROOT)}
    return found.get(" ".join(words[:2])) or found.get(words[0])


def test_every_row_names_a_command_and_its_numbers(repository):
    found = rows(repository)
    assert len(found) >= 20
    for row in found:
        command = command_of(row["command"].split())
        assert command is not None, row[0]
        for number in map(int, re.findall(r"\d+", row["numbers"])):
            if command.path != "sample random":  # 201 has both in GPUMDkit; the number opens the first
                assert number in (command.menu, *command.also), row[0]


def test_a_wrong_name_is_seen():
    assert command_of(["sample", "nothing"]) is None


@pytest.mark.parametrize("number", [101, 203, 412, 507])
def test_numbers_of_the_page_are_the_peers(repository, number):
    assert any(str(number) in row["numbers"] for row in rows(repository))
