"""Help and menu in Chinese."""

import json
import subprocess
import sys

import click
import pexpect
import pytest

from nepkit.cli.command import command, format_overview
from nepkit.cli.language import chosen, say, say_numbers, say_short, speaking, warning
from nepkit.cli.language.formatter import TranslatingFormatter
from nepkit.cli.language.wide import columns, cut, first_sentence, wrap
from nepkit.cli.main import main

PROBE = """
import json, sys
import click
from nepkit.cli.main import main
main(sys.argv[1:])
print(json.dumps(sorted(name for name in sys.modules if name.startswith("nepkit"))), file=sys.stderr)
"""


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("NEPKIT_LANG", "zh")


@pytest.mark.parametrize(
    ("asked", "language"),
    [("", "en"), ("en", "en"), ("zh", "zh"), ("zh_CN.UTF-8", "zh"), ("ZH-cn", "zh"), ("fr", "en")],
)
def test_languages_by_their_names(monkeypatch, asked, language):
    monkeypatch.setenv("NEPKIT_LANG", asked)
    assert chosen() == language
    assert bool(warning()) == (asked == "fr")


def test_an_unknown_language_is_told_once_and_english_shown(nepkit, monkeypatch):
    monkeypatch.setenv("NEPKIT_LANG", "fr")
    done = nepkit("formats", "--help")
    assert done.returncode == 0
    assert done.stderr == "Warning: NEPKIT_LANG=fr is not known, only en and zh; going on in English\n"
    assert "Usage: python -m nepkit formats [OPTIONS]" in done.stdout
    assert nepkit(stdin="702\nfish\n0\n").stderr.count("Warning") == 1
    monkeypatch.setenv("_NEPKIT_COMPLETE", "bash_source")
    assert nepkit().stderr == ""


def test_the_overview_is_chinese_without_the_commands(monkeypatch, clean_environment):
    monkeypatch.setenv("NEPKIT_LANG", "zh")
    words = [sys.executable, "-c", PROBE, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert "从这里开始：\n  quickstart  " in done.stdout
    assert "nepkit.cli.convert" not in json.loads(done.stderr)
    english = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True, env=clean_environment)
    assert "nepkit.cli.language.wide" not in json.loads(english.stderr)


def test_help_of_a_command(chinese, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["convert", "--help"]) == 0
    page = capsys.readouterr().out
    assert "convert [选项] INPUTS... OUTPUT\n" in page
    assert "\n选项：\n" in page
    assert "[默认：1; x>=1]" in page
    assert "菜单编号 101, 102, 103, 104, 105。\n" in page
    assert max(map(columns, page.splitlines())) <= 80


def test_results_and_errors_stay_english(chinese, capsys):
    assert main(["convert", "absent.xyz", "new.xyz"]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main(["formats", "--csv"]) == 0
    assert capsys.readouterr().out.isascii()


def test_a_plug_in_without_translation_shows_english(scratch_tree, chinese, capsys):
    @command("mine", menu=760)
    @click.option("--count", default=3, show_default=True, help="How many of mine.")
    def mine(count):
        """Do what only I need, said in a sentence that is too long for one line of this page of help.

        A second paragraph.

        \b
        a  table
        b  of two lines
        """

    mine.epilog = "Menu number 760, of a plug-in."
    assert main(["mine", "--help"]) == 0
    page = capsys.readouterr().out
    assert "Do what only I need" in page
    assert "\n\n  A second paragraph.\n" in page
    assert "\n\n  a  table\n  b  of two lines\n\n" in page
    assert "How many of mine.  [默认：3]" in page
    assert "菜单编号 760，来自插件。" in page


def test_the_menu_on_a_terminal(clean_environment):
    environment = {**clean_environment, "NEPKIT_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
    child = pexpect.spawn(sys.executable, ["-m", "nepkit"], env=environment, encoding="utf-8", timeout=30)
    child.expect_exact("势函数工具包")
    child.expect_exact("7  实用工具")
    child.expect_exact("nepkit> ")
    child.sendline("9x")
    child.expect_exact("'9x' 不是有效选项")
    child.sendline("702")
    child.expect_exact("shell (bash|zsh|fish): ")
    child.sendline("zsh")
    child.expect_exact("运行：python -m nepkit completion zsh")
    child.expect_exact("nepkit 7> ")
    child.sendline("0")
    child.expect_exact("再见。")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_the_stored_overview_is_english_whatever_is_asked_for(chinese):
    assert format_overview().isascii()


def test_what_closes_a_result(chinese, tmp_path, capsys):
    assert main(["plot", "-h"]) == 0
    capsys.readouterr()
    assert say("wrote {} frames to {}").format(3, "a.xyz") == "已将 3 帧写入 a.xyz"


def test_numbers_in_an_entry(chinese):
    assert say_numbers("Menu numbers 101, 102.") == "菜单编号 101, 102。"
    assert say_numbers("No entry for 7.") == "No entry for 7."


def test_another_language_in_a_block(chinese):
    with speaking("en"):
        assert say("Bye.") == "Bye."
    assert say("Bye.") == "再见。"


def test_lines_are_broken_by_columns():
    text = "训练集（train.xyz）中的力、维里与能量，用于拟合 NEP 势函数。"
    for width in range(14, 60):
        lines = wrap(text, width)
        assert max(map(columns, lines)) <= width
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[0] in "，。、）" or line[-1] == "（" for line in lines)
    assert wrap("", 10) == [""]


def test_a_short_text_is_cut_by_columns():
    assert cut("势函数", 6) == "势函数"
    assert cut("势函数和训练集", 10) == "势函数..."
    assert say_short("Does a thing. And more.", 40) == "Does a thing."


def test_first_sentences():
    assert first_sentence("Reads run.in and more. Then 2.5 A.") == "Reads run.in and more."
    assert first_sentence("读取 run.in。然后拟合。") == "读取 run.in。"


def test_a_list_is_aligned_by_columns():
    formatter = TranslatingFormatter(width=60)
    formatter.write_dl([("名称", "一" * 20), ("ab", "text"), ("a-very-long-name-that-needs-its-own-line", "x")])
    first, second, third, long, fourth = formatter.getvalue().splitlines()
    assert (first.index("一"), second.strip(), columns(third.partition("text")[0])) == (30, "一" * 6, 32)
    assert long.startswith("a-very")
    assert fourth == " " * 32 + "x"


def test_a_bracket_is_not_left_alone():
    assert wrap("温度  [默认：0.8; x>=0]", 8) == ["温度", "[默认：", "0.8;", "x>=0]"]
    assert wrap("（", 8) == ["（"]
