"""The Chinese catalogue against the whole command tree."""

import re
from collections import Counter

import click
import pytest

from nepkit.cli.command import ROOT, SECTIONS, leaves, load_all
from nepkit.cli.language import catalogues, say_short, speaking
from nepkit.cli.language.texts import compare, texts
from nepkit.cli.language.wide import columns
from nepkit.cli.main import main
from nepkit.cli.prompts import Prompter

KEPT = (
    r"--[a-z][a-z-]*",  # options
    r"\{+\w*(?:!r)?\}+",  # placeholders
    r"[\w*]+\.(?:xyz|out|txt|in|json|npz|dat|restart)\b",  # files
    r"\b[A-Z]{4,}\b",  # arguments
    r"nepkit (?:(?:calc|data|lr|plot|sample|transport) )?[a-z-]+",  # commands
)
FILES = catalogues("zh")
ENTRIES = [(english, text) for file in FILES.values() for english, text in file.items()]
HELP = [pair for name, file in FILES.items() if name != "frame" for pair in file.items()]


@pytest.fixture
def chinese(monkeypatch):
    load_all()
    monkeypatch.setenv("NEPKIT_LANG", "zh")
    monkeypatch.setenv("COLUMNS", "80")


def test_every_text_is_translated_and_no_entry_is_unused():
    missing, unused = compare("zh")
    assert (missing, unused) == ({}, {}), "see: python -m nepkit.cli.language"


def test_every_text_has_one_entry():
    counts = Counter(english for english, _ in ENTRIES)
    assert [english for english, count in counts.items() if count > 1] == []
    assert sum(map(len, texts().values())) == len(counts) > 700


@pytest.mark.parametrize("pattern", KEPT)
def test_what_is_typed_is_the_same_in_both_languages(pattern):
    different = [
        (english, text)
        for english, text in HELP
        if sorted(re.findall(pattern, english, re.ASCII)) != sorted(re.findall(pattern, text, re.ASCII))
    ]
    assert different == []


def test_numbers_are_the_same_in_both_languages():
    def numbers(text: str) -> list[str]:
        return sorted(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text, re.ASCII))

    assert [english for english, text in ENTRIES if numbers(english) != numbers(text)] == []


def test_entries_are_chinese_with_chinese_punctuation():
    for english, text in HELP:
        assert text.strip(), english
        assert english.endswith(".") == text.endswith("。"), english
        assert not re.search(r"[\u4e00-\u9fff][,.;:!?](?!\w)|[“”\u3000]", text), text
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", text), text


def test_every_line_of_the_menu_fits_eighty_columns(chinese):
    for section in SECTIONS:
        shown = [leaf for leaf in leaves(ROOT) if (leaf.menu or 0) // 100 == section]
        width = max((len(leaf.path) for leaf in shown), default=0)
        for leaf in shown:
            prompter = Prompter(leaf, input, print, print)
            assert not say_short(leaf.help or "", 68 - width).endswith("..."), leaf.path
            assert columns(f"{leaf.menu}  {leaf.path}: {say_short(leaf.help or '', 200)}") <= 80, leaf.path
            assert max(columns(prompter.prompt(parameter)) for parameter in leaf.params) <= 72, leaf.path


def test_every_page_of_help_is_chinese_and_fits_eighty_columns(chinese, capsys):
    paths = [leaf.path for leaf in leaves(ROOT)]
    paths += [name for name, child in ROOT.commands.items() if isinstance(child, click.Group)]
    for path in ["", *paths]:
        assert main([*path.split(), "--help"]) == 0
        page = capsys.readouterr().out
        assert max(map(columns, page.splitlines())) <= 80, path
        assert not re.search(r"(?<!-)\b(the|is|default|Menu)\b", page), path
        with speaking("en"):
            assert main([*path.split(), "--help"]) == 0
        assert not re.search("[\u4e00-\u9fff]", capsys.readouterr().out), path
