"""Predictions beside their references as nep and gnep write them: ``energy_train.out``, ``force_test.out`` and so on.

GPUMD: src/main_nep/fitness.cu. A reference that the training set lacks is written as a number of the size 1e6 (virial
and stress) or as zeros (Born effective charges); such rows are left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import read_rows

Array = NDArray[np.float64]

VOIGT = ("xx", "yy", "zz", "xy", "yz", "zx")  # order "nep" of nepkit.core.conventions
ROWS = tuple(a + b for a in "xyz" for b in "xyz")


@dataclass(frozen=True)
class Kind:
    """What a file of predictions holds: components, unit, and whether a row is an atom or a frame."""

    components: tuple[str, ...]
    unit: str
    per_atom: bool


KINDS = {
    "energy": Kind(("energy",), "eV/atom", False),
    "force": Kind(("x", "y", "z"), "eV/A", True),
    "virial": Kind(VOIGT, "eV/atom", False),
    "stress": Kind(VOIGT, "GPa", False),
    "bec": Kind(ROWS, "e", True),
    "dipole": Kind(("x", "y", "z"), "unit of the data/atom", False),
    "polarizability": Kind(VOIGT, "unit of the data/atom", False),
}
"""By the first word of the file's name. Virial and stress are positive under compression."""

PARTS = ("train", "test")
ABSENT = 0.99e6
"""References of this size or more stand for none: -1e6, in old versions 1e6, in src/main_nep/structure.cu."""


@dataclass(frozen=True)
class Prediction:
    """Predicted and reference values of one quantity.

    Parameters
    ----------
    quantity : str
        Key of `KINDS`.
    predicted, reference : ndarray, shape (R, C)
        A row for every frame or atom with a reference, in the unit of the kind.
    block : ndarray of int, shape (R,)
        Number of the frame, or stretch of the file, that a row belongs to: rows of one block are not independent.
    left_out : int
        Rows, or frames where they were compared one by one, without a reference.
    """

    quantity: str
    predicted: Array
    reference: Array
    block: NDArray[np.int64]
    left_out: int = 0

    @property
    def kind(self) -> Kind:
        """Components and unit."""
        return KINDS[self.quantity]

    @property
    def error(self) -> Array:
        """Prediction minus reference, shape (R, C)."""
        return np.asarray(self.predicted - self.reference)


def name_parts(path: Path) -> tuple[str, str] | None:
    """Return quantity and part of a file by its name, None where it has another.

    Examples
    --------
    >>> name_parts(Path("run/force_test.out"))
    ('force', 'test')
    """
    found = re.fullmatch(rf"({'|'.join(KINDS)})_(\w+)\.out", path.name)
    return (found[1], found[2]) if found else None


def read_prediction(path: Path, quantity: str | None = None, *, frames: int | None = None) -> Prediction:
    r"""Return one file of predictions.

    Parameters
    ----------
    path : Path
        For instance ``force_train.out``.
    quantity : str, optional
        Key of `KINDS`; from the file's name when left out.
    frames : int, optional
        Frames of the set, by which atoms are put into blocks: as many stretches of equal length, which are the frames
        themselves where all have the same number of atoms. Found in ``energy_*.out`` beside it when left out.

    Raises
    ------
    InputError
        Where the quantity is unknown, the columns are not its predictions and references, or no row has a reference.

    Examples
    --------
    >>> path = Path("/tmp/energy_train.out")
    >>> _ = path.write_text("-3.1 -3.0\n-2.9 -3.0\n")
    >>> read_prediction(path).error.ravel().round(3)
    array([-0.1,  0.1])
    """
    named = name_parts(path)
    quantity = quantity or (named[0] if named else None)
    if quantity is None:
        raise InputError(f"{path}: of what are these predictions? expected a name such as force_train.out")
    predicted, reference, absent = read_pairs(path, quantity)
    rows = len(absent)
    if absent.all():
        raise InputError(f"{path}: none of the {rows} rows has a reference; the data set has no {quantity} labels")
    count = rows
    if KINDS[quantity].per_atom:
        count = frames or _frames_beside(path, named[1] if named else "train") or min(rows, 50)
    block = np.arange(rows) * min(count, rows) // rows
    return Prediction(quantity, predicted[~absent], reference[~absent], block[~absent], int(absent.sum()))


def read_pairs(path: Path, quantity: str) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return all predictions and references of a file, shape (R, C), and which rows have no reference, shape (R,).

    Raises
    ------
    InputError
        Where the columns are not predictions and references of the quantity.
    """
    table, width = read_rows(path), len(KINDS[quantity].components)
    if table.shape[1] != 2 * width:
        raise InputError(
            f"{path}: {table.shape[1]} columns, expected {width} of predictions and {width} of references of {quantity}"
        )
    predicted, reference = table[:, :width], table[:, width:]
    absent: NDArray[np.bool_] = np.asarray((np.abs(reference) >= ABSENT).any(axis=1))
    if quantity == "bec":
        absent |= ~reference.any(axis=1)
    return predicted, reference, absent


def _frames_beside(path: Path, part: str) -> int | None:
    energies = path.with_name(f"energy_{part}.out")
    if not energies.exists():
        return None
    with energies.open("rb") as file:
        return sum(1 for line in file if line.strip()) or None


def read_predictions(
    folder: Path, part: str, quantities: Sequence[str] = tuple(KINDS)
) -> tuple[dict[str, Prediction], list[str]]:
    """Return all predictions of one part that lie in a folder, and what was left out.

    Parameters
    ----------
    folder : Path
        Folder of a training or prediction.
    part : str
        ``train`` or ``test``.
    quantities : sequence of str
        Which ones.

    Returns
    -------
    predictions : dict of str to Prediction
        By quantity, those with references.
    notes : list of str
        A sentence on every file that has none.
    """
    found, notes = {}, []
    for quantity in quantities:
        path = folder / f"{quantity}_{part}.out"
        if not path.exists() or not path.stat().st_size:
            continue
        try:
            found[quantity] = read_prediction(path)
        except InputError as error:
            if "has a reference" not in str(error):
                raise
            notes.append(str(error))
    return found, notes


def read_charges(path: Path) -> Array:
    """Return the charges of ``charge_train.out`` or ``charge_test.out``, e, shape (atoms,).

    They are those of the network, before the mean is taken off to give the frame its total charge.

    Raises
    ------
    InputError
        Where it has more than one column.
    """
    table = read_rows(path)
    if table.shape[1] != 1:
        raise InputError(f"{path}: {table.shape[1]} columns, expected one charge per line")
    return np.asarray(table[:, 0])


@dataclass(frozen=True)
class Restart:
    """Distribution of the parameters that a training works with: ``nep.restart``.

    Parameters
    ----------
    mu : ndarray, shape (P,)
        Means, in the order of nep.txt without its descriptor scaling.
    sigma : ndarray, shape (P,), or None
        Standard deviations; gnep, which has none, writes one column.
    """

    mu: Array
    sigma: Array | None


def read_restart(path: Path) -> Restart:
    """Return ``nep.restart`` or ``gnep.restart``.

    Raises
    ------
    InputError
        Where it has more than two columns.
    """
    table = read_rows(path)
    if table.shape[1] > 2:
        raise InputError(
            f"{path}: {table.shape[1]} columns, expected mean and standard deviation; is it a nep.restart?"
        )
    return Restart(table[:, 0], table[:, 1] if table.shape[1] == 2 else None)
