import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.output import Output, Table
from nepkit.cli.presenter import as_output, present, to_json
from nepkit.core.errors import OutputError
from nepkit.formats.files import read_frames

TABLE = Table(
    "Errors",
    ["model", "force (meV/A)", "used"],
    [("frozen", 123.456789, True), ("charges", None, False)],
    ["", ".1f", ""],
)


def test_text_is_plain_and_never_cut_in_a_pipe(capsys):
    wide = Table("", ["text"], [("x" * 300,)])
    assert present(Output(tables=[TABLE, wide], text="Next: nothing.")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Errors"
    assert "\x1b" not in "".join(lines)
    assert lines[3].split() == ["frozen", "123.5", "yes"]
    assert lines[4].split() == ["charges", "-", "no"]
    assert "x" * 300 in lines
    assert lines[-1] == "Next: nothing."


def test_csv_keeps_full_precision(capsys):
    present(TABLE, as_csv=True)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [["model", "force (meV/A)", "used"], ["frozen", "123.456789", "True"], ["charges", "", "False"]]


def test_json_of_everything_a_result_may_hold():
    @dataclass
    class Inner:
        values: np.ndarray
        path: Path

    data = {
        "a": Inner(np.array([1.5, np.nan]), Path("x/y")),
        3: (np.float64(2.0), np.int64(3), np.bool_(True), None),
        "inf": float("inf"),
    }
    assert json.loads(to_json(data)) == {
        "a": {"values": [1.5, None], "path": "x/y"},
        "3": [2.0, 3, True, None],
        "inf": None,
    }
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json({"a": object()})


def test_a_table_a_dataclass_and_text_are_enough(capsys):
    @dataclass
    class Result:
        energy: float
        count: int

    present(Result(-1.25, 3))
    assert [line.split() for line in capsys.readouterr().out.splitlines()[2:]] == [["energy", "-1.25"], ["count", "3"]]
    present(Result(-1.25, 3), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"energy": -1.25, "count": 3}
    present(TABLE, as_json=True)
    assert json.loads(capsys.readouterr().out)[0] == {"model": "frozen", "force (meV/A)": 123.456789, "used": True}
    assert present("done") == 0
    assert capsys.readouterr().out == "done\n"
    assert present(None) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(TypeError, match="a command returned int"):
        as_output(3)


def test_frames_go_to_a_file_or_to_standard_output(tmp_path, capsys):
    frames = [bulk("Cu"), bulk("NaCl", "rocksalt", 5.6)]
    path = tmp_path / "out.xyz"
    assert present(Output(frames=iter(frames)), save=path) == 0
    assert capsys.readouterr().out == f"wrote 2 frames to {path}\n"
    present(Output(frames=frames))
    assert capsys.readouterr().out == path.read_text()
    assert [len(atoms) for atoms in read_frames(path)] == [1, 2]
    with pytest.raises(OutputError, match="already exists"):
        present(Output(frames=frames), save=path)
    with pytest.raises(OutputError, match="nothing to write"):
        present(Output(frames=[]), save=path, overwrite=True)
    assert len(list(read_frames(path))) == 2


@pytest.mark.parametrize(("suffix", "start"), [(".json", "[\n"), (".csv", "model,"), (".txt", "Errors\n")])
def test_tables_go_to_a_file_in_the_form_of_its_suffix(tmp_path, capsys, suffix, start):
    path = tmp_path / f"out{suffix}"
    present(TABLE, save=path)
    assert path.read_text().startswith(start)
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_figures_are_saved_in_the_format_of_the_suffix(tmp_path, capsys, suffix, magic):
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    axes.plot([0, 1], [0, 1])
    path = tmp_path / f"plot{suffix}"
    present(Output(figure=axes, data={}), save=path)
    assert path.read_bytes().startswith(magic)


def test_a_value_that_is_not_ok_ends_with_status_one(capsys):
    assert present(Output(text="one check failed", ok=False)) == 1


def test_tables_refuse_rows_of_the_wrong_length():
    with pytest.raises(ValueError, match="2 columns, but a row of 1"):
        Table("", ["a", "b"], [(1,)])
    with pytest.raises(ValueError, match="2 columns, but 1 formats"):
        Table("", ["a", "b"], [], [""])
