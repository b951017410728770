"""Changing frames: labels away, weights, energies of the elements, doubles; and which frames a text means."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from nepkit.core.conventions import PER_ATOM, SPELLINGS
from nepkit.core.errors import InputError
from nepkit.datasets.quantities import fingerprint
from nepkit.frames import Labels, labels, set_labels, strip_labels

_STRUCTURE = ("numbers", "positions")
CONTRADICTION = 1e-3
"""eV/atom; one structure with energies further apart than this is a contradiction."""


def clean(atoms: Atoms, *, only: Collection[str] = (), keep: Collection[str] = ()) -> Atoms:
    """Return a copy without labels, columns and keys.

    Parameters
    ----------
    atoms : ase.Atoms
        Not changed.
    only : collection of str
        Labels (``energy``, ``virial``, ...), columns or keys to remove; everything where empty.
    keep : collection of str
        What stays where everything else is removed.

    Examples
    --------
    >>> atoms = Atoms("H")
    >>> atoms.info.update(Energy=1.0, note="old")
    >>> clean(atoms, keep=["note"]).info
    {'note': 'old'}
    """
    known = labels(atoms)
    result = atoms.copy()
    result.calc = None
    strip_labels(result)
    stays = Labels() if not only else known
    given = {name: getattr(known, name) for name in SPELLINGS if name != "stress"}
    stays = replace(stays, **{name: given[name] for name in keep if name in given})
    stays = replace(stays, **dict.fromkeys([name for name in only if name in given]))
    for store in (result.info, result.arrays):
        for key in list(store):
            gone = key in only if only else key not in keep
            if gone and key not in _STRUCTURE:
                del store[key]
    set_labels(result, stays)
    return result


def known_names(atoms: Atoms) -> set[str]:
    """Return the labels, columns and keys that a frame has."""
    known = labels(atoms)
    present = {name for name in SPELLINGS if name != "stress" and getattr(known, name) is not None}
    stored = {*atoms.info, *atoms.arrays} - set(_STRUCTURE)
    spelled = {spelling for name in (*PER_ATOM, *SPELLINGS) for spelling in SPELLINGS[name]}
    return present | {key for key in stored if key.lower() not in spelled}


def weighted(atoms: Atoms, weight: float) -> Atoms:
    """Return a copy with a weight in the loss of the trainer, above 0 and at most 100.

    GPUMD: src/main_nep/structure.cu.
    """
    if not 0.0 < weight <= 100.0:
        raise InputError(f"weight {weight:g} is outside what the trainer takes, above 0 and at most 100")
    result = atoms.copy()
    set_labels(result, labels(atoms))
    for key in [key for key in result.info if key.lower() == "weight"]:
        del result.info[key]
    result.info["weight"] = float(weight)
    return result


@dataclass(frozen=True)
class Shifts:
    """Energies of the elements.

    Parameters
    ----------
    values : dict of str to float
        eV per atom.
    determined : bool
        Whether the compositions determine every one; where not, they are the smallest that fit.
    spread : tuple of float
        Standard deviation of the energy per atom before and after, eV/atom.
    """

    values: dict[str, float]
    determined: bool
    spread: tuple[float, float]


def fit_shifts(frames: Iterable[Atoms]) -> Shifts:
    """Return energies of the elements whose sums are closest to the energies of the frames, by least squares per atom.

    Raises
    ------
    InputError
        Where no frame has an energy.

    Examples
    --------
    >>> frames = [Atoms("H2"), Atoms("HO"), Atoms("O2")]
    >>> for atoms, energy in zip(frames, (-2.0, -6.0, -10.0)):
    ...     atoms.info["energy"] = energy
    >>> {name: round(float(value), 9) for name, value in fit_shifts(frames).values.items()}
    {'H': -1.0, 'O': -5.0}
    """
    rows: list[dict[str, float]] = []
    energies = []
    for number, atoms in enumerate(frames, 1):
        energy = labels(atoms, f"frame {number}").energy
        if energy is not None:
            names, counts = np.unique(atoms.get_chemical_symbols(), return_counts=True)
            rows.append(dict(zip(names.tolist(), (counts / len(atoms)).tolist(), strict=True)))
            energies.append(energy / len(atoms))
    if not rows:
        raise InputError("no frame has an energy; nothing to shift")
    elements = sorted({name for row in rows for name in row})
    shares = np.array([[row.get(name, 0.0) for name in elements] for row in rows])
    target = np.array(energies)
    solution, _, rank, _ = np.linalg.lstsq(shares, target, rcond=1e-10)
    after = target - shares @ solution
    values = dict(zip(elements, solution.tolist(), strict=True))
    return Shifts(values, int(rank) == len(elements), (float(target.std()), float(after.std())))


def shifted(atoms: Atoms, values: Mapping[str, float]) -> Atoms:
    """Return a copy whose energy has the energies of its elements subtracted."""
    known = labels(atoms)
    result = atoms.copy()
    change = sum(values.get(symbol, 0.0) for symbol in atoms.get_chemical_symbols())
    set_labels(result, known if known.energy is None else replace(known, energy=known.energy - change))
    return result


def without_duplicates(
    frames: Iterable[Atoms], report: list[tuple[int, int, float | None]], marks: Sequence[Hashable] | None = None
) -> Iterator[Atoms]:
    """Yield the first frame of every structure.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        The set.
    report : list
        Receives ``(frame, first, difference)`` for every frame left out: its number, that of the frame kept (the first
        is 1) and the difference of their energies, eV/atom, None where one has none.
    marks : sequence, optional
        What frames have in common with those that are the same structure; elements, positions and cell when left out.
    """
    first: dict[Hashable, tuple[int, float | None]] = {}
    for number, atoms in enumerate(frames, 1):
        energy = labels(atoms, f"frame {number}").energy
        per_atom = None if energy is None else energy / len(atoms)
        mark: Hashable = fingerprint(atoms) if marks is None else marks[number - 1]
        if mark not in first:
            first[mark] = (number, per_atom)
            yield atoms
            continue
        kept, known = first[mark]
        report.append((number, kept, None if per_atom is None or known is None else abs(per_atom - known)))
