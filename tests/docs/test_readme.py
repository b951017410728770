"""What the README names is there: commands, options, files, extras."""

import re
import tomllib

import click
import pytest

from nepkit.cli.command import ROOT, leaves, load_all


@pytest.fixture(scope="module")
def readme(repository):
    return (repository / "README.md").read_text(encoding="utf-8")


def test_links_lead_somewhere(readme, repository):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("http")]
    assert len(links) > 15
    assert [link for link in links if not (repository / link.partition("#")[0]).exists()] == []


def test_command_lines_are_of_commands_with_these_options(readme):
    load_all()
    found = {leaf.path: leaf for leaf in leaves(ROOT)}
    lines = [line.partition("#")[0].split() for line in readme.splitlines() if line.startswith("nepkit ")]
    lines = [words for words in lines if len(words) > 1]
    assert len(lines) >= 10
    for _, *words in lines:
        leaf = found.get(" ".join(words[:2])) or found.get(words[0])
        assert isinstance(leaf, click.Command), words
        known = {name for parameter in leaf.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known | {"--help"}, words


def test_extras_are_those_of_the_package(readme, repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {name for group in re.findall(r'"\.\[([\w,]+)\]"', readme) for name in group.split(",")}
    assert named <= set(project["optional-dependencies"])
    assert {"test", "train", "phonon", "cluster"} <= named
