"""A trajectory seen from its framework, in fractions of the cell, whose breathing is thereby left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.formats.files import read_frames
from nepkit.transport.displacement import follow, framework_weights
from nepkit.transport.source import temperature_beside

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Motion:
    """Continuous paths in fractional coordinates, the motion of the framework removed.

    Parameters
    ----------
    name : str
        What messages call the trajectory.
    fractional : ndarray, shape (F, N, 3)
        Unwrapped fractional coordinates.
    cells : ndarray, shape (F, 3, 3)
        Cell vectors in rows, A.
    symbols : tuple of str
        Element of every atom.
    masses : ndarray, shape (N,)
        amu.
    interval : float
        Time between frames, ps.
    temperature : float or None
        Of the run, K, where the files beside the trajectory tell it.
    why_no_temperature : str
        What to say without it.
    notes : tuple of str
        What the user should know.
    """

    name: str
    fractional: Array
    cells: Array
    symbols: tuple[str, ...]
    masses: Array
    interval: float
    temperature: float | None = None
    why_no_temperature: str = ""
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.fractional)

    @property
    def cell(self) -> Array:
        """Mean cell, A."""
        return np.asarray(self.cells.mean(axis=0))

    @property
    def volume(self) -> float:
        """Mean volume, A^3."""
        return float(np.abs(np.linalg.det(self.cells)).mean())

    def atoms_of(self, element: str) -> Integers:
        """Return the indices of the atoms of an element; raises `UnknownNameError` where there is none."""
        found = np.flatnonzero(np.array(self.symbols) == element)
        if not len(found):
            raise UnknownNameError(f"{self.name}: no {element}: {did_you_mean(element, set(self.symbols))}")
        return found

    def paths(self, atoms: Integers) -> Array:
        """Return the paths of some atoms in the mean cell, shape (F, n, 3), A."""
        return np.asarray(self.fractional[:, atoms] @ self.cell)

    def place(self, frame: int) -> Array:
        """Return the wrapped positions of a frame in its own cell, shape (N, 3), A."""
        return np.asarray((self.fractional[frame] % 1.0) @ self.cells[frame])

    def kelvin(self, given: float | None) -> float:
        """Return the given temperature or else that of the run, K; raises `InputError` where neither is there."""
        found = self.temperature if given is None else given
        if found is None:
            raise InputError(f"{self.name}: {self.why_no_temperature or 'no temperature'}; give --temperature")
        if not found > 0.0:
            raise InputError(f"a temperature of {found} K, expected more than zero")
        return found


def motion_of(
    frames: Iterable[Any],
    ions: Sequence[str] = (),
    *,
    interval: float | None = None,
    where: str = "trajectory",
    timeless: bool = False,
) -> Motion:
    """Follow the atoms of a trajectory in fractions of the cell.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Wrapped or not, of a cell that may change.
    ions : sequence of str
        Mobile elements; the mean motion of all others is removed, that of all atoms where every atom is mobile or
        none is named.
    interval : float, optional
        Time between frames, ps, where the frames do not tell it.
    where : str
        What messages call the trajectory.
    timeless : bool
        Whether the time between frames may be unknown; it is then taken as 1 ps.

    Raises
    ------
    InputError
        As `follow` does, or where the time between frames is not known.

    Examples
    --------
    >>> from ase import Atoms
    >>> frames = [Atoms("Li", [[x, 0, 0]], cell=[4, 4, 4], pbc=True) for x in (3.5, 0.5)]
    >>> motion_of([atoms + Atoms("O") for atoms in frames], ["Li"], interval=1.0).fractional[:, 0, 0]
    array([0.875, 1.125])
    """
    path = follow(frames, where)
    if timeless and not path.timed:
        interval = interval or 1.0
    if interval is None and not path.timed:
        raise InputError(f"{where}: the frames have no Time, so the time between them is not known; give --interval")
    if interval is not None and not interval > 0.0:
        raise InputError(f"an interval of {interval} ps between frames, expected more than zero")
    for ion in ions:
        if ion not in path.symbols:
            raise UnknownNameError(f"{where}: no {ion} in the first frame: {did_you_mean(ion, set(path.symbols))}")
    # Steps were made Cartesian with the mean cell of two frames; so they are made fractional again, in place.
    fractional = path.positions
    before = fractional[0].copy()
    fractional[0] = np.linalg.solve(path.cells[0].T, before.T).T
    for number in range(1, len(fractional)):
        middle = 0.5 * (path.cells[number] + path.cells[number - 1])
        here = fractional[number].copy()
        fractional[number] = fractional[number - 1] + np.linalg.solve(middle.T, (here - before).T).T
        before = here
    weights = framework_weights(path.symbols, path.masses, ions)
    centre = np.einsum("n,fna->fa", weights / weights.sum(), fractional)
    fractional -= (centre - centre[0])[:, None, :]
    step_time = interval if interval is not None else float(path.time[1])
    return Motion(where, fractional, path.cells, path.symbols, path.masses, step_time, notes=path.notes)


def open_motion(
    path: str | Path, ions: Sequence[str] = (), *, interval: float | None = None, timeless: bool = False
) -> Motion:
    """Read a trajectory with `motion_of` and the temperature of its run from the files beside it.

    With ``timeless`` the time between frames need not be known, and is taken as 1 ps.
    """
    from dataclasses import replace

    made = motion_of(read_frames(path), ions, interval=interval, where=str(path), timeless=timeless)
    kelvin, why = temperature_beside(path)
    return replace(made, temperature=kelvin, why_no_temperature=why or "no thermo.out beside it")
