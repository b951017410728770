"""Files of predictions and references: what stands for none is left out and counted."""

from pathlib import Path

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.predictions import name_parts, read_charges, read_prediction, read_predictions, read_restart


def test_rows_without_a_virial_are_left_out(tmp_path):
    rows = np.zeros((4, 12))
    rows[:, :6] = 1.0
    rows[1, 6:], rows[3, 6:] = 1e6, -1e6  # old and new versions
    np.savetxt(tmp_path / "virial_train.out", rows)
    found = read_prediction(tmp_path / "virial_train.out")
    assert found.left_out == 2
    assert found.block.tolist() == [0, 2]
    assert found.error.tolist() == [[1.0] * 6] * 2


def test_stress_without_any_reference(tmp_path):
    np.savetxt(tmp_path / "stress_test.out", [[0.0] * 6 + [-1e6] * 6])
    with pytest.raises(InputError, match=r"none of the 1 rows has a reference; the data set has no stress labels"):
        read_prediction(tmp_path / "stress_test.out")
    np.savetxt(tmp_path / "energy_test.out", [[0.0, 1.0]])
    found, notes = read_predictions(tmp_path, "test")
    assert list(found) == ["energy"]
    assert len(notes) == 1


def test_born_charges_of_atoms_without_a_reference_are_zeros(tmp_path):
    rows = np.ones((3, 18))
    rows[2, 9:] = 0.0
    np.savetxt(tmp_path / "bec_train.out", rows)
    found = read_prediction(tmp_path / "bec_train.out")
    assert (len(found.reference), found.left_out) == (2, 1)


def test_atoms_are_put_into_blocks_of_frames(tmp_path):
    np.savetxt(tmp_path / "force_train.out", np.arange(36.0).reshape(6, 6))
    np.savetxt(tmp_path / "energy_train.out", np.zeros((3, 2)))
    assert read_prediction(tmp_path / "force_train.out").block.tolist() == [0, 0, 1, 1, 2, 2]
    assert read_prediction(tmp_path / "force_train.out", frames=2).block.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("energy_train.out", 3, "3 columns, expected 1 of predictions and 1 of references of energy"),
        ("force_train.out", 2, "2 columns, expected 3 of predictions and 3 of references of force"),
        ("numbers.out", 2, "of what are these predictions"),
    ],
)
def test_other_files_are_refused(tmp_path, name, columns, message):
    np.savetxt(tmp_path / name, np.zeros((2, columns)))
    with pytest.raises(InputError, match=message):
        read_prediction(tmp_path / name)


def test_charges_and_restart(tmp_path):
    np.savetxt(tmp_path / "charge_train.out", [0.1, -0.1])
    assert read_charges(tmp_path / "charge_train.out").tolist() == [0.1, -0.1]
    np.savetxt(tmp_path / "nep.restart", [[1.0, 0.1], [2.0, 0.2]])
    found = read_restart(tmp_path / "nep.restart")
    assert (found.mu.tolist(), found.sigma.tolist()) == ([1.0, 2.0], [0.1, 0.2])
    np.savetxt(tmp_path / "gnep.restart", [1.0, 2.0])
    assert read_restart(tmp_path / "gnep.restart").sigma is None
    np.savetxt(tmp_path / "wide", np.zeros((2, 3)))
    for reader in (read_charges, read_restart):
        with pytest.raises(InputError, match="3 columns"):
            reader(tmp_path / "wide")


def test_names():
    assert name_parts(Path("a/polarizability_test.out")) == ("polarizability", "test")
    assert name_parts(Path("thermo.out")) is None
