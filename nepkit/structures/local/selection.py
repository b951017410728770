"""Which frames of a trajectory are looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames


def chosen_frames(
    path: Path, *, start: int = 1, stop: int | None = None, every: int = 1, last: int | None = None
) -> Iterator[Atoms]:
    """Yield frames ``start``, ``start + every``, ... up to ``stop``, counted from 1; of these the last few where asked.

    Raises
    ------
    InputError
        Where no frame is left, or the file cannot be read.

    Examples
    --------
    >>> chosen_frames(Path("dump.xyz"), start=101, every=10)  # doctest: +SKIP
    """
    frames: Iterator[Atoms] = islice(read_frames(path), start - 1, stop, every)
    if last is not None:
        frames = iter(deque(frames, maxlen=last))
    empty = True
    for atoms in frames:
        empty = False
        yield atoms
    if empty:
        raise InputError(f"{path}: no frame is chosen; it has fewer than {start}, or --stop lies before --start")
