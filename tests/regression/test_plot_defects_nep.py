"""What the plots of a peer's training files do wrong, and what must not happen here."""

import json

import numpy as np
from ase import Atoms

from nepkit.cli.main import main
from nepkit.formats.files import write_frames


def numbers(capsys, *words):
    assert main(["plot", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["numbers"]


def test_loss_curves_of_any_output_interval(tmp_path, capsys):
    """Only steps of 100 or 1 generations are understood there."""
    (tmp_path / "loss.out").write_text("".join(f"{step} 0.5 0.1 0.1 0.01 0.1 0 0 0 0\n" for step in (50, 100, 150)))
    assert numbers(capsys, "loss", tmp_path)["Runs"][0]["generations"] == 150


def test_train_and_test_need_not_have_the_same_files(tmp_path, capsys):
    """All six files, with stress, are needed there; a missing one is a traceback."""
    np.savetxt(tmp_path / "energy_train.out", [[-1.0, -1.1], [-2.0, -2.1]])
    np.savetxt(tmp_path / "force_test.out", np.ones((2, 6)))
    (rows,) = numbers(capsys, "parity", tmp_path).values()
    assert [(row["quantity"], row["set"]) for row in rows] == [("energy", "train"), ("force", "test")]


def test_net_forces_are_those_of_the_forces(tmp_path, capsys):
    """The last three columns are taken for forces there, whatever Properties says."""
    atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]], cell=np.eye(3) * 9, pbc=True)
    atoms.arrays["forces"] = np.array([[0.0, 0.0, 0.1], [0.0, 0.0, -0.1]])
    atoms.arrays["zeta"] = np.full((2, 3), 7.0)
    write_frames(tmp_path / "train.xyz", [atoms])
    ((row,),) = numbers(capsys, "net-force", tmp_path).values()
    assert row["largest"] == 0.0


def test_learning_rate_is_not_the_last_but_one_column_of_a_nep(tmp_path, capsys):
    """Column -2 of any loss.out is called the learning rate there."""
    (tmp_path / "loss.out").write_text("100 0.5 0.1 0.1 0.01 0.1 0.01 0.02 0.2 0.02\n" * 3)
    assert main(["plot", "lr", str(tmp_path)]) == 1
    assert "no learning rate" in capsys.readouterr().err
