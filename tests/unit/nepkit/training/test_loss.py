"""Loss curves of nep (no header), newer nep and neppo (header), growing files and restarts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nepkit.core.errors import InputError
from nepkit.training.loss import LossReader, read_loss


def test_file_of_nep_without_header(reference_data: Path) -> None:
    points = read_loss(reference_data / "pbte_nep_train" / "loss.out")
    first = (reference_data / "pbte_nep_train" / "loss.out").read_text().split()[:10]
    assert points[0].generation == int(first[0])
    assert points[0].force_train == float(first[5])
    assert points[0].energy_test == float(first[7])
    assert [p.generation for p in points] == sorted(p.generation for p in points)


def test_qnep_columns_skip_charge_and_bec(tmp_path: Path) -> None:
    path = tmp_path / "loss.out"
    path.write_text("100 1.0 0.1 0.2 " + " ".join(str(x) for x in range(1, 11)) + "\n")
    (point,) = read_loss(path)
    assert (point.energy_train, point.force_train, point.virial_train) == (1, 2, 3)
    assert (point.energy_test, point.force_test, point.virial_test) == (6, 7, 8)


def test_header_names_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "loss.out"
    path.write_text(
        "# format_version 1\n# columns generation total rmse_force_train rmse_energy_train\n10 3.5 0.5 0.1\n"
    )
    (point,) = read_loss(path)
    assert (point.loss, point.force_train, point.energy_train) == (3.5, 0.5, 0.1)
    assert math.isnan(point.force_test)


def test_growing_file_and_restart(tmp_path: Path) -> None:
    path = tmp_path / "loss.out"
    reader = LossReader(path)
    row = "0.1 " * 9
    path.write_text(f"100 {row}\n200 {row}\n300 {row[:12]}")
    assert [p.generation for p in reader.poll()] == [100, 200]
    with path.open("a") as file:
        file.write(row[12:] + "\n")
    assert [p.generation for p in reader.poll()] == [300]
    with path.open("a") as file:  # a restarted nep counts from its first interval again
        file.write(f"100 {row}\n200 {row}\n")
    assert [p.generation for p in reader.poll()] == [400, 500]
    assert reader.poll() == []


@pytest.mark.parametrize("line", ["1 2 3", "100 a 0 0 0 0 0 0 0 0", "Error: no frames"])
def test_not_a_loss_curve(tmp_path: Path, line: str) -> None:
    path = tmp_path / "loss.out"
    path.write_text("100 " + "0.1 " * 9 + f"\n{line}\n")
    with pytest.raises(InputError, match=r"loss\.out, line 2: expected the 6, 10 or 14 numbers"):
        read_loss(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_loss(tmp_path / "loss.out")
