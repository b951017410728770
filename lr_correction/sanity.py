"""Labels that cannot be meant: other units, other signs, other frames' labels, test frames that are training frames.

What a trained NEP says is the witness: labels in another unit lie on a line of another slope, labels of another sign on
a falling one, and those of other frames on none, although they fit another frame.
"""

from collections.abc import Mapping, Sequence

import ase
import numpy as np
from numpy.typing import NDArray

from .errors import DataError
from .labels import labels_of

FloatArray = NDArray[np.float64]

#: Units by their size in eV/angstrom and in eV, inverted: what a label in them is of the label in ours (CODATA 2018).
FORCE_UNITS = {
    "Hartree/bohr": 1 / 51.4221,
    "Rydberg/bohr": 1 / 25.7110,
    "Hartree/angstrom": 1 / 27.2114,
    "kcal/mol/angstrom": 23.0605,
    "kJ/mol/angstrom": 96.4853,
    "kJ/mol/nm": 964.853,
    "meV/angstrom": 1000.0,
}
ENERGY_UNITS = {
    "Hartree": 1 / 27.2114,
    "Rydberg": 1 / 13.6057,
    "kcal/mol": 23.0605,
    "kJ/mol": 96.4853,
    "meV": 1000.0,
}
#: Correlation from which labels and model are taken to be of one kind, and below which they are taken to be of none.
ALIKE, UNLIKE = 0.9, 0.3
#: A slope beyond this factor from 1 is no error of a model.
FACTOR = 3.0
#: A slope is that of a unit within this share.
TOLERANCE = 0.15
#: Frames compared with each other at most.
MOST_COMPARED = 100
#: Energies say something when this many are left after the constants of the elements.
FEWEST_ENERGIES = 6


def repeated_frames(train: Sequence[ase.Atoms], test: Sequence[ase.Atoms]) -> dict[int, int]:
    """Return which test frames (by index) are training frames: same elements, positions and cell to 1e-4 angstrom.

    Examples
    --------
    >>> repeated_frames([ase.Atoms("H"), ase.Atoms("He")], [ase.Atoms("He")])
    {0: 1}
    """

    def key(atoms: ase.Atoms) -> tuple[bytes, bytes, bytes]:
        rounded = [np.round(part, 4) + 0.0 for part in (atoms.positions, atoms.cell.array)]
        return atoms.numbers.tobytes(), rounded[0].tobytes(), rounded[1].tobytes()

    known = {key(atoms): index for index, atoms in reversed(list(enumerate(train)))}
    return {index: known[key(atoms)] for index, atoms in enumerate(test) if key(atoms) in known}


