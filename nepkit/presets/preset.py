"""Templates by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nepkit.presets.case import Case
from nepkit.presets.script import Script
from nepkit.registry import Registry


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
        "nvt": "nepkit.presets.equilibrate:NVT",
        "npt": "nepkit.presets.equilibrate:NPT",
        "diffusion": "nepkit.presets.ions:DIFFUSION",
        "conductivity": "nepkit.presets.ions:CONDUCTIVITY",
        "emd": "nepkit.presets.heat:EMD",
        "hnemd": "nepkit.presets.heat:HNEMD",
        "nemd": "nepkit.presets.nemd:NEMD",
        "viscosity": "nepkit.presets.viscosity:VISCOSITY",
        "active": "nepkit.presets.active:ACTIVE",
        "qnep": "nepkit.presets.charges:QNEP",
    },
)
"""Templates of run.in; a new one is a new file and a line here."""
