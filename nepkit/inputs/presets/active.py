"""Exploration for active learning: frames on which the members of a committee disagree."""

from __future__ import annotations

from nepkit.core.errors import InputError
from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script

THRESHOLD = 0.1
"""eV/A; about the force error of a good NEP."""


def _active(case: Case) -> Script:
    if len(case.potentials) < 2:
        raise InputError("the preset active needs a committee: give --potential for each of two or more NEPs")
    script = begin(case, "Exploration by a committee")
    script.add("# the first potential drives the dynamics, the others are asked")
    script.part("from cold to the temperature and half above it")
    hot = 1.5 * case.temperature
    script.add(f"ensemble nvt_bdp {case.temperature:g} {hot:g} 100", "K; what is met there is learned for below")
    script.add(f"active {case.every(10)} 0 1 {THRESHOLD:g}", "every 10 fs; eV/A, from the force errors of the models")
    script.add(f"dump_thermo {case.every(100)}")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps; active.xyz then has the frames to label")
    return script


ACTIVE = RunPreset("active", "Collect frames on which a committee of NEPs disagrees.", _active)
