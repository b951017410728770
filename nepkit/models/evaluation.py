"""Frames of any number through a potential: streaming, by several processes, with the spread of a committee."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.core.parallel import mapped
from nepkit.frames import Labels
from nepkit.models.potentials import Committee, Potential, Spread

CHUNK = 8  # frames evaluated at a time, and sent to another process


@dataclass(frozen=True)
class Evaluated:
    """A frame and what a potential says about it.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame as it was given.
    labels : Labels
        Prediction; the mean where the potential is a committee.
    spread : Spread or None
        Of a committee.
    """

    atoms: Atoms
    labels: Labels
    spread: Spread | None = None


def evaluate(
    potential: Potential, frames: Iterable[Atoms], *, source: str = "frame", bec: bool = True, jobs: int = 1
) -> Iterator[Evaluated]:
    """Yield the frames with what a potential says about them, a few in memory at a time.

    Parameters
    ----------
    potential : Potential
        A committee gives its spread too.
    frames : iterable of ase.Atoms
        Read as they are needed.
    source : str
        What messages call the frames, such as the name of their file.
    bec : bool
        Whether Born effective charges are wanted.
    jobs : int
        Processes.

    Raises
    ------
    InputError
        For a frame that cannot be computed, after those before it.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> [round(row.labels.energy, 3) for row in evaluate(load_potential("emt"), [bulk("Cu"), bulk("Cu", a=3.8)])]
    [-0.006, 0.118]
    """
    for rows, error in mapped(_evaluate, potential, _chunks(frames, source, bec), jobs):
        yield from rows
        if error is not None:
            raise error


_Chunk = tuple[int, list[Atoms], str, bool]


def _chunks(frames: Iterable[Atoms], source: str, bec: bool) -> Iterator[_Chunk]:
    first, held = 1, []
    for atoms in frames:
        held.append(atoms)
        if len(held) == CHUNK:
            yield first, held, source, bec
            first, held = first + CHUNK, []
    if held:
        yield first, held, source, bec


def _evaluate(potential: Potential, chunk: _Chunk) -> tuple[list[Evaluated], InputError | None]:
    first, frames, source, bec = chunk
    try:
        return _together(potential, frames, source, bec, first), None
    except InputError as error:
        if len(frames) == 1:
            return [], error
    rows: list[Evaluated] = []  # one by one, to keep those before the one that cannot be computed
    for number, atoms in enumerate(frames, start=first):
        try:
            rows += _together(potential, [atoms], source, bec, number)
        except InputError as error:
            return rows, error
    return rows, None


def _together(potential: Potential, frames: list[Atoms], source: str, bec: bool, first: int) -> list[Evaluated]:
    if isinstance(potential, Committee):
        spreads = potential.spread(frames, source=source, bec=bec, first=first)
        return [Evaluated(atoms, row.mean, row) for atoms, row in zip(frames, spreads, strict=True)]
    found = potential.compute(frames, source=source, bec=bec, first=first)
    return [Evaluated(atoms, row) for atoms, row in zip(frames, found, strict=True)]
