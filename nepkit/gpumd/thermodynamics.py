"""Averages of a run from thermo.out: temperature, pressure, cell and energies, with errors and drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Array, Mean, drift, equilibration, over_blocks
from nepkit.gpumd.thermo import Thermo, read_thermo, thermo_time
from nepkit.inputs.runfile import RunFile, read_run_file

#: g/cm^3 of one amu/A^3.
DENSITY = 1.66053906660
#: Below this a cell has not changed its shape, relative.
CONSTANT = 1e-9


@dataclass(frozen=True)
class Atoms:
    """What a run simulates.

    Parameters
    ----------
    count : int
        Number of atoms.
    mass : float
        Of all of them, amu.
    """

    count: int
    mass: float


@dataclass(frozen=True)
class ThermoRun:
    """thermo.out with its times.

    Parameters
    ----------
    name : str
        What messages call it.
    thermo : Thermo
        The rows.
    time : ndarray, shape (R,)
        ps.
    atoms : Atoms or None
        None where no model.xyz tells them.
    stages : tuple of int
        First row of every stage of run.in that wrote rows.
    notes : tuple of str
        What the user should know.
    """

    name: str
    thermo: Thermo
    time: Array
    atoms: Atoms | None
    stages: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """Averages of the equilibrated part of a run.

    Parameters
    ----------
    name : str
        Of the run.
    start, stop : float
        First and last time of the averages, ps.
    rows : int
        Number of rows averaged.
    means : mapping of str to Mean
        By quantity; energies are per atom where the number of atoms is known.
    energy_drift : Mean
        Slope of the total energy, meV/atom/ps (meV/ps where the number of atoms is not known).
    notes : tuple of str
        What the user should know.
    """

    name: str
    start: float
    stop: float
    rows: int
    means: Mapping[str, Mean]
    energy_drift: Mean
    notes: tuple[str, ...]


def read_thermo_run(path: str | Path, model: str | Path | None = None, runs: str | Path | None = None) -> ThermoRun:
    """Read thermo.out, and the run.in and model.xyz beside it where they are there.

    Parameters
    ----------
    path : str or Path
        thermo.out.
    model, runs : str or Path, optional
        model.xyz and run.in where they are elsewhere.

    Raises
    ------
    InputError
        Where neither headers nor run.in tell the time.
    """
    path = Path(path)
    thermo = read_thermo(path)
    model = Path(model) if model else path.parent / "model.xyz"
    run_in = Path(runs) if runs else path.parent / "run.in"
    run_file = read_run_file(run_in) if run_in.exists() else None
    try:
        time, notes = thermo_time(thermo, run_file)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    atoms = read_atoms(model, run_file) if model.exists() else None
    if atoms is None and thermo.atoms:
        notes = (*notes, "no model.xyz, so the density is not known")
        atoms = Atoms(thermo.atoms, float("nan"))
    return ThermoRun(str(path), thermo, time, atoms, _stages(thermo, run_file), notes)


def read_atoms(model: Path, runs: RunFile | None) -> Atoms:
    """Return number and mass of the atoms of a model.xyz, repeated as run.in asks."""
    from ase.data import atomic_masses, atomic_numbers

    from nepkit.gpumd.model import read_model

    found = read_model(model)
    copies = int(np.prod(runs.replicate)) if runs else 1
    mass = float(sum(atomic_masses[atomic_numbers[symbol]] for symbol in found.symbols.tolist()))
    return Atoms(len(found.symbols) * copies, mass * copies)


def _stages(thermo: Thermo, runs: RunFile | None) -> tuple[int, ...]:
    if thermo.starts != (0,) or runs is None:
        return thermo.starts
    rows = len(thermo.temperature)
    starts = {runs.rows_of(run, "dump_thermo").start for run in runs.runs if run.find("dump_thermo")}
    return tuple(sorted(start for start in starts if start < rows)) or (0,)


def summarise(run: ThermoRun, *, skip: float | None = None, stage: int | None = None) -> Summary:
    """Average the equilibrated part of a run.

    Parameters
    ----------
    run : ThermoRun
        From `read_thermo_run`.
    skip : float, optional
        Time to leave out at the beginning, ps; found from the data when left out.
    stage : int, optional
        Which stage of run.in, from one; the last one when left out.

    Raises
    ------
    InputError
        Where nothing is left, or there is no such stage.
    """
    if stage is not None and not 1 <= stage <= len(run.stages):
        raise InputError(f"{run.name}: no stage {stage}, it has {len(run.stages)}")
    begin, end = [*run.stages, len(run.time)][((stage or len(run.stages)) - 1) :][:2]
    series = series_of(run)
    watched = ("temperature", "potential energy", "volume")
    notes = list(run.notes)
    if len(run.stages) > 1:
        notes.append(f"stage {stage or len(run.stages)} of the {len(run.stages)} in run.in")
    if skip is None:
        begin += equilibration([series[name][1][begin:end] for name in watched])
    else:
        origin = run.time[begin] if begin else 0.0
        begin += int(np.searchsorted(run.time[begin:end], origin + skip, side="right")) if skip > 0.0 else 0
    if begin >= end:
        raise InputError(f"{run.name}: nothing is left after {skip:g} ps of {run.time[-1] - run.time[0]:g} ps")
    means = {name: over_blocks(values[begin:end], unit) for name, (unit, values) in series.items()}
    if means["temperature"].over == "nothing":
        notes.append("too short for errors: fewer than 8 independent blocks")
    share = 1e3 / (run.atoms.count if run.atoms else 1)
    total = share * (run.thermo.kinetic + run.thermo.potential)
    slope = drift(run.time[begin:end], total[begin:end], "meV/atom/ps" if run.atoms else "meV/ps")
    return Summary(run.name, float(run.time[begin]), float(run.time[end - 1]), end - begin, means, slope, tuple(notes))


def series_of(run: ThermoRun) -> dict[str, tuple[str, Array]]:
    """Return every quantity along a run with its unit; energies are per atom where the number of atoms is known."""
    thermo, atoms = run.thermo, run.atoms
    per, unit = (atoms.count, "eV/atom") if atoms else (1, "eV")
    found = {
        "temperature": ("K", thermo.temperature),
        "pressure": ("GPa", thermo.mean_pressure),
        **{f"pressure {axis}{axis}": ("GPa", thermo.pressure[:, i]) for i, axis in enumerate("xyz")},
        "volume": ("A^3", thermo.volume),
        "potential energy": (unit, thermo.potential / per),
        "kinetic energy": (unit, thermo.kinetic / per),
        "total energy": (unit, (thermo.potential + thermo.kinetic) / per),
        **{name: ("A", thermo.lengths[:, i]) for i, name in enumerate("abc")},
        **{name: ("degrees", thermo.angles[:, i]) for i, name in enumerate(("alpha", "beta", "gamma"))},
    }
    if atoms and np.isfinite(atoms.mass):
        found["density"] = ("g/cm^3", DENSITY * atoms.mass / thermo.volume)
    return found


def find_runs(path: str | Path) -> list[Path]:
    """Return every thermo.out of a folder and the folders below it, in the order of their names.

    Raises
    ------
    InputError
        Where there is none.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    found = sorted(path.rglob("thermo.out"), key=by_number)
    if not found:
        raise InputError(f"{path}: no thermo.out in this folder or below; run with dump_thermo")
    return found


