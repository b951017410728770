"""``loss.out`` of nep, gnep and neppo: errors along a training run, with or without a header, runs appended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]


def _errors(*quantities: str) -> tuple[str, ...]:
    return tuple(f"rmse_{quantity}_{part}" for part in ("train", "test") for quantity in quantities)


#: Columns of the files without a header: src/main_nep/fitness.cu and src/main_gnep/fitness.cu of GPUMD.
LAYOUTS: dict[str, tuple[str, ...]] = {
    "nep": ("generation", "total", "L1", "L2", *_errors("energy", "force", "virial")),
    "qnep": ("generation", "total", "L1", "L2", *_errors("energy", "force", "virial", "charge", "bec")),
    "tnep": ("generation", "total", "L1", "L2", *_errors("tensor")),
    "gnep": ("generation", "total", *_errors("energy", "force", "virial"), "learning_rate", "time"),
}
UNITS = {"energy": "eV/atom", "force": "eV/A", "virial": "eV/atom", "charge": "e/atom", "bec": "e", "tensor": ""}
"""Of the root mean square errors; those of a dipole or polarizability per atom are in the units of the training set."""


@dataclass(frozen=True)
class Loss:
    """Errors along a training run.

    Parameters
    ----------
    kind : str
        ``nep``, ``qnep``, ``tnep``, ``gnep``, or ``header`` where the file names its columns.
    generation : ndarray, shape (R,)
        Generations, steps or (gnep) epochs; they count on over the runs appended to one file.
    columns : dict of str to ndarray, shape (R,)
        ``total``, ``L1``, ``L2``, ``rmse_force_train`` ... by name, in `UNITS`; of gnep also ``learning_rate`` and
        ``time`` in s.
    starts : tuple of int
        Rows where an appended run begins, without the first.
    """

    kind: str
    generation: Array
    columns: dict[str, Array]
    starts: tuple[int, ...] = ()

    def errors(self, part: str = "train") -> dict[str, Array]:
        """Return the root mean square errors of one part, by quantity; those that are zero throughout are left out.

        GPUMD writes zero for what a training has not: no test set, no virials, no charges.
        """
        found = {quantity: self.columns.get(f"rmse_{quantity}_{part}") for quantity in UNITS}
        return {quantity: values for quantity, values in found.items() if values is not None and np.any(values > 0.0)}


@dataclass(frozen=True)
class LossRow:
    """One row of a loss curve: its generation counted over restarts, and its numbers by column."""

    generation: int
    values: dict[str, float]


class LossRows:
    """Reads ``loss.out`` as it grows.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.
    kind : str, optional
        Key of `LAYOUTS`. Files of nep and gnep both have ten columns and no header: where it is left out, ``gnep.in``
        without ``nep.in`` beside the file, or a tenth column that is a time, tells.

    Examples
    --------
    >>> LossRows(Path("no-such-file")).poll()
    []
    """

    def __init__(self, path: Path, kind: str | None = None) -> None:
        self.path = path
        self.kind = kind
        self._offset = 0
        self._line = 0
        self._columns: tuple[str, ...] | None = None
        self._previous = 0
        self._base = 0
        self.starts: list[int] = []
        self._count = 0

    def poll(self) -> list[LossRow]:
        """Return the rows that were completed since the last call."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        lines = complete.decode(errors="replace").splitlines()
        self._settle_kind(lines)
        return [row for row in map(self._parse, lines) if row is not None]

    def _settle_kind(self, lines: list[str]) -> None:
        if self.kind is not None or self._columns is not None:
            return
        rows = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if any(line.split()[:2] == ["#", "columns"] for line in lines):
            self.kind = "header"
        elif rows:
            by_count = {len(columns): kind for kind, columns in LAYOUTS.items() if kind != "gnep"}
            kind = by_count.get(len(rows[0]))
            self.kind = "gnep" if kind == "nep" and self._is_gnep(rows) else kind

    def _is_gnep(self, rows: list[list[str]]) -> bool:
        folder = self.path.parent
        if (folder / "gnep.in").exists() or (folder / "nep.in").exists():
            return not (folder / "nep.in").exists()
        try:
            clock = [float(row[9]) for row in rows]
        except (ValueError, IndexError):
            return False  # said with its line when the row is read
        # An error of the virials falls on the whole, and is no time in seconds.
        return len(clock) > 2 and all(a < b for a, b in pairwise(clock))

    def _parse(self, line: str) -> LossRow | None:
        self._line += 1
        words = line.split()
        if words[:2] == ["#", "columns"]:
            self._columns = tuple(words[2:])
        if not words or words[0].startswith("#"):
            return None
        columns = self._columns or LAYOUTS.get(self.kind or "")
        try:
            numbers = [float(word) for word in words]
            if columns is None or len(columns) != len(numbers):
                raise ValueError
        except ValueError:
            raise InputError(
                f"{self.path}, line {self._line}: expected the 6, 10 or 14 numbers of a loss curve, found "
                f"{line[:60]!r}; delete the line or start in a new folder"
            ) from None
        values = dict(zip(columns, numbers, strict=True))
        generation = int(values.get("generation", self._previous + 1))
        if generation <= self._previous:
            self._base += self._previous
            self.starts.append(self._count)
        self._previous = generation
        self._count += 1
        return LossRow(self._base + generation, values)


def read_loss(path: Path, kind: str | None = None) -> Loss:
    r"""Return every row of a ``loss.out``.

    Parameters
    ----------
    path : Path
        The file.
    kind : str, optional
        Key of `LAYOUTS`; found when left out, see `LossRows`.

    Raises
    ------
    InputError
        The file is missing or has no row, or a line is not a row of a loss curve.

    Examples
    --------
    >>> path = Path("/tmp/nepkit-loss.out")
    >>> _ = path.write_text("100 0.5 0.1 0.1 0.01 0.2 0 0 0 0\n200 0.4 0.1 0.1 0.01 0.1 0 0 0 0\n")
    >>> read_loss(path).errors()["force"]
    array([0.2, 0.1])
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; it is written by a training run")
    reader = LossRows(path, kind)
    rows = reader.poll()
    if not rows:
        raise InputError(f"{path}: no rows; has the training reached its first output?")
    names = dict.fromkeys(name for row in rows for name in row.values if name != "generation")
    return Loss(
        kind=reader.kind or "header",
        generation=np.array([float(row.generation) for row in rows]),
        columns={name: np.array([row.values.get(name, math.nan) for row in rows]) for name in names},
        starts=tuple(reader.starts),
    )
