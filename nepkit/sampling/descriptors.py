"""Descriptors of atoms and frames by a NEP or qNEP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.errors import DataError
from lr_correction.nepfile import read_nep
from nepkit.core.errors import InputError
from nepkit.core.parallel import mapped
from nepkit.core.progress import track
from nepkit.models.potentials.load import load_potential
from nepkit.models.potentials.potential import place

Array = NDArray[np.float64]
By = Literal["frame", "element"]

BACKENDS = ("auto", "own", "calorine", "arrays", "pynep")
"""Who computes: our own engine where it was compiled and else calorine, either of them in any case, the arrays of
`lr_correction`, or PyNEP where it is installed. They agree to rounding."""


class AtomDescriptors:
    """The descriptors of a model, for one frame at a time; can be sent to other processes.

    Parameters
    ----------
    model : Path
        NEP or qNEP, whose cutoffs and weights define the descriptors.
    backend : str
        One of `BACKENDS`.

    Raises
    ------
    lr_correction.errors.ModelError
        Where the model is not a NEP, or has charges and PyNEP would misread it.
    NepkitError
        Where PyNEP is asked for and not installed.
    """

    def __init__(self, model: Path, backend: str = "auto") -> None:
        if backend not in BACKENDS:
            raise InputError(f"unknown backend {backend!r}; known: {', '.join(BACKENDS)}")
        self.backend = backend
        self.potential: Any = (
            load_potential(f"pynep:{model}")
            if backend == "pynep"
            else load_potential(model, backend="lr_correction" if backend == "arrays" else backend)
        )
        self.elements: tuple[str, ...] = read_nep(model).elements

    def __call__(self, atoms: Atoms, where: str = "frame") -> Array:
        """Return the scaled descriptors of every atom, shape (N, D).

        Raises
        ------
        InputError
            For an element that the model lacks or a cell that it cannot use; names the frame.
        """
        if self.backend == "pynep":
            self.potential.check(atoms, where)
            return np.asarray(self.potential.calculator().get_property("descriptor", atoms), dtype=float)
        try:
            values: Array = self.potential.descriptors(atoms, where)
        except DataError as error:
            raise InputError(f"{where}: {str(error).removeprefix('frame 1: ')}") from None
        return values

    def types(self, atoms: Atoms) -> NDArray[np.int64]:
        """Return the index of every atom's element in `elements`, shape (N,)."""
        return np.array([self.elements.index(symbol) for symbol in atoms.symbols], dtype=np.int64)


def frame_descriptors(
    frames: Iterable[Atoms],
    model: Path,
    *,
    by: By = "frame",
    backend: str = "auto",
    source: str = "frame",
    jobs: int = 1,
) -> Array:
    """Return one vector per frame: the mean of the scaled descriptors of its atoms.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        A few at a time are in memory.
    model : Path
        NEP or qNEP.
    by : "frame" or "element"
        One mean over all atoms, shape (F, D), or one mean per element of the model side by side, shape (F, T D), zero
        where a frame lacks the element. The latter keeps what few atoms of an element do from drowning in the mean.
    backend : str
        One of `BACKENDS`.
    source : str
        What messages call the frames.
    jobs : int
        Processes; the result does not depend on it.

    Raises
    ------
    InputError
        For an element that the model lacks or a frame that it cannot use; names the frame.
    lr_correction.errors.ModelError
        Where the model is not a NEP.
    """
    engine = AtomDescriptors(model, backend)
    items = ((atoms, place(source, number)) for number, atoms in enumerate(frames, 1))
    work = mapped(_mean_of_elements if by == "element" else _mean, engine, items, jobs)
    rows = list(track(work, "Descriptors"))
    if not rows:
        raise InputError(f"{source}: no frames")
    return np.array(rows)


def _mean(engine: AtomDescriptors, item: tuple[Atoms, str]) -> Array:
    return np.asarray(engine(*item).mean(axis=0))


def _mean_of_elements(engine: AtomDescriptors, item: tuple[Atoms, str]) -> Array:
    values, types = engine(*item), engine.types(item[0])
    means = np.zeros((len(engine.elements), values.shape[1]))
    for kind in np.unique(types):
        means[kind] = values[types == kind].mean(axis=0)
    return means.ravel()


def environments(
    frames: Iterable[Atoms], model: Path, *, backend: str = "auto", source: str = "frame", jobs: int = 1
) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield the elements of every frame's atoms as indices into the model's, (N,), and their descriptors, (N, D).

    Parameters and errors as `frame_descriptors`; a few frames at a time are in memory.
    """
    engine = AtomDescriptors(model, backend)
    items = ((atoms, place(source, number)) for number, atoms in enumerate(frames, 1))
    yield from track(mapped(_environments, engine, items, jobs), "Descriptors")


def _environments(engine: AtomDescriptors, item: tuple[Atoms, str]) -> tuple[NDArray[np.int64], Array]:
    values = engine(*item)  # first: it says which element the model lacks
    return engine.types(item[0]), values
