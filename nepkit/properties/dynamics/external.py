"""The same run by the executable of GPUMD."""

from __future__ import annotations

from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError, ProgramError
from nepkit.core.programs import find_program, require_program, run_program
from nepkit.core.progress import task
from nepkit.gpumd.thermo import read_thermo
from nepkit.models.potentials import Potential
from nepkit.models.potentials.nep import NepPotential
from nepkit.properties.dynamics.files import THERMO
from nepkit.properties.dynamics.run import claim, write_inputs
from nepkit.properties.dynamics.simulation import Simulation
from nepkit.properties.dynamics.watch import COLD, RUNAWAY, ExplosionError

ENGINES = ("auto", "ase", "gpumd")


def engine_for(name: str, potential: Potential) -> str:
    """Return who does a run: ``auto`` is gpumd where it is installed and can read the model, else ase."""
    native = isinstance(potential, NepPotential)
    if name == "gpumd":
        if not native:
            raise InputError(f"GPUMD runs a NEP or qNEP file, not {potential.name}; use --engine ase")
        require_program("gpumd")
    if name == "auto":
        return "gpumd" if native and find_program("gpumd") else "ase"
    return name


def run_gpumd(atoms: Atoms, potential: Potential, run: Simulation, folder: str | Path) -> Path:
    """Write model.xyz and run.in of a run, and have gpumd do it; its output is in gpumd.log.

    Parameters
    ----------
    atoms : ase.Atoms
        Structure; a column ``vel`` (A/fs) is where velocities start.
    potential : Potential
        A NEP or qNEP file.
    run : Simulation
        What is done.
    folder : str or Path
        Made where it does not exist; it must hold no run.

    Raises
    ------
    ProgramError
        Where gpumd is missing or fails.
    ExplosionError
        Where the run blew up.
    """
    folder = Path(folder)
    run.check(atoms)
    potential.check(atoms, "structure")
    claim(folder, overwrite=False)
    write_inputs(folder, atoms, run, potential)
    with task("GPUMD"):
        run_program("gpumd", folder=folder, log=folder / "gpumd.log")
    if not (folder / THERMO).is_file():
        raise ProgramError(f"gpumd ended without {THERMO}; see {folder / 'gpumd.log'}")
    hottest = read_thermo(folder / THERMO).temperature
    limit = RUNAWAY * max(run.temperature, COLD)
    if hottest.max() > limit:
        step = (int(hottest.argmax()) + 1) * run.thermo
        raise ExplosionError(f"the run exploded: {hottest.max():.0f} K at step {step}; its files are kept in {folder}")
    return folder
