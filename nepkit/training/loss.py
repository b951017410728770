"""Progress of a training run: errors at a step, read from ``loss.out`` as it grows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.gpumd.loss import LossRows


@dataclass(frozen=True)
class LossPoint:
    """Errors at one step of a training run; energy and virial in eV/atom, force in eV/A, nan where there are none."""

    generation: int
    loss: float
    energy_train: float = math.nan
    force_train: float = math.nan
    virial_train: float = math.nan
    energy_test: float = math.nan
    force_test: float = math.nan
    virial_test: float = math.nan

    def __str__(self) -> str:
        test = "" if math.isnan(self.force_test) else f", test {1e3 * self.force_test:.1f}"
        return f"force {1e3 * self.force_train:.1f} meV/A{test}, energy {1e3 * self.energy_train:.2f} meV/atom"


def point(columns: Sequence[str], values: Iterable[float]) -> LossPoint:
    """Return the loss point of one row with named columns."""
    row = dict(zip(columns, values, strict=True))
    errors = {
        f"{quantity}_{label}": row.get(f"rmse_{quantity}_{label}", math.nan)
        for quantity in ("energy", "force", "virial")
        for label in ("train", "test")
    }
    return LossPoint(generation=int(row["generation"]), loss=row["total"], **errors)


class LossReader:
    """Reads ``loss.out`` as it grows; generations count on over the restarts appended to one file.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.

    Examples
    --------
    >>> LossReader(Path("no-such-file")).poll()
    []
    """

    def __init__(self, path: Path) -> None:
        self._rows = LossRows(path)

    def poll(self) -> list[LossPoint]:
        """Return the rows that were completed since the last call."""
        found = []
        for row in self._rows.poll():
            values = row.values | {"generation": row.generation}
            found.append(point(list(values), values.values()))
        return found


def read_loss(path: Path) -> list[LossPoint]:
    """Return every row of a ``loss.out``.

    Raises
    ------
    InputError
        The file is missing, or a line is not a row of a loss curve.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; it is written by a training run")
    return LossReader(path).poll()
