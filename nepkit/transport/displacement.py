"""From wrapped frames to continuous paths, and the drift of the framework."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lr_correction.backend import namespace
from nepkit.core.errors import InputError
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
    framework : ndarray, shape (F, 3)
        How far the centre of mass of the atoms that were not kept has moved, or of all where all were kept, A.
    index : ndarray of int, shape (N,)
        Which atoms of the file these are.
    """

    positions: Array
    cells: Array
    symbols: tuple[str, ...]
    masses: Array
    time: Array
    timed: bool
    notes: tuple[str, ...] = field(default=())
    framework: Array = field(default_factory=lambda: np.zeros((0, 3)))
    index: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def volume(self) -> float:
        """Mean volume, A^3."""
        return float(np.abs(np.linalg.det(self.cells)).mean())


class Unwrapper:
    """Turns wrapped (or unwrapped) positions into continuous ones, frame by frame.

    The step of an atom is the shortest change of its fractional coordinates, each frame with its own cell, and is made
    Cartesian with the mean cell of the two frames. Steps, not fractional coordinates, are added up: else the breathing
    of the cell under constant pressure would be magnified by the number of cells an atom has crossed
    (arXiv:2003.09205 on why this matters). Paths that are continuous already stay so. ``longest`` is the longest step
    so far as a share of the cell, ``farthest`` the atom that took it.

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
        self.longest, self.farthest = 0.0, 0
        self._fractional: Array | None = None
        self._cell: Array | None = None
        self._positions: Array = np.zeros((0, 3))

    def __call__(self, positions: ArrayLike, cell: ArrayLike) -> Array:
        """Return the continuous positions of the next frame, shape (N, 3), A."""
        now = np.asarray(positions, dtype=float)
        box = np.asarray(cell, dtype=float)
        fractional = now @ np.linalg.inv(box)
        if self._fractional is None or self._cell is None:
            self._positions = now.copy()
        else:
            step = fractional - self._fractional
            step -= np.round(step)
            longest = float(max(step.max(initial=0.0), -step.min(initial=0.0)))
            if longest > self.longest:
                self.longest, self.farthest = longest, int(np.abs(step).argmax()) // 3
            self._positions = self._positions + step @ (0.5 * (box + self._cell))
        self._fractional, self._cell = fractional, box
        return self._positions


def follow(
    frames: Iterable[Any], where: str = "trajectory", *, keep: Collection[str] = (), dtype: type = np.float64
) -> Path:
    """Return the continuous paths of the atoms of a trajectory.

    Parameters
    ----------
    frames : iterable of ase.Atoms or Snapshot
        Wrapped or not, of a cell that may change; the frames are used one by one. ``info["Time"]`` is in fs, as
        GPUMD's dump_xyz writes it.
    where : str
        What messages call the trajectory.
    keep : collection of str
        Elements whose paths are kept, all where empty; of the others no more than the motion of their centre of mass
        is, so that the memory is that of the mobile ions.
    dtype : type
        ``numpy.float32`` halves the memory of the paths; they are relative to their beginning then, for their digits.

    Raises
    ------
    InputError
        Where the atoms change, a cell is missing, times are not equally spaced, or atoms move by about half a cell
        between frames, so that their direction cannot be known.
    """
    unwrap = Unwrapper()
    positions, cells, times, framework = [], [], [], []
    symbols: tuple[str, ...] = ()
    for number, atoms in enumerate(map(Snapshot.of, frames), 1):
        cell = np.asarray(atoms.cell, dtype=float)
        if not symbols:
            numbers, symbols, masses = atoms.numbers, atoms.symbols, atoms.get_masses()
            index = np.flatnonzero(np.isin(symbols, list(keep))) if keep else np.arange(len(symbols))
            weights = framework_weights(symbols, masses, keep)
            weights = weights / weights.sum()
            start = atoms.positions[index] if dtype is np.float32 else np.zeros((len(index), 3))
        if len(atoms) != len(symbols) or (atoms.numbers != numbers).any():
            raise InputError(f"{where}, frame {number}: other atoms than in the first frame; order them alike")
        if abs(np.linalg.det(cell)) < 1e-9:
            raise InputError(f"{where}, frame {number}: no cell, so that paths cannot be followed; add the Lattice")
        place = unwrap(atoms.positions, cell)
        positions.append((place[index] - start).astype(dtype) if keep or dtype is np.float32 else place)
        framework.append(weights @ place)
        cells.append(cell)
        times.append(next((float(value) for key, value in atoms.info.items() if key.lower() == "time"), np.nan))
        if unwrap.longest > AMBIGUOUS:
            raise InputError(
                f"{where}, frame {number}: {symbols[unwrap.farthest]} {unwrap.farthest + 1} moved by "
                f"{unwrap.longest:.2f} of the cell since the frame before, so its direction is not known; "
                "dump frames more often"
            )
    if len(positions) < 2:
        raise InputError(f"{where}: {len(positions)} frame, at least two are needed for a displacement")
    notes = []
    if unwrap.longest > LONG:
        share = unwrap.longest / LONG
        fastest = f"{symbols[unwrap.farthest]} {unwrap.farthest + 1}"
        notes.append(
            f"{where}: {fastest} moved by {unwrap.longest:.2f} of the cell between two frames; a faster one would be "
            f"followed wrongly: dump at least {np.ceil(share**2):.0f} times as often"
        )
    time = np.array(times)
    timed = bool(np.isfinite(time).all())
    time = 1e-3 * (time - time[0]) if timed else np.arange(len(times), dtype=float)
    check_times(time, where)
    path = np.array(framework)
    return Path(
        np.stack(positions), np.array(cells), tuple(symbols[i] for i in index), masses[index], time, timed,
        tuple(notes), path - path[0], index,
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


def framework_weights(symbols: Sequence[str], masses: ArrayLike, ions: Collection[str]) -> Array:
    """Return the masses of all atoms that are not mobile ions; of all atoms where every atom is an ion."""
    mass = np.asarray(masses, dtype=float)
    rest = np.where(np.isin(np.array(symbols), list(ions)), 0.0, mass)
    return rest if rest.any() else mass
