"""What a run gives to the analysis of its transport: from GPUMD's tables or from a trajectory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.analysis.transport.displacement import drift, follow, framework_weights
from nepkit.analysis.transport.msd import Displacements, msd, total_dipole
from nepkit.errors import InputError, UnknownNameError, did_you_mean
from nepkit.frames import read_frames, read_snapshots
from nepkit.gpumd.model import Model, read_model
from nepkit.gpumd.runfile import Run, RunFile, read_run_file
from nepkit.gpumd.tables import read_msd
from nepkit.gpumd.thermo import read_thermo

Array = NDArray[np.float64]

FORMAL_CHARGES = {
    **dict.fromkeys(("H", "Li", "Na", "K", "Rb", "Cs", "Ag", "Cu"), 1.0),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn"), 2.0),
    **dict.fromkeys(("Al", "Y", "La", "Sc"), 3.0),
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1.0),
    **dict.fromkeys(("O", "S", "Se"), -2.0),
}
"""Charge of an ion, e, where one is so common that it need not be asked for."""


@dataclass(frozen=True)
class Source:
    """Displacements of a run with what else is known of it.

    Parameters
    ----------
    name : str
        What messages call it.
    curves : Displacements
        By element, for every ion that was asked for.
    temperature, volume : float or None
        Means of the run, K and A^3; None where nothing tells them.
    paths : dict of str to ndarray, shape (F, N, 3)
        Unwrapped positions of every ion, A; empty where there is no trajectory.
    shift : ndarray, shape (F, 3), optional
        Motion of the framework in ``paths``.
    dipole : ndarray, shape (F, 3), optional
        Sum of charge times position of the ions, the motion of the framework removed, e A.
    notes : tuple of str
        What the user should know.
    why_no_volume, why_no_temperature : str
        What to say where they are needed and None.
    """

    name: str
    curves: Displacements
    temperature: float | None = None
    volume: float | None = None
    paths: Mapping[str, Array] = field(default_factory=dict)
    shift: Array | None = None
    dipole: Array | None = None
    notes: tuple[str, ...] = ()
    why_no_volume: str = ""
    why_no_temperature: str = ""

    def state(self, temperature: float | None, volume: float | None) -> tuple[float, float]:
        """Return temperature and volume, the given ones before those of the run.

        Raises
        ------
        InputError
            Where one is not known; says what to do.
        """
        kelvin = self.temperature if temperature is None else temperature
        size = self.volume if volume is None else volume
        if kelvin is None:
            raise InputError(f"{self.name}: {self.why_no_temperature}; give --temperature")
        if size is None:
            raise InputError(f"{self.name}: {self.why_no_volume}; give --volume")
        return kelvin, size


def charge_of(ion: str) -> float:
    """Return the usual charge of an ion, e; raises `InputError` where none is usual."""
    if ion not in FORMAL_CHARGES:
        raise InputError(f"the charge of {ion} is not known; give --charge")
    return FORMAL_CHARGES[ion]


def open_source(
    path: str | Path,
    ions: Sequence[str],
    *,
    charges: Sequence[float] = (),
    model: str | Path | None = None,
    group: int | None = None,
    interval: float | None = None,
    tensor: bool = False,
) -> Source:
    """Read a run.

    Parameters
    ----------
    path : str or Path
        Folder of a GPUMD run with msd.out, an msd.out itself, or a trajectory (extended xyz, XDATCAR, LAMMPS dump, ...)
        which may lie in such a folder.
    ions : sequence of str
        Elements that are wanted; every element of a trajectory where none is given.
    charges : sequence of float
        Their charges, e, for the dipole; it is left out without them.
    model : str or Path, optional
        model.xyz where it is not in the folder.
    group : int, optional
        Group of msd.out, or of the last grouping method of a trajectory, instead of all atoms of an element.
    interval : float, optional
        Time between frames of a trajectory that does not tell it, ps.
    tensor : bool
        Whether elements of the displacement tensor off the diagonal are wanted, which msd.out lacks.

    Raises
    ------
    InputError
        Where something is missing or contradictory.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    table = path / "msd.out" if path.is_dir() else path
    if path.is_dir() and not table.exists():
        raise InputError(f"{path}: no msd.out in this folder; run with compute_msd or give a trajectory")
    if table.suffix == ".out":
        if tensor:
            raise InputError(f"{table} has no elements off the diagonal; give a trajectory")
        return _from_table(table, folder, ions, Path(model) if model else folder / "model.xyz", group)
    return _from_trajectory(path, folder, ions, charges, group, interval, tensor)


