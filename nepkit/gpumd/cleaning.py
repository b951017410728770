"""What GPUMD and nep wrote into a folder, moved to a trash folder and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from nepkit.core.errors import InputError, NepkitError, OutputError
from nepkit.gpumd.outputs import READERS
from nepkit.inputs.runfile import read_run_file

TRASH = ".nepkit-trash"
"""Folder, in the one that was cleaned, that keeps what was moved."""

KEPT = (
    *("run.in", "nep.in", "gnep.in", "model.xyz", "train.xyz", "test.xyz", "nep.txt", "nep.restart", "gnep.restart"),
    *("restart.xyz", "kpoints.in", "eigenvector.in", "ediff.in", "zbl.in", "basis.in"),
)
"""Inputs and results that are never moved, whatever run.in calls its outputs."""

PARTS = ("train", "test")
OF_TRAINING = (
    "loss.out",
    *(f"{quantity}_{part}.out" for quantity in ("energy", "force", "virial", "stress") for part in PARTS),
    *(f"{quantity}_{part}.out" for quantity in ("charge", "bec", "dipole", "polarizability") for part in PARTS),
    *("descriptor.out", "nep_y*_m*_d*_h*_m*_s*_generation*.txt", "nep_y*_m*_d*_h*_m*_s*_generation*.restart"),
)
"""Outputs of nep and gnep (GPUMD: src/main_nep/fitness.cu); nep.txt and nep.restart are kept."""

OF_SIMULATION = (
    *("dump.xyz", "movie.xyz", "beads_dump_[0-9]*.xyz", "observer.xyz", "observer[0-9]*.xyz", "active.xyz"),
    *("extrapolation_dump.xyz", "deposited_[0-9]*.xyz", "spring_force_[0-9]*.out", "msd.out", "msd_step[0-9]*.out"),
    *("observer.out", "observer[0-9]*.out", "lsqt_dos.out", "lsqt_velocity.out", "lsqt_sigma.out"),
    *(f"{name}.{kind}" for name in ("ti", "ti_spring", "ti_liquid", "ti_as", "ti_rs") for kind in ("csv", "yaml")),
    *(f"{name}_hist.txt" for name in ("temperature", "pxx", "pyy", "pzz", "density", "vp")),
)
"""Outputs of gpumd whose names are not fixed, or that are no tables; those with fixed names are in `READERS`."""


@dataclass(frozen=True)
class Produced:
    """A file that a program wrote.

    Parameters
    ----------
    path : Path
        The file.
    size : int
        Bytes.
    why : str
        What it is known by: a pattern of names, or run.in.
    """

    path: Path
    size: int
    why: str


def produced_files(folder: str | Path) -> list[Produced]:
    """Return the outputs of GPUMD and nep in a folder, by name; not in folders below it.

    Only files with the names of outputs, and those that run.in calls its outputs, are taken: never inputs, potentials,
    links, or anything that is not known.

    Parameters
    ----------
    folder : str or Path
        A folder of a run or a training.
    """
    folder = Path(folder)
    kept, named = _named_in_run_file(folder)
    # A loose pattern of a reader, such as ti*.csv, would take titration.csv of a user.
    patterns = (*(name for name in READERS if "*" not in name), *OF_TRAINING, *OF_SIMULATION)
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or path.name in (*KEPT, *kept):
            continue
        pattern = next((item for item in patterns if fnmatch(path.name, item)), None)
        if pattern is None and path.name in named:
            pattern = "run.in"
        if pattern is not None:
            found.append(Produced(path, path.stat().st_size, pattern))
    return found


def _named_in_run_file(folder: Path) -> tuple[set[str], set[str]]:
    """Return the names that run.in reads and those that it writes, in this folder."""
    if not (folder / "run.in").exists():
        return set(), set()
    try:
        file = read_run_file(folder / "run.in").file
    except NepkitError:
        return set(), set()
    reads: set[str] = set()
    writes: set[str] = set()
    for line in file.commands():
        if line.words[0] in ("dump_xyz", "dump_netcdf") and len(line.words) > 2:
            writes.add(line.words[2])
        else:
            reads.update(line.words[1:])
    return reads, writes - reads


def move_to_trash(folder: str | Path, files: Iterable[Produced], when: datetime) -> Path:
    """Move files into a new folder of the trash and return it.

    Parameters
    ----------
    folder : str or Path
        The folder that is cleaned.
    files : iterable of Produced
        From `produced_files`.
    when : datetime
        Names the folder in the trash.

    Raises
    ------
    OutputError
        Where the folder in the trash exists already.
    """
    place = Path(folder) / TRASH / when.strftime("%Y%m%d-%H%M%S")
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise OutputError(f"{place} exists already; try again in a second") from None
    for file in files:
        os.rename(file.path, place / file.path.name)
    return place


def restore(folder: str | Path, name: str) -> list[Path]:
    """Move the files of one cleaning back and return where they are; the emptied folder is removed.

    Parameters
    ----------
    folder : str or Path
        The folder that was cleaned.
    name : str
        Of the folder in the trash.

    Raises
    ------
    InputError
        Where there is no such folder.
    OutputError
        Where a file of the same name stands in the way; nothing is moved then.
    """
    folder = Path(folder)
    place = folder / TRASH / name
    if not place.is_dir() or Path(name).name != name:
        known = ", ".join(trashed(folder)) or "none"
        raise InputError(f"{folder / TRASH}: no {name} in it; there are: {known}")
    files = sorted(place.iterdir())
    taken = [file.name for file in files if (folder / file.name).exists()]
    if taken:
        raise OutputError(f"{folder / taken[0]} exists again; move it away first")
    for file in files:
        os.rename(file, folder / file.name)
    place.rmdir()
    if not any(place.parent.iterdir()):
        place.parent.rmdir()
    return [folder / file.name for file in files]


def trashed(folder: str | Path) -> Sequence[str]:
    """Return the names of the folders in the trash, oldest first."""
    place = Path(folder) / TRASH
    return sorted(item.name for item in place.iterdir() if item.is_dir()) if place.is_dir() else []
