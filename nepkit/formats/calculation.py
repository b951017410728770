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
from nepkit.formats.format import Reading
from nepkit.formats.ionic_step import CUT_SHORT, UNCONVERGED, IonicStep


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


def checked(
    path: Path,
    text: str,
    reading: Reading,
    ase_format: str,
    states: Sequence[State],
    masses: Sequence[float] | None = None,
) -> Iterator[Atoms]:
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
    masses : sequence of float, optional
        Of the atoms, amu, where ASE does not read them.

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
        else:
            yield from _step(atoms, state, masses).finish(number, path, reading)


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


def _step(atoms: Atoms, state: State, masses: Sequence[float] | None) -> IonicStep:
    results = _results(atoms)
    stress = None
    if "stress" in results:
        told = np.asarray(results["stress"], dtype=float)
        stress = told.reshape(3, 3) if told.size == 9 else conventions.matrix(told, "ase")
    energy = state.energy if state.energy is not None else results.get("free_energy", results["energy"])
    return IonicStep(
        atoms.cell.array,
        atoms.get_chemical_symbols(),
        atoms.positions,
        energy=float(energy),
        forces=results.get("forces"),
        stress=stress,
        masses=atoms.get_masses() if atoms.has("masses") else masses,
        pbc=atoms.pbc,
        untold=state.converged is None,
    )
