"""Ion transport: displacements, diffusion, conductivity, activation energies and percolation, with errors."""

from nepkit.core.statistics.quantity import Quantity
from nepkit.transport.arrhenius import Arrhenius, arrhenius
from nepkit.transport.conductivity import Conductivity, conductivity
from nepkit.transport.diffusion import Diffusion, diffusion
from nepkit.transport.displacement import follow
from nepkit.transport.msd import Displacements, msd
from nepkit.transport.window import NotDiffusiveError

__all__ = [
    "Arrhenius",
    "Conductivity",
    "Diffusion",
    "Displacements",
    "NotDiffusiveError",
    "Quantity",
    "arrhenius",
    "conductivity",
    "diffusion",
    "follow",
    "msd",
]
