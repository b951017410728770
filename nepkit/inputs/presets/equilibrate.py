"""Equilibration at constant volume or pressure, and the lines that begin every run."""

from __future__ import annotations

from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.preset import RunPreset
from nepkit.inputs.presets.script import Script

MODULUS = 50
"""GPa; the barostat's estimate of the elastic moduli, right within a factor of ten for most solids."""


def begin(case: Case, title: str) -> Script:
    """Return a script with what stands at the top of every run.in."""
    script = Script()
    script.part(f"{title}: {case.model.get_chemical_formula()}, {len(case.model)} atoms")
    if not case.grouped and case.repetitions != (1, 1, 1):
        counts = " ".join(map(str, case.repetitions))
        script.add(f"replicate {counts}", f"sides of {case.smallest:.1f} A or more, 2.5 (cutoff + 1 A)")
    for potential in case.potentials:
        script.add(f"potential {potential}")
    script.add(f"velocity {case.temperature:g}", "K, drawn unless model.xyz has velocities")
    script.add(f"time_step {case.step:g}", case.why_step)
    return script


def nvt(case: Case, script: Script, picoseconds: float, *, why: str = "") -> None:
    """Add a run at constant volume."""
    script.part("equilibration at constant volume")
    script.add(f"ensemble nvt_bdp {case.temperature:g} {case.temperature:g} 100", "canonical; coupling in steps")
    script.add(f"dump_thermo {case.every(100)}", "every 0.1 ps: has the energy settled?")
    script.add(f"run {case.steps(picoseconds)}", why or f"{picoseconds:g} ps")


def npt(case: Case, script: Script, picoseconds: float) -> None:
    """Add a run at constant pressure, for the size of the cell."""
    script.part("equilibration of the cell")
    script.add(
        f"ensemble npt_scr {case.temperature:g} {case.temperature:g} 100 {barostat(case)} 1000",
        f"pressure in GPa, then a guess of the moduli, {MODULUS} GPa",
    )
    script.add(f"dump_thermo {case.every(100)}", "every 0.1 ps")
    script.add(f"run {case.steps(picoseconds)}", f"{picoseconds:g} ps; longer if the volume still moves")


def barostat(case: Case) -> str:
    """Return pressures and moduli for the shape of the cell (GPUMD: src/integrate/ensemble_npt_scr.cu)."""
    count = 3 if case.orthogonal else 6
    pressures = [f"{case.pressure:g}"] * 3 + ["0"] * (count - 3)
    return " ".join([*pressures, *[f"{MODULUS}"] * count])


def _nvt(case: Case) -> Script:
    script = begin(case, "Equilibration at constant volume")
    nvt(case, script, 100)
    script.part("what follows")
    script.add(f"ensemble nvt_nhc {case.temperature:g} {case.temperature:g} 100")
    script.add(f"dump_thermo {case.every(100)}")
    script.add(f"dump_xyz {case.every(1000)} dump.xyz", "a frame every ps")
    script.add(f"dump_restart {case.steps(10)}", "restart.xyz: the model.xyz to go on from")
    script.add(f"run {case.steps(case.length)}", f"{case.length:g} ps")
    return script


def _npt(case: Case) -> Script:
    script = begin(case, "Equilibration at constant pressure")
    nvt(case, script, 10, why="10 ps, so that the barostat starts from the right temperature")
    npt(case, script, case.length)
    script.lines.insert(-1, f"dump_xyz {case.every(1000)} dump.xyz")
    script.lines.insert(-1, f"dump_restart {case.steps(10)}")
    return script


NVT = RunPreset("nvt", "Equilibrate at constant volume.", _nvt)
NPT = RunPreset("npt", "Equilibrate at constant pressure and find the cell.", _npt)
