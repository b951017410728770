"""``nepkit train`` end to end with the stand-in for GPUMD's nep, and bad command lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nepkit.cli.main import main
from nepkit.formats.files import write_frames
from nepkit.frames import Labels, set_labels

FAKE = """#!{python}
open("loss.out", "w").write("10 " + " ".join(["0.5"] * 9) + "\\n")
open("nep.txt", "w").write({model!r})
"""
MODEL = "nep4 1 Cu\ncutoff 4 3 60 30\nn_max 0 0\nbasis_size 0 0\nl_max 2 0 0\nANN 1 0\n" + "0.5\n" * 11


@pytest.fixture
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "nep"
    program.write_text(FAKE.format(python=sys.executable, model=MODEL))
    program.chmod(0o755)
    monkeypatch.setenv("NEPKIT_NEP", str(program))
    monkeypatch.chdir(tmp_path)
    atoms = Atoms("Cu2", positions=[[0, 0, 0], [2.0, 1.8, 1.9]], cell=np.eye(3) * 4.1, pbc=True)
    set_labels(atoms, Labels(energy=-3.0, forces=np.zeros((2, 3)), virial=np.eye(3)))
    write_frames(tmp_path / "train.xyz", [atoms, atoms])
    return tmp_path / "train.xyz"


def test_json(frames: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(frames), "--engine", "nep", "--cutoff", "4,3", "--steps", "10", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "nep-run/nep.txt"
    assert found["steps"] == 10
    assert found["train"]["frames"] == 2
    assert set(found["train"]) == {"frames", "energy_mev_atom", "force_mev_a", "virial_mev_atom"}
    assert "test" not in found
    assert Path("nep-run/parity.png").stat().st_size > 1000


def test_text(frames: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--engine", "nep", "--cutoff", "4 3", "--steps", "10", "--test", str(frames), "--out", "here"]
    assert main(["train", str(frames), *options]) == 0
    text = capsys.readouterr().out
    assert "force (meV/A)" in text
    assert "test" in text
    assert "here/nep.txt" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "neppoo"], "unknown engine 'neppoo': did you mean neppo"),
        (["--engine", "nep", "--cutoff", "8"], "is not at least 2 numbers"),
        (["--engine", "nep", "--n-max", "4,x"], "is not 2 numbers"),
        (["--engine", "nep", "--cutoff", "4,8"], "angular cutoff 8 A exceeds"),
        (["--engine", "nep", "--elements", "Li,Cl"], "train.xyz, frame 1: Cu is not among the elements Li Cl"),
    ],
)
def test_bad_command_lines(frames: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(frames), *options]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("nep-run").exists()
