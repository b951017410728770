"""Descriptors of all atoms of a set on disk, so that memory does not grow with the number of frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CHUNK = 16384
"""Environments that are worked on at a time."""


@dataclass(frozen=True)
class Environments:
    """The environments of all atoms of one element.

    Parameters
    ----------
    values : ndarray, shape (A, D)
        Scaled descriptors in single precision, mapped from a file.
    frame : ndarray, shape (A,)
        Index of the frame of each.
    """

    values: NDArray[np.float32]
    frame: Integers

    def chunks(self) -> Iterator[tuple[slice, Array]]:
        """Yield parts of the descriptors in double precision, with their places."""
        for start in range(0, len(self.frame), CHUNK):
            part = slice(start, start + CHUNK)
            yield part, np.asarray(self.values[part], dtype=float)


class Store:
    """Environments by element, filled from an iterator and removed at the end of the ``with`` block.

    Parameters
    ----------
    items : iterable of (types, descriptors)
        One item a frame, as `nepkit.sampling.descriptors.environments` yields them.
    source : str
        What messages call the set.

    Attributes
    ----------
    elements : dict of int to Environments
        By index of the element in the model.
    frames : int
        Number of frames.
    """

    def __init__(self, items: Iterable[tuple[Integers, Array]], source: str = "frames") -> None:
        self._items = items
        self._source = source
        self.frames = 0
        self.elements: dict[int, Environments] = {}

    def __enter__(self) -> Store:
        """Go through the items once."""
        self._stack = ExitStack()
        try:
            self._fill()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Remove the files."""
        self.elements = {}
        self._stack.close()

    def _fill(self) -> None:
        files: dict[int, IO[bytes]] = {}
        owners: dict[int, list[Integers]] = {}
        width = 0
        for index, (types, values) in enumerate(self._items):
            if not np.isfinite(values).all():
                raise InputError(
                    f"{self._source}, frame {index + 1}: descriptors are not finite; look at the distances between "
                    "atoms: nepkit data min-dist"
                )
            self.frames, width = index + 1, values.shape[1]
            for kind in np.unique(types).tolist():
                rows = types == kind
                if kind not in files:
                    files[kind] = self._stack.enter_context(TemporaryFile())  # noqa: SIM115
                files[kind].write(values[rows].astype(np.float32).tobytes())
                owners.setdefault(kind, []).append(np.full(int(rows.sum()), index))
        if not self.frames:
            raise InputError(f"{self._source}: no frames")
        for kind, file in sorted(files.items()):
            file.flush()
            frame = np.concatenate(owners[kind])
            shape: Any = (len(frame), width)
            self.elements[kind] = Environments(np.memmap(file, dtype=np.float32, mode="r", shape=shape), frame)