def check_labels(
    frames: Sequence[ase.Atoms], residuals: Sequence[Mapping[str, FloatArray]], elements: Sequence[str], name: str
) -> list[str]:
    """Compare the labels of frames with what the NEP says of them before anything is fitted.

    Parameters
    ----------
    frames
        Frames with energies and forces.
    residuals
        Label minus the NEP's value for every frame: ``force``, eV/angstrom, and ``energy``, eV/atom.
    elements
        Elements of the NEP.
    name
        What a frame is called in messages.

    Returns
    -------
    list of str
        What the user should look at.

    Raises
    ------
    DataError
        Where labels are certainly wrong: of the other sign, in another unit, or of other frames.
    """
    labels = [labels_of(atoms) for atoms in frames]
    counts = np.array([[list(atoms.symbols).count(e) for e in elements] for atoms in frames], dtype=float)
    sizes = counts.sum(axis=1)
    forces = [np.ravel(label.forces) for label in labels if label.forces is not None]
    energies = np.array([label.energy for label in labels if label.energy is not None])
    if len(forces) < len(frames) or len(energies) < len(frames):
        return []
    model_forces = [f - np.ravel(r["force"]) for f, r in zip(forces, residuals, strict=True)]
    model_energies = energies - sizes * np.array([float(r["energy"][0]) for r in residuals])
    notes: list[str] = []
    slope, alike = _line(np.concatenate(model_forces), np.concatenate(forces))
    if alike < -ALIKE and _unit_slope(-slope):
        raise DataError(
            f"the forces of the {name}s have the wrong sign: their correlation with the NEP's is {alike:.2f}"
        )
    if alike > ALIKE:
        notes += _check_unit(slope, alike, FORCE_UNITS, "forces", "eV/angstrom", name)
    if alike < ALIKE:
        _check_order(frames, forces, model_forces, name)
    if alike < UNLIKE:
        notes.append(
            f"the forces of the {name}s are not what the NEP says (correlation {alike:.2f}): is it the right NEP,"
            " and are the labels those of these atoms?"
        )
    shares = np.linalg.lstsq(counts, np.column_stack([model_energies, energies]), rcond=None)[0]
    rest = np.column_stack([model_energies, energies]) - counts @ shares
    if len(frames) - np.linalg.matrix_rank(counts) >= FEWEST_ENERGIES:
        slope, follows = _line(rest[:, 0], rest[:, 1])
        if follows < -ALIKE and _unit_slope(-slope):
            raise DataError(
                f"the energies of the {name}s have the wrong sign: their correlation with the NEP's is {follows:.2f}"
            )
        if follows > ALIKE:
            notes += _check_unit(slope, follows, ENERGY_UNITS, "energies", "eV", name)
        elif alike > ALIKE and follows < UNLIKE:
            notes.append(
                f"the energies of the {name}s do not follow the NEP's (correlation {follows:.2f}) although the forces"
                f" do ({alike:.2f}): are they of these frames, and total energies?"
            )
    return notes


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return slope through zero of y on x, and their correlation about zero; zeros where either vanishes."""
    xx, yy, xy = float(x @ x), float(y @ y), float(x @ y)
    return (xy / xx, xy / (xx * yy) ** 0.5) if xx > 0 and yy > 0 else (1.0, 0.0)


def _unit_slope(slope: float) -> bool:
    return 1 / FACTOR < slope < FACTOR


def _check_unit(slope: float, alike: float, units: Mapping[str, float], what: str, ours: str, name: str) -> list[str]:
    """Raise DataError if the slope is that of another unit; return a note if it is that of none."""
    if _unit_slope(slope):
        return []
    unit, size = min(units.items(), key=lambda item: abs(np.log(slope / item[1])) if slope > 0 else np.inf)
    found = f"the {what} of the {name}s are {slope:.3g} times those of the NEP (correlation {alike:.2f})"
    if slope > 0 and abs(np.log(slope / size)) < TOLERANCE:
        raise DataError(f"{found}: they look like {unit}, expected {ours}")
    return [f"{found}: {ours} is expected, and about the same size"]


def _check_order(
    frames: Sequence[ase.Atoms], labels: Sequence[FloatArray], models: Sequence[FloatArray], name: str
) -> None:
    """Raise DataError if most frames have forces that fit another frame of the same atoms."""
    groups: dict[bytes, list[int]] = {}
    for index, atoms in enumerate(frames[:MOST_COMPARED]):
        groups.setdefault(atoms.numbers.tobytes(), []).append(index)
    strayed, compared = [], 0
    for group in (group for group in groups.values() if len(group) > 1):
        left, right = (
            np.array([side[k] / (np.linalg.norm(side[k]) or 1.0) for k in group]) for side in (models, labels)
        )
        table = left @ right.T
        compared += len(group)
        for place, best in enumerate(table.argmax(axis=1)):
            if best != place and table[place, best] > ALIKE and table[place, place] < 0.5 * table[place, best]:
                strayed.append((group[place] + 1, group[int(best)] + 1))
    if strayed and 2 * len(strayed) > compared:
        first, other = strayed[0]
        raise DataError(
            f"the labels of the {name}s are in another order than the frames: the NEP's forces of {name} {first} are"
            f" those that {name} {other} carries, and {len(strayed)} of {compared} are so"
        )