def _run_file(folder: Path) -> RunFile | None:
    return read_run_file(folder / "run.in") if (folder / "run.in").exists() else None


def _from_table(table: Path, folder: Path, ions: Sequence[str], model: Path, group: int | None) -> Source:
    if not model.exists():
        raise InputError(f"{table}: no {model.name} beside it, which tells the ions and their number; give --model")
    runs = _run_file(folder)
    atoms = read_model(model, int(np.prod(runs.replicate)) if runs else 1)
    run = runs.with_keyword("compute_msd") if runs else None
    blocks = read_msd(table)
    time, displacements, _ = blocks[-1]
    words = list(run.find("compute_msd") or ()) if run else []
    found, count = {}, {}
    for ion in ions or sorted(set(atoms.symbols.tolist())):
        index, count[ion] = _place(atoms, ion, words, len(displacements), group, table, bool(runs))
        found[ion] = displacements[index][:, :, None] * np.eye(3)
    frames = run.steps // int(words[0]) if run and words and words[0].isdigit() else len(time)
    notes = [f"{table}: {len(blocks)} blocks of runs, the last is used"] * (len(blocks) > 1)
    if frames <= len(time):
        notes.append(f"{table}: the length of the run is not known, its shortest possible is taken for the errors")
        frames = len(time) + 1
    if run and not run.fixed_cell and not table.read_text(encoding="utf-8", errors="replace").startswith("#"):
        notes.append(
            f"{table}: the cell was not fixed, and GPUMD before August 2026 followed atoms wrongly through such cells; "
            "check against a trajectory"
        )
    curves = Displacements(time, found, count, max(frames, len(time) + 1))
    return _with_state(table, folder, curves, runs, run, atoms.volume, notes)


def _place(
    atoms: Model, ion: str, words: list[str], groups: int, group: int | None, table: Path, told: bool
) -> tuple[int, int]:
    """Return which of the groups of msd.out an element is, and its number of atoms."""
    number = atoms.count(ion)
    method = int(words[words.index("all_groups") + 1]) if "all_groups" in words else 0
    if groups > 1:
        index = atoms.group_of(ion, method) if group is None else group
        if not 0 <= index < groups:
            raise InputError(f"{table} has the groups 0 to {groups - 1}, not {index}")
    elif "group" in words:
        method, index = (int(word) for word in words[words.index("group") + 1 : words.index("group") + 3])
        if group is not None and group != index:
            raise InputError(f"{table} has the group {index} alone, not {group}")
        if group is None and atoms.group_of(ion, method) != index:
            raise InputError(f"{table} is of the group {index} alone, and {ion} is not in it; use all_groups in run.in")
    elif len(set(atoms.symbols.tolist())) > 1:
        why = "run.in names no group" if told else "there is no run.in"
        raise InputError(
            f"{table} has one column group and {why}, so it is of all elements together or of one unknown; "
            "use all_groups in run.in"
        )
    else:
        return 0, number
    if method < atoms.groups.shape[1] and group is not None:
        members = (atoms.groups[:, method] == index) & (atoms.symbols == ion)
        if not members.any():
            raise InputError(f"{table}: the group {index} has no {ion}")
        number = int(members.sum()) * atoms.copies
    return (index if groups > 1 else 0), number


