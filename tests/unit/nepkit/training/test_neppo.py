"""The neppo engine on a toy: it learns, streams, survives a kill, and starts from a model."""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from nepkit.core.errors import InputError, MissingExtraError
from nepkit.training.data import load_data
from nepkit.training.loss import LossPoint
from nepkit.training.run import train
from nepkit.training.settings import Settings

SETTINGS = Settings(
    cutoff=(4.0, 3.0), n_max=(2, 1), basis_size=(3, 3), l_max=(2, 0, 0), neurons=3, zbl=1.5, generations=30,
    interval=10, batch=2, learning_rate=(2e-2, 1e-3),
)  # fmt: skip


def test_missing_package_is_told_in_one_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nepkit.training.neppo.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "\.\[train\]"'):
        train(load_data(folder), SETTINGS, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def trained(folder: Path, tmp_path: Path) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("neppo")
    run = tmp_path / "run"
    train(load_data(folder), SETTINGS, run)
    return run


def test_learns_and_streams(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("neppo")
    seen: list[LossPoint] = []
    result = train(load_data(folder), SETTINGS, tmp_path / "run", report=seen.append)
    assert [point.generation for point in seen] == [10, 20, 30]
    assert seen[-1].force_train < seen[0].force_train
    # neppo's own errors and ours, which come from calorine on the written file, are the same.
    assert result.train.force_rmse == pytest.approx(seen[-1].force_train, rel=1e-4)
    assert result.train.virial_rmse == pytest.approx(seen[-1].virial_train, rel=1e-3)
    assert result.test is not None
    assert result.test.force_rmse == pytest.approx(seen[-1].force_test, rel=1e-4)
    assert result.model.read_text().startswith("nep4_zbl 1 Cu\n")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["command"] == sys.argv
    assert set(record["versions"]) == {"neppo", "torch", "nepkit", "python"}
    assert set(record["sha256"]) == {"nep.in", "train.xyz", "test.xyz"}


def test_finished_run_is_not_trained_again(folder: Path, trained: Path) -> None:
    before = (trained / "nep.txt").stat().st_mtime_ns
    train(load_data(folder), SETTINGS, trained)
    assert (trained / "nep.txt").stat().st_mtime_ns == before


class Killed(BaseException):
    """Stands for a signal."""


def test_a_killed_run_goes_on_from_its_checkpoint(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("neppo")
    run, data = tmp_path / "run", load_data(folder)

    def kill(point: LossPoint) -> None:
        if point.generation == 20:
            raise Killed

    with pytest.raises(Killed):
        train(data, SETTINGS, run, report=kill)
    assert [path.name for path in run.glob("checkpoint_*")] == ["checkpoint_20.txt"]
    shutil.copy(run / "checkpoint_20.txt", tmp_path / "at20.txt")
    seen: list[LossPoint] = []
    result = train(data, SETTINGS, run, report=seen.append)
    assert [point.generation for point in seen] == [30]
    assert result.train.force_rmse < 1.05 * seen[-1].force_train
    assert result.model.read_text() != (tmp_path / "at20.txt").read_text()
    assert json.loads((run / "run.json").read_text())["finished"]


def test_charges_start_from_a_model_without(folder: Path, trained: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from neppo import predict, read_model

    from nepkit.training.neppo_start import with_charges

    model = read_model(trained / "nep.txt")
    frames = read(folder / "test.xyz", ":")
    with torch.no_grad():
        without = predict(model, frames)[0].arrays["force_predicted"]
    still = with_charges(model, 2, scale=0.0)
    np.testing.assert_allclose(predict(still, frames)[0].arrays["force_predicted"], without, atol=1e-5)
    from dataclasses import replace

    charged = replace(SETTINGS, charge_mode=2, generations=10)
    result = train(load_data(folder), charged, tmp_path / "charged", start=trained / "nep.txt")
    assert result.model.read_text().startswith("nep4_zbl_charge2 1 Cu\n")
    assert math.isfinite(result.train.force_rmse)


def test_start_of_another_shape(folder: Path, trained: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match=r"start\.txt: neurons is 3, the settings say 5"):
        train(load_data(folder), replace(SETTINGS, neurons=5), tmp_path / "b", start=trained / "nep.txt")
    # Nothing was trained, so the same folder can be used with the right settings.
    train(load_data(folder), replace(SETTINGS, generations=10), tmp_path / "b", start=trained / "nep.txt")


def test_start_from_something_else(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("neppo")
    (tmp_path / "model.txt").write_text("nep4 1 Cu\ncutoff 4 3 60 30\n")
    with pytest.raises(InputError, match=r"start\.txt: neppo cannot start from this file"):
        train(load_data(folder), SETTINGS, tmp_path / "run", start=tmp_path / "model.txt")
