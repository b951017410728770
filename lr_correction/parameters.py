"""The flat parameter vector of a fit: charges, readout, energy of each element, scale of the Born charges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """Where everything stands in the parameter vector of a model with T types and M hidden neurons.

    Order: charges, T * (M + 1) (weights and constant of every type); readout, T * M (w1 of every type); energies, T (a
    constant energy per atom of every type); scale, 1 (sqrt_epsilon_inf).

    Examples
    --------
    >>> Layout(types=2, neurons=3).size
    17
    """

    types: int
    neurons: int

    @property
    def charges(self) -> slice:
        """Charge parameters."""
        return slice(0, self.types * (self.neurons + 1))

    @property
    def readout(self) -> slice:
        """Short-range readout weights."""
        return slice(self.charges.stop, self.charges.stop + self.types * self.neurons)

    @property
    def energies(self) -> slice:
        """Energy of an atom of each type."""
        return slice(self.readout.stop, self.readout.stop + self.types)

    @property
    def scale(self) -> int:
        """Scale of Born effective charges and dipoles."""
        return int(self.energies.stop)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.scale + 1

    def mask(self, *, charges: str = "environment", readout: bool = True, scale: bool = False) -> BoolArray:
        """Return which parameters a fit may move.

        Parameters
        ----------
        charges
            ``"environment"`` (weights and constants), ``"fixed"`` (constants alone) or ``"none"``.
        readout
            Whether w1 moves. The energies of the elements always do.
        scale
            Whether sqrt_epsilon_inf moves.
        """
        free = np.zeros(self.size, dtype=bool)
        if charges == "environment":
            free[self.charges] = True
        elif charges == "fixed":
            free[self.charges].reshape(self.types, -1)[:, -1] = True
        free[self.readout] = readout
        free[self.energies] = True
        free[self.scale] = scale
        return free
