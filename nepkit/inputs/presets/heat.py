"""Thermal conductivity by Green and Kubo (EMD) and by a driving force (HNEMD)."""

from __future__ import annotations

from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin, npt, nvt
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script

CORRELATION = 200.0
"""ps; long enough for most solids, diamond and graphene need ten times it."""


def _emd(case: Case) -> Script:
    script = begin(case, "Thermal conductivity by equilibrium MD (Green-Kubo)")
    npt(case, script, 100)
    nvt(case, script, 100)
    script.part("production")
    script.add("ensemble nve", "no thermostat: it would change the correlations")
    sampling, steps = case.every(10), case.steps(max(case.length, 50 * CORRELATION))
    lags = round(CORRELATION * 1000 / case.step / sampling)
    script.add(f"compute_hac {sampling} {lags} 10", f"every 10 fs, up to {CORRELATION:g} ps; rows averaged by ten")
    script.add(f"dump_thermo {case.every(1000)}", "the energy must not drift")
    script.add(f"run {steps}", f"{steps * case.step / 1e6:g} ns, 50 times the correlation time")
    script.part("five or more independent runs in folders of their own, for an error: nepkit plot emd")
    return script


def _hnemd(case: Case) -> Script:
    script = begin(case, f"Thermal conductivity along {case.direction} by HNEMD")
    npt(case, script, 100)
    nvt(case, script, 100)
    script.part("production")
    script.add(f"ensemble nvt_nhc {case.temperature:g} {case.temperature:g} 100", "takes away the heat of the force")
    force = ["0", "0", "0"]
    force[case.axis] = "0.00001"
    script.add(f"compute_hnemd {case.every(1000)} {' '.join(force)}", "1/A; half of it must give the same result")
    script.add(f"compute_shc {max(1, min(10, case.every(2)))} 250 {case.axis} 1000 400", "spectrum up to 400 THz")
    script.add(f"dump_thermo {case.every(1000)}", "the temperature must not rise")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps; then: nepkit plot hnemd")
    return script


EMD = RunPreset("emd", "Thermal conductivity from fluctuations (Green-Kubo).", _emd)
HNEMD = RunPreset("hnemd", "Thermal conductivity by a homogeneous driving force.", _hnemd)
