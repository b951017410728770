"""What the plots ``D`` and ``sigma`` share: a coefficient against inverse temperature."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import value_and_error
from nepkit.plots.plot import File, Option, Panel

if TYPE_CHECKING:
    from nepkit.transport.temperatures import Temperatures

FILES = (
    File("msd.out", "compute_msd of gpumd"), File("model.xyz", "you", needed=False),
    File("run.in", "you", needed=False), File("thermo.out", "dump_thermo of gpumd", needed=False),
)  # fmt: skip
OPTIONS = (
    Option("ion", "Mobile element, e.g. Li."),
    Option("directions", "Separate results for x, y and z.", type=bool, default=False),
    Option(
        "window",
        "Fit window as fractions of the lag range, e.g. 0.4 0.8 (default: detected automatically).",
        type=float,
        count=2,
    ),
    Option("temperature", "Temperature of each run, K.", type=float, several=True),
    Option("target", "Temperature to extrapolate to, K.", type=float, default=300.0),
    Option("model", "Structure file model.xyz for runs without one.", type=Path),
)


def panels(result: Temperatures) -> dict[str, Panel]:
    """Return one panel per direction."""
    from nepkit.plots.transport import plot_arrhenius

    symbol = {"sigma": "σ"}.get(result.symbol, result.symbol)
    names = {name: symbol if name == "all" else f"{symbol} {name}" for name in result.fits}
    return {name: partial(plot_arrhenius, fit, quantity=names[name]) for name, fit in result.fits.items()}


def numbers(result: Temperatures) -> list[Table]:
    """Return the activation energies, the extrapolation and the points."""
    fitted: list[tuple[Any, ...]] = []
    for name, fit in result.fits.items():
        for parameter, value in fit.best.parameters.items():
            fitted.append((name, fit.best.model, parameter, *value_and_error(value), _interval(value), value.unit))
        goal = fit.best.target
        fitted.append((name, fit.best.model, "extrapolated", *value_and_error(goal), _interval(goal), goal.unit))
        plain = fit.unweighted.parameters["Ea"]
        fitted.append((name, "unweighted line", "Ea", *value_and_error(plain), _interval(plain), plain.unit))
    rows = [(name, run, kelvin, *value_and_error(value), value.unit)
            for name, part in result.points.items() for run, kelvin, value in part]  # fmt: skip
    return [
        Table("Activation", ["direction", "model", "quantity", "value", "error", "95 %", "unit"], fitted,
              ["", "", "", ".4g", ".2g", "", ""]),
        Table("Runs", ["direction", "run", "T (K)", result.symbol, "error", "unit"], rows,
              ["", "", ".2f", ".4g", ".2g", ""]),
    ]  # fmt: skip


def _interval(value: Any) -> str:
    return f"{value.low:.4g} to {value.high:.4g}"


def notes(result: Temperatures) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Temperatures) -> Table:
    """Return the points."""
    flat = [(name, run, kelvin, value.value, value.error) for name, part in result.points.items()
            for run, kelvin, value in part]  # fmt: skip
    unit = next(iter(result.points.values()))[0][2].unit
    names = ["direction", "run", "T (K)", f"{result.symbol} ({unit})", "error"]
    return table_of_columns("Runs", dict(zip(names, zip(*flat, strict=True), strict=True)))
