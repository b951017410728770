"""Thermal conductivity from a temperature gradient (NEMD)."""

from __future__ import annotations

import numpy as np

from nepkit.core.errors import InputError
from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin, nvt
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script

SLABS = 10
"""A fixed one, the source, seven to measure in, and the sink."""
LENGTHS = 4
"""The cell is this many times longer along the heat than across it."""
DIFFERENCE = 0.1
"""Source and sink are this part of the temperature above and below it."""


def _long(case: Case) -> Case:
    return case.longer(case.axis, LENGTHS)


def _slabs(case: Case) -> list[str]:
    if not case.orthogonal:
        raise InputError("NEMD needs a cell with right angles, its vectors along x, y and z; take a conventional cell")
    length = float(case.model.cell.array[case.axis, case.axis])
    bounds = np.linspace(0, length, SLABS + 1)[1:-1]
    return [f"{case.direction}:{','.join(f'{bound:.4f}' for bound in bounds)}"]


def _nemd(case: Case) -> Script:
    script = begin(case, f"Thermal conductivity along {case.direction} by NEMD")
    script.add(f"# {SLABS} slabs along {case.direction}: 0 is fixed, 1 is hot, 2 to {SLABS - 2} are measured, "
               f"{SLABS - 1} is cold")  # fmt: skip
    nvt(case, script, 100)
    script.part("heat flow")
    script.add("fix 0", "a wall, so that heat flows one way round the periodic cell")
    script.add(
        f"ensemble heat_lan {case.temperature:g} 100 {DIFFERENCE * case.temperature:g} 1 {SLABS - 1}",
        "T, coupling, half of the difference, hot and cold slab",
    )
    script.add(f"compute 0 {case.every(10)} 100 temperature", "temperature of every slab, heat of source and sink")
    script.add(f"compute_shc {max(1, min(10, case.every(2)))} 250 {case.axis} 1000 400 group 0 {SLABS // 2}",
               "spectrum in the middle slab")  # fmt: skip
    script.add(f"dump_thermo {case.every(1000)}")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps; the first half is for the steady state")
    script.part("longer cells, until the conductivity no longer grows with the length: nepkit plot nemd")
    return script


NEMD = RunPreset("nemd", "Thermal conductivity from a temperature gradient.", _nemd, _slabs, _long)
