"""Vibrations: densities of states with heat capacity, infrared spectra, and elastic constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.gpumd.spectra import Density, Series

Array = NDArray[np.float64]

PLANCK = 4.135667696e-3
"""eV ps, that is eV per THz."""
GAS_CONSTANT = 8.314462618
"""J/mol/K."""
WAVENUMBER = 33.35640952
"""1/cm of one THz."""
#: States that are missing by more than this share are told.
MISSING = 0.02


@dataclass(frozen=True)
class StatesOfGroup:
    """Vibrational density of states of all atoms or one group.

    Parameters
    ----------
    label : str
        ``all`` or the number of the group.
    frequency : ndarray, shape (W,)
        Frequency (not angular), THz.
    states : ndarray, shape (W, 3)
        Of motion along x, y and z, 1/THz: the integral over the frequency is the number of atoms.
    atoms : int or None
        Number of atoms; None where no file tells it.
    """

    label: str
    frequency: Array
    states: Array
    atoms: int | None

    @property
    def found(self) -> float:
        """Integral of all states: three times the number of atoms where none is missing."""
        return float(np.trapezoid(self.states.sum(axis=1), self.frequency))

    @property
    def missing(self) -> float | None:
        """Share of states that are missing; None where the number of atoms is not known."""
        return None if self.atoms is None else 1.0 - self.found / (3.0 * self.atoms)


def states_of(
    blocks: Sequence[Density], counts: Sequence[tuple[str, int | None]]
) -> tuple[list[StatesOfGroup], tuple[str, ...]]:
    """Return the density of states of every group, mean over runs, and what should be known.

    Parameters
    ----------
    blocks : sequence of Density
        From `nepkit.gpumd.spectra.read_dos`: groups stacked, runs after each other.
    counts : sequence of (str, int or None)
        Label and number of atoms of every group.

    Raises
    ------
    InputError
        Where the blocks are no multiple of the groups.
    """
    groups = len(counts)
    if len(blocks) % groups:
        raise InputError(f"dos.out has {len(blocks)} blocks, no multiple of the {groups} groups of run.in")
    found, notes = [], []
    for place, (label, atoms) in enumerate(counts):
        mine = blocks[place::groups]
        if any(len(block.omega) != len(mine[0].omega) for block in mine):
            raise InputError("dos.out has blocks of different frequencies; keep those of one kind of run")
        states = np.mean([block.states for block in mine], axis=0)
        # GPUMD (src/measure/dos.cu) normalises so that the integral over omega / (2 pi) is the number of atoms.
        one = StatesOfGroup(label, mine[0].omega / (2.0 * np.pi), states, atoms)
        if one.missing is not None and abs(one.missing) > MISSING:
            notes.append(
                f"{label}: the states integrate to {one.found:.6g} and not to 3 x {atoms}: frequencies above "
                f"{one.frequency[-1]:.4g} THz are missing, or model.xyz is another"
            )
        found.append(one)
    if len(blocks) > groups:
        notes.append(f"mean of {len(blocks) // groups} runs")
    return found, tuple(notes)


def heat_capacity(group: StatesOfGroup, temperature: ArrayLike) -> Array:
    """Return the harmonic heat capacity at constant volume, J/mol/K per mole of atoms.

    The integral of the density of states times the heat capacity of a quantum oscillator, normalised to three states
    per atom; it tends to three times the gas constant.

    Parameters
    ----------
    group : StatesOfGroup
        From `states_of`.
    temperature : array_like
        K.

    Raises
    ------
    InputError
        Where a temperature is not above zero.

    Examples
    --------
    >>> frequency = np.linspace(0.1, 2.0, 20)
    >>> one = StatesOfGroup("all", frequency, np.ones((20, 3)), 2)
    >>> heat_capacity(one, [2000.0]).round(2)
    array([24.94])
    """
    kelvin = np.asarray(temperature, dtype=float)
    if not (kelvin > 0.0).all():
        raise InputError("a temperature is not above zero")
    x = PLANCK * group.frequency / (BOLTZMANN * kelvin[..., None])
    half = np.minimum(0.5 * x, 300.0)
    oscillator = np.where(half > 1e-8, (half / np.sinh(np.maximum(half, 1e-8))) ** 2, 1.0)
    total = group.states.sum(axis=1)
    share = np.trapezoid(oscillator * total, group.frequency, axis=-1) / np.trapezoid(total, group.frequency)
    return np.asarray(3.0 * GAS_CONSTANT * share)


def groups_of_dos(folder: Path, atoms: int | None = None) -> tuple[list[tuple[str, int | None]], tuple[str, ...]]:
    """Return label and number of atoms of every block of a dos.out, from run.in and model.xyz.

    Parameters
    ----------
    folder : Path
        Of the run.
    atoms : int, optional
        Number of atoms where the files do not tell it.
    """
    from nepkit.gpumd.model import read_model
    from nepkit.inputs.runfile import read_run_file

    runs = read_run_file(folder / "run.in") if (folder / "run.in").exists() else None
    run = runs.with_keyword("compute_dos") if runs else None
    words = list(run.find("compute_dos") or ()) if run else []
    method, group = None, None
    if "group" in words:
        method, group = (int(word) for word in words[words.index("group") + 1 : words.index("group") + 3])
    if not (folder / "model.xyz").exists() or runs is None:
        why = "model.xyz" if not (folder / "model.xyz").exists() else "run.in"
        note = f"no {why}, so the number of atoms is not known and missing states are not seen; give --atoms"
        return [("all", atoms)], (note,) * (atoms is None)
    copies = int(np.prod(runs.replicate))
    model = read_model(folder / "model.xyz", copies)
    if method is None or group is None:
        return [("all", atoms or len(model.symbols) * copies)], ()
    if method >= model.groups.shape[1]:
        raise InputError(f"model.xyz has {model.groups.shape[1]} grouping methods, run.in uses number {method}")
    labels = model.groups[:, method]
    chosen = range(int(labels.max()) + 1) if group < 0 else [group]
    return [(f"group {label}", int((labels == label).sum()) * copies) for label in chosen], ()


@dataclass(frozen=True)
class Infrared:
    """Infrared spectrum of a dipole.

    Parameters
    ----------
    wavenumber : ndarray, shape (W,)
        1/cm.
    intensity : ndarray, shape (W,)
        Power of the derivative of the dipole in classical dynamics, relative to its largest value; it is proportional
        to absorption times refractive index.
    resolution : float
        1/cm.
    peaks : tuple of (float, float)
        Wavenumber and intensity of the highest peaks, highest first.
    """

    wavenumber: Array
    intensity: Array
    resolution: float
    peaks: tuple[tuple[float, float], ...]


def infrared(series: Series, *, derivative: bool, length: float | None = None) -> Infrared:
    """Return the infrared spectrum of a dipole or of its time derivative.

    The Fourier transform of the autocorrelation of the derivative, up to a correlation time, with a Hann window.

    Parameters
    ----------
    series : Series
        From `nepkit.gpumd.spectra.read_dpdt` or `read_dipole`.
    derivative : bool
        Whether the series is the derivative already.
    length : float, optional
        Correlation time, ps; a tenth of the run when left out, 4 ps at most.

    Raises
    ------
    InputError
        Where the times are not known or equally spaced, or are too few.
    """
    from scipy.signal import find_peaks

    steps = np.diff(series.time)
    if not series.timed:
        raise InputError("dipole.out has no header with dt_output, so its times are not known; give --interval")
    if len(steps) < 100 or not np.allclose(steps, steps[0], rtol=1e-3):
        raise InputError(f"{len(steps) + 1} rows at equal steps, at least 101 are needed; keep those of one run")
    step = float(steps[0])
    values = series.values if derivative else np.gradient(series.values, step, axis=0)
    values = values - values.mean(axis=0)
    rows = len(values)
    lags = int(min(rows // 2, round((length or min(4.0, 0.1 * step * rows)) / step)))
    if lags < 10:
        raise InputError(f"a correlation time of {length} ps has {lags} steps of {step:g} ps, at least 10 are needed")
    power = (np.abs(np.fft.rfft(values, 2 * rows, axis=0)) ** 2).sum(axis=1)
    correlation = np.fft.irfft(power)[:lags] / (rows - np.arange(lags))
    window = 0.5 * (1.0 + np.cos(np.pi * np.arange(lags) / lags))
    size = 8 * lags
    spectrum = 2.0 * np.fft.rfft(correlation * window, size).real - correlation[0]
    frequency = np.fft.rfftfreq(size, step)
    intensity: Array = np.asarray(spectrum / spectrum.max(), dtype=float)
    places = find_peaks(intensity, prominence=0.02)[0]
    best = sorted(places.tolist(), key=lambda place: -float(intensity[place]))[:10]
    waves: Array = np.asarray(WAVENUMBER * frequency, dtype=float)
    return Infrared(
        waves, intensity, WAVENUMBER / (2.0 * lags * step),
        tuple((float(waves[place]), float(intensity[place])) for place in best),
    )  # fmt: skip
