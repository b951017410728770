import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from nepkit.cli import command as declarations
from nepkit.cli.command import ROOT, load_all
from nepkit.cli.main import main


@pytest.fixture
def nepkit() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program in a process of its own, without a terminal."""

    def call(*words: str, stdin: str = "", **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nepkit", *words], input=stdin, capture_output=True, text=True, timeout=60, **more
        )

    return call


@pytest.fixture
def in_process(capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program in this process: quicker, where nothing depends on how it starts."""
    from nepkit.cli.main import main

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        status = main(list(words))
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, shown.out, shown.err)

    return call


@pytest.fixture
def scratch_tree(monkeypatch):
    """Let a test declare commands of its own and forget them afterwards."""
    load_all()
    monkeypatch.setattr(ROOT, "commands", dict(ROOT.commands))
    monkeypatch.setattr(declarations, "_modules", list)
    monkeypatch.setattr(sys, "argv", ["nepkit"])
    return ROOT


@pytest.fixture
def clean_environment() -> dict[str, str]:
    return {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}


@pytest.fixture
def transport(capsys):
    """Run a command of ``nepkit transport`` in this process and return status, standard output and standard error."""

    def call(*words):
        status = main(["transport", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return call
