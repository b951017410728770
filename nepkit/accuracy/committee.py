"""Where the models of a committee disagree, and whether that tells their errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.frames import labels
from nepkit.models.potentials.combine import Committee

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CommitteeSpread:
    """Disagreement on the forces of a set of frames.

    Parameters
    ----------
    spread : ndarray, shape (N,)
        Of every atom of all frames: root of the summed sample variances (n - 1) of its force components over the
        models, eV/A.
    frame : ndarray of int, shape (N,)
        Number of the frame of every atom, from 1.
    error : ndarray, shape (N,)
        Length of the error of the mean force, eV/A; nan where a frame has no forces to compare with.
    energy : ndarray, shape (F,)
        Sample standard deviation of the energy of every frame, eV/atom.
    models : int
        How many.
    """

    spread: Array
    frame: NDArray[np.int64]
    error: Array
    energy: Array
    models: int

    @property
    def largest(self) -> Array:
        """Largest spread of an atom in every frame, eV/A, shape (F,)."""
        return np.array([self.spread[self.frame == number].max() for number in np.unique(self.frame)])

    @property
    def calibration(self) -> float | None:
        """Root mean square error over root mean square spread: above one where the committee is too sure of itself."""
        known = np.isfinite(self.error)
        size = float(np.sqrt(np.mean(self.spread[known] ** 2))) if known.any() else 0.0
        return float(np.sqrt(np.mean(self.error[known] ** 2))) / size if size else None

    @property
    def rank_correlation(self) -> float | None:
        """Spearman's correlation of spread and error over atoms; None without forces to compare with."""
        from scipy.stats import spearmanr

        known = np.isfinite(self.error)
        if known.sum() < 3 or not np.ptp(self.spread[known]) or not np.ptp(self.error[known]):
            return None
        return float(spearmanr(self.spread[known], self.error[known]).statistic)


def committee_spread(frames: Iterable[Atoms], committee: Committee, where: str = "frames") -> CommitteeSpread:
    """Evaluate frames with every model and return how far they are apart.

    Raises
    ------
    InputError
        For no frame, or one that a model cannot be given.
    """
    spreads, numbers, errors, energies = [], [], [], []
    for number, atoms in enumerate(track(frames, "Committee"), 1):
        (found,) = committee.spread([atoms], source=where, bec=False, first=number)
        known = labels(atoms, f"{where}, frame {number}").forces
        spreads.append(found.force)
        numbers.append(np.full(len(atoms), number))
        mean = np.asarray(found.mean.forces)
        errors.append(np.full(len(atoms), np.nan) if known is None else np.linalg.norm(mean - known, axis=1))
        energies.append(np.nan if found.deviation.energy is None else float(found.deviation.energy) / len(atoms))
    if not spreads:
        raise InputError(f"{where}: no frames")
    parts = (np.concatenate(spreads), np.concatenate(numbers), np.concatenate(errors), np.array(energies))
    return CommitteeSpread(*parts, len(committee.members))
