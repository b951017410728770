"""From a model and a file of frames to the diagnosis of what is missing beyond the cutoff."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lr_correction.diagnose import Diagnosis, diagnose, refit_readout
from lr_correction.errors import DataError, ModelError
from lr_correction.nepfile import read_nep
from lr_correction.oxidation import OXIDATION_STATES
from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.models.potentials import load_potential
from nepkit.models.prediction import predict

FloatArray = NDArray[np.float64]


def diagnose_file(
    model: str, frames: str | Path, *, refit: str | Path | None = None, cutoff: float | None = None
) -> Diagnosis:
    """Ask the residual forces of a potential, on frames that it has not seen, for charges beyond its cutoff.

    Parameters
    ----------
    model : str
        Any potential that `nepkit.models.potentials.load_potential` takes.
    frames : path
        Labelled, periodic frames that the potential was not trained on.
    refit : path, optional
        Training frames to refit the last layer of a NEP on first.
    cutoff : float, optional
        A; that of the potential when left out.

    Raises
    ------
    InputError
        For frames without forces or not periodic, a potential that does not say its cutoff, or a model that is no NEP
        where its last layer is to be refitted.

    Examples
    --------
    >>> diagnose_file("nep.txt", "test.xyz").statement  # doctest: +SKIP
    'none'
    """
    potential = load_potential(model)
    reach = cutoff or potential.cutoff
    if reach is None:
        raise InputError(f"{model} does not say its cutoff: give it by --cutoff, in A, the layers of messages included")
    given = list(read_frames(frames))
    found = [labels(atoms, f"{frames}, frame {number}").forces for number, atoms in enumerate(given, start=1)]
    forces = [force for force in found if force is not None]
    if len(forces) < len(given):
        number = next(k for k, force in enumerate(found, start=1) if force is None)
        raise InputError(f"{frames}, frame {number}: no forces, expected forces on every frame: label it or drop it")
    elements = sorted({symbol for atoms in given for symbol in atoms.symbols})
    signs = {element: OXIDATION_STATES.get(element, 0.0) for element in elements}
    try:
        if refit is None:
            rows = potential.compute(given, source=str(frames), bec=False)
        else:
            nep = read_nep(model)
            moved = nep.w1 + refit_readout(nep, list(read_frames(refit))).reshape(nep.w1.shape)
            rows = predict(replace(nep, w1=moved), given, bec=False, source=str(frames))
        predicted = [np.asarray(row.forces, dtype=float) for row in rows]
        return diagnose(given, forces, predicted, elements, float(reach), signs=signs)
    except ModelError as error:
        raise InputError(f"{model}: {error}") from None
    except DataError as error:
        raise InputError(f"{frames}: {error}") from None
