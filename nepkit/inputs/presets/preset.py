"""Templates by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nepkit.core.registry import Registry
from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.script import Script


@dataclass(frozen=True)
class RunPreset:
    """A template of run.in.

    Parameters
    ----------
    name : str
        What it is called.
    meaning : str
        What the run is for, in one sentence.
    write : callable
        Given a case, returns the lines.
    groups : callable
        Given a case, returns how the atoms are grouped, as ``nepkit structure group --by`` takes it; empty where no
        groups are needed.
    case : callable
        Given a case, returns it with the repetitions of the cell that the method needs.
    """

    name: str
    meaning: str
    write: Callable[[Case], Script]
    groups: Callable[[Case], list[str]] = lambda _case: []
    case: Callable[[Case], Case] = lambda case: case


RUN_PRESETS: Registry[RunPreset] = Registry(
    "preset",
    {
        "nvt": "nepkit.inputs.presets.equilibrate:NVT",
        "npt": "nepkit.inputs.presets.equilibrate:NPT",
        "diffusion": "nepkit.inputs.presets.ions:DIFFUSION",
        "conductivity": "nepkit.inputs.presets.ions:CONDUCTIVITY",
        "emd": "nepkit.inputs.presets.heat:EMD",
        "hnemd": "nepkit.inputs.presets.heat:HNEMD",
        "nemd": "nepkit.inputs.presets.nemd:NEMD",
        "viscosity": "nepkit.inputs.presets.viscosity:VISCOSITY",
        "active": "nepkit.inputs.presets.active:ACTIVE",
        "qnep": "nepkit.inputs.presets.charges:QNEP",
    },
)
"""Templates of run.in; a new one is a new file and a line here."""
