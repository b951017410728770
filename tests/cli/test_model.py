"""``nepkit model``: numbers of the commands, and bad input."""

import json
from pathlib import Path

import pytest

import nepkit
from lr_correction.nepfile import read_nep, write_nep
from nepkit.inputs.nep import check_nep_file
from tests.factories import random_nep

MODEL = Path(nepkit.__file__).parent / "data" / "li3ycl6" / "nep.txt"
FRAMES = MODEL.parent / "test.xyz"


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "some.xyz"
    lines = FRAMES.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: int(lines[0]) + 2]))
    return str(path)


def test_show(in_process):
    found = json.loads(in_process("model", "show", str(MODEL), "--json").stdout)
    assert found["head"]["elements"] == "Li Y Cl"
    assert found["head"]["descriptors"] == "49"
    # T ((D + 2) N) + 1 + T^2 (7 9 + 7 9)
    assert found["head"]["parameters"] == str(3 * 51 * 30 + 1 + 9 * 126)
    assert sum(found["importance"]) == pytest.approx(1)
    assert found["parts"]["w0"]["numbers"] == 3 * 30 * 49


def test_augment_leaves_energies_and_writes_all_files(in_process, tmp_path, frames):
    (tmp_path / "nep.in").write_text("type 3 Li Y Cl # order\ncutoff 8 5\nneuron 30\nbatch 7 # mine\nzbl 2\n")
    done = in_process(
        *("model", "augment", str(MODEL), "--charges", "2", "--neurons", "40", "--nep-in", str(tmp_path / "nep.in")),
        *("--frames", frames, "-o", str(tmp_path / "new.txt"), "--json"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["changes"] == {"charge mode": ["0", "2"], "neurons": ["30", "40"]}
    assert found["frames"]["energy_largest"] < 1e-12
    assert found["frames"]["force_largest"] < 1e-10
    text = (tmp_path / "new.in").read_text()
    assert "batch 7 # mine" in text
    assert "neuron 40" in text
    assert "charge_mode 2" in text
    (tmp_path / "new.txt").rename(tmp_path / "nep.txt")
    (tmp_path / "new.in").replace(tmp_path / "nep.in")
    (tmp_path / "train.xyz").write_text(Path(frames).read_text())
    (tmp_path / "nep.in").write_text((tmp_path / "nep.in").read_text() + "prediction 1\n")
    assert check_nep_file(tmp_path / "nep.in") == []


def test_species_keep_and_add(in_process, tmp_path):
    out = str(tmp_path / "new.txt")
    assert in_process("model", "species", str(MODEL), "--keep", "Cl,Li", "--add", "K=Li", "-o", out).returncode == 0
    assert read_nep(out).elements == ("Cl", "Li", "K")


def test_convert_and_compare(in_process, tmp_path, frames):
    old, new = str(tmp_path / "nep3.txt"), str(tmp_path / "nep4.txt")
    write_nep(random_nep(1, elements=("Li", "Y", "Cl"), version=3), old)
    assert in_process("model", "convert", old, "-o", new).returncode == 0
    found = json.loads(in_process("model", "compare", old, new, "--frames", frames, "--json").stdout)
    assert found["head"]["version"] == {"first": "3", "second": "4"}
    assert found["frames"]["force_largest"] == 0
    assert all(part["largest"] == 0 for part in found["parts"])
    done = in_process("model", "convert", new, "-o", str(tmp_path / "x.txt"))
    assert done.stderr.strip().endswith("is a NEP4 already")


def test_prune_tells_what_it_costs(in_process, tmp_path, frames):
    out = str(tmp_path / "new.txt")
    done = in_process("model", "prune", str(MODEL), "--neurons", "20", "--frames", frames, "-o", out, "--json")
    found = json.loads(done.stdout)
    assert read_nep(out).neurons == 20
    assert 1e-4 < found["frames"]["force"] < 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["augment", str(MODEL)], "nothing to do"),
        (["augment", str(MODEL), "--neurons", "10"], "use nepkit model prune"),
        (["prune", str(MODEL), "--neurons", "40"], "use nepkit model augment"),
        (["prune", str(MODEL), "--no-charges"], "no charges to take away"),
        (["prune", str(MODEL), "--no-invariant", "134"], "no invariant 134"),
        (["species", str(MODEL), "--keep", "Li,Na"], "no Na in the model"),
        (["species", str(MODEL), "--add", "Qq"], "no chemical symbol"),
        (["convert", str(FRAMES)], "not a NEP model"),
    ],
)
def test_bad_input_writes_nothing(in_process, tmp_path, words, message):
    done = in_process("model", *words, "-o", str(tmp_path / "new.txt"))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
