"""Energies of single atoms in frames at rest: the density of atomistic states and where its atoms are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.files import format_frame, read_frames
from nepkit.models.potentials import Potential
from nepkit.models.potentials.potential import place
from nepkit.properties.landscape.minima import BATCH, Relaxation, relax_all
from nepkit.properties.landscape.minimum import Minimum
from nepkit.properties.site_energies import COLUMN


def site_energies(
    frames: Iterable[Atoms],
    potential: Potential,
    how: Relaxation | None,
    *,
    source: str = "frame",
    first: int = 1,
    jobs: int = 1,
    watch: Callable[[Minimum], None] | None = None,
) -> Iterator[Atoms]:
    """Yield frames at rest with the energy of every atom in the column ``site_energy``, eV.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Read as they are needed.
    potential : Potential
        One that divides its energy among atoms.
    how : Relaxation or None
        How frames are brought to rest; None takes them as they are.
    source, first : str, int
        What messages call the frames, and the number of the first.
    jobs : int
        Processes that relax.
    watch : callable, optional
        Called with every minimum.

    Raises
    ------
    InputError
        For a frame that cannot be computed, after those before it; names the frame.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> atoms = next(site_energies([bulk("Cu")], load_potential("emt"), Relaxation()))
    >>> round(float(atoms.arrays["site_energy"][0]), 4)
    -0.0057
    """
    if how is None:
        for number, atoms in enumerate(frames, first):
            potential.check(atoms, place(source, number))
            yield _with_sites(atoms.copy(), potential)
        return
    for minimum in relax_all(frames, potential, how, source=source, first=first, jobs=jobs):
        if watch is not None:
            watch(minimum)
        atoms = minimum.atoms
        atoms.info["converged"] = minimum.converged
        yield _with_sites(atoms, potential)


def _with_sites(atoms: Atoms, potential: Potential) -> Atoms:
    atoms.arrays[COLUMN] = np.array(potential.site_energies(atoms))
    return atoms


def completed(path: Path, frames: Iterable[Atoms]) -> int:
    """Return how many frames of an interrupted run can stay, and cut off what follows them.

    That is a multiple of the frames that are relaxed in a row, so that the others come out as in one run.

    Parameters
    ----------
    path : Path
        Written by `append`.
    frames : iterable of ase.Atoms
        What was to be computed, in order: elements must be the same.

    Raises
    ------
    InputError
        Where the file belongs to other frames.
    """
    done: list[Atoms] = []
    try:
        for atoms in read_frames(path):
            done.append(atoms)
    except InputError:  # the last frame was cut short when the run ended
        pass
    for number, (mine, given) in enumerate(zip(done, frames, strict=False), 1):
        if COLUMN not in mine.arrays or (len(mine) != len(given) or (mine.numbers != given.numbers).any()):
            raise InputError(f"{path}, frame {number}: not of these frames; give another -o or leave --resume out")
    done = done[: len(done) // BATCH * BATCH]
    text = "".join(format_frame(atoms) for atoms in done)
    path.write_text(text, encoding="utf-8")
    return len(done)


def append(path: Path, frames: Iterable[Atoms], *, fresh: bool) -> Iterator[Atoms]:
    """Yield the frames, each added to the file as soon as it is there: what is done survives the end of the process.

    ``fresh`` replaces the file, once there is a first frame.
    """
    file = None
    try:
        for atoms in frames:
            if file is None:
                file = path.open("w" if fresh else "a", encoding="utf-8")
            file.write(format_frame(atoms))
            file.flush()
            yield atoms
    finally:
        if file is not None:
            file.close()
