"""Write NEP + charges as one qNEP file that GPUMD and calorine run natively."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
from numpy.typing import NDArray

from .checks import NEUTRAL
from .correction import LongRangePotential
from .errors import ModelError
from .labels import labels_of
from .nepfile import NEP, write_nep

FloatArray = NDArray[np.float64]

#: Limits of GPUMD: trainer's neuron limit (src/main_nep/parameters.cu), neighbours per atom (src/force/nep_charge.cu).
MOST_NEURONS, MOST_NEIGHBOURS = 120, 819
#: The added neuron is tanh(0 - (-1)): a constant, through which charges and energies per element pass.
CONSTANT = float(np.tanh(1.0))


def check_export(nep: NEP, trained_on: Sequence[ase.Atoms] = ()) -> None:
    """Raise ModelError if GPUMD could not run the charge model that a fit to these frames would make of a NEP.

    Parameters
    ----------
    nep
        The model that charges are, or will be, fitted atop.
    trained_on
        Training frames; a charged one among them is refused, since GPUMD's dynamics makes every system neutral.

    Examples
    --------
    >>> check_export(read_nep("nep.txt"), frames)  # doctest: +SKIP
    """
    neurons = nep.neurons
    if nep.typewise_cutoffs is not None:
        raise ModelError("a charge model needs one radial and one angular cutoff, this model has typewise cutoffs")
    if neurons + 1 > MOST_NEURONS:
        raise ModelError(f"{neurons} + 1 neurons are more than GPUMD's {MOST_NEURONS}: start from a smaller NEP")
    if nep.max_neighbours_radial > MOST_NEIGHBOURS:
        raise ModelError(
            f"{nep.max_neighbours_radial} neighbours within the radial cutoff are more than GPUMD's {MOST_NEIGHBOURS}:"
            " use a smaller cutoff"
        )
    for index, atoms in enumerate(trained_on, start=1):
        charge = labels_of(atoms).charge or 0.0
        if abs(charge) > NEUTRAL:
            raise ModelError(
                f"training frame {index} has charge {charge:+g} e, but GPUMD makes systems neutral in dynamics: use"
                " the model in Python (lr_correction.calculator) or fit to neutral frames"
            )


def to_qnep(potential: LongRangePotential) -> NEP:
    """Return the model as one network with one more hidden neuron, which is constant.

    The charge head reads the old neurons (the fitted weights) and the new one (the constant charge of the element); the
    energy head reads the old ones (the readout) and the new one (the constant energy of the element).

    Raises
    ------
    ModelError
        If GPUMD could not run the file: too many neurons or neighbours, typewise cutoffs.

    Examples
    --------
    >>> write_nep(to_qnep(fit.potential), "qnep.txt")  # doctest: +SKIP
    """
    nep, charges = potential.nep, potential.charges
    check_export(nep)
    types = len(nep.elements)
    energies = np.asarray(potential.energies, dtype=float)
    if nep.type_bias is not None:
        energies = energies - nep.type_bias

    def widen(table: FloatArray, column: FloatArray) -> FloatArray:
        return np.concatenate([table, column[:, None]], axis=1)

    return replace(
        nep,
        version=4,
        charge_mode=potential.mode,
        w0=np.concatenate([nep.w0, np.zeros((types, 1, nep.w0.shape[2]))], axis=1),
        b0=widen(nep.b0, np.full(types, -1.0)),
        w1=widen(nep.w1, energies / CONSTANT),
        w1_charge=widen(charges.weights, charges.constants / CONSTANT),
        sqrt_epsilon_inf=float(potential.sqrt_epsilon_inf),
        type_bias=None,
    )


def write_qnep(
    potential: LongRangePotential, path: str | Path, *, trained_on: Sequence[ase.Atoms] = (), overwrite: bool = False
) -> None:
    """Write a potential as a ``nep4[_zbl]_charge{1,2}`` file.

    Parameters
    ----------
    potential
        The corrected model.
    path
        File to write.
    trained_on
        Training frames; a charged one among them is refused, since GPUMD's dynamics makes every system neutral.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    ModelError
        If GPUMD could not run the file, the training frames are charged, or the file exists.

    Examples
    --------
    >>> write_qnep(fit.potential, "qnep.txt")  # doctest: +SKIP
    """
    check_export(potential.nep, trained_on)
    model = to_qnep(potential)
    path = Path(path)
    if path.exists() and not overwrite:
        raise ModelError(f"{path} exists: choose another name or allow overwriting")
    write_nep(model, path)
