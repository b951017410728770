"""Charges of ions from the column of a trajectory or from a model with charges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import labels

#: Frames that charges are averaged over; they fluctuate far less than they differ between elements.
FRAMES = 16


def mean_charges(path: str | Path, ions: Sequence[str], model: str | None = None) -> dict[str, float]:
    """Return the mean charge of every ion over frames that are spread over a trajectory, e.

    Conductivities of formal charges are exact for ions that keep their charge (doi:10.1038/s41567-019-0562-0); mean
    charges of a model scale them by the square of their ratio, and are what the current of that model has.

    Parameters
    ----------
    path : str or Path
        Trajectory.
    ions : sequence of str
        Elements.
    model : str or Path, optional
        A qNEP or ``nep.txt+charges.npz``; without it the column of charges in the trajectory is taken.

    Raises
    ------
    InputError
        Where there are no charges, or an ion has none to speak of.
    """
    frames = spread_frames(path, FRAMES)
    if model is None:
        found = [labels(atoms, f"{path}, frame of charges").charges for atoms in frames]
        if any(values is None for values in found):
            raise InputError(f"{path}: no column of charges; give a qNEP, or --charge")
    else:
        from nepkit.models.potentials import load_potential

        potential = load_potential(model, backend="lr_correction")
        if not potential.has_charges:
            raise InputError(f"{model}: no charges in this model, expected a qNEP or nep.txt+charges.npz")
        found = [row.charges for row in potential.compute(frames, bec=False)]
    charges = {}
    for ion in ions:
        mine = [
            np.asarray(values)[np.array(atoms.get_chemical_symbols()) == ion]
            for values, atoms in zip(found, frames, strict=True)
        ]
        if not sum(map(len, mine)):
            raise InputError(f"{path}: no {ion} whose charge could be taken")
        charges[ion] = float(np.concatenate(mine).mean())
        if abs(charges[ion]) < 1e-3:
            raise InputError(f"{ion} has a mean charge of {charges[ion]:.1e} e, which carries no current")
    return charges


def spread_frames(path: str | Path, number: int) -> list[Atoms]:
    """Return at most so many frames, evenly spread over a file of unknown length, in one pass."""
    kept: list[Atoms] = []
    stride = 1
    for index, atoms in enumerate(read_frames(path)):
        if index % stride:
            continue
        kept.append(atoms)
        if len(kept) > number:
            kept, stride = kept[::2], 2 * stride
    return kept
