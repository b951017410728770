"""Steps of a calculation that ASE reads, held against what the output says of their convergence."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.formats.format import Reading, keep_isotopes
from nepkit.formats.outcar import CUT_SHORT, UNCONVERGED
from nepkit.frames import Labels, set_labels

UNTOLD = "the output does not say whether its electronic steps converged"


@dataclass
class State:
    """How the electronic steps of one ionic step ended.

    Parameters
    ----------
    converged : bool or None
        None where the output has not said it.
    energy : float, optional
        The energy whose derivatives the forces are, eV, where ASE does not read that one.
    """

    converged: bool | None = None
    energy: float | None = None


def checked(path: Path, text: str, reading: Reading, ase_format: str, states: Sequence[State]) -> Iterator[Atoms]:
    """Yield the steps that ASE finds in an output and that converged; the others are noted in ``reading``.

    Parameters
    ----------
    path : Path
        The output, for messages and the source of frames.
    text : str
        Its content.
    reading : Reading
        Takes the steps that are left out.
    ase_format : str
        Name of ASE's reader.
    states : sequence of State
        One for every ionic step. ASE may leave those out that did not converge.

    Raises
    ------
    InputError
        Where ASE cannot read it, or its steps are not those of the states.
    """
    found = _with_ase(path, text, ase_format)
    good = [number for number, state in enumerate(states, 1) if state.converged is not False]
    if len(found) == len(states):
        numbered = dict(enumerate(found, 1))
    elif len(found) == len(good):
        numbered = dict(zip(good, found, strict=True))
    elif len(found) in (len(states) + 1, len(states) - 1) or not states:  # the last step is not whole
        numbered = dict(enumerate(found[: len(states)] if states else found, 1))
    else:
        raise InputError(f"{path}: {len(states)} ionic steps in it, but ASE finds {len(found)}; is it of one run?")
    wanted = {name for atoms in found for name in ("forces",) if name in _results(atoms)}
    for number in range(1, max(len(found), len(states)) + 1):
        state = states[number - 1] if number <= len(states) else State()
        atoms = numbered.get(number)
        if state.converged is False:
            reading.drop(number, UNCONVERGED)
        elif atoms is None or "energy" not in _results(atoms) or not wanted <= set(_results(atoms)):
            reading.drop(number, CUT_SHORT)
        elif state.converged is None:
            reading.drop(number, UNTOLD)
        else:
            yield _frame(atoms, state, f"{path.name}:{number}", f"{path}, step {number}")


def _with_ase(path: Path, text: str, ase_format: str) -> list[Atoms]:
    from ase.io import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code that was run, and of formats that will move
            found = read(StringIO(text), ":", format=ase_format)
    except Exception as error:  # ASE's readers raise whatever went wrong first
        raise InputError(
            f"{path}: ASE cannot read it as {ase_format}: {str(error)[:200] or type(error).__name__}"
        ) from None
    return [found] if isinstance(found, Atoms) else list(found)


def _results(atoms: Atoms) -> dict[str, Any]:
    results = getattr(atoms.calc, "results", {})
    return {key: value for key, value in results.items() if value is not None}


def _frame(atoms: Atoms, state: State, source: str, where: str) -> Atoms:
    results = _results(atoms)
    made = Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    keep_isotopes(made, atoms.get_masses() if atoms.has("masses") else None)
    energy = state.energy if state.energy is not None else results.get("free_energy", results["energy"])
    forces = results.get("forces")
    virial = None
    if "stress" in results and made.cell.volume > 0.0:
        stress = np.asarray(results["stress"], dtype=float)
        tensor = stress.reshape(3, 3) if stress.size == 9 else conventions.matrix(stress, "ase")
        virial = conventions.virial_from_stress(tensor, made.cell.volume)
    known = Labels(energy=float(energy), forces=forces, virial=virial)
    finite = [known.energy, made.positions, made.cell.array, *(item for item in (forces, virial) if item is not None)]
    if not all(np.isfinite(item).all() for item in finite) or (
        forces is not None and np.shape(forces) != made.positions.shape
    ):
        raise InputError(f"{where}: its numbers are not finite or not one row per atom")
    set_labels(made, known)
    made.info["source"] = source
    return made
