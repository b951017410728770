"""Diffusion and ionic conductivity from displacements."""

from __future__ import annotations

from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.equilibrate import begin, npt, nvt
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script


def _by_element(case: Case) -> list[str]:
    return ["element"]


def _equilibrated(case: Case, title: str) -> Script:
    script = begin(case, title)
    npt(case, script, 100)
    nvt(case, script, 50, why="50 ps in the cell of the last step")
    script.part("production: constant volume, since displacements in a moving cell are not those of the ions")
    script.add(f"ensemble nvt_nhc {case.temperature:g} {case.temperature:g} 100", "does not disturb the motion")
    return script


def _msd(case: Case, script: Script) -> None:
    groups = ", ".join(f"{number} {element}" for number, element in enumerate(case.elements))
    steps, sampling = case.steps(case.length), case.every(100)
    lags = max(10, steps // sampling // 5)
    script.add(
        f"compute_msd {sampling} {lags} all_groups 0",
        f"every 0.1 ps, up to a fifth of the run; groups: {groups}",
    )
    script.add(f"dump_thermo {case.every(100)}", "temperature and volume, which conductivities need")


def _diffusion(case: Case) -> Script:
    script = _equilibrated(case, "Diffusion")
    _msd(case, script)
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps; then: nepkit transport msd .")
    return script


def _conductivity(case: Case) -> Script:
    script = _equilibrated(case, "Ionic conductivity")
    _msd(case, script)
    script.add(f"dump_xyz {case.every(100)} dump.xyz unwrapped_position", "for correlations between ions (Haven ratio)")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps; then: nepkit transport conductivity .")
    return script


DIFFUSION = RunPreset("diffusion", "Diffusion coefficients of every element.", _diffusion, _by_element)
CONDUCTIVITY = RunPreset("conductivity", "Ionic conductivity with correlations.", _conductivity, _by_element)
