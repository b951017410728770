"""Every plot of `nepkit plot`, because it exists."""

import subprocess
import sys
from fnmatch import fnmatch

import pytest

from nepkit.cli.command import ROOT, leaves, load_all
from nepkit.cli.main import main
from nepkit.plots.catalogue import plots
from nepkit.plots.plot import signature

NAMES = list(plots())


def test_all_plots_are_known_without_numpy():
    code = (
        "import sys; from nepkit.plots.catalogue import plots; assert plots(); "
        "print([name for name in ('numpy', 'matplotlib', 'ase') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_is_a_command_in_the_menu(name):
    load_all()
    (leaf,) = [leaf for leaf in leaves(ROOT) if leaf.path == f"plot {name}"]
    assert 601 <= leaf.menu <= 699
    assert leaf.get_short_help_str(200) == plots()[name].summary
    assert len(plots()[name].summary) <= 68


@pytest.mark.parametrize("name", NAMES)
def test_every_option_reaches_a_function(name):
    plot = plots()[name]
    functions = [plot.read, plot.draw, plot.panels, plot.numbers, plot.series, plot.notes]
    known = {key for function in functions if function is not None for key in signature(function).parameters}
    assert {option.name for option in plot.options} <= known
    assert all(option.help.endswith(".") for option in plot.options)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_told_with_who_writes_it(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status = main(["plot", name, str(tmp_path), *plots()[name].example])
    text = capsys.readouterr()
    assert status == 1
    assert not text.out
    assert text.err.count("\n") == 1
    first = plots()[name].files[0]
    assert any(fnmatch(word, first.name) for word in text.err.replace(";", " ").split())
    assert first.writer in text.err
