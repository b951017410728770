"""Viscosity of a liquid by Green and Kubo."""

from __future__ import annotations

from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin, npt, nvt
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script

CORRELATION = 10.0
"""ps; enough for simple liquids well above melting, viscous ones need more."""


def _viscosity(case: Case) -> Script:
    script = begin(case, "Viscosity")
    npt(case, script, 100)
    nvt(case, script, 100)
    script.part("production")
    script.add("ensemble nve", "no thermostat: it would change the correlations of the stress")
    sampling = case.every(5)
    lags = round(CORRELATION * 1000 / case.step / sampling)
    steps = case.steps(max(case.length, 100 * CORRELATION))
    script.add(f"compute_viscosity {sampling} {lags}", f"every 5 fs, up to {CORRELATION:g} ps")
    script.add(f"dump_thermo {case.every(100)}", "the energy must not drift")
    script.add(f"run {steps}", f"{steps * case.step / 1e6:g} ns; several runs for an error: nepkit plot viscosity")
    return script


VISCOSITY = RunPreset("viscosity", "Viscosity of a liquid (Green-Kubo).", _viscosity)
