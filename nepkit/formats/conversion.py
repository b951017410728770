"""From files of any format that is read to one of any format that is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ase import Atoms

from nepkit.atomic import atomic_folder, atomic_path, refuse_existing
from nepkit.errors import InputError, NepkitError, OutputError
from nepkit.formats.catalogue import by_file_name, by_name, detect, formats
from nepkit.formats.format import Dropped, Format, Reading
from nepkit.frames import labels, read_frames
from nepkit.progress import track


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
    energy : tuple of float or None
        Smallest and largest energy, eV/atom.
    """

    sources: list[Source]
    frames: int = 0
    files: list[Path] = field(default_factory=list)
    elements: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    energy: tuple[float, float] | None = None

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
    if "{}" not in output.name:
        refuse_existing(output, overwrite and not target.folder)
    report = Report(find_sources(inputs, source_format, output))
    try:
        _write(target, output, _frames(report, tuple(types), source_format), report, overwrite)
    except OutputError:
        if not report.frames and report.failed:
            raise InputError(report.failed[0].error or "") from None
        raise
    return report


def save_frames(target: Format, output: Path, frames: Iterable[Atoms], *, overwrite: bool = False) -> Report:
    """Write frames in a format, all or nothing; the report tells the files and how many frames they have.

    Raises
    ------
    OutputError
        Where the format is not written, the output exists, or there is nothing to write.
    """
    if target.write is None:
        raise OutputError(f"{output}: {target.name} is read, but not written; choose another name")
    report = Report([])
    _write(target, output, iter(frames), report, overwrite)
    return report


def _write(target: Format, output: Path, frames: Iterator[Atoms], report: Report, overwrite: bool) -> None:
    assert target.write is not None  # checked by both callers
    if target.folder:
        _write_folder(target, output, frames, report)
    elif target.single:
        _write_single(target, output, list(frames), report, overwrite)
    else:
        with atomic_path(output, overwrite=overwrite) as temporary:
            report.frames = target.write(temporary, frames)
            _refuse_nothing(report)
        report.files = [output]


def _frames(report: Report, types: tuple[str, ...], source_format: str | None) -> Iterator[Atoms]:
    for source in track(report.sources, "Converting"):
        reading = Reading(types, source.dropped)
        try:
            chosen = None if source.format == "ase" else source.format
            for atoms in read_frames(source.path, source_format or chosen, reading):
                known = labels(atoms, str(source.path))
                source.frames += 1
                report.elements.update(atoms.get_chemical_symbols())
                report.counts.update(name for name, value in vars(known).items() if value is not None)
                if known.energy is not None:
                    value = known.energy / len(atoms)
                    low, high = report.energy or (value, value)
                    report.energy = min(low, value), max(high, value)
                yield atoms
        except NepkitError as error:
            if source.frames or not source.dropped:
                source.error = str(error)


def _refuse_nothing(report: Report) -> None:
    if report.frames:
        return
    reasons = Counter(item.reason for source in report.sources for item in source.dropped)
    told = "".join(f"; {count} steps left out: {reason}" for reason, count in reasons.items())
    where = f" in {len(report.sources)} inputs" if report.sources else " is left"
    raise OutputError(f"no frame{where}, so nothing is written{told}")


def _write_single(target: Format, output: Path, frames: list[Atoms], report: Report, overwrite: bool) -> None:
    report.frames = len(frames)
    _refuse_nothing(report)
    if "{}" not in output.name:
        if len(frames) > 1:
            name = f"{output.stem}_{{}}{output.suffix}"
            raise OutputError(
                f"{output}: {target.name} holds one frame, but there are {len(frames)}; number them: {name}"
            )
        report.files = [output]
    else:
        digits = len(str(len(frames)))
        report.files = [
            output.with_name(output.name.replace("{}", f"{number:0{digits}d}")) for number in range(1, len(frames) + 1)
        ]
    for path in report.files:
        refuse_existing(path, overwrite)
    for path, atoms in zip(report.files, frames, strict=True):
        with atomic_path(path, overwrite=overwrite) as temporary:
            assert target.write is not None  # checked above
            target.write(temporary, [atoms])


def _write_folder(target: Format, output: Path, frames: Iterator[Atoms], report: Report) -> None:
    with atomic_folder(output) as temporary:
        assert target.write is not None  # checked above
        report.frames = target.write(temporary, frames)
        _refuse_nothing(report)
    report.files = [output]
