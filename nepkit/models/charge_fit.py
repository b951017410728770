"""From files to a charge fit and the model file it makes, with everything checked before the first expensive step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lr_correction.checks import check_frames, check_model
from lr_correction.errors import DataError, ModelError, SettingsError
from lr_correction.export import check_export
from lr_correction.fit import fit_charges
from lr_correction.nep import NEP, keep_species
from lr_correction.nepfile import read_nep
from lr_correction.objective import Weights
from lr_correction.oxidation import oxidation_states
from lr_correction.results import ChargeFit, Ridge
from nepkit.core.errors import InputError
from nepkit.core.progress import stages
from nepkit.formats.files import read_frames


@dataclass(frozen=True)
class FitInput:
    """What a charge fit needs, read and checked.

    Parameters
    ----------
    nep : NEP
        The model, cut to the elements of the frames.
    sets : dict of str to list of ase.Atoms
        ``train`` and, where there are test frames, ``test``.
    notes : tuple of str
        What was done to the input.
    """

    nep: NEP
    sets: dict[str, list[Atoms]]
    notes: tuple[str, ...] = ()


def read_input(
    model: str | Path,
    train: str | Path,
    test: str | Path | None = None,
    *,
    initial_charges: Mapping[str, float] | None = None,
) -> FitInput:
    """Read a NEP and labelled frames, and check whatever can be checked before a fit.

    Parameters
    ----------
    model : path
        A NEP without charges. Elements that no frame has are cut away.
    train, test : path
        Labelled frames.
    initial_charges : mapping of str to float, optional
        Starting charges by element, e.

    Raises
    ------
    InputError
        Names the file, and the frame where it is one frame's fault.

    Examples
    --------
    >>> read_input("nep.txt", "train.xyz", "test.xyz").nep.elements  # doctest: +SKIP
    ('Li', 'Y', 'Cl')
    """
    nep = read_nep(model)
    sets = {"train": list(read_frames(train))} | ({"test": list(read_frames(test))} if test is not None else {})
    paths = {"train": train, "test": test}
    try:
        check_model(nep)
        for name, frames in sets.items():
            _check_elements(nep, frames, f"{paths[name]}, frame")
        cut, notes = cut_to(nep, [atoms for frames in sets.values() for atoms in frames])
        check_export(cut)
    except ModelError as error:
        raise InputError(f"{model}: {error}") from None
    _check_charges(cut, model, initial_charges)
    for name, frames in sets.items():
        try:
            explicit = name == "train" and initial_charges is not None
            known = oxidation_states(cut.elements, initial_charges)
            check_frames(cut, frames, known, explicit=explicit, name=f"{paths[name]}, frame")
            if name == "train":
                check_export(cut, frames)
        except (DataError, ModelError) as error:
            raise InputError(str(error).replace("training frame", f"{paths[name]}, frame", 1)) from None
    return FitInput(cut, sets, notes)


def cut_to(nep: NEP, frames: Sequence[Atoms]) -> tuple[NEP, tuple[str, ...]]:
    """Return a model of the elements of the frames alone, and a note where that cut something away."""
    present = {symbol for atoms in frames for symbol in atoms.symbols}
    kept = [element for element in nep.elements if element in present]
    if not kept or len(kept) == len(nep.elements):
        return nep, ()
    note = f"the model's {len(nep.elements)} elements were cut to {' '.join(kept)}, those of the frames"
    return keep_species(nep, kept), (note,)


def _check_elements(nep: NEP, frames: Sequence[Atoms], name: str) -> None:
    for number, atoms in enumerate(frames, start=1):
        if unknown := sorted(set(atoms.symbols) - set(nep.elements)):
            raise InputError(
                f"{name} {number}: element {unknown[0]} is not in the model, which knows {' '.join(nep.elements)}"
            )


def _check_charges(nep: NEP, model: str | Path, initial_charges: Mapping[str, float] | None) -> None:
    try:
        oxidation_states(nep.elements, initial_charges)
    except SettingsError as error:
        raise InputError(f"{model}: {error} (option --charges)") from None


def run_fit(
    given: FitInput,
    *,
    mode: int = 2,
    initial_charges: Mapping[str, float] | None = None,
    short_range: str = "readout",
    ridge: tuple[float, float] | None = None,
    range_diagnosis: bool = True,
    memory_gb: float = 4.0,
    threads: int | None = None,
    xp: Any = np,
    born_weight: float = 0.0,
) -> ChargeFit:
    """Fit charges and report the progress.

    Parameters
    ----------
    given : FitInput
        From `read_input`.
    ridge : (float, float), optional
        Strength of the prior of the charges and of the readout; cross-validation chooses it when left out.
    born_weight : float
        Weight of Born effective charges, 1/e; without one they only give sqrt_epsilon_inf.
    mode, initial_charges, short_range, range_diagnosis, memory_gb, threads, xp
        As in `lr_correction.fit.fit_charges`.

    Examples
    --------
    >>> fit = run_fit(read_input("nep.txt", "train.xyz"))  # doctest: +SKIP
    >>> fit.charges["Li"].mean  # doctest: +SKIP
    0.93
    """
    with stages() as report:
        return fit_charges(
            given.nep,
            given.sets["train"],
            test=given.sets.get("test"),
            mode=mode,
            initial_charges=initial_charges,
            short_range=short_range,
            prior=None if ridge is None else Ridge(charges=ridge[0], readout=ridge[1]),
            range_diagnosis=range_diagnosis,
            memory_gb=memory_gb,
            threads=threads,
            xp=xp,
            weights=Weights(bec=born_weight),
            progress=report,
        )
