"""A run of molecular dynamics that keeps its files and goes on after a kill."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms, units

from lr_correction.packing import PackError, fingerprint, pack, unpack
from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError, OutputError
from nepkit.core.progress import task
from nepkit.formats.files import write_frames
from nepkit.models.potentials import Potential
from nepkit.models.potentials.nep import NepPotential
from nepkit.models.work import files_of
from nepkit.properties.dynamics import files
from nepkit.properties.dynamics.integrators import integrator
from nepkit.properties.dynamics.simulation import Simulation, start_velocities
from nepkit.properties.dynamics.steps import VelocityVerlet
from nepkit.properties.dynamics.watch import ExplosionError, advance

VACUUM = 20.0
"""A around a structure without a cell."""
_FORMAT = 3  # raised when states of an older nepkit must not be taken


@dataclass
class _State:
    """A run under way, as it is kept on disk."""

    run: Simulation
    model: str
    model_hash: str
    structure_hash: str
    sizes: dict[str, int]
    endings: dict[str, str]
    volume: float
    dynamics: VelocityVerlet


def run_simulation(
    atoms: Atoms, potential: Potential, run: Simulation, folder: str | Path, *, resume: bool = False
) -> Path:
    """Do a run and keep trajectory (dump.xyz), thermo.out, restart.xyz and the state it goes on from in a folder.

    Every ``run.dump`` steps the state is written, and the calculator made anew, so that a run that was killed and went
    on takes the very steps of one that was not, where the calculator gives the same numbers twice.

    Parameters
    ----------
    atoms : ase.Atoms
        It is not changed. Velocities are drawn, unless it has a column ``vel`` (A/fs) as restart.xyz has.
    potential : Potential
        Model.
    run : Simulation
        What is done.
    folder : str or Path
        Made where it does not exist; without ``resume`` it must hold no run.
    resume : bool
        Whether to go on with the run in the folder; it may be longer now and otherwise the same.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ExplosionError
        Where it blows up; names the step. What was done so far is kept.
    InputError
        Where the model cannot compute the structure, or the run in the folder is another one.
    OutputError
        Where the folder holds a run already.
    """
    folder = Path(folder)
    state = load_state(folder, run, potential, atoms) if resume and (folder / files.STATE).exists() else None
    if state is None:
        run.check(atoms)
        potential.compute([atoms], source="structure", bec=False)
        claim(folder, overwrite=resume)
        work = _prepared(atoms, run)
        work.calc = potential.calculator()
        if run.ensemble == "npt" and "stress" not in work.calc.implemented_properties:
            raise InputError(f"{potential.name} gives no stress, which a constant pressure needs; use nvt or nve")
        dynamics = integrator(work, run, np.random.default_rng([run.seed, 1]))
        volume = float(work.cell.volume if work.cell.rank == 3 else 0.0)
        state = _State(run, potential.name, _model_hash(potential), _structure_hash(atoms), {}, {}, volume, dynamics)
        write_inputs(folder, atoms, run, potential)
    written = files.RunFiles(folder, state.sizes)
    try:
        if not state.sizes:
            written.add(files.THERMO, files.thermo_header(state.dynamics.atoms, run.thermo * run.timestep))
        _go_on(state, potential, folder, written)
    finally:
        written.close()
    write_frames(folder / files.RESTART, [files.restart_frame(state.dynamics.atoms)], overwrite=True)
    return folder


def claim(folder: Path, *, overwrite: bool) -> None:
    """Make the folder of a run, or raise OutputError where it holds one."""
    for name in (files.STATE, *files.APPENDED):
        if (folder / name).exists() and not overwrite:
            raise OutputError(f"{folder / name} already exists; go on with it by --resume, or choose another folder")
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"{folder}: the folder {folder.parent} does not exist; make it first")
    folder.mkdir(exist_ok=True)


def _prepared(atoms: Atoms, run: Simulation) -> Atoms:
    """Return a copy that has nothing but the structure and velocities."""
    work = boxed(atoms)
    masses = atoms.arrays.get("masses")
    if masses is not None:
        work.set_masses(masses)
    if "vel" in atoms.arrays:
        velocities = np.asarray(atoms.arrays["vel"], dtype=float)
        if velocities.shape != atoms.positions.shape or not np.isfinite(velocities).all():
            raise InputError("the column vel of the structure is not three finite numbers per atom (A/fs); remove it")
        work.set_velocities(velocities / units.fs)
    elif atoms.has("momenta"):
        work.set_momenta(atoms.get_momenta())
    else:
        rng = np.random.default_rng([run.seed, 0])
        work.set_velocities(start_velocities(work, run.temperature, rng))
    if run.ensemble != "nve" and not work.get_momenta().any():
        raise InputError("the velocities of the structure are all zero, which no thermostat can scale; remove them")
    return work


def boxed(atoms: Atoms) -> Atoms:
    """Return the structure alone, in a box with vacuum where it has no cell: GPUMD and its files need one."""
    work = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    if atoms.cell.rank < 3:
        cell = atoms.cell.complete().array  # lacking vectors of length one
        lacking = ~atoms.cell.any(axis=1)
        cell[lacking] *= (np.ptp(atoms.positions @ cell[lacking].T, axis=0) + VACUUM)[:, None]
        work.set_cell(cell)
    return work


def write_inputs(folder: Path, atoms: Atoms, run: Simulation, potential: Potential) -> None:
    """Write the same run for GPUMD: model.xyz, as the structure was given, and run.in; readers of the run use both."""
    frame = files.bare_frame(boxed(atoms))
    if "vel" in atoms.arrays:
        frame.set_array("vel", np.asarray(atoms.arrays["vel"], dtype=float))
    write_frames(folder / "model.xyz", [frame], overwrite=True)
    file = os.path.relpath(potential.path, folder) if isinstance(potential, NepPotential) else ""
    cell = frame.cell.array
    orthogonal = bool(np.allclose(cell, np.diag(np.diag(cell)), atol=1e-6))
    with atomic_path(folder / "run.in", overwrite=True) as temporary:
        temporary.write_text(run.script(file, orthogonal), encoding="utf-8")


def load_state(folder: Path, run: Simulation, potential: Potential, atoms: Atoms) -> _State:
    """Return the run that a folder holds, to go on with it as ``run`` says.

    Raises
    ------
    InputError
        Where settings, model (by the content of its file), structure or the files that grow are not those of the run.
    """
    path = folder / files.STATE
    try:
        kept = unpack(path.read_bytes())
    except PackError as error:
        raise InputError(f"{path}: no state of a run ({error}); start again in another folder") from None
    if not isinstance(kept, dict) or kept.get("format") != _FORMAT:
        raise InputError(f"{path}: of another version of nepkit; start again from {files.RESTART}")
    different = run.difference(kept["run"])
    if kept["model"] != potential.name:
        different = f"model {potential.name} instead of {kept['model']}"
    elif kept["model_hash"] != _model_hash(potential):
        different = f"model {potential.name} has another content now"
    elif kept["structure_hash"] != _structure_hash(atoms):
        different = "another structure"
    if different:
        raise InputError(f"{folder}: the run there is another one ({different}); ask for the same, or another folder")
    if run.steps < kept["dynamics"]["nsteps"]:
        raise InputError(
            f"{folder}: the run there has {kept['dynamics']['nsteps']} steps already, {run.steps} are asked for"
        )
    work = kept["atoms"]
    dynamics = integrator(work, run, np.random.default_rng([run.seed, 1]))
    dynamics.restore(kept["dynamics"])
    for name, size in kept["sizes"].items():
        file = folder / name
        if file.is_file() and file.stat().st_size >= size and files.ending(file, size) != kept["endings"][name]:
            raise InputError(f"{file}: not the file that the run wrote; put it back, or start again in another folder")
    return _State(run, kept["model"], kept["model_hash"], kept["structure_hash"], kept["sizes"], kept["endings"],
                  kept["volume"], dynamics)  # fmt: skip


def _model_hash(potential: Potential) -> str:
    """Return what tells a model file from another one of the same name."""
    return fingerprint(*(file.read_bytes() for file in files_of(potential)))


def _structure_hash(atoms: Atoms) -> str:
    return fingerprint(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)


def _save(state: _State, folder: Path, written: files.RunFiles) -> None:
    atoms = state.dynamics.atoms
    calculator, atoms.calc = atoms.calc, None
    kept = {
        "format": _FORMAT, "run": state.run, "model": state.model, "model_hash": state.model_hash,
        "structure_hash": state.structure_hash, "sizes": written.sizes(), "endings": written.endings(),
        "volume": state.volume, "atoms": atoms, "dynamics": state.dynamics.state(),
    }  # fmt: skip
    with atomic_path(folder / files.STATE, overwrite=True) as temporary:
        temporary.write_bytes(pack(kept))
    atoms.calc = calculator


def _go_on(state: _State, potential: Potential, folder: Path, written: files.RunFiles) -> None:
    run, dynamics = state.run, state.dynamics
    atoms = dynamics.atoms
    kept = dynamics.nsteps
    atoms.calc = potential.calculator()
    with task("Molecular dynamics", run.steps) as progress:
        progress.advance(kept)
        while dynamics.nsteps < run.steps:
            if dynamics.nsteps % run.dump == 0:
                if dynamics.nsteps:
                    _save(state, folder, written)
                kept = dynamics.nsteps
                atoms.calc = potential.calculator()
            _step(state, folder, kept)
            if dynamics.nsteps % run.thermo == 0:
                written.add(files.THERMO, files.thermo_row(atoms))
                progress.advance(0, f"{atoms.get_temperature():.0f} K")
            if dynamics.nsteps % run.dump == 0:
                written.add(files.TRAJECTORY, files.trajectory_frame(atoms, dynamics.nsteps * run.timestep))
            progress.advance()
        _save(state, folder, written)


def _step(state: _State, folder: Path, kept: int) -> None:
    """Take one step, or say what went wrong at which one."""
    dynamics, run = state.dynamics, state.run
    number = dynamics.nsteps + 1
    wrong = advance(dynamics, run.temperature, state.volume)
    if wrong:
        done = f"what was done until step {kept} is kept in {folder}" if kept else "nothing was done before"
        raise ExplosionError(
            f"the run exploded at step {number} ({1e-3 * number * run.timestep:g} ps): {wrong}; {done}; is the time "
            "step too long, are atoms too close, or is the model not stable here?"
        )
