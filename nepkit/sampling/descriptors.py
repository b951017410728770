"""Descriptors of frames from those of their atoms, by a NEP or qNEP."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.errors import DataError
from lr_correction.nepfile import read_nep
from nepkit.errors import InputError
from nepkit.progress import track

Array = NDArray[np.float64]
By = Literal["frame", "element"]


def frame_descriptors(
    frames: Iterable[Atoms], model: Path, *, by: By = "frame", backend: str = "own", source: str = "frame"
) -> Array:
    """Return one vector per frame: the mean of the scaled descriptors of its atoms.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Periodic frames; one at a time is in memory.
    model : Path
        NEP or qNEP, whose cutoffs and weights define the descriptors.
    by : "frame" or "element"
        One mean over all atoms, shape (F, D), or one mean per element of the model side by side, shape (F, T D), zero
        where a frame lacks the element. The latter keeps what few atoms of an element do from drowning in the mean.
    backend : "own" or "calorine"
        Who computes: `lr_correction`, or NEP_CPU through calorine. They agree to rounding; which is quicker depends on
        the model and the number of neighbours.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        For an element that the model lacks or a frame that is not periodic; names the frame.
    lr_correction.errors.ModelError
        Where the model is not a NEP.
    """
    nep = read_nep(model)
    rows = []
    for number, atoms in enumerate(track(frames, "Descriptors"), 1):
        try:
            batch = Batch.from_atoms([atoms], nep.elements)
            # Checked before calorine sees the frame: its C++ code ends the process for an unknown element.
            if backend == "calorine":
                from calorine.nep import get_descriptors

                values = np.asarray(get_descriptors(atoms, str(model)), dtype=float)
            else:
                values = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors
        except DataError as error:
            raise InputError(f"{source}, {str(error).replace('frame 1', f'frame {number}', 1)}") from None
        if by == "frame":
            rows.append(values.mean(axis=0))
            continue
        row = np.zeros((len(nep.elements), values.shape[1]))
        for kind in np.unique(batch.types):
            row[kind] = values[batch.types == kind].mean(axis=0)
        rows.append(row.ravel())
    if not rows:
        raise InputError(f"{source}: no frames")
    return np.array(rows)
