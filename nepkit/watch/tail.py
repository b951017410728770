"""Reading a file that grows."""

from __future__ import annotations

import os
from pathlib import Path


class Tail:
    r"""Gives the lines of a file as they are completed; the file may appear later, or be replaced by a new one.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.

    Examples
    --------
    >>> path = Path("/tmp/nepkit-tail.out")
    >>> _ = path.write_text("1 2\n3")
    >>> tail = Tail(path)
    >>> tail.poll(), tail.poll()
    (['1 2'], [])
    >>> _ = path.write_text("1 2\n3 4\n")
    >>> tail.poll()
    ['3 4']
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.replaced = False
        self._offset = 0
        self._file: int | None = None

    def poll(self) -> list[str]:
        """Return the lines that were completed since the last call.

        ``replaced`` then says whether the file is another one, or shorter, than it was: what was read is void.
        """
        self.replaced = False
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_size < self._offset or self._file not in (None, state.st_ino):
                    self.replaced, self._offset = True, 0
                self._file = state.st_ino
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            self.replaced, self._offset, self._file = self._offset > 0, 0, None
            return []
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        return complete.decode(errors="replace").splitlines()


def age(path: Path, now: float) -> float | None:
    """Return how long ago a file was changed, s; None where it is not there."""
    try:
        return max(0.0, now - path.stat().st_mtime)
    except FileNotFoundError:
        return None
