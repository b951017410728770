"""Dynamics with the charges of a qNEP."""

from __future__ import annotations

from nepkit.core.errors import InputError
from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin, nvt
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script


def _qnep(case: Case) -> Script:
    if not case.headers[0].charge_mode:
        raise InputError("the preset qnep needs a potential with charges: nepkit lr fit, or nep with charge_mode 2")
    script = begin(case, "Dynamics with charges")
    script.lines.insert(
        -2, "kspace pppm                                 # the default; ewald is slower and more accurate"
    )
    nvt(case, script, 50)
    script.part("production")
    script.add("ensemble nve", "energy conservation tells whether charges and time step are right")
    script.add(f"dump_thermo {case.every(100)}")
    script.add(f"dump_xyz {case.every(1000)} dump.xyz charge", "charges of every atom, a frame every ps")
    script.add(f"compute_dpdt {case.every(1)}", "polarisation current, for infrared spectra")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps")
    return script


QNEP = RunPreset("qnep", "Dynamics with the charges of a qNEP, and its polarisation current.", _qnep)
