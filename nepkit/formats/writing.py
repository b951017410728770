"""Writing frames in a format, all or nothing, one by one as they come."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nepkit.core.atomic import atomic_folder, atomic_path, refuse_existing
from nepkit.core.errors import OutputError
from nepkit.core.temporary import temporary_name
from nepkit.formats.format import Format, Writer


@dataclass(frozen=True)
class Written:
    """What was written.

    Parameters
    ----------
    frames : int
        How many.
    files : tuple of Path
        Files, or the one folder.
    """

    frames: int
    files: tuple[Path, ...]


def write(target: Format, output: Path, frames: Iterable[Atoms], *, overwrite: bool = False) -> Written:
    """Write frames in a format.

    Parameters
    ----------
    target : Format
        The format.
    output : Path
        File or folder. Where the format holds one frame, ``{}`` in the name is the number of each.
    frames : iterable of ase.Atoms
        Taken one by one.
    overwrite : bool
        Whether files may be replaced; folders never are.

    Raises
    ------
    OutputError
        Where the format is not written, the output exists, or there is nothing to write; then nothing is.
    """
    if target.write is None:
        raise OutputError(f"{output}: {target.name} is read, but not written; choose another name")
    if target.folder:
        return _write_folder(target.write, output, frames)
    if target.single and "{}" in output.name:
        return _write_numbered(target.write, output, frames, overwrite)
    with atomic_path(output, overwrite=overwrite) as temporary:
        count = target.write(temporary, _only_one(target, output, frames) if target.single else frames)
        _refuse_nothing(count, output)
    return Written(count, (output,))


def _refuse_nothing(count: int, output: Path) -> None:
    if not count:
        raise OutputError(f"{output}: nothing to write, no frame is left")


def _only_one(target: Format, output: Path, frames: Iterable[Atoms]) -> Iterable[Atoms]:
    found = list(zip(range(2), frames, strict=False))
    _refuse_nothing(len(found), output)
    if len(found) > 1:
        name = f"{output.stem}_{{}}{output.suffix}"
        raise OutputError(f"{output}: {target.name} holds one frame, but there are more; number them: {name}")
    return [found[0][1]]


def _write_numbered(write: Writer, output: Path, frames: Iterable[Atoms], overwrite: bool) -> Written:
    if not output.absolute().parent.is_dir():
        raise OutputError(f"{output}: the folder {output.parent} does not exist; make it first")
    made = output.absolute().parent / temporary_name(output.name)
    try:
        made.mkdir()
        count = sum(write(made / str(number), [atoms]) for number, atoms in enumerate(frames, 1))
        _refuse_nothing(count, output)
        names = [output.name.replace("{}", f"{number:0{len(str(count))}d}") for number in range(1, count + 1)]
        files = tuple(output.with_name(name) for name in names)
        for path in files:
            refuse_existing(path, overwrite)
        for number, path in enumerate(files, 1):
            (made / str(number)).replace(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Written(count, files)


def _write_folder(write: Writer, output: Path, frames: Iterable[Atoms]) -> Written:
    with atomic_folder(output) as temporary:
        count = write(temporary, frames)
        _refuse_nothing(count, output)
    return Written(count, (output,))


def counted(frames: Iterable[Atoms], each: Callable[[Atoms], None]) -> int:
    """Call a function for every frame and return their number; for writers.

    Examples
    --------
    >>> counted([Atoms("H"), Atoms("Li")], lambda atoms: print(atoms.symbols))
    H
    Li
    2
    """
    count = 0
    for atoms in frames:
        each(atoms)
        count += 1
    return count
