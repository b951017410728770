"""Output files of GPUMD that are rows of numbers, with or without lines of ``#`` before them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]

#: fs in the units that a header may give ``dt_output`` in.
FEMTOSECONDS = {"fs": 1.0, "ps": 1000.0}


@dataclass(frozen=True)
class Block:
    """The rows that one run wrote to a file.

    Parameters
    ----------
    values : ndarray, shape (R, C)
        All columns, in the units of the file.
    header : mapping of str to tuple of str
        First word of every line of ``#`` before the rows, and its other words; empty in old versions.
    """

    values: Array
    header: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def interval(self) -> float | None:
        """Time between rows, ps; None where the header does not tell it."""
        words = self.header.get("dt_output", ())
        return float(words[0]) * FEMTOSECONDS[words[1]] * 1e-3 if len(words) == 2 and words[1] in FEMTOSECONDS else None

    def number(self, key: str) -> int | None:
        """Return an integer of the header, such as ``num_atoms``; None where it is not there."""
        words = self.header.get(key, ())
        return int(words[0]) if words and words[0].isdigit() else None


@dataclass(frozen=True)
class Correlation:
    """One block of a file of correlation functions of time.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag times, ps, at equal steps.
    values : ndarray, shape (L, C)
        The other columns, in the units of the file.
    """

    time: Array
    values: Array


def read_rows(path: str | Path) -> Array:
    """Return the numbers of a file, shape (rows, columns); empty lines and lines of ``#`` are passed over.

    A last line without its end, which a killed run leaves behind, is left out with a warning.

    Raises
    ------
    InputError
        Where a row is not numbers or has not as many as the first one; names the line.
    """
    path = Path(path)
    data = path.read_bytes()
    cut = unfinished(path, data)
    rows = None if cut is None else _count(data[:cut])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of empty lines and files
            table = np.loadtxt(path, ndmin=2, max_rows=rows, encoding="utf-8") if rows != 0 else np.zeros((0, 0))
    except ValueError:
        _say_what_is_wrong(path, data if cut is None else data[:cut])
        raise  # numpy refuses what the check takes: a bug here
    if not table.size:
        raise InputError(f"{path}: no rows of numbers; did the run end before it was written?")
    if not np.isfinite(table).all():
        raise InputError(f"{path}: row {int(np.argmin(np.isfinite(table).all(axis=1))) + 1} is not finite")
    return table


def read_blocks(path: str | Path) -> list[Block]:
    r"""Return the rows of a file in the blocks that its lines of ``#`` make; one block where there are none.

    GPUMD writes a header per ``run`` and appends. Headers without rows, of a run that wrote nothing, are dropped.

    Raises
    ------
    InputError
        As `read_rows` does.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("/tmp/nepkit-blocks.out").write_text("# num_atoms 8\n1 2\n3 4\n# num_atoms 9\n5 6\n")
    >>> [(block.number("num_atoms"), len(block.values)) for block in read_blocks("/tmp/nepkit-blocks.out")]
    [(8, 2), (9, 1)]
    """
    table = read_rows(path)
    headers = _headers(Path(path).read_bytes())
    if not headers or headers[0][0] > 0:
        headers.insert(0, (0, {}))
    ends = [start for start, _ in headers[1:]] + [len(table)]
    return [
        Block(table[start:end], header)
        for (start, header), end in zip(headers, ends, strict=True)
        if min(end, len(table)) > start
    ]


def read_correlations(path: str | Path, columns: int) -> list[Correlation]:
    """Return the blocks of a file whose first column is time; GPUMD appends one block per run.

    Parameters
    ----------
    path : str or Path
        For instance msd.out (src/measure/msd.cu of GPUMD), sdc.out or ic.out.
    columns : int
        How many columns a group has after the time; the file has that many or a multiple of it.

    Raises
    ------
    InputError
        Where the columns do not fit or the times are not equally spaced.
    """
    table = read_rows(path)
    if (table.shape[1] - 1) % columns or table.shape[1] < 1 + columns:
        raise InputError(
            f"{path}: {table.shape[1]} columns, expected time and {columns} per group; is it this kind of file?"
        )
    blocks = []
    for block in split_at_restarts(table):
        time = block[:, 0]
        steps = np.diff(time)
        if len(steps) and not np.allclose(steps, steps[0], rtol=1e-3, atol=1e-4 * max(abs(time[-1]), 1e-30)):
            raise InputError(f"{path}: the times are not equally spaced; keep the blocks of one run")
        blocks.append(Correlation(time, block[:, 1:]))
    return blocks


def split_at_restarts(table: Array) -> list[Array]:
    """Return the parts of a table in each of which the first column grows."""
    starts = np.flatnonzero(np.diff(table[:, 0], prepend=np.inf) <= 0)
    return np.split(table, starts[1:])


def read_msd(path: str | Path) -> list[tuple[Array, Array, Array]]:
    r"""Return the blocks of an msd.out: lag times, displacements and running diffusion coefficients.

    Returns
    -------
    list of (time, msd, sdc)
        ``time`` (L,) in ps, ``msd`` (G, L, 3) in A^2 and ``sdc`` (G, L, 3) in A^2/ps, for every group of ``all_groups``
        or for the one (G = 1).

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("/tmp/nepkit-msd.out").write_text("# dt 1\n0 0 0 0 0 0 0\n0.1 1 2 3 5 10 15\n")
    >>> read_msd("/tmp/nepkit-msd.out")[0][1][0]
    array([[0., 0., 0.],
           [1., 2., 3.]])
    """
    blocks = []
    for block in read_correlations(path, 6):
        values = block.values.reshape(len(block.time), -1, 6).swapaxes(0, 1)
        blocks.append((block.time, values[:, :, :3].copy(), values[:, :, 3:].copy()))
    return blocks


def unfinished(path: Path, data: bytes) -> int | None:
    """Return where a last line without its end begins, and warn of it; None where there is none."""
    if not data or data.endswith((b"\n", b"\r")):
        return None
    start = data.rfind(b"\n") + 1
    last = data[start:].strip()
    if not last or last.startswith(b"#"):
        return None
    warnings.warn(f"{path}: the last line has no end, as a killed run leaves it, and is left out", stacklevel=3)
    return start


def _count(data: bytes) -> int:
    return sum(1 for line in data.splitlines() if line.strip() and not line.lstrip().startswith(b"#"))


def _headers(data: bytes) -> list[tuple[int, dict[str, tuple[str, ...]]]]:
    """Return the groups of lines of ``#``, each with the number of rows before it."""
    found: list[tuple[int, dict[str, tuple[str, ...]]]] = []
    rows = place = 0
    while (mark := data.find(b"#", place)) >= 0:
        start, end = data.rfind(b"\n", 0, mark) + 1, data.find(b"\n", mark)
        end = len(data) if end < 0 else end
        if not data[start:mark].strip():  # else it is a remark after numbers
            rows += _count(data[place:start])
            words = data[mark + 1 : end].decode("utf-8", "replace").split() or [""]
            # A word seen before begins the header of the next run, where the run before it wrote nothing.
            if not found or found[-1][0] != rows or words[0] in found[-1][1]:
                found.append((rows, {}))
            found[-1][1][words[0]] = tuple(words[1:])
            place = end
        else:
            rows += _count(data[place:end])
            place = end
    return found


def _say_what_is_wrong(path: Path, data: bytes) -> None:
    """Raise the error of the first line that is not like the others."""
    first = 0
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        text = line.partition("#")[0].split()
        if not text:
            continue
        try:
            for item in text:
                float(item)
        except ValueError:
            raise InputError(f"{path}, line {number}: expected numbers, found {line.strip()[:40]!r}") from None
        first = first or len(text)
        if len(text) != first:
            raise InputError(
                f"{path}, line {number}: {len(text)} numbers, the first row has {first}; "
                "was the file cut short or made by two kinds of runs?"
            )
