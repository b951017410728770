"""``nepkit plot``: one golden run, every form of output, and input that is wrong."""

import csv
import io
import json

import numpy as np
import pytest

from nepkit.cli.command import ROOT
from nepkit.cli.main import main
from nepkit.formats.files import write_frames

LOSS = "100 0.9 0.1 0.1 0.010 0.30 0 0.02 0.40 0\n200 0.8 0.1 0.1 0.008 0.20 0 0.03 0.35 0\n"


@pytest.fixture
def call(capsys):
    def run(*words):
        status = main(["plot", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


@pytest.fixture
def run_folder(tmp_path):
    (tmp_path / "loss.out").write_text(LOSS)
    np.savetxt(tmp_path / "energy_train.out", [[-3.0, -3.1], [-2.0, -2.1], [-1.0, -0.8]])
    np.savetxt(tmp_path / "force_train.out", np.arange(36.0).reshape(6, 6))
    return tmp_path


def test_without_a_name_all_plots_are_listed(call):
    status, out, _ = call()
    assert status == 0
    assert "loss" in out
    assert "Predictions against references" in out


def test_the_numbers_are_always_told(call, run_folder):
    status, out, _ = call("loss", run_folder)
    assert status == 0
    assert "force test" in out
    assert "350" in out
    assert "--terminal" in out  # how to see it
    found = json.loads(call("loss", run_folder, "--json")[1])
    (force,) = [row for row in found["numbers"]["Root mean square errors"] if row["error"] == "energy test"]
    assert (force["last"], force["least"], force["at generation"]) == (30.0, 20.0, 100)
    assert found["series"]["generation"] == [100, 200]


def test_csv_has_the_curves(call, run_folder, tmp_path):
    rows = list(csv.DictReader(io.StringIO(call("loss", run_folder, "--csv")[1])))
    assert [float(row["rmse_force_train"]) for row in rows] == [0.3, 0.2]
    status, _, _ = call("loss", run_folder, "-o", tmp_path / "loss.csv")
    assert status == 0
    assert (tmp_path / "loss.csv").read_text().splitlines()[0].startswith("generation,total")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_images(call, run_folder, suffix):
    path = run_folder / f"a.{suffix}"
    words = ["train", run_folder, "-o", path, "--title", "T", "--dpi", 60, "--style", "ggplot"]
    assert call(*words)[0] == 0
    assert path.stat().st_size > 3000
    status, _, err = call(*words)
    assert status == 1
    assert "already exists" in err
    assert call(*words, "--overwrite")[0] == 0


def test_terminal(call, run_folder):
    status, out, _ = call("loss", run_folder, "--terminal", "--panel", "errors", "--xlim", 50, 300, "--log", "x")
    assert status == 0
    assert "force train" in out
    assert "generation" in out
    assert "Terms of the loss" not in out


def test_several_files_and_their_names(call, run_folder):
    found = json.loads(call("loss", run_folder, run_folder / "loss.out", "--label", "a", "--label", "b", "--json")[1])
    assert {row["file"] for row in found["numbers"]["Runs"]} == {"a", "b"}


def test_underscores_are_as_good_as_hyphens(call, run_folder):
    assert call("force_errors", run_folder)[0] == 0
    assert ROOT.get_command(None, "plot").get_command(None, "nothing") is None


def frames_of(path, **arrays):
    from ase import Atoms

    atoms = Atoms("HCl", positions=[[0, 0, 0], [1.3, 0, 0]], cell=np.eye(3) * 9, pbc=True)
    for name, values in arrays.items():
        atoms.arrays[name] = np.array(values)
    write_frames(path, [atoms] * 3)
    return path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loss", "{empty}"], "no loss.out in this folder; it comes from a training run of nep, gnep or neppo"),
        (["loss", "{run}", "--panel", "eror"], "no panel 'eror' in this plot: did you mean errors"),
        (["loss", "{run}", "--label", "a", "--label", "b"], "1 files need as many --label that differ, 2 given"),
        (["loss", "{run}", "-o", "{run}/a.jpg"], "cannot write .jpg"),
        (["loss", "{run}", "-o", "{run}/a.png", "--xlim", 3, 1], "expected the lower limit first"),
        (["loss", "{run}", "-o", "{run}/a.png", "--style", "none"], "no style 'none'"),
        (["los", "{run}"], "did you mean loss"),
        (["loss", "{run}/energy_train.out"], "expected the 6, 10 or 14 numbers of a loss curve"),
        (["parity", "{run}", "--quantity", "stress"], "no stress with references here, only energy, force"),
        (["parity", "{frames}"], "give --model nep.txt"),
        (["parity", "{run}", "--model", "emt"], "give a file of frames"),
        (["parity", "{run}", "--part", "test"], "no energy_test.out in this folder"),
        (["parity", "{frames}", "--model", "emt"], "element Cl"),
        (["born-charge", "{run}"], "no bec_train.out"),
        (["charge", "{run}"], "no charge_train.out in this folder; it comes from nep with charge_mode 1 or 2"),
        (["charge", "{frames}"], "a frame has no charges; give --model"),
        (["lr", "{run}"], "no learning rate in this loss curve; gnep writes one"),
        (["restart", "{run}"], "no nep.restart"),
        (["dimer", "{model}", "--pair", "Li", "Xx"], "has no element Xx"),
        (["dimer", "{model}", "--pair", "Li", "Cl", "--distances", 3, 2], "expected 0 < low < high"),
        (["des", "{frames}"], "give --model nep.txt"),
        (["net-force", "{frames}"], "no frame has forces"),
        (["doas", "{frames}"], "no column site_energy"),
        (["hull", "{frames}"], "no frame has both an energy and a cell"),
        (["hull", "{labelled}", "--formula", "H2"], "no frames of formula H2"),
        (["composition", "{run}"], "no train.xyz"),
        (["committee", "{frames}", "--model", "emt"], "a committee needs two or more"),
        (["active", "{run}"], "no active.out in this folder; it comes from active of gpumd"),
        (["force-errors", "{empty}"], "no force_train.out in this folder"),
        (["train", "{empty}"], "no loss.out in this folder"),
        (["dipole", "{run}"], "no dipole_train.out"),
        (["polarizability", "{run}"], "no polarizability_train.out"),
    ],
)
def test_bad_input_gets_one_line(call, run_folder, repository, words, message):
    from ase import Atoms

    (run_folder / "empty").mkdir()
    labelled = Atoms("HCl", positions=[[0, 0, 0], [1.3, 0, 0]], cell=np.eye(3) * 9, pbc=True, info={"energy": -1.0})
    write_frames(run_folder / "labelled.xyz", [labelled])
    places = {
        "run": run_folder,
        "empty": run_folder / "empty",
        "frames": frames_of(run_folder / "frames.xyz"),
        "labelled": run_folder / "labelled.xyz",
        "model": repository / "nepkit/data/li3ycl6/nep.txt",
    }
    status, out, err = call(*(word.format(**places) if isinstance(word, str) else word for word in words))
    assert status in (1, 2)
    assert not out
    assert message in err
    assert err.count("\n") == 1
    assert not list(run_folder.glob("a.*"))


