"""Training frames from a folder or from extended xyz files, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms
from ase.data import atomic_numbers

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.training.engine import TrainingData


def load_data(source: Path, test: Path | None = None, elements: Sequence[str] | None = None) -> TrainingData:
    """Read training and test frames.

    Parameters
    ----------
    source : Path
        A folder with ``train.xyz`` and perhaps ``test.xyz``, or an extended xyz file.
    test : Path, optional
        Test frames; instead of the folder's ``test.xyz``.
    elements : sequence of str, optional
        Types of the model and their order; those of the frames by atomic number when left out.

    Raises
    ------
    InputError
        A file is missing or empty, a frame has no energy, no forces, no cell, or an element beyond ``elements``.

    Examples
    --------
    >>> load_data(Path("train.xyz"), Path("test.xyz")).elements  # doctest: +SKIP
    ('Li', 'Cl', 'Y')
    """
    path = source
    if source.is_dir():
        path = source / "train.xyz"
        if not path.exists():
            raise InputError(f"{source}: no train.xyz in this folder; give the file itself, or rename it")
        if test is None and (source / "test.xyz").exists():
            test = source / "test.xyz"
    train_frames = _frames(path)
    test_frames = [] if test is None else _frames(test)
    found = sorted({symbol for atoms in train_frames for symbol in atoms.symbols}, key=atomic_numbers.__getitem__)
    names = tuple(elements or found)
    for file, frames in ((path, train_frames), (test, test_frames)):
        for number, atoms in enumerate(frames, 1):
            unknown = sorted(set(atoms.symbols) - set(names))
            if unknown:
                raise InputError(f"{file}, frame {number}: {unknown[0]} is not among the elements {' '.join(names)}")
    return TrainingData(train=train_frames, test=test_frames, elements=names, source=str(source))


def _frames(path: Path) -> list[Atoms]:
    frames = list(read_frames(path))
    for number, atoms in enumerate(frames, 1):
        where = f"{path}, frame {number}"
        if atoms.cell.rank != 3 or not atoms.pbc.all():
            raise InputError(f'{where}: a NEP is trained on periodic cells; give Lattice and pbc="T T T"')
        found = labels(atoms, where)
        for name in ("energy", "forces"):
            if getattr(found, name) is None:
                raise InputError(f"{where}: no {name}; training needs energy and forces in every frame")
    return frames
