"""Checks of the physics of a run: time step, thermostat, and what a measurement needs of them."""

from __future__ import annotations

import math
from collections.abc import Callable

from nepkit.inputs.ensembles import ALL_DIRECTIONS, LANGEVIN
from nepkit.inputs.finding import Command, Report
from nepkit.inputs.run_files import Surroundings
from nepkit.inputs.stage import Stage

LARGEST_STEP = {"H": 1.0}
"""fs; an O-H stretch takes 9 fs, and about ten steps a period keep the energy."""
LARGEST_STEP_OF_OTHERS = 4.0
LARGE_FORCE = 1e-3
"""1/A; driving forces in use are 1e-6 to 1e-4 (DOI 10.1103/PhysRevB.99.064308)."""
LONGEST_COUPLING = 10_000
"""Steps; a thermostat slower than this hardly acts."""


def check_physics(stage: Stage, around: Surroundings, report: Report) -> None:
    """Report what makes the results of one run wrong although GPUMD would run it."""
    _check_time_step(stage, around, report)
    ensemble = next(iter(stage.find("ensemble")), None)
    if ensemble is not None:
        _check_ensemble(ensemble, stage, report)
    for command in stage.commands:
        check = CHECKS.get(command.name)
        if check is not None:
            check(command, stage, around, report)


def _check_time_step(stage: Stage, around: Surroundings, report: Report) -> None:
    symbols = set(around.atoms.get_chemical_symbols()) if around.atoms is not None else set()
    limit, why = LARGEST_STEP_OF_OTHERS, ""
    for element, most in LARGEST_STEP.items():
        if element in symbols:
            limit, why = most, f" with {element}"
    if stage.time_step > limit:
        message = f"a time step of {stage.time_step:g} fs{why} is too long to keep the energy"
        report.warning(stage.run.line, "time step", message, f"time_step {0.5 if why else 1:g}")


def _check_ensemble(command: Command, stage: Stage, report: Report) -> None:
    name, match = command.words[0], command.match
    if name in ("npt_mttk", "nph_mttk", "npt_qtb", "nphug") and not set(match.options) & set(ALL_DIRECTIONS):
        remedy = "add iso 0 0 (liquids), aniso 0 0 or tri 0 0"
        report.error(command.line, "ensemble", f"{name} names no direction of pressure", remedy)
    if name == "pimd" and int(match.number("beads")) % 2:
        report.error(command.line, "ensemble", "the number of beads must be even", "for instance 16 or 32")
    if name.startswith(("nvt", "npt")) and "T_coup" in match.values and match.number("T_coup") > LONGEST_COUPLING:
        message = f"a coupling of {match.number('T_coup'):g} steps hardly controls the temperature"
        report.warning(command.line, "ensemble", message, "100 steps is usual")
    if "source group" in match.values:
        if match.values["source group"] == match.values["sink group"]:
            report.error(command.line, "ensemble", "source and sink are the same group", "give two groups")
        if abs(float(match.values.get("delta_T", 0.0))) >= match.number("T"):
            report.error(command.line, "ensemble", "delta_T is not below T: a sink below 0 K", "a smaller one")


