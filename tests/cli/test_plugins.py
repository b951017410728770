"""Commands of users: the example of the documentation, packages, and plug-ins that are broken."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nepkit
from tests.cli.test_start import PROBE

FRAMES = Path(nepkit.__file__).parent / "data" / "li3ycl6" / "test.xyz"
BROKEN = {
    "syntax.py": ("def (:\n", "SyntaxError"),
    "missing.py": ("import nothing_of_this_name\n", "No module named 'nothing_of_this_name' (line 1)"),
    "leaves.py": ("raise SystemExit(3)\n", "SystemExit: 3 (line 1)"),
    "takes.py": (
        'from nepkit.cli.command import command\n@command("check")\ndef check():\n    """Mine."""\n',
        "it replaces the command check of nepkit",
    ),
    "number.py": (
        'from nepkit.cli.command import command\n@command("mine", menu=703)\ndef mine():\n    """Mine."""\n',
        "both have menu number 703",
    ),
    "half.py": (
        'from nepkit.cli.command import command\n@command("half")\ndef half():\n    """Half."""\n1 / 0\n',
        "ZeroDivisionError: division by zero (line 5)",
    ),
}


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "config" / "nepkit"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def run(config):
    def call(*words, stdin="", path="", **more):
        environment = {**os.environ, "XDG_CONFIG_HOME": str(config.parent), "NEPKIT_PLUGINS": "on", **more}
        if path:
            environment["PYTHONPATH"] = os.pathsep.join([path, os.environ.get("PYTHONPATH", "")])
        words = [sys.executable, *(words if words[:1] == ("-c",) else ("-m", "nepkit", *words))]
        return subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=60, env=environment)

    return call


@pytest.fixture
def example(config, repository):
    """The file of the documentation."""
    text = (repository / "docs" / "plugins.md").read_text(encoding="utf-8")
    (config / "lightest.py").write_text(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1))


def test_the_example_runs_and_is_seen_everywhere(run, example):
    done = run("lightest", str(FRAMES), "--count", "2", "--json")
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"Li": pytest.approx(6.94), "Cl": pytest.approx(35.45)}
    assert "lightest    Lightest elements of a file of frames." in run("--help").stdout
    assert "Menu number 751" in run("lightest", "--help").stdout
    menu = run(stdin=f"751\n{FRAMES}\ngo\n0\n")
    assert "Running: python -m nepkit lightest" in menu.stdout
    assert "6.94" in menu.stdout
    completion = {"_NEPKIT_COMPLETE": "bash_complete", "COMP_WORDS": "nepkit ligh", "COMP_CWORD": "1"}
    code = "import sys; sys.argv = ['nepkit']; from nepkit.cli.main import run; run()"
    assert run("-c", code, **completion).stdout == "plain,lightest\n"
    assert "did you mean lightest?" in run("ligthest").stderr


def test_help_stays_light_with_a_plug_in(run, example):
    done = run("-c", PROBE.replace('sys.argv = ["nepkit", *sys.argv[1:]]', 'sys.argv = ["nepkit", "--help"]'))
    names = set(json.loads(done.stderr.strip().splitlines()[-1]))
    assert "nepkit_plugin_lightest" in names
    heavy = {name for name in names if name not in sys.stdlib_module_names} - {"nepkit_plugin_lightest"}
    assert heavy <= {"nepkit", "click"}


def test_a_broken_plug_in_is_named_in_one_line_and_the_others_work(run, config, example):
    for name, (text, _) in BROKEN.items():
        (config / name).write_text(text)
    (config / "_private.py").write_text("raise ValueError\n")
    done = run("--help")
    assert done.returncode == 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == len(BROKEN)
    for name, (_, reason) in BROKEN.items():
        (line,) = [line for line in lines if str(config / name) in line]
        assert "was left out" in line
        assert reason in line
    assert "lightest" in done.stdout
    assert "  half " not in done.stdout
    assert run("lightest", str(FRAMES)).returncode == 0


def test_commands_of_nepkit_do_not_load_plug_ins(run, config):
    (config / "loud.py").write_text("print('loaded')\n")
    (config / "broken.py").write_text("1 / 0\n")
    done = run("check", "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "loaded" not in done.stdout


def test_packages_by_entry_point(run, tmp_path):
    (tmp_path / "my_commands.py").write_text(
        'from nepkit.cli.command import command, group\ngroup("mine", "My commands.")\n'
        '@command("mine hello", menu=799)\ndef hello():\n    """Say hello."""\n    return "hello"\n'
    )
    info = tmp_path / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n\n[nepkit.commands]\nmine = my_commands\n")
    done = run("mine", "hello", path=str(tmp_path))
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "hello", "")
    assert "mine" in run("--help", path=str(tmp_path)).stdout
    (info / "entry_points.txt").write_text("[nepkit.commands]\nmine = not_there\n")
    done = run("--help", path=str(tmp_path))
    assert done.returncode == 0
    assert "mine (nepkit.commands of not_there) was left out" in done.stderr


def test_they_can_be_left_out(run, example):
    done = run("lightest", str(FRAMES), NEPKIT_PLUGINS="off")
    assert done.returncode == 1
    assert "no command 'lightest'" in done.stderr
