import re

import click
import pytest

from nepkit.cli import parameters
from nepkit.cli.command import FIRST, JOURNEYS, ROOT, SECTIONS, format_overview, leaves, load_all, read_overview
from nepkit.cli.reference import OVERVIEW, main, reference, write_pages


def test_the_pages_hold_every_command_once(tmp_path):
    load_all()
    english, chinese = (path.read_text(encoding="utf-8") for path in write_pages(tmp_path / "new"))
    for leaf in leaves(ROOT):
        if not leaf.hidden:
            assert english.count(f"### nepkit {leaf.path}\n") == 1
            assert chinese.count(f"### nepkit {leaf.path}\n") == 1
    assert english == reference()
    assert chinese == reference("zh")


def test_the_overview_of_help_is_up_to_date(repository):
    assert (repository / OVERVIEW).read_text(encoding="utf-8") == format_overview(), (
        "run: python -m nepkit.cli.reference"
    )
    assert read_overview() is not None


def test_check_fails_on_drift_and_writing_mends_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def status(*words: str) -> int:
        with pytest.raises(SystemExit) as left:
            main(list(words))
        return int(left.value.code or 0)

    assert status("--check") == 1
    assert not OVERVIEW.exists()
    assert status() == 0
    assert status("--check") == 0
    OVERVIEW.write_text(OVERVIEW.read_text().replace("doctor", "nurse"))
    assert status("--check") == 1
    assert "nurse" in capsys.readouterr().out


def test_every_command_has_help_and_a_section():
    load_all()
    for leaf in leaves(ROOT):
        assert leaf.help, leaf.path
        assert leaf.menu is not None, leaf.path
        assert leaf.menu // 100 in SECTIONS, leaf.path
        for parameter in leaf.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{leaf.path} {parameter.name}"


WEAK = re.compile(r"\btold\b|when left out|\bfound\.$|so[- ]many", re.IGNORECASE)
UNIT = re.compile(r"^(K|GPa|ps|fs|A|eV|eV/A|eV/A\^2|s)\.$")


def options_with_help():
    load_all()
    found = {}
    for leaf in leaves(ROOT):
        for item in parameters.described(leaf):
            if item.param_type_name == "option":
                found.setdefault(getattr(item, "help", None) or "", f"{leaf.path} --{item.name}")
    return found


def test_help_of_options_says_what_the_quantity_is():
    for text, where in options_with_help().items():
        assert text, where
        assert not UNIT.match(text), f"{where}: {text!r} is a unit alone"
        assert not WEAK.search(text), f"{where}: {text!r}"
        assert len(text.split()) > 1, f"{where}: {text!r}"
        assert text[0].isupper() or text.split()[0] in ("qNEP", "nep.in", "run.in", "any:", "stratified:", "auto:"), (
            f"{where}: {text!r}"
        )
        assert text.endswith((".", ")", "...")), f"{where}: {text!r}"


def test_every_group_ends_with_an_example_of_its_own_commands():
    load_all()
    known = {leaf.path: leaf for leaf in leaves(ROOT)}
    groups = [child for child in ROOT.commands.values() if isinstance(child, click.Group) and child.name != "plot"]
    assert len(groups) >= 10
    for child in groups:
        words = (child.epilog or "").removeprefix("\b").split()
        assert words[:3] == ["$", "nepkit", child.name], child.name
        leaf = known[" ".join(words[2:4])]
        options = {name for item in leaf.params for name in (*item.opts, *item.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= options, child.name


def test_the_main_journeys_come_first_in_the_help(capsys):
    load_all()
    assert set(JOURNEYS) <= set(ROOT.commands)
    text = ROOT.get_help(click.Context(ROOT, info_name="nepkit"))
    first = text.index(FIRST)
    assert all(first < text.index(f"\n  {name} ") for name in JOURNEYS)
    assert all(text.count(f"\n  {name} ") == 1 for name in ROOT.commands)
