"""Ion transport: displacements, diffusion, conductivity, activation energies and percolation, with errors."""

from nepkit.analysis.transport.arrhenius import Arrhenius, arrhenius
from nepkit.analysis.transport.conductivity import Conductivity, conductivity
from nepkit.analysis.transport.diffusion import Diffusion, diffusion
from nepkit.analysis.transport.displacement import follow
from nepkit.analysis.transport.msd import Displacements, msd
from nepkit.analysis.transport.quantity import Quantity
from nepkit.analysis.transport.window import NotDiffusiveError

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
