"""What is known of a run whose transport is analysed, and where temperature and volume come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.gpumd.thermo import read_thermo
from nepkit.inputs.runfile import Run, RunFile, read_run_file
from nepkit.transport.msd import Displacements

Array = NDArray[np.float64]


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
        Unwrapped positions of every ion, the motion of the framework removed, A; empty where there is no trajectory.
    dipole : ndarray, shape (F, 3), optional
        Sum of charge times position of the ions, or of all atoms where charges of all are known, e A.
    charges : dict of str to float
        Charge of every ion, e, where it was asked for.
    notes : tuple of str
        What the user should know.
    about_temperature : str
        Where the temperature comes from, if that is worth a note.
    why_no_volume, why_no_temperature : str
        What to say where they are needed and None.
    """

    name: str
    curves: Displacements
    temperature: float | None = None
    volume: float | None = None
    paths: Mapping[str, Array] = field(default_factory=dict)
    dipole: Array | None = None
    charges: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    about_temperature: str = ""
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

    def told(self, temperature: float | None) -> tuple[str, ...]:
        """Return the notes of a result at a temperature, or at that of the run where none is given."""
        return (*self.notes, *[self.about_temperature] * bool(temperature is None and self.about_temperature))

    @property
    def interval(self) -> float:
        """Time between the lags, ps."""
        return float(self.curves.time[1])


def run_file_of(folder: Path) -> RunFile | None:
    """Return the run.in of a folder, None without one."""
    return read_run_file(folder / "run.in") if (folder / "run.in").exists() else None


def with_state(
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
    thermostat = run.temperature if run else None
    about = f"{file}: no thermo.out, the temperature is that of the thermostat in run.in"
    return Source(
        str(file), curves, thermostat, known, notes=tuple(notes), about_temperature=about if thermostat else "",
        why_no_volume="no thermo.out, which the mean volume comes from",
        why_no_temperature="no thermo.out, which the temperature comes from",
    )  # fmt: skip