def by_number(path: Path) -> list[tuple[float, str]]:
    """Return a key that sorts folders such as 950K and 1000K by their numbers.

    Examples
    --------
    >>> sorted([Path("1000K"), Path("950K"), Path("a")], key=by_number)[0].name
    '950K'
    """
    numbers = [(part.rstrip("Kk"), part) for part in path.parts]
    return [(float(digits) if digits.replace(".", "", 1).isdigit() else float("inf"), part) for digits, part in numbers]


@dataclass(frozen=True)
class State:
    """Temperature and volume of a run.

    Parameters
    ----------
    temperature, volume : float or None
        K and A^3; None where no file tells them.
    sources : tuple of str
        Where they come from, for the user.
    """

    temperature: float | None
    volume: float | None
    sources: tuple[str, ...] = ()


def state_of(folder: Path, keyword: str) -> State:
    """Return temperature and volume of the run with a keyword, from the files of its folder.

    The temperature is that of the thermostat in run.in, else the mean of thermo.out; the volume is the mean of
    thermo.out, else that of model.xyz.

    Parameters
    ----------
    folder : Path
        With run.in, thermo.out and model.xyz, as far as they are there.
    keyword : str
        For instance ``compute_shc``.
    """
    from nepkit.gpumd.model import read_model

    runs = read_run_file(folder / "run.in") if (folder / "run.in").exists() else None
    run = runs.with_keyword(keyword) if runs else None
    temperature, volume, sources = (run.temperature if run else None), None, []
    if temperature is not None:
        sources.append(f"{temperature:g} K of the thermostat in run.in")
    if (folder / "thermo.out").exists():
        thermo = read_thermo(folder / "thermo.out")
        rows = runs.rows_of(run, "dump_thermo") if runs and run else slice(0, 0)
        if rows.start >= len(thermo.temperature) or rows.start == rows.stop:
            rows = slice(len(thermo.temperature) // 2, None)
        volume = float(thermo.volume[rows].mean())
        sources.append(f"{volume:.6g} A^3 of thermo.out")
        if temperature is None:
            temperature = float(thermo.temperature[rows].mean())
            sources.append(f"{temperature:.6g} K of thermo.out")
    elif (folder / "model.xyz").exists():
        volume = read_model(folder / "model.xyz", int(np.prod(runs.replicate)) if runs else 1).volume
        sources.append(f"{volume:.6g} A^3 of model.xyz")
    return State(temperature, volume, tuple(sources))
