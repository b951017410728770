"""A NEP together with the state of its training: means and widths of the search, as nep.restart keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lr_correction.errors import ModelError
from lr_correction.nep import NEP
from lr_correction.nepfile import read_nep, trained_numbers, with_trained_numbers, write_nep
from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError

Array = NDArray[np.float64]

SIGMA = 0.1
"""Width of the search for a new parameter: what ``nep`` starts with (sigma0; GPUMD, src/main_nep/parameters.cu)."""


class Fill:
    """What new numbers are.

    Parameters
    ----------
    seed : int
        Seed of the numbers that are drawn, uniform in -1 to 1 as ``nep`` does.
    sigma : float, optional
        Width of the search; given where the numbers are widths, which then all are this.
    """

    def __init__(self, seed: int, sigma: float | None = None) -> None:
        self._random = np.random.default_rng(seed)
        self._sigma = sigma

    def zeros(self, shape: tuple[int, ...]) -> Array:
        """Return numbers that leave energies as they are."""
        return np.full(shape, 0.0 if self._sigma is None else self._sigma)

    def drawn(self, shape: tuple[int, ...]) -> Array:
        """Return numbers for a training to start from."""
        random = self._random.uniform(-1.0, 1.0, size=shape)
        return random if self._sigma is None else np.full(shape, self._sigma)

    def copied(self, values: Array) -> Array:
        """Return numbers that are copies of others; how far they may move is not copied."""
        return values if self._sigma is None else np.full_like(values, self._sigma)

    def value(self, value: float) -> float:
        """Return a fixed number."""
        return value if self._sigma is None else self._sigma


Operation = Callable[[NEP, Fill], NEP]


@dataclass(frozen=True, eq=False)
class Trainable:
    """A model and the state of its training.

    Parameters
    ----------
    model : NEP
        What nep.txt holds.
    mean, width : NEP or None
        Mean and width of the search for every trained number, in the places of a model; None without nep.restart.
    """

    model: NEP
    mean: NEP | None = None
    width: NEP | None = None

    def changed(self, operation: Operation, *, seed: int = 0, sigma: float = SIGMA) -> Trainable:
        """Return model, means and widths changed alike.

        Parameters
        ----------
        operation : callable
            Given a model and what new numbers are, returns the new model.
        seed : int
            Of the numbers that are drawn.
        sigma : float
            Width of the search for new parameters.
        """
        return Trainable(
            operation(self.model, Fill(seed)),
            None if self.mean is None else operation(self.mean, Fill(seed)),
            None if self.width is None else operation(self.width, Fill(seed, sigma)),
        )

    def write(self, path: Path, restart: Path | None = None, *, overwrite: bool = False) -> None:
        """Write nep.txt and, where there is a state, nep.restart."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            write_nep(self.model, temporary)
        if restart is not None and self.mean is not None and self.width is not None:
            rows = np.stack([trained_numbers(self.mean), trained_numbers(self.width)], axis=1)
            with atomic_path(restart, overwrite=overwrite) as temporary:
                temporary.write_text("".join(f"{mean:15.7e} {width:15.7e}\n" for mean, width in rows))


def read_trainable(path: str | Path, restart: str | Path | None = None) -> Trainable:
    """Read a model and its nep.restart.

    Parameters
    ----------
    path : str or Path
        nep.txt.
    restart : str or Path, optional
        Its restart file.

    Raises
    ------
    ModelError
        Where the model cannot be read.
    InputError
        Where the restart file does not belong to the model.
    """
    model = read_nep(path)
    if restart is None:
        return Trainable(model)
    try:
        rows = np.loadtxt(restart, ndmin=2)
    except ValueError as error:
        raise InputError(f"{restart}: expected two numbers per line: {error}") from None
    if rows.shape[1] != 2:
        raise InputError(f"{restart}: {rows.shape[1]} numbers per line, expected 2 as nep (not gnep) writes them")
    try:
        return Trainable(model, with_trained_numbers(model, rows[:, 0]), with_trained_numbers(model, rows[:, 1]))
    except ModelError:
        expected = trained_numbers(model).size
        raise InputError(f"{restart}: {len(rows)} rows, {path} has {expected} trained parameters") from None
