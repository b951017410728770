"""What a NEP or qNEP says about frames, evaluated by `lr_correction` without any other program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lr_correction.backend import to_numpy
from lr_correction.batch import Batch
from lr_correction.correction import LongRangePotential
from lr_correction.descriptors import short_range
from lr_correction.errors import DataError
from lr_correction.nep import NEP
from lr_correction.nepfile import read_nep
from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.frames import Labels, labels
from nepkit.models.potentials.potential import place

#: Frames are evaluated together up to this many atoms: enough to be quick, few enough to stay small.
ATOMS_PER_BATCH = 400

Model = NEP | LongRangePotential


def load_model(path: str | Path) -> Model:
    """Read a model file: a NEP, or a potential with charges where the file has them.

    Raises
    ------
    ModelError
        If the file is not a NEP or qNEP; names file and line.

    Examples
    --------
    >>> load_model("nep.txt").elements  # doctest: +SKIP
    ('Li', 'Cl', 'Y')
    """
    nep = read_nep(path)
    return LongRangePotential.from_nep(nep) if nep.charge_mode else nep


def require_charges(model: Model, source: str | Path) -> LongRangePotential:
    """Return the model if it has charges.

    Raises
    ------
    InputError
        If it has none; names ``source``.
    """
    if isinstance(model, NEP):
        raise InputError(f"{source}: no charges in this model, expected a qNEP: fit charges with 'nepkit lr fit'")
    return model


def network(model: Model) -> NEP:
    """Return the network of a model, with or without charges."""
    return model.nep if isinstance(model, LongRangePotential) else model


def predict(
    model: Model, frames: Sequence[Atoms], *, bec: bool = True, source: str = "frame", first: int = 1, xp: Any = np
) -> list[Labels]:
    """Compute energy, forces and virial of every frame, and charges and Born effective charges where there are any.

    Parameters
    ----------
    model : NEP or LongRangePotential
        From `load_model`, or the ``potential`` of a charge fit.
    frames : sequence of ase.Atoms
        Periodic frames. Their total charge is that of ``info["charge"]``, zero where it is absent.
    bec : bool
        Whether to compute Born effective charges.
    source : str
        What messages call the frames, such as the name of their file.
    first : int
        Number of the first frame in messages.
    xp : module
        ``numpy`` or ``cupy``.

    Returns
    -------
    list of Labels
        In the order of the frames; units as in `nepkit.frames.Labels`.

    Raises
    ------
    InputError
        For an element that the model lacks, or a frame that is not periodic; names the frame.

    Examples
    --------
    >>> predict(load_model("qnep.txt"), frames)[0].charges  # doctest: +SKIP
    """
    elements = network(model).elements
    for number, atoms in enumerate(frames, start=first):
        try:
            Batch.from_atoms([atoms], elements)
        except DataError as error:
            raise InputError(f"{place(source, number)}: {error.reason}") from None
    found: list[Labels] = []
    with task("Evaluating", len(frames)) as step:
        for batch in _batches(frames):
            found += _evaluate(model, batch, bec, xp)
            step.advance(len(batch))
    return found


def _batches(frames: Sequence[Atoms]) -> Iterator[Sequence[Atoms]]:
    start, atoms = 0, 0
    for index, frame in enumerate(frames):
        if atoms and atoms + len(frame) > ATOMS_PER_BATCH:
            yield frames[start:index]
            start, atoms = index, 0
        atoms += len(frame)
    yield frames[start:]


def _evaluate(model: Model, frames: Sequence[Atoms], bec: bool, xp: Any) -> list[Labels]:
    if isinstance(model, NEP):
        batch = Batch.from_atoms(frames, model.elements, xp)
        result: Any = short_range(model, batch)
        offsets, charges, born = batch.offsets, None, None
    else:
        totals = [labels(atoms).charge or 0.0 for atoms in frames]
        result = model.evaluate(frames, total_charges=totals, bec=bec, xp=xp)
        offsets, charges = result.offsets, to_numpy(result.charges)
        born = None if result.bec is None else to_numpy(result.bec)
    energy, forces, virial = (to_numpy(values) for values in (result.energy, result.forces, result.virial))
    return [
        Labels(
            energy=float(energy[k]),
            forces=forces[first:last],
            virial=virial[k],
            charges=None if charges is None else charges[first:last],
            bec=None if born is None else born[first:last],
        )
        for k, (first, last) in enumerate(pairwise(offsets))
    ]
