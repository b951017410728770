"""The menu, in a pipe and on a terminal."""

import signal
import subprocess
import sys

import click
import pexpect
import pytest

from nepkit.cli import options
from nepkit.cli.command import ROOT, SECTIONS, command, leaves, load_all
from nepkit.cli.menu import open_menu
from nepkit.cli.prompts import Prompter

COMMAND_LINE = "Running: nepkit "


@pytest.fixture
def tree(scratch_tree):
    """A tree of two commands, one of them with every kind of parameter."""
    scratch_tree.commands.clear()

    @command("convert", menu=101)
    @click.argument("source", type=options.FILE)
    @click.argument("more", nargs=-1)
    @click.option("--count", type=click.IntRange(1, 9), default=3, help="How many.")
    @click.option("--mode", type=click.Choice(["1", "2"]), default="2", help="Which mode.")
    @click.option("--scale", nargs=2, type=float, help="Two numbers.")
    @click.option("--element", "elements", multiple=True, help="Elements.")
    @click.option("--fast", is_flag=True, help="Be quick.")
    @click.option("--wrap/--no-wrap", default=True, help="Wrap.")
    @click.option("--name", required=True, help="A name.")
    def convert(**values):
        """Convert something."""

    @command("look", menu=502)
    def look():
        """Look at something."""

    return scratch_tree


@pytest.fixture
def session(tree, monkeypatch, capsys, tmp_path):
    """Answer the prompts of the menu and return status, command lines and screen."""
    (tmp_path / "in.xyz").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["nepkit"])

    def answer(*lines: str, status: int = 0):
        pending = iter(lines)
        ran: list[list[str]] = []

        def reader(prompt: str = "") -> str:
            print(prompt, end="")
            try:
                return next(pending)
            except StopIteration:
                raise EOFError from None

        def execute(words: list[str]) -> int:
            ran.append(words)
            return status

        monkeypatch.setattr("builtins.input", reader)
        left = open_menu(execute)
        assert next(pending, None) is None, "answers left over"
        return left, ran, capsys.readouterr().out

    return answer


def test_only_sections_with_commands_are_shown(session):
    _, _, screen = session("0")
    assert "  1  Format conversion" in screen
    assert "  5  Analyzer" in screen
    assert SECTIONS[2] not in screen
    assert screen.endswith("Bye.\n")


def test_a_section_lists_its_commands_and_000_goes_back(session):
    _, ran, screen = session("5", "000", "1", "502", "000", "0")
    assert "  502  look  Look at something." in screen
    assert "  101  convert  Convert something." in screen
    assert ran == [["look"]]


def test_a_code_can_be_typed_at_any_prompt(session, tmp_path):
    _, ran, _ = session("502", "101", "502", "1", "502", "0")
    assert ran == [["look"], ["look"], ["look"]]


def test_a_value_that_looks_like_a_code_stays_a_value_where_it_is_one(session, tmp_path):
    (tmp_path / "502").write_text("")
    _, ran, _ = session("101", "502", "x", "go", "0")
    assert ran == [["convert", "502", "--name", "x"]]


def test_a_running_command_is_shown_and_exactly_that_runs(session):
    lines = ["101", "in.xyz", "it's", "more words", "5", "1", "0.5 2", "Li 'Na Cl'", "y", "n", "0"]
    _, ran, screen = session(*lines)
    words = ["convert", "in.xyz", "more", "words", "--name", "it's", "--count", "5", "--mode", "1"]
    words += ["--scale", "0.5", "2", "--element", "Li", "--element", "Na Cl", "--fast", "--no-wrap"]
    assert ran == [words]
    assert COMMAND_LINE + "convert in.xyz more words --name 'it'\"'\"'s' --count 5" in screen


def test_defaults_add_no_words(session):
    _, ran, _ = session("101", "in.xyz", "x", "", "", "", "", "", "", "", "0")
    assert ran == [["convert", "in.xyz", "--name", "x"]]
    _, ran, _ = session("101", "in.xyz", "x", "go", "0")
    assert ran == [["convert", "in.xyz", "--name", "x"]]
    _, ran, _ = session("101", "in.xyz", "x", "", "3", "2", "", "", "n", "y", "0")
    assert ran == [["convert", "in.xyz", "--name", "x"]]


def test_bad_values_are_asked_again(session):
    _, ran, screen = session(
        "101",
        "",
        "absent.xyz",
        "in.xyz",
        "x",
        "",
        "12",
        "4",
        "3",
        "2",
        "1 2 3",
        "1 b",
        "1 2",
        "",
        "maybe",
        "n",
        "go",
        "0",
    )
    assert ran == [["convert", "in.xyz", "--name", "x", "--count", "4", "--scale", "1", "2"]]
    for message in (
        "A value is needed here.",
        "does not exist",
        "12 is not in the range",
        "'3' is not one of",
        "2 values are needed",
        "'b' is not a valid float",
        "Type y or n.",
    ):
        assert message in screen