def _needs_green_kubo(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if stage.ensemble.startswith(LANGEVIN):
        message = f"{stage.ensemble} pushes atoms at random, which destroys the correlations that {command.name} sums"
        report.error(command.line, "ensemble", message, "ensemble nve after equilibration")
    elif stage.ensemble.startswith(("npt", "nph")):
        message = f"{command.name} in {stage.ensemble}: the barostat disturbs the currents"
        report.warning(command.line, "ensemble", message, "ensemble nve in the equilibrated cell")
    if command.name == "compute_dos":
        _check_frequencies(command, stage, report)


def _check_frequencies(command: Command, stage: Stage, report: Report) -> None:
    interval = command.match.number("sampling interval") * stage.time_step
    # Nyquist: omega = 2 pi / (2 interval), in THz for an interval in ps.
    largest = math.pi / (1e-3 * interval) if interval else math.inf
    if command.match.number("omega_max") > largest:
        message = f"samples every {interval:g} fs resolve angular frequencies up to {largest:.0f} THz only"
        report.error(command.line, "sampling", message, "a shorter sampling interval or a smaller omega_max")


def _driving(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    components = [command.match.number(f"Fe_{axis}") for axis in "xyz"]
    used = [value for value in components if value]
    if not used:
        report.error(command.line, "driving force", "the driving force is 0", "for instance 1e-5 0 0, to be tested")
    if len(used) > 1:
        message = "more than one component of the driving force mixes columns of the conductivity tensor"
        report.warning(command.line, "driving force", message, "one run per direction")
    if any(abs(value) > LARGE_FORCE for value in used) and command.name == "compute_hnemd":
        message = f"a driving force of {max(map(abs, used)):g} 1/A is beyond linear response in most solids"
        report.warning(command.line, "driving force", message, "1e-6 to 1e-4, with the same result at half of it")
    if stage.ensemble.startswith(LANGEVIN):
        message = f"{stage.ensemble} disturbs the heat current"
        report.error(command.line, "ensemble", message, "ensemble nvt_nhc <T> <T> 100")
    elif stage.ensemble == "nve":
        report.error(command.line, "ensemble", "the driving force heats the system without end", "ensemble nvt_nhc")


def _needs_npt(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if not stage.ensemble.startswith("npt"):
        message = f"deform needs an npt ensemble for the other directions, the run has {stage.ensemble or 'none'}"
        report.error(command.line, "ensemble", message, "npt_scr with three pressures")


def _not_npt(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if stage.ensemble.startswith(("npt", "nph")):
        report.error(command.line, "ensemble", "move cannot be used in npt", "nvt_ber, nvt_nhc, nvt_bdp or heat_lan")


def _needs_qnep(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    wanted = command.name == "compute_dpdt" or "bec" in command.match.options or command.words[-1] == "bec"
    if wanted and around.charge_mode == 0:
        message = f"{' '.join([command.name, *(['bec'] * (command.name != 'compute_dpdt'))])} needs a qNEP"
        report.error(command.line, "potential", message, "a potential of charge_mode 1 or 2")


def _needs_several(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if len(around.potentials) < 2:
        message = f"{command.name} compares several NEPs, run.in has {len(around.potentials)}"
        report.error(command.line, "potential", message, "one potential line for every member of the committee")


def _displacement(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if {"group", "all_groups"} <= set(command.match.options):
        report.error(command.line, "arguments", "group and all_groups cannot be used together", "keep one")
    if stage.ensemble.startswith(("npt", "nph")):
        message = "displacements in a cell that changes were wrong in GPUMD before August 2026 (issue 1470)"
        remedy = "nvt in the equilibrated cell, or dump_xyz and nepkit transport msd"
        report.warning(command.line, "ensemble", message, remedy)


def _half_cell(command: Command, stage: Stage, around: Surroundings, report: Report) -> None:
    if around.thickness is not None and command.match.number("cutoff") > 0.5 * min(around.thickness):
        message = f"the cutoff exceeds half of the thinnest side of the cell, {min(around.thickness):.1f} A"
        report.error(command.line, "cell", message, f"at most {0.5 * min(around.thickness):.1f}")


CHECKS: dict[str, Callable[[Command, Stage, Surroundings, Report], None]] = {
    **dict.fromkeys(("compute_hac", "compute_viscosity", "compute_dos", "compute_sdc"), _needs_green_kubo),
    **dict.fromkeys(("compute_hnemd", "compute_hnemdec", "compute_hnema"), _driving),
    **dict.fromkeys(("compute_dpdt", "dump_xyz", "dump_netcdf", "add_efield"), _needs_qnep),
    **dict.fromkeys(("active", "dump_observer"), _needs_several),
    **dict.fromkeys(("compute_msd", "compute_ic"), _displacement),
    **dict.fromkeys(("compute_rdf", "compute_angular_rdf"), _half_cell),
    "deform": _needs_npt,
    "move": _not_npt,
}
"""What to look at for a keyword."""
