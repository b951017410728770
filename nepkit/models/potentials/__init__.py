"""Potentials of every kind behind one face, `Potential`.

Use ``load_potential("nep.txt")``, or ``as_potential(calculator)`` for any ASE calculator; the names are listed in
`nepkit.models.potentials.load`.
"""

from nepkit.models.potentials.combine import Committee, Spread, SumPotential
from nepkit.models.potentials.load import FAMILIES, as_potential, load_potential
from nepkit.models.potentials.potential import CalculatorPotential, Potential, PotentialCalculator

__all__ = [
    "FAMILIES",
    "CalculatorPotential",
    "Committee",
    "Potential",
    "PotentialCalculator",
    "Spread",
    "SumPotential",
    "as_potential",
    "load_potential",
]
