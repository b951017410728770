"""From files of any format that is read to one of any format that is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from nepkit.core.atomic import refuse_existing
from nepkit.core.errors import InputError, NepkitError, OutputError
from nepkit.core.parallel import mapped
from nepkit.core.progress import task
from nepkit.formats.catalogue import by_file_name, by_name, detect, formats
from nepkit.formats.files import read_frames
from nepkit.formats.format import Dropped, Format, Reading
from nepkit.formats.writing import write
from nepkit.frames import labels

_LARGE = 100_000_000  # bytes of an input whose frames are not sent between processes


@dataclass
class Source:
    """One input and what came of it.

    Parameters
    ----------
    path : Path
        File or folder.
    format : str
        Its format; "ase" where ASE reads it.
    frames : int
        How many were taken.
    dropped : list of Dropped
        Steps that are no frames.
    error : str or None
        Why reading ended early.
    """

    path: Path
    format: str
    frames: int = 0
    dropped: list[Dropped] = field(default_factory=list)
    error: str | None = None


@dataclass
class Report:
    """What a conversion did.

    Parameters
    ----------
    sources : list of Source
        In the order of reading.
    frames : int
        How many were written.
    files : list of Path
        What was written.
    elements : Counter
        Atoms of every element.
    counts : Counter
        Frames with a label.
    lost : tuple of str
        Labels that frames had and the format of the result does not hold.
    ranges : dict of str to tuple of float
        Smallest and largest value of every label that has been seen, by name and unit.
    """

    sources: list[Source]
    frames: int = 0
    files: list[Path] = field(default_factory=list)
    elements: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    lost: tuple[str, ...] = ()
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, atoms: Atoms, where: str) -> None:
        """Take a frame into elements, counts and ranges."""
        known = labels(atoms, where)
        self.elements.update(atoms.get_chemical_symbols())
        self.counts.update(name for name, value in vars(known).items() if value is not None)
        if known.energy is not None:
            self._widen("energy (eV/atom)", known.energy / len(atoms))
        if known.forces is not None:
            self._widen("force (eV/A)", np.linalg.norm(known.forces, axis=1))
        if known.virial is not None:
            self._widen("virial (eV/atom)", known.virial / len(atoms))
        if known.bec is not None:
            self._widen("bec (e)", known.bec)
        if known.charges is not None:
            self._widen("charges (e)", known.charges)

    def _widen(self, name: str, values: ArrayLike) -> None:
        low, high = float(np.min(values)), float(np.max(values))
        known = self.ranges.get(name, (low, high))
        self.ranges[name] = (min(low, known[0]), max(high, known[1]))

    @property
    def failed(self) -> list[Source]:
        """Sources that could not be read to the end."""
        return [source for source in self.sources if source.error is not None]


def find_sources(inputs: Sequence[Path], source_format: str | None = None, output: Path | None = None) -> list[Source]:
    """Return the files to read: those given, and what calculations left in the folders given.

    Of OUTCAR and vasprun.xml in one folder the latter is taken, which has more digits.

    Raises
    ------
    InputError
        Where a folder holds nothing to read.
    """
    wanted = None if source_format is None else by_name(source_format)
    found: dict[Path, Source] = {}
    for path in inputs:
        made = wanted or detect(path)
        if not path.is_dir() or (made is not None and made.folder and wanted is None):
            found[path] = Source(path, made.name if made else "ase")
            continue
        inside = list(_search(path, wanted))
        if not inside:
            kinds = wanted.name if wanted else ", ".join(item.name for item in formats().values() if item.searched)
            raise InputError(f"{path}: nothing to read in this folder ({kinds}); name the files, or give --from")
        found |= {source.path: source for source in inside}
    given = set(inputs)
    return [
        source
        for source in found.values()
        if (source.path in given or not _same_run(source.path, found))
        and (output is None or source.path.absolute() != output.absolute())
    ]


def _same_run(path: Path, found: Mapping[Path, Source]) -> bool:
    """Return whether it is an OUTCAR beside the vasprun.xml of its run."""
    if path.name not in ("OUTCAR", "OUTCAR.gz"):
        return False
    return any(path.with_name(name) in found for name in ("vasprun.xml", "vasprun.xml.gz"))


def _search(folder: Path, wanted: Format | None) -> Iterator[Source]:
    for path in sorted(folder.rglob("*"), key=_natural):
        try:
            made = detect(path)
        except OSError:
            continue  # a socket, or a file that may not be read
        if made is not None and (made is wanted if wanted else made.searched):
            yield Source(path, made.name)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Return a key by which 10 comes after 2."""
    words = re.split(r"(\d+)", str(path))
    return [(1, int(word), "") if word.isdigit() else (0, 0, word) for word in words]


