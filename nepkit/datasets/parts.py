"""Writing the parts of a set, such as kept and dropped frames, in one pass and all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from ase import Atoms

from nepkit.core.atomic import atomic_path, refuse_existing
from nepkit.core.errors import OutputError
from nepkit.formats import extxyz
from nepkit.formats.catalogue import for_writing
from nepkit.formats.files import format_frame, read_frames, write_frames


def write_parts(
    frames: Iterable[tuple[str, Atoms]],
    paths: Mapping[str, Path],
    *,
    needed: Collection[str] = (),
    overwrite: bool = False,
) -> Counter[str]:
    """Write every frame to the file of its part and return the number of frames of every part.

    Parameters
    ----------
    frames : iterable of (str, ase.Atoms)
        Part and frame; a part without a path is counted alone.
    paths : mapping of str to Path
        File of a part, in the format that its name tells; no file is made for a part without frames.
    needed : collection of str
        Parts that must not be empty.
    overwrite : bool
        Whether files may be replaced.

    Raises
    ------
    OutputError
        Where a file exists, two parts have one file, or a needed part is empty; then nothing is written.

    Examples
    --------
    >>> write_parts([("kept", Atoms("H"))], {})
    Counter({'kept': 1})
    """
    if len({path.absolute() for path in paths.values()}) < len(paths):
        raise OutputError(f"{next(iter(paths.values()))} is named for two results; give each its own file")
    for path in paths.values():
        refuse_existing(path, overwrite)
    counts: Counter[str] = Counter()
    files: dict[str, TextIO] = {}
    others = {part: path for part, path in paths.items() if for_writing(path) is not extxyz.FORMAT}
    with ExitStack() as stack:
        # Frames of several parts come mixed, but most formats are written one file at a time: those wait here.
        waiting = Path(stack.enter_context(TemporaryDirectory())) if others else Path()
        for part, atoms in frames:
            counts[part] += 1
            if part not in paths:
                continue
            if part not in files and part in others:
                files[part] = stack.enter_context((waiting / f"{part}.xyz").open("w", encoding="utf-8"))
            elif part not in files:
                temporary = stack.enter_context(atomic_path(paths[part], overwrite=overwrite))
                files[part] = stack.enter_context(temporary.open("w", encoding="utf-8"))
            files[part].write(format_frame(atoms))
        for part in needed:
            if not counts[part]:
                name = paths.get(part, part)
                raise OutputError(
                    f"{name}: no frame is left, so nothing is written; look at the ranges: nepkit data info"
                )
        for part in others.keys() & files.keys():
            files[part].close()
            write_frames(paths[part], read_frames(waiting / f"{part}.xyz"), overwrite=overwrite)
    return counts
