"""The page about calculators against the tree of commands."""

from pathlib import Path

import pytest

from nepkit.cli.command import ROOT, leaves, load_all

load_all()
PAGE = (Path(__file__).parents[2] / "docs" / "calculators.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [one.path for one in leaves(ROOT.commands["calc"])])
def test_every_command_is_on_the_page(command):
    assert f"nepkit {command}" in PAGE
