"""What a NEP computes for every atom on the way to its energy: descriptors and hidden layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.nepfile import read_nep
from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError, OutputError
from nepkit.sampling.descriptors import environments

Array = NDArray[np.float64]
Kind = Literal["descriptors", "latent"]


@dataclass(frozen=True)
class AtomTable:
    """A row of numbers for every atom of many frames; R rows of D numbers.

    Parameters
    ----------
    values : ndarray, shape (R, D)
        Scaled descriptors, or the hidden layer in eV: activations times output weights, whose sum is the energy of the
        atom up to a constant of its element.
    frame, atom : ndarray of int, shape (R,)
        Indices of the frame in the file and of the atom in the frame, from 0.
    symbols : ndarray of str, shape (R,)
        Elements.
    """

    values: Array
    frame: NDArray[np.int64]
    atom: NDArray[np.int64]
    symbols: NDArray[np.str_]

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write all arrays under their names as npz, or the values alone as npy.

        Raises
        ------
        OutputError
            For another suffix, or a file that exists.
        """
        path = Path(path)
        if path.suffix not in (".npz", ".npy"):
            raise OutputError(f"{path}: a table of atoms is written as .npz, or as .npy without frames and atoms")
        with atomic_path(path, overwrite=overwrite) as temporary:
            if path.suffix == ".npy":
                np.save(temporary, self.values)
            else:
                np.savez(temporary, values=self.values, frame=self.frame, atom=self.atom, symbols=self.symbols)


def atom_table(
    frames: Iterable[Atoms],
    model: Path,
    kind: Kind = "descriptors",
    *,
    elements: Collection[str] = (),
    source: str = "frame",
    jobs: int = 1,
) -> AtomTable:
    """Return the descriptors or the hidden layer of all atoms, or of those of some elements.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Read as they are needed.
    model : Path
        NEP or qNEP.
    kind : "descriptors" or "latent"
        What is computed.
    elements : collection of str
        Elements to keep; all when empty.
    source : str
        What messages call the frames.
    jobs : int
        Processes.

    Raises
    ------
    InputError
        For a frame that the model cannot use, or where no atom is of the elements.

    Examples
    --------
    >>> atom_table(frames, Path("nep.txt"), elements=["Li"]).values.shape  # doctest: +SKIP
    (7200, 52)
    """
    nep = read_nep(model)
    if unknown := sorted(set(elements) - set(nep.elements)):
        raise InputError(f"element {unknown[0]} is not in the model, which knows {' '.join(nep.elements)}")
    wanted = np.array([not elements or symbol in elements for symbol in nep.elements])
    rows, frame_of, atom_of, types_of = [], [], [], []
    for number, (types, values) in enumerate(environments(frames, model, source=source, jobs=jobs)):
        (chosen,) = np.nonzero(wanted[types])
        rows.append(values[chosen])
        frame_of.append(np.full(len(chosen), number))
        atom_of.append(chosen)
        types_of.append(types[chosen])
    if not rows:
        raise InputError(f"{source}: no frames")
    values, types = np.concatenate(rows), np.concatenate(types_of)
    if not len(values):
        raise InputError(f"{source}: no atom of {' '.join(elements)} in any frame")
    if kind == "latent":
        latent = np.empty((len(values), nep.neurons))
        for t in np.unique(types):
            mine = types == t
            latent[mine] = np.tanh(values[mine] @ nep.w0[t].T - nep.b0[t]) * nep.w1[t]
        values = latent
    symbols = np.array(nep.elements)[types]
    return AtomTable(values, np.concatenate(frame_of), np.concatenate(atom_of), symbols)
