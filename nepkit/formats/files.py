"""Reading and writing frames in any format, found by content or name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats import ase_reading, catalogue, extxyz, writing
from nepkit.formats.format import Reading
from nepkit.frames import Snapshot


def read_frames(path: str | Path, format: str | None = None, reading: Reading | None = None) -> Iterator[Atoms]:
    """Yield the frames of a file one by one, with their labels in the layout described above.

    Parameters
    ----------
    path : str or Path
        Extended xyz by the suffix ``.xyz`` or ``.extxyz``, any format of `nepkit.formats.catalogue` by content or name,
        any other format that ASE reads.
    format : str, optional
        Name of the format where it is not to be found out.
    reading : nepkit.formats.format.Reading, optional
        Elements of numbered types, and what is told about steps that are no frames; without it steps that are left
        out, such as those that did not converge, are told by a warning.

    Raises
    ------
    InputError
        Where the file is empty, cut short, or not what its suffix says; names the frame and line.

    Examples
    --------
    >>> [len(atoms) for atoms in read_frames("OUTCAR")]  # doctest: +SKIP
    """
    path = Path(path)
    told = reading or Reading()
    made = catalogue.detect(path) if format is None else catalogue.by_name(format)
    read = ase_reading.read if made is None else made.read
    if read is None:
        raise InputError(f"{path}: {made.name if made else 'this format'} is written, but not read")
    count = 0
    for atoms in read(path, told):
        count += 1
        if not len(atoms):
            raise InputError(f"{path}, frame {count}: it has no atoms; is the file damaged?")
        yield atoms
    if reading is None and told.dropped:
        reasons = ", ".join(sorted({item.reason for item in told.dropped}))
        warnings.warn(f"{path}: {len(told.dropped)} steps left out: {reasons}", stacklevel=2)
    if not count:
        reasons = f": {told.dropped[0].reason}" if told.dropped else ""
        raise InputError(f"{path}: no frames in this file{reasons}")


def read_snapshots(path: str | Path, format: str | None = None, reading: Reading | None = None) -> Iterator[Snapshot]:
    """Yield where the atoms are, frame by frame: as `read_frames`, but several times as fast for extended xyz.

    Parameters
    ----------
    path, format, reading
        As of `read_frames`. Labels are not looked at.

    Raises
    ------
    InputError
        As from `read_frames`.
    """
    path = Path(path)
    made = catalogue.detect(path) if format is None else catalogue.by_name(format)
    if made is None or made.name != "extxyz":
        yield from map(Snapshot.of, read_frames(path, format, reading))
        return
    shot = None
    for shot in extxyz.read_snapshots(path):
        yield shot
    if shot is None:
        raise InputError(f"{path}: no frames in this file")


def format_frame(atoms: Atoms) -> str:
    """Return a frame as extended xyz that GPUMD, the NEP trainer and ASE read; numbers keep full precision."""
    return extxyz.format_frame(atoms)


def write_frames(
    path: str | Path, frames: Iterable[Atoms], *, format: str | None = None, overwrite: bool = False
) -> int:
    """Write frames, all or nothing, and return their number.

    Parameters
    ----------
    path : str or Path
        The file, or folder for DeePMD. A format that holds one frame takes ``{}`` in the name as the number of each.
    frames : iterable of ase.Atoms
        Taken one by one.
    format : str, optional
        Name of the format. The name of the file tells it where it is left out, as it does for reading; extended xyz
        where it tells none.
    overwrite : bool
        Whether files may be replaced.

    Raises
    ------
    OutputError
        Where the file exists and ``overwrite`` is false, or there is no frame to write.

    Examples
    --------
    >>> write_frames("train.xyz", read_frames("OUTCAR"))  # doctest: +SKIP
    12
    """
    path = Path(path)
    target = catalogue.for_writing(path) if format is None else catalogue.by_name(format)
    written = writing.write(target, path, frames, overwrite=overwrite)
    return written.frames
