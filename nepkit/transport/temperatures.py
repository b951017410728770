"""Diffusion and conductivity of runs at several temperatures, for Arrhenius plots in all and single directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity
from nepkit.gpumd.thermodynamics import by_number
from nepkit.transport import Arrhenius, arrhenius, diffusion
from nepkit.transport.conductivity import conductivity_per_diffusion
from nepkit.transport.record import Source
from nepkit.transport.source import charge_of, open_source


@dataclass(frozen=True)
class Temperatures:
    """A coefficient at several temperatures.

    Parameters
    ----------
    symbol : str
        ``D`` or ``sigma``.
    points : mapping of str to list of (str, float, Quantity)
        By direction (``all``, ``x``, ``y``, ``z``): run, temperature (K) and coefficient.
    fits : mapping of str to Arrhenius
        By direction.
    notes : tuple of str
        What the user should know.
    """

    symbol: str
    points: Mapping[str, list[tuple[str, float, Quantity]]]
    fits: Mapping[str, Arrhenius]
    notes: tuple[str, ...]


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """Return the folders with a msd.out: those given, or the ones in them.

    Raises
    ------
    InputError
        Where a folder has none.
    """
    found = []
    for path in paths:
        if path.is_file() or (path / "msd.out").exists():
            found.append(path)
            continue
        inner = sorted((item.parent for item in path.glob("*/msd.out")), key=by_number)
        if not inner:
            raise InputError(
                f"{path}: no msd.out in this folder or the folders in it; it comes from compute_msd of gpumd"
            )
        found += inner
    return found


def temperatures(
    paths: Sequence[Path],
    ion: str,
    *,
    symbol: str = "D",
    charge: float | None = None,
    directions: bool = False,
    window: tuple[float, float] | None = None,
    model: Path | None = None,
    kelvin: Sequence[float] = (),
    volume: Sequence[float] = (),
    target: float = 300.0,
) -> Temperatures:
    """Fit the diffusion coefficient or conductivity of one kind of ion against temperature.

    Parameters
    ----------
    paths : sequence of Path
        Run folders, or one folder of them.
    ion : str
        Element.
    symbol : str
        ``D`` (cm^2/s) or ``sigma`` (Nernst and Einstein, mS/cm).
    charge : float, optional
        Of the ion, e; the usual one when left out.
    directions : bool
        Whether x, y and z are fitted apart.
    window : (float, float), optional
        Part of the lags to fit; found when left out.
    model : Path, optional
        model.xyz where runs have none.
    kelvin, volume : sequence of float
        Temperature (K) and volume (A^3) of every run, in place of those in its files.
    target : float
        Temperature to extrapolate to, K.

    Raises
    ------
    InputError
        Where a run lacks something, or the numbers given are not one per run.
    """
    folders = run_folders(paths)
    for values, name in ((kelvin, "temperature"), (volume, "volume")):
        if values and len(values) != len(folders):
            raise InputError(f"{len(values)} --{name} for {len(folders)} runs; give one each, in the same order")
    names = ("x", "y", "z") if directions else ("all",)
    points: dict[str, list[tuple[str, float, Quantity]]] = {name: [] for name in names}
    notes: list[str] = []
    squared = (charge if charge is not None else charge_of(ion)) ** 2 if symbol == "sigma" else 0.0
    for place, folder in enumerate(folders):
        source = open_source(folder, (ion,), model=_model(folder, folders, model))
        temperature, scale, unit = _scale(
            source, ion, squared, kelvin[place] if kelvin else None, volume[place] if volume else None
        )
        fit = diffusion(source.curves, ion, window=window)
        notes += [*source.notes, *fit.notes]
        parts = fit.directions if directions else (fit.D,)
        for name, part in zip(names, parts, strict=True):
            points[name].append((str(folder), temperature, part.scaled(scale, unit)))
    fits = {
        name: arrhenius(
            [kelvin for _, kelvin, _ in part], [value.value for *_, value in part], [value.error for *_, value in part],
            unit=part[0][2].unit, times_temperature=symbol == "sigma", target=target,
        )
        for name, part in points.items()
    }  # fmt: skip
    notes += [note for fit in fits.values() for note in fit.notes]
    return Temperatures(symbol, points, fits, tuple(dict.fromkeys(notes)))


def _model(folder: Path, folders: Sequence[Path], model: Path | None) -> Path | None:
    """Return the model of a run: its own, the one given, or the only one among the runs."""
    place = folder if folder.is_dir() else folder.parent
    if model or (place / "model.xyz").exists():
        return model
    others = [one / "model.xyz" for one in folders if (one / "model.xyz").exists()]
    return others[0] if others else None


def _scale(
    source: Source, ion: str, squared: float, kelvin: float | None, volume: float | None
) -> tuple[float, float, str]:
    """Return temperature, and what turns the diffusion coefficient into what is fitted with its unit."""
    temperature, size = source.state(kelvin, volume if squared else 1.0)
    if not squared:
        return temperature, 1.0, "cm^2/s"
    return temperature, source.curves.count[ion] * squared * conductivity_per_diffusion(size, temperature), "mS/cm"