def _with_state(
    file: Path,
    folder: Path,
    curves: Displacements,
    runs: RunFile | None,
    run: Run | None,
    volume: float | None,
    notes: Sequence[str],
) -> Source:
    """Add temperature and volume: from thermo.out, or else from run.in and the model of a cell that kept its size."""
    thermo = folder / "thermo.out"
    if thermo.exists():
        rows = read_thermo(thermo)
        chosen = runs.rows_of(run, "dump_thermo") if runs and run else slice(0, 0)
        if not len(rows.temperature[chosen]):
            chosen = slice(len(rows.temperature) // 2, None)  # the first half is taken for equilibration
        temperature, size = float(rows.temperature[chosen].mean()), float(rows.volume[chosen].mean())
        return Source(str(file), curves, temperature, size, notes=tuple(notes))
    known = volume if run and run.fixed_cell else None
    if run and run.temperature is not None:
        notes = [*notes, f"{file}: no thermo.out, the temperature is that of the thermostat in run.in"]
    return Source(
        str(file), curves, run.temperature if run else None, known, notes=tuple(notes),
        why_no_volume="no thermo.out, which the mean volume comes from",
        why_no_temperature="no thermo.out, which the temperature comes from",
    )  # fmt: skip


def _from_trajectory(
    path: Path,
    folder: Path,
    ions: Sequence[str],
    charges: Sequence[float],
    group: int | None,
    interval: float | None,
    tensor: bool,
) -> Source:
    first = next(read_frames(path))
    elements = list(dict.fromkeys(first.get_chemical_symbols()))
    for ion in ions:
        if ion not in elements:
            raise UnknownNameError(f"{path}: no {ion} in the first frame: {did_you_mean(ion, elements)}")
    trajectory = follow(read_snapshots(path), str(path))
    if interval is None and not trajectory.timed:
        raise InputError(f"{path}: the frames have no Time, so the time between them is not known; give --interval")
    step = interval if interval is not None else float(trajectory.time[1])
    labels = np.array(trajectory.symbols)
    if group is not None:
        groups = first.arrays.get("group")
        if groups is None:
            raise InputError(f"{path}: no column group, --group cannot be used")
        labels = np.where(np.asarray(groups).reshape(len(labels), -1)[:, -1] == group, labels, "")
    weights = framework_weights(trajectory.symbols, trajectory.masses, ions)
    values = np.zeros(len(labels))
    for ion, charge in zip(ions, charges, strict=False):
        values[labels == ion] = charge
    wanted = list(ions) or [element for element in elements if (labels == element).any()]
    curves = msd(
        trajectory.positions, step, labels=labels.tolist(), only=wanted, framework=weights,
        charges=values if charges else None, tensor=tensor,
    )  # fmt: skip
    shift = drift(trajectory.positions, weights)
    runs = _run_file(folder)
    run = next((run for run in reversed(runs.runs)), None) if runs else None
    state = _with_state(path, folder, curves, runs, run, None, trajectory.notes)
    return Source(
        str(path), curves, state.temperature, trajectory.volume,
        paths={ion: trajectory.positions[:, labels == ion] for ion in ions},
        shift=shift,
        dipole=total_dipole(trajectory.positions, values, shift) if charges else None,
        notes=state.notes, why_no_temperature=state.why_no_temperature or "no thermo.out beside it",
    )  # fmt: skip


def temperature_beside(trajectory: str | Path) -> tuple[float | None, str]:
    """Return the mean temperature (K) of the run in whose folder a trajectory lies; else None and why."""
    path = Path(trajectory)
    runs = _run_file(path.parent)
    run = runs.runs[-1] if runs and runs.runs else None
    state = _with_state(path, path.parent, Displacements(np.zeros(1), {}, {}, 1), runs, run, None, ())
    return state.temperature, state.why_no_temperature
