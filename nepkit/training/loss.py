"""The loss curve: ``loss.out`` of GPUMD's ``nep`` and of neppo, old and new headers, several appended runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.errors import InputError

#: Columns of files without a header (GPUMD, src/main_nep/fitness.cu), by their number: NEP and qNEP.
COLUMNS: dict[int, tuple[str, ...]] = {
    2 * len(quantities) + 4: (
        *("generation", "total", "L1", "L2"),
        *(f"rmse_{quantity}_{label}" for label in ("train", "test") for quantity in quantities),
    )
    for quantities in (("energy", "force", "virial"), ("energy", "force", "virial", "charge", "bec"))
}


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
        self.path = path
        self._offset = 0
        self._line = 0
        self._columns: tuple[str, ...] | None = None
        self._previous = 0
        self._base = 0

    def poll(self) -> list[LossPoint]:
        """Return the rows that were completed since the last call."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        found = [self._parse(line) for line in complete.decode(errors="replace").splitlines()]
        return [item for item in found if item is not None]

    def _parse(self, line: str) -> LossPoint | None:
        self._line += 1
        words = line.split()
        if words[:2] == ["#", "columns"]:
            self._columns = tuple(words[2:])
        if not words or words[0].startswith("#"):
            return None
        columns = self._columns or COLUMNS.get(len(words))
        try:
            values = [float(word) for word in words]
            if columns is None or len(columns) != len(values):
                raise ValueError
        except ValueError:
            raise InputError(
                f"{self.path}, line {self._line}: expected the 10 or 14 numbers of a loss curve, found {line[:60]!r}; "
                "delete the line or start in a new folder"
            ) from None
        row = point(columns, values)
        if row.generation <= self._previous:
            self._base += self._previous
        self._previous = row.generation
        return LossPoint(**{**vars(row), "generation": self._base + row.generation})


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
