"""The completion script of a shell, and what it asks the program."""

import os
import shutil
import subprocess
import sys

import pytest

from nepkit.cli.main import main, program_name

ASK = "import sys; sys.argv[0] = 'nepkit'; from nepkit.cli.main import run; run()"


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o"), ("zsh", "#compdef nepkit"), ("fish", "complete ")]
)
def test_a_script_for_every_shell(capsys, shell, mark):
    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert mark in out
    assert "_NEPKIT_COMPLETE" in out


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("nepkit comp", "completion"), ("nepkit doctor --js", "--json"), ("nepkit completion z", "zsh")],
)
def test_words_are_completed(typed, expected):
    words = typed.split()
    environment = {
        **os.environ,
        "_NEPKIT_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [f"plain,{expected}"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_script_is_valid_bash(nepkit):
    script = nepkit("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=60)


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/usr/bin/nepkit", "nepkit"),
        ("/x/gpumd-nepkit", "gpumd-nepkit"),
        ("/x/nepkit/__main__.py", "python -m nepkit"),
        ("C:nepkit.exe", "nepkit"),
        ("-c", "nepkit"),
    ],
)
def test_the_program_calls_itself_what_the_user_called(monkeypatch, argument, name):
    monkeypatch.setattr(sys, "argv", [argument])
    assert program_name() == name