def convert(
    inputs: Sequence[Path],
    output: Path,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    types: Sequence[str] = (),
    overwrite: bool = False,
    jobs: int = 1,
) -> Report:
    """Read every input and write one data set.

    Parameters
    ----------
    inputs : sequence of Path
        Files, and folders that are searched.
    output : Path
        The result. Where the format holds one frame and there are several, ``{}`` in the name is their number.
    source_format, target_format : str, optional
        Names of formats where they are not to be found out.
    types : sequence of str
        Elements of numbered types.
    overwrite : bool
        Whether files may be replaced.
    jobs : int
        Processes that read inputs at the same time; the result is the same. Inputs of more than 100 MB are read one
        after the other, frame by frame, so that memory stays small.

    Raises
    ------
    InputError
        Where no input could be read at all; one that fails among others is told in the report.
    OutputError
        Where the output exists, its format cannot be told, or there is nothing to write.
    """
    target = by_name(target_format) if target_format else by_file_name(output)
    if target is None or target.write is None:
        known = ", ".join(name for name, made in formats().items() if made.write)
        raise OutputError(f"{output}: its name tells no format that is written; give --to: {known}")
    # With a number in its name it is the folder alone that can be looked at before.
    refuse_existing(output, "{}" in output.name or (overwrite and not target.folder))
    report = Report(find_sources(inputs, source_format, output))
    try:
        written = write(target, output, _frames(report, tuple(types), source_format, jobs), overwrite=overwrite)
    except OutputError:
        if any(source.frames for source in report.sources):
            raise
        if report.failed:
            raise InputError(report.failed[0].error or "") from None
        reasons = Counter(item.reason for source in report.sources for item in source.dropped)
        told = "".join(f"; {count} steps left out: {reason}" for reason, count in reasons.items())
        raise OutputError(f"no frame in {len(report.sources)} inputs, so nothing is written{told}") from None
    report.frames, report.files = written.frames, list(written.files)
    report.lost = tuple(name for name in report.counts if name not in target.holds)
    return report


Settings = tuple[tuple[str, ...], str | None]
"""Elements of numbered types, and the format of the inputs where it is given."""


def _frames(report: Report, types: tuple[str, ...], source_format: str | None, jobs: int) -> Iterator[Atoms]:
    settings = (types, source_format)
    whole = mapped(_read_whole, settings, report.sources, jobs if len(report.sources) > 1 else 1)
    with task("Converting", len(report.sources)) as step:
        for index, (read, frames) in enumerate(whole):
            report.sources[index] = read  # of another process, perhaps
            for count, atoms in enumerate(_stream(settings, read) if frames is None else frames, 1):
                report.add(atoms, str(read.path))
                yield atoms
                if count % 100 == 0:
                    step.advance(0, note=f"{count} frames of {read.path.name}")
            step.advance(1, note=read.path.name)


def _read_whole(settings: Settings, source: Source) -> tuple[Source, list[Atoms] | None]:
    """Return the source and its frames; None for them in the first process, and where they may be too many to send."""
    if parent_process() is None or (source.path.is_file() and source.path.stat().st_size > _LARGE):
        return source, None
    return source, list(_stream(settings, source))


def _stream(settings: Settings, source: Source) -> Iterator[Atoms]:
    types, source_format = settings
    chosen = None if source.format == "ase" else source.format
    try:
        for atoms in read_frames(source.path, source_format or chosen, Reading(types, source.dropped)):
            source.frames += 1
            yield atoms
    except NepkitError as error:
        if source.frames or not source.dropped:
            source.error = str(error)
