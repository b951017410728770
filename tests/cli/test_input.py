"""``nepkit input``."""

from pathlib import Path

import pytest

import nepkit
from nepkit.formats.files import read_frames
from nepkit.inputs.runfile import read_run_file

DATA = Path(nepkit.__file__).parent / "data" / "li3ycl6"


def test_run_in_and_model_xyz_are_written_and_checked(in_process, tmp_path):
    done = in_process(
        *("input", "gpumd", "diffusion", str(DATA / "test.xyz"), "--potential", str(DATA / "nep.txt")),
        *("--temperature", "600", "--model", str(tmp_path / "model.xyz"), "-o", str(tmp_path / "run.in")),
    )
    assert done.returncode == 0, done.stderr
    assert "To be looked at" not in done.stdout
    run = read_run_file(tmp_path / "run.in").runs[-1]
    assert run.temperature == 600
    assert run.find("compute_msd")[2:] == ("all_groups", "0")
    model = next(read_frames(tmp_path / "model.xyz"))
    assert sorted(set(model.arrays["group"].ravel().tolist())) == [0, 1, 2]
    assert "groups: 0 Cl, 1 Li, 2 Y" in done.stdout


def test_nep_in(in_process, tmp_path):
    (tmp_path / "train.xyz").write_bytes((DATA / "test.xyz").read_bytes())
    out = str(tmp_path / "nep.in")
    done = in_process("input", "nep", "qnep", str(tmp_path / "train.xyz"), "--elements", "Y,Li,Cl", "-o", out)
    assert done.returncode == 0, done.stderr
    text = Path(out).read_text()
    assert "type 3 Y Li Cl" in text
    assert "charge_mode 2" in text
    assert in_process("check", out).returncode == 0


@pytest.mark.parametrize(("kind", "name"), [("gpumd", "conductivity"), ("nep", "fine-tune")])
def test_alone_it_lists_the_presets(in_process, kind, name):
    done = in_process("input", kind)
    assert done.returncode == 0
    assert name in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gpumd", "nvd"], "did you mean nvt?"),
        (["gpumd", "nvt"], "name the structure"),
        (["gpumd", "nvt", str(DATA / "test.xyz")], "give --potential"),
        (["nep", "standart"], "did you mean standard?"),
        (["nep", "standard"], "name the frames"),
    ],
)
def test_bad_input_writes_nothing(in_process, tmp_path, words, message):
    done = in_process("input", *words, "-o", str(tmp_path / "x.in"))
    assert done.returncode == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []
