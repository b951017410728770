"""Results of prepared folders, brought back by their manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError, NepkitError
from nepkit.core.progress import track
from nepkit.formats.catalogue import detect
from nepkit.formats.conversion import find_sources
from nepkit.formats.files import read_frames, write_frames
from nepkit.formats.format import Reading
from nepkit.formats.ionic_step import UNCONVERGED
from nepkit.frames import Labels, labels, set_labels
from nepkit.prepare.manifest import STRUCTURES, Entry, Manifest, read_manifest
from nepkit.prepare.template import sha256

TOLERANCE = 2e-3
"""A; programs print positions and cells with few digits."""

START = 1.0
"""A; a trajectory that begins with step 0 begins with the atoms this near to where they were put: a relaxation before
the run moves them, but not further."""

GPUMD_TRAJECTORIES = ("dump*.xyz", "movie*.xyz")
"""What GPUMD calls trajectories: src/measure/dump_xyz.cu, dump_exyz.cu."""


@dataclass(frozen=True)
class Outcome:
    """What came of one folder.

    Parameters
    ----------
    folder : str
        Relative to that of the manifest.
    status : str
        ``complete``, ``missing`` (no output), ``unconverged``, ``failed`` (the output cannot be read to its end) or
        ``different`` (it is of another structure).
    frames : int
        How many were taken.
    detail : str
        The file, or what is wrong.
    """

    folder: str
    status: str
    frames: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Collection:
    """What came of all folders.

    Parameters
    ----------
    outcomes : tuple of Outcome
        In the order of the manifest.
    frames : int
        How many were written.
    output : Path or None
        None where nothing was written.
    """

    outcomes: tuple[Outcome, ...]
    frames: int
    output: Path | None

    @property
    def counts(self) -> Counter[str]:
        """Folders by their status."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def complete(self) -> bool:
        """Whether every folder has its result."""
        return set(self.counts) == {"complete"}


class _IncompleteError(Exception):
    """Something is missing, so what was read is not to be written."""


def collect(
    path: Path,
    output: Path,
    *,
    partial: bool = False,
    stride: int = 1,
    pattern: str | None = None,
    overwrite: bool = False,
) -> Collection:
    """Write the results of all folders of a manifest to one file, in the order of the structures.

    Atoms come in the order of the structure, whatever the order of the calculation, with its columns and keys; the
    labels are those of the calculation, ``source`` tells its output and ``structure`` the file and frame prepared.

    Parameters
    ----------
    path : Path
        The manifest, or its folder.
    output : Path
        The data set.
    partial : bool
        Whether to write what there is; otherwise nothing is written unless every folder is complete.
    stride : int
        Every how many frames of a trajectory are taken.
    pattern : str, optional
        Name of the output in the folders, ``*`` and ``?`` allowed; found by content when left out.
    overwrite : bool
        Whether the output may be replaced.

    Raises
    ------
    InputError
        Where the manifest or the structures beside it are not what they were.
    """
    path = path / "manifest.json" if path.is_dir() else path
    manifest = read_manifest(path)
    structures = _structures(path.parent, manifest)
    outcomes: list[Outcome] = []

    def frames() -> Iterator[Atoms]:
        for entry in track(manifest.entries, "Collecting"):
            prepared = structures[entry.row - 1]
            if manifest.kind == "scf":
                outcome, found = _calculation(path.parent, entry, prepared, pattern)
                outcomes.append(outcome)
                yield from found
            else:
                yield from _trajectory(path.parent, entry, prepared, manifest.program, pattern, stride, outcomes)
        done = sum(outcome.frames for outcome in outcomes)
        if not done or not (partial or all(outcome.status == "complete" for outcome in outcomes)):
            raise _IncompleteError

    try:
        count = write_frames(output, frames(), overwrite=overwrite)
    except _IncompleteError:
        return Collection(tuple(outcomes), 0, None)
    return Collection(tuple(outcomes), count, output)


def _structures(folder: Path, manifest: Manifest) -> list[Atoms]:
    path = folder / STRUCTURES
    if not path.is_file() or sha256(path) != manifest.structures:
        state = "missing" if not path.is_file() else "not what it was"
        raise InputError(f"{path}: {state}; it has to stay beside the manifest as it was prepared")
    return list(read_frames(path))


def _calculation(base: Path, entry: Entry, prepared: Atoms, pattern: str | None) -> tuple[Outcome, list[Atoms]]:
    folder = base / entry.folder
    files = _outputs(folder, pattern)
    if len(files) != 1:
        names = ", ".join(str(file.relative_to(folder)) for file in files)
        status, detail = ("failed", f"several outputs: {names}; name one: --result") if files else ("missing", "")
        return Outcome(entry.folder, status, detail=detail), []
    reading = Reading()
    try:
        found = list(read_frames(files[0], None, reading))
    except NepkitError as error:
        found = []
        if not reading.dropped:
            return Outcome(entry.folder, "failed", detail=str(error)), []
    order = list(entry.order or range(len(prepared)))
    reasons = [difference(prepared[order], atoms) for atoms in found]
    if None in reasons:
        result = _labelled(prepared, found[reasons.index(None)], order, entry)
        return Outcome(entry.folder, "complete", 1, files[0].name), [result]
    if reading.dropped:
        reason = reading.dropped[0].reason
        return Outcome(entry.folder, "unconverged" if reason == UNCONVERGED else "failed", detail=reason), []
    return Outcome(entry.folder, "different", detail=str(reasons[0])), []


def _outputs(folder: Path, pattern: str | None) -> list[Path]:
    if not folder.is_dir():
        return []
    if pattern is not None:
        return sorted(folder.glob(pattern))
    try:
        return [source.path for source in find_sources([folder])]
    except InputError:  # nothing to read in it
        return []


def difference(prepared: Atoms, found: Atoms) -> str | None:
    """Return how a structure differs from the one prepared; None where it does not, within `TOLERANCE`.

    Examples
    --------
    >>> from ase.build import bulk
    >>> salt = bulk("NaCl", "rocksalt", 5.6)
    >>> difference(salt, salt[[1, 0]])
    'atom 1 is Cl, not Na'
    """
    from ase.geometry import find_mic

    if len(found) != len(prepared):
        return f"{len(found)} atoms, not {len(prepared)}"
    if (found.numbers != prepared.numbers).any():
        place = int(np.flatnonzero(found.numbers != prepared.numbers)[0])
        return f"atom {place + 1} is {found.symbols[place]}, not {prepared.symbols[place]}"
    apart = float(np.abs(found.cell.array - prepared.cell.array).max())
    if apart > TOLERANCE:
        return f"the cell differs by {apart:.3g} A"
    distance = find_mic(found.positions - prepared.positions, prepared.cell, pbc=True)[1]
    if distance.max() > TOLERANCE:
        place = int(distance.argmax())
        return f"atom {place + 1} is {distance[place]:.3g} A from where it was put"
    return None


def _labelled(prepared: Atoms, found: Atoms, order: Sequence[int], entry: Entry) -> Atoms:
    """Return the prepared structure with the labels of the calculation, its atoms in their own order."""
    known = labels(found)
    back = np.argsort(order)
    result = prepared.copy()
    charge = labels(prepared).charge
    set_labels(
        result,
        Labels(
            energy=known.energy,
            forces=None if known.forces is None else known.forces[back],
            virial=known.virial,
            bec=None if known.bec is None else known.bec[back],
            charges=None if known.charges is None else known.charges[back],
            dipole=known.dipole,
            charge=known.charge if charge is None else charge,
        ),
    )
    _note(result, found, entry)
    return result


def _note(atoms: Atoms, found: Atoms, entry: Entry) -> None:
    """Note where a frame comes from."""
    atoms.info["source"] = f"{entry.folder}/{found.info.get('source', '')}".rstrip("/")
    atoms.info["structure"] = f"{entry.source}:{entry.frame}"
    for name, value in entry.values.items():
        atoms.info[name] = float(value) if name == "temperature" else value


def _trajectory(
    base: Path,
    entry: Entry,
    prepared: Atoms,
    program: str,
    pattern: str | None,
    stride: int,
    outcomes: list[Outcome],
) -> Iterator[Atoms]:
    """Yield frames of the trajectories of a folder and append its outcome."""
    folder = base / entry.folder
    files = _trajectories(folder, program, pattern)
    if not files:
        outcomes.append(Outcome(entry.folder, "missing"))
        return
    taken = 0
    types = tuple(sorted(set(prepared.get_chemical_symbols())))
    start = prepared[list(entry.order or range(len(prepared)))]
    try:
        for file in files:
            for number, atoms in enumerate(read_frames(file, None, Reading(types))):
                reason = _other_composition(prepared, atoms) or _other_start(start, atoms, program)
                if reason is not None:
                    outcomes.append(Outcome(entry.folder, "different", taken, f"{file.name}: {reason}"))
                    return
                if number % stride == 0:
                    atoms.info["source"] = f"{file.name}:{number + 1}"
                    _note(atoms, atoms, entry)
                    taken += 1
                    yield atoms
    except NepkitError as error:
        outcomes.append(Outcome(entry.folder, "failed", taken, str(error)))
        return
    outcomes.append(Outcome(entry.folder, "complete", taken, " ".join(file.name for file in files)))


def _trajectories(folder: Path, program: str, pattern: str | None) -> list[Path]:
    if pattern is not None:
        return sorted(folder.glob(pattern))
    if program == "gpumd":
        return sorted({file for name in GPUMD_TRAJECTORIES for file in folder.glob(name)})
    files = [file for file in sorted(folder.glob("*")) if file.is_file()]
    return [file for file in files if (made := detect(file)) is not None and made.name == "lammps-dump"]


def _other_composition(prepared: Atoms, found: Atoms) -> str | None:
    """Return how a composition is no multiple of the one prepared, as a simulation may repeat its cell."""
    one, many = Counter(prepared.get_chemical_symbols()), Counter(found.get_chemical_symbols())
    copies = len(found) // len(prepared)
    if many == Counter({name: count * copies for name, count in one.items()}):
        return None
    return f"{found.get_chemical_formula()}, not {prepared.get_chemical_formula()} or a multiple of it"


def _other_start(prepared: Atoms, found: Atoms, program: str) -> str | None:
    """Return how the atoms are not those prepared: other elements in a row, or at step 0 other places."""
    from ase.calculators.lammps import Prism
    from ase.geometry import find_mic

    if len(found) != len(prepared):  # the simulation repeats its cell
        return None
    if (found.numbers != prepared.numbers).any():
        place = int(np.flatnonzero(found.numbers != prepared.numbers)[0])
        return f"atom {place + 1} is {found.symbols[place]}, not {prepared.symbols[place]}"
    if found.info.get("timestep", found.info.get("Time")) != 0:
        return None
    rotated = program == "lammps"  # its cells have the first vector along x
    places = Prism(prepared.cell.array).vector_to_lammps(prepared.positions) if rotated else prepared.positions
    distance = find_mic(found.positions - places, found.cell, pbc=True)[1]
    if distance.max() > START:
        place = int(distance.argmax())
        return f"at step 0 atom {place + 1} is {distance[place]:.3g} A from where it was put"
    return None
