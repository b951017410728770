"""model.xyz: which atoms a simulation has and how they are grouped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.formats.files import read_frames


@dataclass(frozen=True)
class Model:
    """The atoms of a simulation cell.

    Parameters
    ----------
    symbols : ndarray of str, shape (N,)
        Elements.
    groups : ndarray of int, shape (N, M)
        Label of every atom in each of the M grouping methods; M may be zero.
    volume : float
        A^3.
    copies : int
        How often the simulation repeats this cell (``replicate`` in run.in).
    """

    symbols: NDArray[np.str_]
    groups: NDArray[np.int64]
    volume: float
    copies: int = 1

    def count(self, element: str) -> int:
        """Return how many atoms of an element the simulation has.

        Raises
        ------
        UnknownNameError
            Where there is none.
        """
        found = int((self.symbols == element).sum())
        if not found:
            raise UnknownNameError(f"no {element} in the model: {did_you_mean(element, set(self.symbols.tolist()))}")
        return found * self.copies

    def group_of(self, element: str, method: int) -> int:
        """Return the group that has the atoms of an element, all of them and no others.

        Raises
        ------
        InputError
            Where no group is that element alone.
        """
        self.count(element)
        if method >= self.groups.shape[1]:
            raise InputError(f"model.xyz has {self.groups.shape[1]} grouping methods, run.in uses number {method}")
        labels = self.groups[:, method]
        mine = np.unique(labels[self.symbols == element])
        if len(mine) != 1:
            raise InputError(f"{element} is spread over the groups {mine.tolist()}; choose one with --group")
        others = sorted(set(self.symbols[labels == mine[0]].tolist()) - {element})
        if others:
            raise InputError(
                f"the group {mine[0]} of {element} has {' and '.join(others)} too, so its displacement is an average; "
                "give every element its own group"
            )
        return int(mine[0])


def read_model(path: str | Path, copies: int = 1) -> Model:
    """Read a model.xyz (or any file of one frame; the first is taken)."""
    atoms = next(read_frames(path))
    groups = atoms.arrays.get("group")
    count = len(atoms)
    labels = np.zeros((count, 0), dtype=np.int64) if groups is None else np.asarray(groups).reshape(count, -1)
    volume = float(abs(np.linalg.det(atoms.cell.array))) * copies
    return Model(np.array(atoms.get_chemical_symbols()), labels.astype(np.int64), volume, copies)
