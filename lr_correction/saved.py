"""Charges of a corrected NEP in a file of their own (npz), beside the nep.txt that they were fitted atop.

Unlike a qNEP file it keeps every number as it is and adds no neuron; it needs the NEP to be used. The file holds:

====================== ============= ================================================================
``format``             ``()``        the text "lr_correction charges 1"
``elements``           ``(T,)``      chemical symbols; the NEP may know more
``mode``               ``()``        qNEP charge mode, 1 or 2
``weights``            ``(T, M)``    of the hidden layer in the raw charge, e
``constants``          ``(T,)``      constant of the raw charge of every element, e
``energies``           ``(T,)``      constant energy of every element, eV
``sqrt_epsilon_inf``   ``()``        scale of the Born effective charges
``readout``            ``(T, M)``    output weights of the energy, which a fit may change, eV
``fingerprint``        ``()``        of everything else in the NEP: charges read its hidden layer
====================== ============= ================================================================
"""

import hashlib
import os
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from .correction import LongRangePotential
from .errors import ModelError, SettingsError
from .moments import HiddenCharges
from .nep import NEP, keep_species

FORMAT = "lr_correction charges 1"
_ARRAYS = ("elements", "mode", "weights", "constants", "energies", "sqrt_epsilon_inf", "readout", "fingerprint")
#: Not in the fingerprint: what the file replaces, and numbers that only size GPUMD's lists.
_FREE = {"w1", "w1_charge", "sqrt_epsilon_inf", "charge_mode", "max_neighbours_radial", "max_neighbours_angular"}


def save_charges(potential: LongRangePotential, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write what a potential adds to its NEP; `load_charges` returns the same potential to the last bit.

    Raises
    ------
    ModelError
        If the file exists and may not be replaced.

    Examples
    --------
    >>> save_charges(fit.potential, "charges.npz")  # doctest: +SKIP
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise ModelError(f"{path} exists: choose another name or allow overwriting")
    content: dict[str, Any] = {
        "format": FORMAT,
        "elements": np.array(potential.nep.elements),
        "mode": potential.mode,
        "weights": potential.charges.weights,
        "constants": potential.charges.constants,
        "energies": np.asarray(potential.energies, dtype=float),
        "sqrt_epsilon_inf": float(potential.sqrt_epsilon_inf),
        "readout": potential.nep.w1,
        "fingerprint": fingerprint(potential.nep),
    }
    with path.open("wb") as file:  # a handle, so that numpy adds no suffix
        np.savez(file, **content)


def load_charges(nep: NEP, path: str | os.PathLike[str]) -> LongRangePotential:
    """Return the potential of a NEP and the charges in a file.

    Parameters
    ----------
    nep
        The model that the charges were fitted atop; elements beyond those of the file are cut away.
    path
        Written by `save_charges`.

    Raises
    ------
    ModelError
        If the file is missing or not of this kind, or its charges belong to another NEP.

    Examples
    --------
    >>> potential = load_charges(read_nep("nep.txt"), "charges.npz")  # doctest: +SKIP
    """
    content = _read(Path(path))
    elements = [str(symbol) for symbol in content["elements"]]
    try:
        cut = nep if list(nep.elements) == elements else keep_species(nep, elements)
    except SettingsError as error:
        raise ModelError(f"{path}: charges of {' '.join(elements)}, but {error}") from None
    if fingerprint(cut) != str(content["fingerprint"]):
        raise ModelError(f"{path}: these charges belong to another NEP: give the nep.txt that they were fitted atop")
    return LongRangePotential(
        nep=replace(cut, w1=content["readout"]),
        charges=HiddenCharges(content["weights"], content["constants"]),
        energies=tuple(float(value) for value in content["energies"]),
        mode=int(content["mode"]),
        sqrt_epsilon_inf=float(content["sqrt_epsilon_inf"]),
    )


def fingerprint(nep: NEP) -> str:
    """Return a hash of everything that makes the hidden layer of a NEP."""
    made = hashlib.sha256()
    for field in fields(nep):
        if field.name not in _FREE:
            value = getattr(nep, field.name)
            made.update(field.name.encode())
            made.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return made.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not an npz file"
        raise ModelError(f"{path}: cannot read the charges: {reason}") from None
    if str(content.get("format")) != FORMAT or (missing := [name for name in _ARRAYS if name not in content]):
        found = f"{missing[0]} is missing" if str(content.get("format")) == FORMAT else "no charges of lr_correction"
        raise ModelError(f"{path}: {found}; write the file with save_charges or nepkit lr fit -o charges.npz")
    return content
