"""Displacements from the tables that GPUMD writes while it runs: msd.out and sdc.out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.gpumd.model import Model, read_model
from nepkit.gpumd.spectra import read_sdc
from nepkit.gpumd.tables import read_msd
from nepkit.transport.msd import Displacements
from nepkit.transport.record import Source, run_file_of, with_state

Array = NDArray[np.float64]


def from_table(table: Path, folder: Path, ions: Sequence[str], model: Path, group: int | None) -> Source:
    """Return the displacements in msd.out or sdc.out of a folder, for `nepkit.transport.source.open_source`.

    Raises
    ------
    InputError
        Where the columns of an element cannot be told, or model.xyz is missing.
    """
    if not model.exists():
        raise InputError(f"{table}: no {model.name} beside it, which tells the ions and their number; give --model")
    keyword = "compute_sdc" if table.name.startswith("sdc") else "compute_msd"
    runs = run_file_of(folder)
    atoms = read_model(model, int(np.prod(runs.replicate)) if runs else 1)
    run = runs.with_keyword(keyword) if runs else None
    blocks = _integrated(table) if keyword == "compute_sdc" else [(time, msd) for time, msd, _ in read_msd(table)]
    time, displacements = blocks[-1]
    words = list(run.find(keyword) or ()) if run else []
    found, count = {}, {}
    for ion in ions or sorted(set(atoms.symbols.tolist())):
        index, count[ion] = _place(atoms, ion, words, len(displacements), group, table, bool(runs))
        found[ion] = displacements[index][:, :, None] * np.eye(3)
    frames = run.steps // int(words[0]) if run and words and words[0].isdigit() else len(time)
    notes = [f"{table}: {len(blocks)} blocks of runs, the last is used"] * (len(blocks) > 1)
    if frames <= len(time):
        notes.append(f"{table}: the length of the run is not known, its shortest possible is taken for the errors")
        frames = len(time) + 1
    if (
        keyword == "compute_msd"
        and run
        and not run.fixed_cell
        and not table.read_text(encoding="utf-8", errors="replace").startswith("#")
    ):
        notes.append(
            f"{table}: the cell was not fixed, and GPUMD before August 2026 followed atoms wrongly through such cells; "
            "check against a trajectory"
        )
    curves = Displacements(time, found, count, max(frames, len(time) + 1))
    return with_state(table, folder, curves, runs, run, atoms.volume, notes)


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


def _integrated(table: Path) -> list[tuple[Array, Array]]:
    """Return mean squared displacements from the running diffusion coefficients of sdc.out, which are half their slope.

    So a Green-Kubo integral is fitted as displacements are, with the same errors.
    """
    from scipy.integrate import cumulative_trapezoid

    blocks = []
    for block in read_sdc(table):
        risen = 2.0 * cumulative_trapezoid(block.values[:, 3:6], block.time, axis=0, initial=0.0)
        blocks.append((block.time - block.time[0], risen[None]))
    return blocks
