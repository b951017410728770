"""Starting neppo from an existing model instead of from random parameters, with or without a new charge head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from neppo.models import NEP, QNEP

#: The random charge weights of neppo times this: charges of about 0.05 e, which leave the errors of the start as they
#: are. Zero would be a stationary point, from which the charges never move.
CHARGE_SCALE = 0.1


def start_model(path: Path, wanted: NEP) -> NEP:
    """Read a model and give it the form of ``wanted``: the same, or the same and a charge head.

    Parameters
    ----------
    path : Path
        A ``nep.txt``.
    wanted : neppo.models.NEP
        Model made from the settings of the run.

    Raises
    ------
    InputError
        The file holds a model of another shape than the settings ask for.
    """
    from neppo import read_model
    from neppo.models import QNEP

    try:
        model = read_model(path)
    except (ValueError, NotImplementedError, IndexError, KeyError) as error:
        raise InputError(f"{path}: neppo cannot start from this file: {error}") from error
    for name, value in _shape(wanted).items():
        if _shape(model)[name] != value:
            raise InputError(
                f"{path}: {name} is {_shape(model)[name]}, the settings say {value}; give the settings of the model"
            )
    mode = getattr(wanted, "charge_mode", 0)
    if getattr(model, "charge_mode", 0) == mode:
        return model
    if isinstance(model, QNEP) or not mode:
        raise InputError(f"{path}: a qNEP of another charge mode; start from a model without charges")
    return with_charges(model, mode)


def with_charges(model: NEP, mode: int, scale: float = CHARGE_SCALE) -> QNEP:
    """Return a qNEP with the parameters of a NEP and small random charge weights."""
    import torch
    from neppo.models import QNEP

    made = QNEP(model.descriptor, neurons=model.neurons, zbl=model.zbl, charge_mode=mode)
    with torch.no_grad():
        for name in ("w0", "b0", "w1", "output_bias"):
            getattr(made, name).copy_(getattr(model, name))
        made.w1_charge.mul_(scale)
    made.max_neighbors_radial = model.max_neighbors_radial
    made.max_neighbors_angular = model.max_neighbors_angular
    return made


def _shape(model: NEP) -> dict[str, Any]:
    """Return what must agree between a model and the settings, by the names of the settings."""
    found = model.descriptor
    flags = ("l_max_3b", "l_max_4b", "l_max_5b", "has_q_112", "has_q_123", "has_q_233", "has_q_134")
    zbl = model.zbl
    return {
        "elements": " ".join(model.types),
        "cutoff": " ".join(f"{x:g}" for x in (*found.radial_cutoffs, *found.angular_cutoffs)),
        "n_max": f"{found.n_max_radial} {found.n_max_angular}",
        "basis_size": f"{found.n_basis_radial} {found.n_basis_angular}",
        "l_max": " ".join(str(int(getattr(found, name))) for name in flags),
        "neurons": " ".join(map(str, model.neurons)),
        "zbl": "none" if zbl is None else "flexible" if zbl.is_flexible else f"{zbl.outer_cutoff:g}",
    }
