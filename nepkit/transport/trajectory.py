"""Displacements from a trajectory, of which no more than the paths of the mobile ions are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path as File

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.device import array_module
from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.formats.files import read_frames, read_snapshots
from nepkit.inputs.runfile import RunFile
from nepkit.transport.displacement import Path, follow
from nepkit.transport.msd import msd, total_dipole
from nepkit.transport.record import Source, run_file_of, with_state

Array = NDArray[np.float64]

#: Keywords of run.in that write trajectories, and which argument is their interval in steps.
DUMPS = {"dump_exyz": 0, "dump_position": 0, "dump_netcdf": 0, "dump_xyz": 2}


def from_trajectory(
    path: File,
    ions: Sequence[str],
    *,
    charges: Mapping[str, float],
    group: int | None = None,
    interval: float | None = None,
    tensor: bool = False,
    single: bool = False,
    device: str = "cpu",
) -> Source:
    """Return the displacements of a trajectory, for `nepkit.transport.source.open_source`.

    Raises
    ------
    InputError
        Where an ion is absent, the time between frames is not known, or the paths cannot be followed.
    """
    first = next(read_frames(path))
    elements = list(dict.fromkeys(first.get_chemical_symbols()))
    for ion in ions:
        if ion not in elements:
            raise UnknownNameError(f"{path}: no {ion} in the first frame: {did_you_mean(ion, elements)}")
    xp = array_module(device)
    runs = run_file_of(path.parent)
    found = follow(read_snapshots(path), str(path), keep=ions, dtype=np.float32 if single else np.float64)
    step, notes = _interval(path, found, runs, interval)
    paths = found.positions
    paths -= found.framework[:, None, :].astype(paths.dtype)
    labels = _labels(path, first, found, group)
    wanted = list(ions) or [element for element in elements if (labels == element).any()]
    values = np.zeros(len(labels))
    for ion, charge in charges.items():
        values[labels == ion] = charge
    curves = msd(
        xp.asarray(paths), step, labels=labels.tolist(), only=wanted, charges=values if charges else None,
        tensor=tensor,
    )  # fmt: skip
    state = with_state(path, path.parent, curves, runs, runs.runs[-1] if runs and runs.runs else None, None, notes)
    kelvin, about = state.temperature, state.about_temperature
    if kelvin is None and (kelvin := _incar(path).get("TEBEG")) is not None:
        about = f"{path}: the temperature is TEBEG of the INCAR beside it"
    return replace(
        state, temperature=kelvin, volume=found.volume, about_temperature=about,
        paths={ion: paths if (labels == ion).all() else paths[:, labels == ion] for ion in ions},
        dipole=total_dipole(paths, values) if charges else None, charges=dict(charges),
        why_no_temperature=state.why_no_temperature or "no thermo.out beside it",
    )  # fmt: skip


def _labels(path: File, first: Atoms, found: Path, group: int | None) -> NDArray[np.str_]:
    """Return the element of every atom that was kept, nothing for those of other groups."""
    labels = np.array(found.symbols)
    if group is None:
        return labels
    groups = first.arrays.get("group")
    if groups is None:
        raise InputError(f"{path}: no column group, --group cannot be used")
    mine = np.asarray(groups).reshape(len(first), -1)[found.index, -1] == group
    if not mine.any():
        raise InputError(f"{path}: no atom that is looked at is in group {group}")
    return np.where(mine, labels, "")


def _interval(path: File, found: Path, runs: RunFile | None, given: float | None) -> tuple[float, tuple[str, ...]]:
    """Return the time between frames, ps, and notes: as given, as in the file, or as the run was told to write."""
    if given is not None:
        return given, found.notes
    if found.timed:
        return float(found.time[1]), found.notes
    for run in reversed(runs.runs if runs else ()):
        for keyword, place in DUMPS.items():
            words = run.find(keyword) or ()
            if len(words) > place and words[place].isdigit():
                step = 1e-3 * int(words[place]) * run.time_step
                return step, (*found.notes, f"{path}: {step:g} ps between frames by {keyword} in run.in")
    incar = _incar(path)
    if "POTIM" in incar:
        step = 1e-3 * incar["POTIM"] * incar.get("NBLOCK", 1.0)
        return step, (*found.notes, f"{path}: {step:g} ps between frames by POTIM and NBLOCK of the INCAR beside it")
    raise InputError(f"{path}: the frames have no Time, so the time between them is not known; give --interval")


def _incar(path: File) -> dict[str, float]:
    """Return the numbers in the INCAR beside an XDATCAR, empty without one."""
    file = path.parent / "INCAR"
    if not path.name.upper().startswith("XDATCAR") or not file.exists():
        return {}
    lines = (re.split("[#!]", line)[0] for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    pairs = (re.fullmatch(r"\s*(\w+)\s*=\s*([-+.\dEe]+)\s*", part) for line in lines for part in line.split(";"))
    return {pair[1].upper(): float(pair[2]) for pair in pairs if pair}
