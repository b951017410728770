"""What a watched job looks like in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from nepkit.plots.style import new_figure
from nepkit.plots.terminal import to_text
from nepkit.watch.simulation import SimulationState
from nepkit.watch.training import TrainingState, duration

if TYPE_CHECKING:
    from rich.console import RenderableType

State = TrainingState | SimulationState
LEGEND = 26
"""Characters that the names of curves take."""
MOST_POINTS = 500
"""Points of a curve that a terminal can show."""
SHOWN = (
    ("total", "loss", 1.0, ""),
    ("rmse_energy", "energy", 1e3, "meV/atom"),
    ("rmse_force", "force", 1e3, "meV/A"),
    ("rmse_virial", "virial", 1e3, "meV/atom"),
    ("rmse_charge", "charge", 1e3, "me/atom"),
    ("rmse_bec", "Born charge", 1.0, "e"),
    ("rmse_tensor", "tensor", 1.0, ""),
)
"""Columns of loss.out: prefix, name, factor and unit."""


def rows_of(state: State) -> list[tuple[str, str]]:
    """Return the numbers of a state in words."""
    found = _training(state) if isinstance(state, TrainingState) else _simulation(state)
    found.append(("speed", _speed(state)))
    found.append(("time left", "finished" if state.finished else _time(state.left)))
    found.append(("last change", "never" if state.quiet is None else f"{duration(state.quiet)} ago"))
    return found


def _training(state: TrainingState) -> list[tuple[str, str]]:
    unit = "epoch" if state.engine == "gnep" else "generation"
    rows = [(unit, f"{_number(state.generation)} of {_number(state.total)}")]
    for prefix, name, factor, unit in SHOWN:
        names = [prefix] if prefix == "total" else [f"{prefix}_{part}" for part in ("train", "test")]
        values = [state.errors[name] for name in names if state.errors.get(name)]
        if values:
            text = " / ".join(f"{factor * value:.4g}" for value in values)
            rows.append((f"{name}{' train / test' if len(values) > 1 else ''}", f"{text} {unit}".strip()))
    return rows


def _simulation(state: SimulationState) -> list[tuple[str, str]]:
    rows = [
        ("run", f"{state.run} of {state.runs}, {state.ensemble or 'no ensemble'}"),
        ("step", f"{state.step} of {state.steps}; {state.done} of {state.total} in all"),
        ("atoms", _number(state.atoms)),
    ]
    if state.temperature is not None:
        target = f" (target {state.target:.0f} K)" if state.target is not None else ""
        rows.append(("temperature", f"{state.temperature:.1f} K{target}"))
        rows.append(("pressure", f"{state.pressure:.3f} GPa"))
    if state.energy is not None:
        rows.append(("energy", f"{state.energy:.5f} eV/atom"))
    if state.drift is not None:
        rows.append(("energy drift", f"{state.drift:.3g} meV/atom/ps"))
    return rows


def _speed(state: State) -> str:
    if state.speed is None:
        return "not known from one look"
    if isinstance(state, TrainingState):
        return f"{state.speed:.3g} {'epochs' if state.engine == 'gnep' else 'generations'}/s"
    return f"{state.speed:.3g} atom-step/s"


def _time(seconds: float | None) -> str:
    return "not known" if seconds is None else duration(seconds)


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def share(state: State) -> float | None:
    """Return the part of the work that is done, 0 to 1."""
    done, total = (state.generation, state.total) if isinstance(state, TrainingState) else (state.done, state.total)
    return min(1.0, done / total) if done is not None and total else None


def screen(state: State, width: int, height: int) -> RenderableType:
    """Return the whole screen: bar, numbers, curves and warnings."""
    name = state.engine if isinstance(state, TrainingState) else "gpumd"
    part = share(state)
    title = Text(f"{name} in {state.folder}", style="bold", no_wrap=True, overflow="ellipsis")
    filled = round((part or 0.0) * (width - 8))
    bar = Text.assemble(("━" * filled, "green"), ("━" * (width - 8 - filled), "dim"), f" {100 * (part or 0.0):4.1f} %")
    table = Table.grid(padding=(0, 2))
    rows = rows_of(state)
    for label, value in rows:
        table.add_row(Text(label, style="dim"), Text(value))
    warnings = [Text(f"! {text}", style="bold red") for text in state.warnings]
    room = height - len(rows) - len(warnings) - 5
    curves = Text.from_ansi(plot(state, width, room)) if room >= 8 else Text("")
    return Group(title, bar, table, *warnings, curves)


def plot(state: State, width: int, height: int) -> str:
    """Return the curves of a state drawn with characters; empty where there are none yet."""
    chosen, logarithmic, x, label = _curves(state)
    if not chosen or len(x) < 2:
        return ""
    ax = new_figure().add_subplot()
    step = max(1, len(x) // MOST_POINTS)
    for name, values in chosen.items():
        ax.plot(x[::step], values[::step], label=name if len(chosen) > 1 else "")
    if logarithmic:
        ax.set_yscale("log")
    if len(chosen) > 1:  # room for the legend, which stands at the left
        ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= x[-1]])
        ax.set_xlim(-LEGEND / max(width - LEGEND, LEGEND) * x[-1], x[-1])
    else:
        ax.set_ylabel(next(iter(chosen)))
    ax.set_xlabel(label)
    return to_text(ax, width=max(width - 2, 30), height=max(height, 8), color=True)


def _curves(state: State) -> tuple[Mapping[str, tuple[float, ...]], bool, tuple[float, ...], str]:
    if isinstance(state, SimulationState):
        pairs = zip(state.curves["time"], state.curves["temperature"], strict=True)
        finite = [(time, value) for time, value in pairs if math.isfinite(time) and math.isfinite(value)]
        times, values = tuple(time for time, _ in finite), tuple(value for _, value in finite)
        return ({"temperature (K)": values} if values else {}), False, times, "time (ps)"
    named = {"total": "loss", "rmse_force_train": "force (eV/A)", "rmse_force_test": "force, test (eV/A)",
             "rmse_energy_train": "energy (eV/atom)"}  # fmt: skip
    chosen = {label: state.curves[name] for name, label in named.items() if name in state.curves}
    return chosen, True, state.curves.get("generation", ()), "generation"
