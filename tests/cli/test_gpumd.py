import json

import numpy as np
import pytest

from nepkit.cli.main import main

CELL = "10 0 0 0 10 0 0 0 10"
MODEL = f'2\nLattice="{CELL}" Properties=species:S:1:pos:R:3\nLi 0 0 0\nCl 5 5 5\n'


@pytest.fixture
def call(capsys):
    def run(*words):
        status = main(["gpumd", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


def write_run(folder, temperature, *, rows=400, seed=0, files=True):
    folder.mkdir(parents=True, exist_ok=True)
    kelvin = np.random.default_rng(seed).normal(temperature, 5, rows)
    one = np.ones(rows)
    table = np.column_stack([kelvin, 0.1 * one, -4.0 * one, *([one * value for value in (1, 2, 3, 0, 0, 0)])])
    np.savetxt(folder / "thermo.out", np.hstack([table, np.tile(np.diag([10.0] * 3).ravel(), (rows, 1))]))
    if files:
        (folder / "model.xyz").write_text(MODEL)
        (folder / "run.in").write_text(f"time_step 2\nensemble nve\ndump_thermo 10\nrun {10 * rows}\n")
    return folder


def test_averages_of_one_run(call, tmp_path):
    write_run(tmp_path, 600)
    status, out, err = call("summary", tmp_path, "--skip", 0, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    means = found["means"]
    kelvin = np.loadtxt(tmp_path / "thermo.out")[:, 0]
    assert means["temperature"]["value"] == pytest.approx(kelvin.mean())
    assert means["temperature"]["error"] == pytest.approx(5 / 20, rel=0.4)
    assert (means["temperature"]["over"], found["rows"], found["stop_ps"]) == ("blocks", 400, 8.0)
    assert means["pressure"]["value"] == pytest.approx(2.0)
    assert means["density"]["value"] == pytest.approx((6.94 + 35.45) * 1.66053906660 / 1000)
    assert (means["total energy"]["value"], means["total energy"]["unit"]) == (pytest.approx(-1.95), "eV/atom")
    assert means["volume"]["error"] == 0.0
    assert found["means"]["drift of the energy"]["unit"] == "meV/atom/ps"
    status, out, _ = call("summary", tmp_path)
    assert "temperature" in out
    assert "blocks" in out


def test_a_tree_of_runs_is_a_table_by_temperature(call, tmp_path):
    for kelvin in (1000, 600):
        write_run(tmp_path / f"{kelvin}K", kelvin)
    status, out, _ = call("summary", tmp_path, "--csv")
    head, first, second = out.splitlines()
    assert status == 0
    assert head.startswith("run,from (ps),to (ps),T (K),error,P (GPa)")
    assert first.startswith(f"{tmp_path}/600K")
    assert float(second.split(",")[3]) == pytest.approx(1000, abs=2)


def test_the_last_stage_is_averaged(call, tmp_path):
    write_run(tmp_path, 600)
    (tmp_path / "run.in").write_text("dump_thermo 10\nrun 1000\ntime_step 0.5\ndump_thermo 20\nrun 6000\n")
    status, out, _ = call("summary", tmp_path, "--skip", "0", "--json")
    found = json.loads(out)
    assert (status, found["rows"]) == (0, 300)
    assert (found["start_ps"], found["stop_ps"]) == (pytest.approx(1.01), pytest.approx(4.0))
    assert "stage 2 of the 2 in run.in" in found["notes"]
    status, out, _ = call("summary", tmp_path, "--stage", "1", "--skip", "0", "--json")
    assert json.loads(out)["rows"] == 100


def test_bad_input_gets_one_line(call, tmp_path):
    write_run(tmp_path / "a", 300, files=False)
    (tmp_path / "empty").mkdir()
    for words, message in (
        (["summary", tmp_path / "empty"], "no thermo.out in this folder or below"),
        (["summary", tmp_path / "a"], "no header with dt_output and there is no run.in"),
        (["summary", write_run(tmp_path / "b", 300), "--skip", "99"], "nothing is left after 99 ps"),
        (["summary", tmp_path / "b", "--stage", "3"], "no stage 3"),
    ):
        status, out, err = call(*words)
        assert (status, out, len(err.strip().splitlines())) == (1, "", 1)
        assert message in err


@pytest.mark.filterwarnings("default")
def test_a_killed_run_is_told(call, tmp_path):
    write_run(tmp_path, 600)
    with (tmp_path / "thermo.out").open("a") as file:
        file.write("6.0e+02 1.0e")
    status, _, err = call("summary", tmp_path)
    assert status == 0
    assert "the last line has no end" in err
