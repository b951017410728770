"""Every output file of the reference data is drawn by every plot that reads such a file, because both exist."""

import shutil
from fnmatch import fnmatch

import pytest

from nepkit.cli.main import main
from nepkit.gpumd.outputs import pattern_of
from nepkit.plots.catalogue import plots

#: The run.in of every output of GPUMD's examples.
INPUTS = {
    "hac.out": "run_emd.in",
    "kappa.out": "run_hnemd.in",
    "shc.out": "run_hnemd.in",
    "dos.out": "run_dos.in",
    "mvac.out": "run_dos.in",
    "viscosity.out": "run_viscosity.in",
}
#: What a plot must be told that the files do not tell.
WORDS = {
    "shc": ["--volume", "35000"],
    "D": ["--ion", "Li", "--window", "0.4", "0.8"],
    "sigma": ["--ion", "Li", "--window", "0.4", "0.8", *["--volume", "144000"] * 4],
    "sdc": ["--group", "0"],
}
#: These read all temperatures together.
OF_ALL = ("D", "sigma")


def readers(name):
    """Return the plots that draw a file of a name: it is the one they look for first, or one of their own files."""
    written = {
        plot.name: [file.name for file in plot.files if file.writer.endswith("of gpumd")] for plot in plots().values()
    }
    others = {"thermo.out"}  # tells a volume or temperature, but is not what is drawn
    return [plot for plot in plots().values()
            if any(fnmatch(name, pattern) for pattern in written[plot.name] if pattern not in others)]  # fmt: skip


@pytest.mark.parametrize("name", [*INPUTS, "msd.out"])
def test_every_output_has_a_plot_and_every_plot_draws_it(reference_data, tmp_path, capsys, name):
    if name == "msd.out":
        source = reference_data / "llzo_conductivity"
    else:
        source = tmp_path / "run"
        source.mkdir()
        for here, there in ((name, name), (INPUTS[name], "run.in")):
            shutil.copy(reference_data / "gpumd_outputs" / here, source / there)
        if name == "mvac.out":
            shutil.copy(reference_data / "gpumd_outputs" / "dos.out", source / "dos.out")
    drawn = []
    for plot in readers(name):
        place = source / "950K" if name == "msd.out" and plot.name not in OF_ALL else source
        image = tmp_path / f"{plot.name}.png"
        status = main(["plot", plot.name, str(place), *WORDS.get(plot.name, []), "-o", str(image)])
        text = capsys.readouterr()
        assert (status, text.err) == (0, ""), plot.name
        assert image.stat().st_size > 5000
        drawn.append(plot.name)
    assert drawn


def test_all_outputs_of_the_references_are_among_them(reference_data):
    folders = ("gpumd_outputs", "llzo_conductivity")
    names = {path.name for folder in folders for path in (reference_data / folder).rglob("*.out")}
    assert names == {*INPUTS, "msd.out"}
    assert all(pattern_of(name) for name in names)
