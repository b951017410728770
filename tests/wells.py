"""Potentials whose paths are known."""

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

HEIGHT, HALF, BEND, STIFF = 0.7, 1.3, 0.3, 4.0


class DoubleWell(Calculator):
    """One atom between two wells: ``h ((x/a)^2 - 1)^2 + k/2 (y - b x^2)^2 + k/2 z^2``, the barrier is h at the origin.

    The path of least energy is close to the bent valley y = b x^2 and symmetric; the saddle is exactly the origin.
    """

    implemented_properties: ClassVar = ["energy", "forces"]

    def __init__(self, height=HEIGHT):
        super().__init__()
        self.height = height

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        x, y, z = self.atoms.positions[0]
        well, valley = (x / HALF) ** 2 - 1.0, y - BEND * x**2
        energy = self.height * well**2 + 0.5 * STIFF * (valley**2 + z**2)
        along = 4.0 * self.height * well * x / HALF**2 - STIFF * valley * 2.0 * BEND * x
        self.results = {"energy": energy, "forces": -np.array([[along, STIFF * valley, STIFF * z]])}


class Breaking(DoubleWell):
    """The double well whose forces are no numbers after a few calls."""

    calls = 0

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        Breaking.calls += 1
        if Breaking.calls > 40:
            self.results["forces"] = self.results["forces"] * np.nan


class Repelling(DoubleWell):
    """No wells: everything is pushed away from the origin."""

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        position = self.atoms.positions
        self.results = {"energy": -5.0 * float((position**2).sum()), "forces": 10.0 * position}


def higher():
    """Return a double well of a barrier of 0.8 eV."""
    return DoubleWell(0.8)


def wells():
    """Return the two minima."""
    return [Atoms("H", positions=[[x, BEND * HALF**2, 0.0]]) for x in (-HALF, HALF)]
