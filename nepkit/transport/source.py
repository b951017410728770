"""A run opened for the analysis of its transport: GPUMD's tables or a trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lr_correction.oxidation import OXIDATION_STATES
from nepkit.core.errors import InputError
from nepkit.transport.gpumd_tables import from_table
from nepkit.transport.msd import Displacements
from nepkit.transport.record import Source, run_file_of, with_state
from nepkit.transport.trajectory import from_trajectory

_COMMON = (
    *("H", "Li", "Na", "K", "Rb", "Cs", "Ag", "Cu", "Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Al", "Y", "La", "Sc"),
    *("F", "Cl", "Br", "I", "O", "S", "Se"),
)
FORMAL_CHARGES = {element: OXIDATION_STATES[element] for element in _COMMON}
"""Charge of an ion, e, where one is so common that it need not be asked for."""


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
    single: bool = False,
    device: str = "cpu",
) -> Source:
    """Read a run.

    Parameters
    ----------
    path : str or Path
        Folder of a GPUMD run with msd.out or sdc.out, one of these, or a trajectory (extended xyz, netCDF, XDATCAR,
        LAMMPS dump, ...) which may lie in such a folder.
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
    single : bool
        Whether the paths of a trajectory are kept in half the memory (float32).
    device : str
        Where their displacements are computed, ``"cpu"`` or ``"cuda"``.
    tensor : bool
        Whether elements of the displacement tensor off the diagonal are wanted, which msd.out lacks.

    Raises
    ------
    InputError
        Where something is missing or contradictory.

    Examples
    --------
    >>> open_source("run", ["Li"], charges=[1.0]).state(None, None)  # K, A^3  # doctest: +SKIP
    """
    path = Path(path)
    carried = dict(zip(ions, charges, strict=False))
    folder = path if path.is_dir() else path.parent
    table = _table_in(path) if path.is_dir() else path
    if table.suffix != ".out":
        return from_trajectory(
            path, ions, charges=carried, group=group, interval=interval, tensor=tensor, single=single, device=device
        )
    if tensor:
        raise InputError(f"{table} has no elements off the diagonal; give a trajectory")
    source = from_table(table, folder, ions, Path(model) if model else folder / "model.xyz", group)
    return replace(source, charges=carried)


def _table_in(folder: Path) -> Path:
    found = [folder / name for name in ("msd.out", "sdc.out") if (folder / name).exists()]
    if not found:
        raise InputError(f"{folder}: no msd.out in this folder, nor sdc.out; run with compute_msd or give a trajectory")
    return found[0]


def temperature_beside(trajectory: str | Path) -> tuple[float | None, str]:
    """Return the mean temperature (K) of the run in whose folder a trajectory lies; else None and why."""
    path = Path(trajectory)
    runs = run_file_of(path.parent)
    run = runs.runs[-1] if runs and runs.runs else None
    state = with_state(path, path.parent, Displacements(np.zeros(1), {}, {}, 1), runs, run, None, ())
    return state.temperature, state.why_no_temperature