def test_charges_in_another_order_are_refused(call, run_folder):
    """The trainer writes charges in the order of its batches, which is that of the frames for one batch alone."""
    from ase import Atoms

    energies = [-2.0, -4.0]
    frames = [Atoms("HCl", positions=[[0, 0, 0], [1.3, 0, 0]], cell=np.eye(3) * 9, pbc=True, info={"energy": energy})
              for energy in energies]  # fmt: skip
    write_frames(run_folder / "train.xyz", frames)
    np.savetxt(run_folder / "charge_train.out", [0.2, -0.1, 0.3, -0.4])
    np.savetxt(run_folder / "energy_train.out", [[-1.0, -1.0], [-2.0, -2.0]])
    found = json.loads(call("charge", run_folder, "--json")[1])
    assert found["numbers"]["Charges (e)"][0]["mean"] == pytest.approx((0.15 + 0.35) / 2)
    np.savetxt(run_folder / "energy_train.out", [[-2.0, -2.0], [-1.0, -1.0]])
    status, _, err = call("charge", run_folder)
    assert status == 1
    assert "trained in mini-batches" in err
    np.savetxt(run_folder / "charge_train.out", [0.2, -0.1])
    assert "2 charges, but 4 atoms" in call("charge", run_folder)[2]


def test_frames_that_were_left_out_are_counted(call, run_folder):
    rows = np.ones((3, 12))
    rows[1, 6:] = -1e6
    np.savetxt(run_folder / "stress_train.out", rows)
    _, out, _ = call("parity", run_folder, "--quantity", "stress")
    assert "1 rows without a reference were left out" in out


def test_a_frame_of_another_run_is_not_found_among_the_checks(call, tmp_path):
    np.savetxt(tmp_path / "active.out", [[10.0, 0.1], [20.0, 0.2]])
    (tmp_path / "active.xyz").write_text(
        '1\nTime=25.0 Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nH 0 0 0\n'
    )
    status, _, err = call("active", tmp_path)
    assert status == 1
    assert "frame 1: no row of" in err
