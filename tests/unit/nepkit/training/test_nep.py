"""The engine around GPUMD's executable, with a stand-in program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nepkit.core.errors import InputError, OutputError, ProgramError
from nepkit.training.data import load_data
from nepkit.training.loss import LossPoint
from nepkit.training.run import train
from nepkit.training.settings import Settings

SETTINGS = Settings(cutoff=(4.0, 3.0), generations=50, interval=10, batch=4)


def test_runs_and_streams(folder: Path, tmp_path: Path, fake_nep: Callable[[Path], Path], copper_model: Path) -> None:
    fake_nep(copper_model)
    seen: list[LossPoint] = []
    result = train(load_data(folder), SETTINGS, tmp_path / "run", engine="nep", report=seen.append)
    assert [point.generation for point in seen] == [10, 20, 30, 40, 50]
    assert result.loss == seen
    assert result.model.read_text() == copper_model.read_text()
    assert result.train.force.shape == (2, 6 * 4 * 3)
    assert result.test is not None
    assert result.test.virial.shape == (2, 2 * 6)
    text = (tmp_path / "run" / "nep.in").read_text()
    assert "population 50\ngeneration 50\n" in text
    assert "learning_rate" not in text
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["engine"] == "nep"
    assert record["finished"]


def test_a_killed_run_goes_on(
    folder: Path, tmp_path: Path, fake_nep: Callable[[Path], Path], copper_model: Path
) -> None:
    fake_nep(copper_model)
    run, data = tmp_path / "run", load_data(folder)
    run.mkdir()
    (run / "stop").write_text("20")
    with pytest.raises(ProgramError, match="ended with status 9"):
        train(data, SETTINGS, run, engine="nep")
    assert json.loads((run / "run.json").read_text())["finished"] is None
    result = train(data, SETTINGS, run, engine="nep")
    assert [point.generation for point in result.loss] == [10, 20, 30, 40, 50]


def test_its_message_is_passed_on(
    folder: Path, tmp_path: Path, fake_nep: Callable[[Path], Path], copper_model: Path
) -> None:
    fake_nep(copper_model)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "fail").touch()
    with pytest.raises(ProgramError, match=r"status 3: Error: train\.xyz should not be empty\."):
        train(load_data(folder), SETTINGS, tmp_path / "run", engine="nep")


def test_missing_program_before_anything_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEPKIT_NEP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramError, match="nep was not found on PATH"):
        train(load_data(folder), SETTINGS, tmp_path / "run", engine="nep")
    assert not (tmp_path / "run").exists()


def test_no_start_from_a_model(
    folder: Path, tmp_path: Path, fake_nep: Callable[[Path], Path], copper_model: Path
) -> None:
    fake_nep(copper_model)
    with pytest.raises(InputError, match="nep cannot start from a model file"):
        train(load_data(folder), SETTINGS, tmp_path / "run", engine="nep", start=copper_model)


def test_other_runs_are_not_overwritten(
    folder: Path, tmp_path: Path, fake_nep: Callable[[Path], Path], copper_model: Path
) -> None:
    fake_nep(copper_model)
    run, data = tmp_path / "run", load_data(folder)
    train(data, SETTINGS, run, engine="nep")
    other = Settings(cutoff=(4.0, 3.0), generations=60, interval=10, batch=4)
    with pytest.raises(OutputError, match="other settings or frames"):
        train(data, other, run, engine="nep")
    assert len(train(data, other, run, engine="nep", overwrite=True).loss) == 6
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "nep.txt").write_text("somebody's model")
    with pytest.raises(OutputError, match=r"already holds nep\.txt"):
        train(data, SETTINGS, foreign, engine="nep")
