import json
import stat

import numpy as np
import pytest
from ase.build import bulk

from lr_correction.nepfile import write_nep
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.gpumd.thermo import read_thermo
from nepkit.inputs.runfile import read_run_file
from tests.factories import random_frame, random_nep

GPUMD = """#!{python}
import pathlib
text = pathlib.Path("run.in").read_text()
assert pathlib.Path("model.xyz").is_file() and pathlib.Path(text.split()[1]).is_file()
rows = ["# num_atoms 8", "# dt_output 10 fs"]
rows += [f"{{{heat}}} 1 -9 0 0 0 0 0 0 9 0 0 0 9 0 0 0 9" for step in range(40)]
pathlib.Path("thermo.out").write_text("\\n".join(rows) + "\\n")
print("done")
"""


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run the program in this process in a folder with copper and a NEP."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEPKIT_GPUMD", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    write_frames("cu.xyz", [bulk("Cu", cubic=True).repeat(2)])
    write_nep(random_nep(1), tmp_path / "nep.txt")
    write_frames("frame.xyz", [random_frame(1)])

    def run(*words):
        status = main([*map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


def fake(tmp_path, monkeypatch, heat="300 + step"):
    import sys

    path = tmp_path / "gpumd"
    path.write_text(GPUMD.format(python=sys.executable, heat=heat))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("NEPKIT_GPUMD", str(path))


def test_a_run_is_read_by_everything_that_reads_gpumds(call, tmp_path):
    words = ["calc", "md", "cu.xyz", "-m", "emt", "--ensemble", "nve", "--steps", 120, "--timestep", 2, "--dump", 10]
    status, out, _ = call(*words, "--thermo", 2, "--folder", "run", "--results", "run.json", "--json")
    assert status == 0
    data = json.loads(out)
    assert data["engine"] == "ase"
    drift = data["averages"]["means"]["drift of the energy"]
    assert abs(drift["value"]) < 0.5  # meV/atom/ps
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["settings"]["steps"] == 120
    assert record["results"]["averages"]["means"]["drift of the energy"]["value"] == drift["value"]
    status, out, _ = call("gpumd", "summary", "run", "--json")
    assert status == 0
    assert json.loads(out)["means"]["temperature"]["value"] == pytest.approx(
        data["averages"]["means"]["temperature"]["value"]
    )
    assert call("plot", "thermo", "run", "-o", "thermo.png")[0] == 0
    status, out, _ = call("transport", "msd", "run/dump.xyz", "--json")
    assert status == 0
    msd = json.loads(out)
    assert np.diff(msd["time"]) == pytest.approx(0.02)
    assert 0.001 < msd["msd"]["Cu"][3][0][0] < 0.05
    run = read_run_file(tmp_path / "run" / "run.in").runs[0]
    assert (run.steps, run.time_step, run.find("ensemble")) == (120, 2.0, ("nve",))


def test_a_run_is_made_longer(call, tmp_path):
    words = ["calc", "md", "cu.xyz", "-m", "emt", "--folder", "run", "--dump", 10]
    assert call(*words, "--steps", 20)[0] == 0
    assert call(*words, "--picoseconds", 0.03, "--resume")[0] == 0
    assert [frame.info["Time"] for frame in read_frames(tmp_path / "run" / "dump.xyz")] == [10.0, 20.0, 30.0]
    assert len(read_thermo(tmp_path / "run" / "thermo.out").temperature) == 3
    assert "already exists; go on with it by --resume" in call(*words, "--steps", 20)[2]


@pytest.mark.parametrize(
    ("words", "ensemble"),
    [
        (["--ensemble", "nve"], "nve"),
        (["--timestep", "2"], "nvt_bdp 300 300 50"),
        (["--thermostat", "langevin"], "nvt_lan 300 300 100"),
        (["--ensemble", "npt", "-P", "2"], "npt_scr 300 300 100 2 2 2 0 0 0 50 50 50 50 50 50 1000"),
        (["--ensemble", "npt", "--cell", "isotropic"], "npt_scr 300 300 100 0 50 1000"),
    ],
)
def test_gpumd_does_the_same_run(call, tmp_path, monkeypatch, words, ensemble):
    fake(tmp_path, monkeypatch)
    status, out, err = call("calc", "md", "frame.xyz", "-m", "nep.txt", "--folder", "run", "--json", *words)
    assert (status, err) == (0, "")
    assert json.loads(out)["engine"] == "gpumd"
    run = read_run_file(tmp_path / "run" / "run.in")
    assert run.potentials == ("../nep.txt",)
    assert " ".join(run.runs[0].find("ensemble")) == ensemble
    status, out, _ = call("check", "run")
    assert status == 0, out
    (model,) = read_frames(tmp_path / "run" / "model.xyz")
    np.testing.assert_allclose(model.positions, random_frame(1).positions, atol=1e-8)


def test_gpumd_that_explodes_is_told(call, tmp_path, monkeypatch):
    fake(tmp_path, monkeypatch, "10 ** step")
    status, _, err = call("calc", "md", "frame.xyz", "-m", "nep.txt", "--engine", "gpumd")
    assert status == 1
    assert "the run exploded" in err
    assert (tmp_path / "md" / "thermo.out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--steps", "0"], "0 is not in the range x>=1"),
        (["--steps", "5", "--picoseconds", "1"], "give --steps or --picoseconds, not both"),
        (["--steps", "5", "--dump", "9"], "dump every 9 steps in a run of 5 writes nothing"),
        (["--engine", "gpumd"], "GPUMD runs a NEP or qNEP file, not emt"),
        (["--steps", "20", "--timestep", "70"], "the run exploded at step"),
        (["--steps", "20", "--folder", "no/where"], "the folder no does not exist"),
        (["--steps", "20", "--folder", "cu.xyz"], "is a file"),
    ],
)
def test_bad_input_is_one_line(call, words, message):
    status, out, err = call("calc", "md", "cu.xyz", "-m", "emt", *words)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_without_gpumd_a_nep_runs_by_ase(call):
    assert "gpumd was not found on PATH" in call("calc", "md", "frame.xyz", "-m", "nep.txt", "--engine", "gpumd")[2]
    assert "element Cu is not in the model" in call("calc", "md", "cu.xyz", "-m", "nep.txt")[2]