def test_prompts_show_type_default_and_help(session):
    _, _, screen = session("101", "in.xyz", "x")
    for text in ("source (file): ", "--name (text): ", "more (text ...) [none]: "):
        assert text in screen
    _, _, screen = session("101", "in.xyz", "x", "", "", "", "", "", "")
    for text in (
        "How many.\n  --count (integer, at least 1, at most 9) [3]: ",
        "--mode (1|2) [2]: ",
        "--scale (number ...) [none]: ",
        "--fast (y/n) [n]: ",
        "--wrap (y/n) [y]: ",
    ):
        assert text in screen


@pytest.mark.parametrize("garbage", [".", "101 102", "", "abc", "-1", "1e2", "५", "01", "1.0", "*"])
def test_garbage_is_asked_again(session, garbage):
    _, ran, screen = session(garbage, "5", garbage, "0")
    assert ran == []
    assert screen.count(f"{garbage!r} is not a choice") == 2 or screen.count(f"has the number {garbage}") == 2


def test_numbers_nobody_has(session):
    _, _, screen = session("999", "7", "1", "505", "0")
    assert "No command has the number 999" in screen
    assert "No section has the number 7" in screen
    assert "No command has the number 505" in screen


def test_the_status_is_that_of_the_last_command(session):
    assert session("0")[0] == 0
    status, ran, screen = session("502", "0", status=3)
    assert (status, ran) == (3, [["look"]])
    assert "ended with status 3" in screen
    assert session("502", status=1)[0] == 1


def test_the_end_of_input_leaves_cleanly_at_any_prompt(session):
    for lines in ([], ["1"], ["101"], ["101", "in.xyz"]):
        status, ran, screen = session(*lines)
        assert (status, ran) == (0, [])
        assert screen.endswith("Bye.\n")


def test_a_bug_is_shown_and_the_menu_goes_on(tree, monkeypatch, capsys):
    pending = iter(["502", "502", "0"])
    monkeypatch.setattr("builtins.input", lambda _prompt="": next(pending))

    def execute(words):
        raise ZeroDivisionError

    assert open_menu(execute) == 1
    assert capsys.readouterr().err.count("\nZeroDivisionError\n") == 2


def test_every_line_of_the_menu_fits_eighty_columns():
    load_all()
    for leaf in leaves(ROOT):
        prompter = Prompter(leaf, input, print, print)
        assert max(len(prompter.prompt(parameter)) for parameter in leaf.params) <= 72, leaf.path
        assert len(f"{leaf.menu}  {leaf.path}: {leaf.get_short_help_str(limit=200)}") <= 80, leaf.path


def test_in_a_pipe(nepkit):
    done = nepkit(stdin="702\nfish\n0\n")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Running: python -m nepkit completion fish" in done.stdout
    assert "complete --no-files --command nepkit" in done.stdout
    failed = nepkit(stdin="702\nfish\n702")
    assert failed.returncode == 0
    assert nepkit(stdin="").returncode == 0


def test_bytes_that_are_no_text_are_asked_again():
    done = subprocess.run([sys.executable, "-m", "nepkit"], input=b"\xff\xfe\n0\n", capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"is not a choice" in done.stdout


def test_a_closed_input_leaves():
    done = subprocess.run(f"{sys.executable} -m nepkit <&-", shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def in_a_terminal(environment):
    """Open the menu in a terminal of its own, where Ctrl-C interrupts although a job in the background ignores it."""

    def interruptible():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return pexpect.spawn(
        sys.executable, ["-m", "nepkit"], env=environment, encoding="utf-8", timeout=30, preexec_fn=interruptible
    )


def test_on_a_terminal(clean_environment):
    child = in_a_terminal(clean_environment)
    child.expect_exact("nepkit> ")
    child.sendline("7")
    child.expect_exact("nepkit 7> ")
    child.sendline("702")
    child.expect_exact("shell (bash|zsh|fish): ")
    child.sendintr()
    child.expect_exact("nepkit> ")
    child.sendline("702")
    child.expect_exact("shell (bash|zsh|fish): ")
    child.sendline("zsh")
    child.expect_exact("Running: python -m nepkit completion zsh")
    child.expect_exact("nepkit 7> ")
    child.sendline("0")
    child.expect_exact("Bye.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_end_of_input_and_interruption_on_a_terminal(clean_environment):
    child = in_a_terminal(clean_environment)
    child.expect_exact("nepkit> ")
    child.sendeof()
    child.expect_exact("Bye.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    child = in_a_terminal(clean_environment)
    child.expect_exact("nepkit> ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130


def test_no_summary_is_cut_in_a_section_of_the_menu():
    load_all()
    numbered = [leaf for leaf in leaves(ROOT) if leaf.menu is not None and not leaf.hidden]
    for section in SECTIONS:
        shown = [leaf for leaf in numbered if leaf.menu // 100 == section]
        width = max((len(leaf.path) for leaf in shown), default=0)
        cut = [leaf.path for leaf in shown if leaf.get_short_help_str(limit=71 - width).endswith("...")]
        assert not cut, section
