import json

import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import write_frames
from nepkit.properties.speed import Speed


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run the program in this process in a folder with copper."""
    monkeypatch.chdir(tmp_path)
    write_frames("cu.xyz", [bulk("Cu", cubic=True)])

    def run(*words):
        status = main(["calc", "speed", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


def test_rates_add_over_processes_and_are_those_of_the_medians():
    found = Speed(100, 2, np.array([[1.0, 2.0, 9.0], [4.0, 4.0, 4.0]]), 80.0)
    assert found.rate == pytest.approx(50.0 + 25.0)
    assert found.spread == (pytest.approx(100 / 5.5 + 25.0), pytest.approx(100 / 1.5 + 25.0))


def test_every_size_and_number_of_processes_is_measured(call, tmp_path):
    words = ["cu.xyz", "-m", "emt", "--atoms", 8, "--atoms", 16, "--repeats", 3, "--json", "--results", "r.json"]
    status, out, err = call(*words)
    assert (status, err) == (0, "")
    rows = json.loads(out)["emt"]
    assert [(row["atoms"], row["processes"]) for row in rows] == [(8, 1), (16, 1), (8, 2), (16, 2)]
    for row in rows:
        assert np.shape(row["seconds"]) == (row["processes"], 3)
        assert row["rate"] == pytest.approx((row["atoms"] / np.median(row["seconds"], axis=1)).sum())
        assert row["quartiles"][0] <= row["rate"] <= row["quartiles"][1]
        assert row["memory"] > 20.0
    assert json.loads((tmp_path / "r.json").read_text())["units"]["memory"] == "MB"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "emt", "--atoms", "1"], "1 is not in the range x>=2"),
        (["-m", "emt", "--repeats", "1"], "1 is not in the range x>=3"),
        (["-m", "emmt"], "emmt"),
    ],
)
def test_bad_input_is_one_line(call, words, message):
    status, out, err = call("cu.xyz", *words)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_structure_that_the_model_cannot_compute_is_told(call):
    write_frames("si.xyz", [bulk("Si")])
    assert "element Si is not in the model" in call("si.xyz", "-m", "emt")[2]
