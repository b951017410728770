"""Frames written as they are computed; those before a frame that cannot be computed are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.files import write_frames


def write_kept(path: str | Path, frames: Iterable[Atoms], *, overwrite: bool = False) -> int:
    """Write frames and return their number; after an `InputError` those before it are written all the same.

    Raises
    ------
    InputError
        As the frames raised it, with where those before it are; nothing is written where it is the first.

    Examples
    --------
    >>> write_kept("out.xyz", (compute(atoms) for atoms in frames))  # doctest: +SKIP
    25
    """
    failures: list[InputError] = []
    count = 0

    def until_error() -> Iterator[Atoms]:
        nonlocal count
        try:
            for atoms in frames:
                yield atoms
                count += 1
        except InputError as error:
            if not count:
                raise
            failures.append(error)

    write_frames(path, until_error(), overwrite=overwrite)
    if failures:
        before = "the frame before it is" if count == 1 else f"the {count} frames before it are"
        raise InputError(f"{failures[0]}; {before} in {path}")
    return count
