"""Layouts of loss.out that the trainers write."""

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.loss import read_loss

GNEP = (
    "1 0.9 0.1 0.3 0.2 0 0 0 0.0010000 2.5\n2 0.8 0.1 0.25 0.2 0 0 0 0.0009000 5.1\n3 0.7 0.1 0.2 0.2 0 0 0 1e-7 7.4\n"
)
NEP = "100 0.9 0.1 0.1 0.1 0.3 0 0 0 0\n200 0.8 0.1 0.1 0.1 0.25 0 0 0 0\n300 0.7 0.1 0.1 0.1 0.2 0 0 0 0\n"


def test_tnep(tmp_path):
    (tmp_path / "loss.out").write_text("100 0.5 0.1 0.1 0.04 0.05\n")
    found = read_loss(tmp_path / "loss.out")
    assert found.kind == "tnep"
    assert found.errors("test")["tensor"].tolist() == [0.05]


def test_ten_columns_of_gnep_are_told_by_their_clock(tmp_path):
    (tmp_path / "loss.out").write_text(GNEP)
    found = read_loss(tmp_path / "loss.out")
    assert found.kind == "gnep"
    assert found.errors()["force"].tolist() == [0.3, 0.25, 0.2]
    assert found.columns["learning_rate"].tolist() == [1e-3, 9e-4, 1e-7]
    assert "L1" not in found.columns
    (tmp_path / "loss.out").write_text(NEP)
    assert read_loss(tmp_path / "loss.out").kind == "nep"


def test_the_input_file_beside_tells_and_the_option_goes_first(tmp_path):
    (tmp_path / "loss.out").write_text(GNEP)
    (tmp_path / "nep.in").touch()
    assert read_loss(tmp_path / "loss.out").kind == "nep"
    (tmp_path / "nep.in").unlink()
    (tmp_path / "gnep.in").touch()
    (tmp_path / "loss.out").write_text(NEP)
    assert read_loss(tmp_path / "loss.out").kind == "gnep"
    assert read_loss(tmp_path / "loss.out", "nep").kind == "nep"


def test_appended_runs_count_on(tmp_path):
    (tmp_path / "loss.out").write_text(NEP + NEP)
    found = read_loss(tmp_path / "loss.out")
    assert found.generation.tolist() == [100, 200, 300, 400, 500, 600]
    assert found.starts == (3,)


def test_names_of_the_header_and_what_a_training_has_not(tmp_path):
    (tmp_path / "loss.out").write_text(
        "# columns generation total rmse_energy_train rmse_force_train\n10 1.0 0.0 0.2\n"
    )
    found = read_loss(tmp_path / "loss.out")
    assert found.kind == "header"
    assert list(found.errors()) == ["force"]
    assert not found.errors("test")
    assert np.isfinite(found.columns["total"]).all()


def test_an_empty_file(tmp_path):
    (tmp_path / "loss.out").write_text("")
    with pytest.raises(InputError, match="no rows; has the training reached its first output"):
        read_loss(tmp_path / "loss.out")
