"""Toolkit for GPUMD and NEP machine-learned potentials.

``import nepkit as nk`` gives what a notebook needs; each name is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lr_correction.fit import fit_charges as fit_charges
    from nepkit.accuracy.prediction import predict_file as predict_file
    from nepkit.core.errors import NepkitError as NepkitError
    from nepkit.core.statistics.quantity import Quantity as Quantity
    from nepkit.datasets.survey import survey as check
    from nepkit.formats.files import read_frames as read_frames
    from nepkit.formats.files import write_frames as write_frames
    from nepkit.frames import Labels as Labels
    from nepkit.frames import labels as labels
    from nepkit.frames import set_labels as set_labels
    from nepkit.models.potentials import as_potential as as_potential
    from nepkit.models.potentials import load_potential as load_potential
    from nepkit.percolation.clusters import percolation as find_percolation
    from nepkit.properties.dynamics.short import run_md as md
    from nepkit.properties.elasticity import elastic_constants as elastic_constants
    from nepkit.properties.equation_of_state import equation_of_state as equation_of_state
    from nepkit.properties.landscape.band import find_band as find_band
    from nepkit.properties.landscape.minimum import relax as relax
    from nepkit.properties.phonons import phonons as phonons
    from nepkit.sampling.farthest import farthest_points as farthest_points
    from nepkit.training.run import train as train
    from nepkit.transport import arrhenius as arrhenius
    from nepkit.transport import conductivity as conductivity
    from nepkit.transport import diffusion as diffusion
    from nepkit.transport import msd as msd
    from nepkit.transport.source import open_source as open_run

__version__ = "0.1.0"

_PUBLIC = {
    "Labels": "nepkit.frames",
    "NepkitError": "nepkit.core.errors",
    "Quantity": "nepkit.core.statistics.quantity",
    "arrhenius": "nepkit.transport.arrhenius",
    "as_potential": "nepkit.models.potentials",
    "check": "nepkit.datasets.survey:survey",
    "conductivity": "nepkit.transport.conductivity",
    "diffusion": "nepkit.transport.diffusion",
    "elastic_constants": "nepkit.properties.elasticity",
    "equation_of_state": "nepkit.properties.equation_of_state",
    "farthest_points": "nepkit.sampling.farthest",
    "find_percolation": "nepkit.percolation.clusters:percolation",
    "find_band": "nepkit.properties.landscape.band",
    "fit_charges": "lr_correction.fit",
    "labels": "nepkit.frames",
    "load_potential": "nepkit.models.potentials",
    "md": "nepkit.properties.dynamics.short:run_md",
    "msd": "nepkit.transport.msd",
    "open_run": "nepkit.transport.source:open_source",
    "phonons": "nepkit.properties.phonons",
    "predict_file": "nepkit.accuracy.prediction",
    "read_frames": "nepkit.formats.files",
    "relax": "nepkit.properties.landscape.minimum",
    "set_labels": "nepkit.frames",
    "train": "nepkit.training.run",
    "write_frames": "nepkit.formats.files",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    from lr_correction.lazy import exporter  # the command line starts without it

    return exporter(__name__, _PUBLIC)(name)


def __dir__() -> list[str]:
    return sorted(__all__)
