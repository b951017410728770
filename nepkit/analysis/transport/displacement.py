"""From wrapped frames to continuous paths, and the drift of the framework."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lr_correction.backend import namespace
from nepkit.errors import InputError
from nepkit.frames import Snapshot

Array = NDArray[np.float64]

#: A step longer than this share of the cell may as well be a step the other way round.
AMBIGUOUS = 0.45
#: A step longer than this share is worth a warning.
LONG = 0.25


@dataclass(frozen=True)
class Path:
    """Continuous paths of atoms.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A; the first frame is as given.
    cells : ndarray, shape (F, 3, 3)
        Cell vectors in rows, A.
    symbols : tuple of str
        Element of every atom.
    masses : ndarray, shape (N,)
        amu.
    time : ndarray, shape (F,)
        ps, or the number of the frame where the file has no times.
    timed : bool
        Whether ``time`` came from the file.
    notes : tuple of str
        What the user should know.
    """

    positions: Array
    cells: Array
    symbols: tuple[str, ...]
    masses: Array
    time: Array
    timed: bool
    notes: tuple[str, ...] = field(default=())

    @property
    def volume(self) -> float:
        """Mean volume, A^3."""
        return float(np.abs(np.linalg.det(self.cells)).mean())


class Unwrapper:
    """Turns wrapped (or unwrapped) positions into continuous ones, frame by frame.

    The step of an atom is the shortest change of its fractional coordinates, each frame with its own cell, and is made
    Cartesian with the mean cell of the two frames. Steps, not fractional coordinates, are added up: else the breathing
    of the cell under constant pressure would be magnified by the number of cells an atom has crossed
    (arXiv:2003.09205 on why this matters). Paths that are continuous already stay so.

    Examples
    --------
    >>> unwrap = Unwrapper()
    >>> cell = np.eye(3) * 10.0
    >>> for x in (9.0, 1.0, 3.0):
    ...     moved = unwrap([[x, 0.0, 0.0]], cell)
    >>> moved
    array([[13.,  0.,  0.]])
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._fractional: Array | None = None
        self._cell: Array | None = None
        self._positions: Array = np.zeros((0, 3))

    def __call__(self, positions: ArrayLike, cell: ArrayLike) -> Array:
        """Return the continuous positions of the next frame, shape (N, 3), A."""
        now = np.asarray(positions, dtype=float)
        box = np.asarray(cell, dtype=float)
        fractional = np.linalg.solve(box.T, now.T).T
        if self._fractional is None or self._cell is None:
            self._positions = now.copy()
        else:
            step = fractional - self._fractional
            step -= np.round(step)
            self.longest = max(self.longest, float(np.abs(step).max()))
            self._positions = self._positions + step @ (0.5 * (box + self._cell))
        self._fractional, self._cell = fractional, box
        return self._positions


def follow(frames: Iterable[Any], where: str = "trajectory") -> Path:
    """Return the continuous paths of the atoms of a trajectory.

    Parameters
    ----------
    frames : iterable of ase.Atoms or nepkit.frames.Snapshot
        Wrapped or not, of a cell that may change; the frames are used one by one. ``info["Time"]`` is in fs, as
        GPUMD's dump_xyz writes it.
    where : str
        What messages call the trajectory.

    Raises
    ------
    InputError
        Where the atoms change, a cell is missing, times are not equally spaced, or atoms move by about half a cell
        between frames, so that their direction cannot be known.
    """
    unwrap = Unwrapper()
    positions, cells, times = [], [], []
    first: Any = None
    for number, atoms in enumerate(map(Snapshot.of, frames), 1):
        if first is None:
            first = atoms
        if len(atoms) != len(first) or (atoms.numbers != first.numbers).any():
            raise InputError(f"{where}, frame {number}: other atoms than in the first frame; order them alike")
        if abs(np.linalg.det(atoms.cell)) < 1e-9:
            raise InputError(f"{where}, frame {number}: no cell, so that paths cannot be followed; add the Lattice")
        positions.append(unwrap(atoms.positions, atoms.cell))
        cells.append(atoms.cell)
        times.append(next((float(value) for key, value in atoms.info.items() if key.lower() == "time"), np.nan))
        if unwrap.longest > AMBIGUOUS:
            raise InputError(
                f"{where}, frame {number}: an atom moved by {unwrap.longest:.2f} of the cell since the frame before, "
                "so its direction is not known; dump frames more often"
            )
    if len(positions) < 2:
        raise InputError(f"{where}: {len(positions)} frame, at least two are needed for a displacement")
    notes = []
    if unwrap.longest > LONG:
        notes.append(f"an atom moved by {unwrap.longest:.2f} of the cell between frames: dump more often to be safe")
    time = np.array(times)
    timed = bool(np.isfinite(time).all())
    time = 1e-3 * (time - time[0]) if timed else np.arange(len(times), dtype=float)
    check_times(time, where)
    return Path(
        np.stack(positions), np.array(cells), first.symbols, first.get_masses(), time, timed,
        tuple(notes),
    )  # fmt: skip


def check_times(time: Array, where: str = "trajectory") -> None:
    """Raise `InputError` where times do not grow by equal steps; names the first frame that is off."""
    steps = np.diff(time)
    if steps[0] <= 0:
        raise InputError(f"{where}, frame 2: its time is not after that of the frame before")
    odd = np.flatnonzero(np.abs(steps - steps[0]) > 1e-3 * steps[0] + 1e-9 * abs(time[-1]))
    if len(odd):
        raise InputError(
            f"{where}, frame {odd[0] + 2}: {steps[odd[0]]:.6g} ps after the frame before, the first step is "
            f"{steps[0]:.6g} ps; keep frames of one interval"
        )


def weighted_sum(weights: Any, positions: Any) -> Any:
    """Return the sum over atoms of weight times position of every frame, shape (F, 3)."""
    return namespace(positions).einsum("n,fna->fa", weights, positions)


def drift(positions: Any, weights: Any) -> Any:
    """Return the path of a weighted mean of atoms, relative to its start.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A.
    weights : ndarray, shape (N,)
        For instance the masses of the framework and zero for the ions.

    Returns
    -------
    ndarray, shape (F, 3)
    """
    total = float(weights.sum())
    if total <= 0.0:
        raise InputError("the framework whose drift is to be removed has no atoms")
    path = weighted_sum(weights, positions) / total
    return path - path[0]


def framework_weights(symbols: Sequence[str], masses: ArrayLike, ions: Sequence[str]) -> Array:
    """Return the masses of all atoms that are not mobile ions; of all atoms where every atom is an ion."""
    mass = np.asarray(masses, dtype=float)
    rest = np.where(np.isin(np.array(symbols), list(ions)), 0.0, mass)
    return rest if rest.any() else mass
