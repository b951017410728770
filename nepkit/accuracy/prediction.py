"""A file of frames through a potential: predictions as labels, errors against the labels, spread of a committee."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.accuracy.agreement import Agreement, Comparison
from nepkit.core.progress import track
from nepkit.formats.files import read_frames
from nepkit.formats.kept import write_kept
from nepkit.frames import Labels, set_labels
from nepkit.models.evaluation import Evaluated, evaluate
from nepkit.models.potentials import Potential


@dataclass(frozen=True)
class FramePrediction:
    """What was predicted for one frame, in short.

    Parameters
    ----------
    atoms : int
        Number of atoms.
    energy : float
        eV.
    max_force : float
        Longest force on an atom, eV/A.
    energy_spread : float or None
        Standard deviation over a committee, eV/atom.
    force_spread : float or None
        Largest over the atoms of the standard deviation of the force as a vector, eV/A.
    """

    atoms: int
    energy: float
    max_force: float
    energy_spread: float | None = None
    force_spread: float | None = None


@dataclass(frozen=True)
class FilePrediction:
    """What was predicted for a file.

    Parameters
    ----------
    frames : list of FramePrediction
        In the order of the file.
    errors : list of Agreement
        Against the labels that the frames carried; empty without labels.
    labels : list of Labels
        Everything that was predicted, where asked for; else empty.
    """

    frames: list[FramePrediction]
    errors: list[Agreement]
    labels: list[Labels]

    @property
    def atoms(self) -> int:
        """Atoms in all frames."""
        return sum(row.atoms for row in self.frames)


def predict_file(
    potential: Potential,
    path: Path,
    output: Path | None = None,
    *,
    bec: bool = True,
    jobs: int = 1,
    keep: bool = False,
    overwrite: bool = False,
) -> FilePrediction:
    """Predict the frames of a file, a few in memory at a time, and write them with the predictions as labels.

    A committee gives its mean, and its spread as ``energy_spread`` (eV/atom) and ``max_force_spread`` (eV/A) of the
    frame and ``force_spread`` (eV/A) of the atoms.

    Parameters
    ----------
    potential : Potential
        Any; see `nepkit.models.potentials.load_potential`.
    path, output : Path
        Frames to read, and to write where given.
    bec : bool
        Whether Born effective charges are wanted.
    jobs : int
        Processes.
    keep : bool
        Whether to return everything that was predicted.
    overwrite : bool
        Whether ``output`` may be replaced.

    Raises
    ------
    InputError
        For a frame that cannot be read or computed; those before it are written.

    Examples
    --------
    >>> predict_file(load_potential("nep.txt"), Path("train.xyz")).errors[0].rmse  # doctest: +SKIP
    3.2
    """
    comparison, rows, kept = Comparison(), list[FramePrediction](), list[Labels]()

    def stream() -> Iterator[Atoms]:
        frames = read_frames(path)
        for row in track(evaluate(potential, frames, source=str(path), bec=bec, jobs=jobs), "Evaluating"):
            comparison.add(row.atoms, row.labels)
            rows.append(_short(row))
            if keep:
                kept.append(row.labels)
            yield _labelled(row)

    if output is not None:
        write_kept(output, stream(), overwrite=overwrite)
    else:
        for _ in stream():
            pass
    return FilePrediction(rows, comparison.rows(), kept)


def _short(row: Evaluated) -> FramePrediction:
    count = len(row.atoms)
    energy_spread = force_spread = None
    if row.spread is not None:
        energy_spread = float(row.spread.deviation.energy or 0.0) / count
        force_spread = float(row.spread.force.max())
    largest = float(np.linalg.norm(np.asarray(row.labels.forces), axis=1).max())
    return FramePrediction(count, float(row.labels.energy or 0.0), largest, energy_spread, force_spread)


def _labelled(row: Evaluated) -> Atoms:
    atoms = row.atoms
    set_labels(atoms, row.labels)
    if row.spread is not None:
        atoms.info["energy_spread"] = float(row.spread.deviation.energy or 0.0) / len(atoms)
        atoms.info["max_force_spread"] = float(row.spread.force.max())
        atoms.arrays["force_spread"] = row.spread.force
    return atoms
