"""Every plot of `nepkit plot`, because it exists."""

import inspect
import re
import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module

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
    assert len(plots()[name].summary) <= 52


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


def test_messages_name_options_that_a_plot_has():
    """`--source and --sink` was the advice of a plot that has `--ends`."""
    load_all()
    options = {leaf.path: {word for item in leaf.params for word in item.opts} for leaf in leaves(ROOT)}
    known: dict[str, set[str]] = {}
    for name, plot in plots().items():
        own = plot.read.__module__
        analysis = re.findall(r"from (nepkit\.analysis\.[\w.]+) import", inspect.getsource(import_module(own)))
        for module in {own, *analysis}:
            known.setdefault(module, set()).update(options[f"plot {name}"])
    for module, words in known.items():
        told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", inspect.getsource(import_module(module))))
        assert told <= words, module


#: What is typed after ``-plt`` of GPUMDkit.
PEER = """emd hnemd pdos vac msd msd_all msd_conv sdc msd_sdc D D_xyz sigma sigma_xyz thermo thermo2 thermo3 rdf rdf_pmf
charge bec born_charge restart lr dimer force_errors des doas train train_density parity_density prediction test
train_test net_force plane-grid cohesive nemd viscosity"""


@pytest.mark.parametrize("name", PEER.split())
def test_every_name_of_the_peer_opens_a_plot(name, repository, capsys):
    assert main(["plot", name, "--help"]) == 0
    assert "Usage: " in capsys.readouterr().out
    assert f"`-plt {name}`" in (repository / "docs" / "gpumdkit.md").read_text(encoding="utf-8")


def test_another_name_brings_its_options(capsys, tmp_path):
    assert main(["plot", "D_xyz", str(tmp_path), "--ion", "Li"]) == 1
    assert "msd.out" in capsys.readouterr().err
    tree = ROOT.get_command(None, "plot")
    assert tree.resolve_command(None, ["D_xyz", "a"]) == ("D", tree.commands["D"], ["--directions", "a"])
    listed = tree.list_commands(None)
    assert not {"D_xyz", "bec", "thermo2"} & {*listed}
