"""What is checked before the first expensive step of a fit."""

from collections.abc import Mapping, Sequence

import ase
import numpy as np
from numpy.typing import NDArray

from .errors import DataError, ModelError
from .labels import labels_of
from .nepfile import NEP

#: A sum of starting charges below this counts as neutral, e.
NEUTRAL = 1e-3


def check_model(nep: NEP) -> None:
    """Raise ModelError if charges cannot be fitted atop a model."""
    if nep.charge_mode:
        raise ModelError(
            f"the model already has charges (nep4_charge{nep.charge_mode}), expected a NEP without: use the NEP that it"
            " was made from"
        )
    if nep.typewise_cutoffs is not None:
        raise ModelError(
            "the model has typewise cutoffs, which GPUMD's charge models do not support: retrain with one radial and"
            " one angular cutoff"
        )


def check_frames(
    nep: NEP, frames: Sequence[ase.Atoms], charges: Mapping[str, float], *, explicit: bool, name: str = "frame"
) -> list[str]:
    """Check labels, elements and total charges of all frames.

    Parameters
    ----------
    nep
        Model with its elements.
    frames
        Frames.
    charges
        Starting charge of every element, e.
    explicit
        Whether the user gave these charges.
    name
        What a frame is called in messages.

    Returns
    -------
    list of str
        Assumptions that the user should know of.

    Raises
    ------
    DataError
        For no frames, frames without labels, elements that the model lacks, or frames whose charges do not add up.
    """
    if not frames:
        raise DataError(f"no {name}s: the file is empty, at least one labelled frame is needed")
    unbalanced: list[tuple[int, float]] = []
    missing_virial = 0
    for index, atoms in enumerate(frames, start=1):
        if unknown := sorted(set(atoms.symbols) - set(nep.elements)):
            raise DataError(
                f"{name} {index}: element {unknown[0]} is not in the model, which knows {' '.join(nep.elements)}"
            )
        try:
            labels = labels_of(atoms)
        except DataError as error:
            raise DataError(error.reason, index - 1, name) from None
        if labels.energy is None or labels.forces is None:
            absent = "energy" if labels.energy is None else "forces"
            raise DataError(
                f"{name} {index}: no {absent}, expected energy and forces on every frame: label it or drop it"
            )
        missing_virial += labels.virial is None
        excess = sum(charges[s] for s in atoms.symbols)
        if labels.charge is None and abs(excess) > NEUTRAL:
            unbalanced.append((index, excess))
    notes = []
    if unbalanced and (explicit or len(unbalanced) < len(frames)):
        index, excess = unbalanced[0]
        raise DataError(
            f"{name} {index}: starting charges add up to {excess:+.3g} e and the frame does not state its total charge:"
            " add charge=... (0 if it is neutral) to its comment line, or give other starting charges"
        )
    if unbalanced:
        notes.append("the starting charges of no frame add up to zero: every frame is taken as neutral")
    if 0 < missing_virial < len(frames):
        notes.append(f"{missing_virial} of {len(frames)} {name}s have no virial; the others' virials are used")
    return notes


def unknown_compositions(elements: Sequence[str], train: Sequence[ase.Atoms], test: Sequence[ase.Atoms]) -> list[str]:
    """Say how many test frames have a composition that training frames do not combine to.

    Energies per element are fitted; for such frames they are extrapolated.

    Examples
    --------
    >>> len(unknown_compositions(["Li", "Cl"], [ase.Atoms("LiCl")], [ase.Atoms("Li2Cl2"), ase.Atoms("Li2Cl")]))
    1
    """

    def table(frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
        distinct = {tuple(list(atoms.symbols).count(e) for e in elements) for atoms in frames}
        return np.array(sorted(distinct), dtype=float)

    known = table(train)
    rank = np.linalg.matrix_rank(known)
    count = sum(np.linalg.matrix_rank(np.vstack([known, table([atoms])])) > rank for atoms in test)
    if not count:
        return []
    return [
        f"{count} of {len(test)} test frames have a composition that no combination of training frames has: their"
        " energies are extrapolated"
    ]
