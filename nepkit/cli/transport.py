"""``nepkit transport``: from a run to diffusion, conductivity, activation energy and percolation, with errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table
from nepkit.errors import InputError

if TYPE_CHECKING:
    from nepkit.analysis.transport import Conductivity, Diffusion, Quantity
    from nepkit.analysis.transport.source import Source

F = TypeVar("F", bound=Callable[..., Any])

RUN = click.Path(exists=True, path_type=Path)
AXES = {"x": 0, "y": 1, "z": 2}

group("transport", "Ion transport with errors: diffusion, conductivity, activation energy, percolation.")


def _window(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = (float(item) for item in value.split(":"))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two parts of the lag range such as 0.4:0.8") from None
    return low, high


def _all_of(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def add(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return add


_run = _all_of(
    click.option("--ion", "ions", multiple=True, help="Mobile element; may be given again."),
    click.option("--model", type=options.FILE, help="model.xyz where it is not in the folder of the run."),
    click.option("--group", type=click.IntRange(0), help="Group instead of all atoms of the element."),
    click.option("--interval", type=float, help="Time between frames (ps) where a trajectory does not tell it."),
)
_fit = _all_of(
    click.option(
        "--window",
        callback=_window,
        metavar="LOW:HIGH",
        help="Part of the lag range to fit, as 0.4:0.8; found when left out.",
    ),
    click.option("--direction", type=click.Choice(["x", "y", "z"]), help="One direction instead of all."),
)
_charge = click.option("--charge", "charges", type=float, multiple=True, help="Charge of every --ion (e); else usual.")


def _ions(ions: Sequence[str]) -> list[str]:
    if not ions:
        raise InputError("which element is mobile? give --ion, for instance --ion Li")
    if len(set(ions)) < len(ions):
        raise InputError("an --ion is given twice")
    return list(ions)


def _charges(ions: Sequence[str], charges: Sequence[float]) -> list[float]:
    from nepkit.analysis.transport.source import charge_of

    if charges and len(charges) != len(ions):
        raise InputError(f"{len(charges)} --charge for {len(ions)} --ion; give one each, in the same order")
    if 0.0 in charges:
        raise InputError("an ion of --charge 0 carries no current")
    return list(charges) or [charge_of(ion) for ion in ions]


def _diffusion(
    source: Source, ions: Sequence[str], window: tuple[float, float] | None, direction: str | None
) -> dict[str, Diffusion]:
    from nepkit.analysis.transport import diffusion

    axes = (AXES[direction],) if direction else (0, 1, 2)
    return {
        ion: diffusion(
            source.curves, ion, positions=source.paths.get(ion), shift=source.shift, window=window, axes=axes
        )
        for ion in ions
    }


def _json_of_diffusion(result: Diffusion) -> dict[str, Any]:
    return {
        "D": result.D.json(),
        "directions": [part.json() for part in result.directions],
        "estimates": {
            "gls": result.model.json(),
            "blocks": result.blocks.json() if result.blocks else None,
            "line": result.line.json(),
        },
        "trusted": result.trusted,
        "window_ps": result.window,
        "exponent": result.exponent.json(),
    }


def _row(name: str, quantity: Quantity | None) -> tuple[str, float | None, float | None, str | None, str]:
    if quantity is None:
        return (name, None, None, None, "")
    return (name, quantity.value, quantity.error, f"{quantity.low:.4g} to {quantity.high:.4g}", quantity.unit)


def _table(title: str, rows: Sequence[tuple[Any, ...]]) -> Table:
    return Table(title, ["quantity", "value", "error", "95 %", "unit"], rows, ["", ".4g", ".2g", "", ""])


def _rows_of_diffusion(ion: str, result: Diffusion, direction: str | None) -> list[tuple[Any, ...]]:
    rows = [_row(f"D({ion})" + (f" along {direction}" if direction else ""), result.D)]
    if not direction:
        rows += [_row(f"D({ion}) along {axis}", part) for axis, part in zip(AXES, result.directions, strict=True)]
    rows += [_row("  least squares, independent ions", result.model)]
    rows += [_row("  blocks of time", result.blocks)] * (result.blocks is not None)
    rows += [_row("  unweighted line", result.line), _row("  exponent of the rise", result.exponent)]
    return rows


def _notes(*parts: Sequence[str]) -> str:
    notes = dict.fromkeys(note for part in parts for note in part)
    return "\n".join(["", *(f"Note: {note}" for note in notes)]) if notes else ""


def _summary(results: dict[str, Diffusion]) -> str:
    return "\n".join(
        f"{ion}: fitted from {fit.window[0]:.4g} to {fit.window[1]:.4g} ps, error from "
        + ("independent ions" if fit.trusted == "model" else "blocks of time")
        for ion, fit in results.items()
    )


@command("transport msd", menu=412, csv=True)
@click.argument("run", type=RUN, default=".")
@_run
@click.option("--tensor", is_flag=True, help="Elements off the diagonal too (trajectories).")
@options.save("Plot (png, pdf, svg), or the table where the suffix is csv.")
def msd(
    run: Path,
    ions: tuple[str, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    tensor: bool,
) -> Output:
    """Mean squared displacements by element.

    RUN is a folder of GPUMD with msd.out, or a trajectory; wrapped or unwrapped makes no difference. The motion of the
    framework (all atoms that are no --ion) is removed from trajectories.
    """
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_displacements

    source = open_source(run, ions, model=model, group=group, interval=interval, tensor=tensor)
    curves = source.curves
    pairs = [(0, 0), (1, 1), (2, 2)] + [(0, 1), (0, 2), (1, 2)] * tensor
    names = [f"{ion} {'xyz'[a]}{'xyz'[b]}" for ion in curves.tensor for a, b in pairs]
    columns = [curves.tensor[ion][:, a, b].tolist() for ion in curves.tensor for a, b in pairs]
    rows = list(zip(curves.time.tolist(), *columns, strict=True))
    return Output(
        data={"time": curves.time, "unit": "A^2", "msd": {ion: curves.tensor[ion] for ion in curves.tensor},
              "atoms": curves.count, "frames": curves.frames, "notes": source.notes},
        tables=[Table(f"MSD (A^2) of {source.name}", ["time (ps)", *names], rows)],
        text=_notes(source.notes),
        figure=_figure_unless_table(lambda: plot_displacements(curves)),
    )  # fmt: skip


def _figure_unless_table(draw: Callable[[], Any]) -> Any:
    """Draw only where the figure will be saved; a table is saved where the suffix says so."""
    save = click.get_current_context().meta.get("nepkit.save")
    return draw() if save is not None and save.suffix.lower() in (".png", ".pdf", ".svg") else None


@command("transport diffusion", menu=413)
@click.argument("run", type=RUN, default=".")
@_run
@_fit
@options.save("Plot of displacement and fit (png, pdf, svg), or json.")
def diffusion(
    run: Path,
    ions: tuple[str, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
) -> Output:
    """Diffusion coefficient with its error.

    RUN is a folder of GPUMD with msd.out, or a trajectory. The start of the diffusive regime is found from the data,
    and a run without one is refused. With a trajectory the error is checked against blocks of time.
    """
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_displacements

    wanted = _ions(ions)
    source = open_source(run, wanted, model=model, group=group, interval=interval)
    results = _diffusion(source, wanted, window, direction)
    notes = [*source.notes, *(note for result in results.values() for note in result.notes)]
    by_ion = {ion: _json_of_diffusion(result) for ion, result in results.items()}
    return Output(
        data={**(by_ion[wanted[0]] if len(wanted) == 1 else {}), "ions": by_ion, "notes": notes},
        tables=[
            _table(source.name, [row for ion in wanted for row in _rows_of_diffusion(ion, results[ion], direction)])
        ],
        text="\n" + _summary(results) + _notes(notes),
        figure=_figure_unless_table(lambda: plot_displacements(source.curves, results)),
    )


@command("transport conductivity", menu=401)
@click.argument("run", type=RUN, default=".")
@_run
@_charge
@click.option("--temperature", type=float, help="Temperature (K) where the run does not tell it.")
@click.option("--volume", type=float, help="Volume of the cell (A^3) where the run does not tell it.")
@_fit
@options.save("Plot of displacement and fit (png, pdf, svg), or json.")
def conductivity(
    run: Path,
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    temperature: float | None,
    volume: float | None,
    window: tuple[float, float] | None,
    direction: str | None,
) -> Output:
    """Ionic conductivity and Haven ratio with errors.

    RUN is a folder of GPUMD with msd.out, or a trajectory; only the latter gives the collective conductivity, in which
    ions that move together count as they should.
    """
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_displacements

    wanted = _ions(ions)
    carried = _charges(wanted, charges)
    source = open_source(run, wanted, charges=carried, model=model, group=group, interval=interval)
    kelvin, size = source.state(temperature, volume)
    results = _diffusion(source, wanted, window, direction)
    found = _conductivity(source, results, wanted, carried, kelvin, size, direction)
    quoted = found.collective or found.nernst_einstein
    notes = [*source.notes, *(note for result in results.values() for note in result.notes)]
    by_ion = {ion: _json_of_diffusion(result) for ion, result in results.items()}
    rows = [_row("sigma, independent ions", found.nernst_einstein)]
    if found.collective is not None:
        rows += [_row("sigma, collective", found.collective), _row("Haven ratio", found.haven)]
    rows += [_row(f"sigma along {axis}", part) for axis, part in zip(AXES, found.directions, strict=False)]
    rows += [row for ion in wanted for row in _rows_of_diffusion(ion, results[ion], direction)]
    return Output(
        data={
            "sigma": quoted.json(),
            "sigma_nernst_einstein": found.nernst_einstein.json(),
            "sigma_collective": found.collective.json() if found.collective else None,
            "haven": found.haven.json() if found.haven else None,
            "directions": [part.json() for part in found.directions],
            **({"D": by_ion[wanted[0]]["D"]} if len(wanted) == 1 else {}),
            "ions": by_ion, "charges": dict(zip(wanted, carried, strict=True)),
            "temperature": kelvin, "volume": size, "notes": notes,
        },
        tables=[_table(f"{source.name}: {kelvin:.1f} K, {size:.0f} A^3", rows)],
        text="\n" + _summary(results) + _notes(notes),
        figure=_figure_unless_table(lambda: plot_displacements(source.curves, results)),
    )  # fmt: skip


def _conductivity(
    source: Source,
    results: dict[str, Diffusion],
    ions: Sequence[str],
    charges: Sequence[float],
    kelvin: float,
    size: float,
    direction: str | None,
) -> Conductivity:
    from dataclasses import replace

    from nepkit.analysis.transport import conductivity as conduct

    curves = replace(source.curves, collective=None) if direction else source.curves
    return conduct(
        results, curves, dict(zip(ions, charges, strict=True)), volume=size, temperature=kelvin, dipole=source.dipole
    )


@command("transport arrhenius", menu=414)
@click.argument("runs", type=RUN, nargs=-1, required=True)
@_run
@_charge
@click.option("--temperature", "temperatures", type=float, multiple=True, help="Temperature (K) of every run.")
@click.option("--volume", "volumes", type=float, multiple=True, help="Volume (A^3) of every run.")
@_fit
@click.option("--of", "quantity", type=click.Choice(["sigma", "D"]), default="sigma", help="What is fitted.")
@click.option("--target", type=float, default=300.0, help="Temperature to extrapolate to (K).")
@options.save("Plot (png, pdf, svg), or json.")
def arrhenius(
    runs: tuple[Path, ...],
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    temperatures: tuple[float, ...],
    volumes: tuple[float, ...],
    window: tuple[float, float] | None,
    direction: str | None,
    quantity: str,
    target: float,
) -> Output:
    """Activation energy from several temperatures.

    RUNS are folders or trajectories. Their temperatures come from the files, never from the names of folders. A line,
    two lines and the law of Vogel, Tammann and Fulcher are compared by AICc as far as the number of runs allows.
    """
    from nepkit.analysis.transport import arrhenius as fit
    from nepkit.analysis.transport.source import open_source
    from nepkit.plots.transport import plot_arrhenius
    from nepkit.progress import track

    wanted = _ions(ions)
    carried = _charges(wanted, charges) if quantity == "sigma" else []
    if quantity == "D" and len(wanted) > 1:
        raise InputError("--of D takes one --ion")
    for name, values in (("temperature", temperatures), ("volume", volumes)):
        if values and len(values) != len(runs):
            raise InputError(f"{len(values)} --{name} for {len(runs)} runs; give one each, in the same order")
    points, notes = [], []
    for number, run in enumerate(track(runs, "Reading runs")):
        source = open_source(run, wanted, charges=carried, model=model, group=group, interval=interval)
        volume = volumes[number] if volumes else None
        kelvin, size = source.state(
            temperatures[number] if temperatures else None, 1.0 if quantity == "D" and volume is None else volume
        )
        results = _diffusion(source, wanted, window, direction)
        notes += [*source.notes, *(note for result in results.values() for note in result.notes)]
        if quantity == "D":
            points.append((kelvin, results[wanted[0]].D))
        else:
            points.append(
                (kelvin, _conductivity(source, results, wanted, carried, kelvin, size, direction).nernst_einstein)
            )
    result = fit(
        [kelvin for kelvin, _ in points], [part.value for _, part in points], [part.error for _, part in points],
        unit=points[0][1].unit, times_temperature=quantity == "sigma", target=target,
    )  # fmt: skip
    best = result.best
    rows = [_row(name, part) for name, part in best.parameters.items()]
    rows.append(_row(f"{quantity}({target:g} K)", best.target))
    rows.append(_row("unweighted line: Ea", result.unweighted.parameters["Ea"]))
    rows.append(_row(f"unweighted line: {quantity}({target:g} K)", result.unweighted.target))
    measured = [(*_row(f"{kelvin:.1f} K", part),) for kelvin, part in points]
    return Output(
        data={
            "Ea": best.parameters["Ea"].json() if "Ea" in best.parameters else None,
            quantity: best.target.json(), "target_temperature": target, "model": best.model,
            "fits": [
                {"model": item.model, "parameters": {name: part.json() for name, part in item.parameters.items()},
                 "chi2": item.chi2, "freedom": item.freedom, "probability": item.probability, "aicc": item.aicc,
                 quantity: item.target.json()}
                for item in result.fits
            ],
            "unweighted": {"Ea": result.unweighted.parameters["Ea"].json(), quantity: result.unweighted.target.json()},
            "runs": [
                {"run": run, "temperature": kelvin, quantity: part.json()}
                for run, (kelvin, part) in zip(runs, points, strict=True)
            ],
            "notes": [*dict.fromkeys(notes), *result.notes],
        },
        tables=[_table("", measured), _table(f"Best of {len(result.fits)}: {best.model}", rows)],
        text=_notes(notes, result.notes),
        figure=_figure_unless_table(lambda: plot_arrhenius(result, quantity="σ" if quantity == "sigma" else "D")),
    )  # fmt: skip


@command("transport percolation", menu=415)
@click.argument("frames", type=options.FILE)
@click.option("--element", "elements", multiple=True, required=True, help="Nodes of the network; may be given again.")
@click.option("--cutoff", type=click.FloatRange(min=0.0, min_open=True), required=True, help="Longest link (A).")
@options.save("The result as json or text.")
def percolation(frames: Path, elements: tuple[str, ...], cutoff: float) -> Output:
    """Probability that a network percolates.

    Atoms of the elements are linked when closer than the cutoff, through every image of the cell. A cluster that is
    linked to its own image is endless; its rank is the number of independent directions in which it is.
    """
    from nepkit.analysis.transport.percolation_statistics import network
    from nepkit.frames import read_frames

    found = network(read_frames(frames), elements, cutoff, str(frames))
    by_rank = {rank: found.probability(rank) for rank in (1, 2, 3)}
    along = {axis: found.along(index) for axis, index in zip("abc", range(3), strict=True)}
    rows = [_row(f"rank {rank} or more", part) for rank, part in by_rank.items()]
    rows += [_row(f"around {axis}", part) for axis, part in along.items()]
    means = {
        "largest cluster": float(found.largest.mean()),
        "in endless clusters": float(found.endless.mean()),
        "neighbours": float(found.neighbours.mean()),
    }
    rows += [(name, value, None, None, "") for name, value in means.items()]
    return Output(
        data={
            "probability": by_rank[1].json(),
            "probability_of_rank": {rank: part.json() for rank, part in by_rank.items()},
            "probability_around": {axis: part.json() for axis, part in along.items()},
            "rank": found.rank, "largest": found.largest, "endless": found.endless, "neighbours": found.neighbours,
            "frames": len(found.rank), "independent_frames": found.independent,
        },
        tables=[_table(f"{'-'.join(elements)} within {cutoff:g} A, {len(found.rank)} frames", rows)],
        text=f"\nThe frames are worth {found.independent:.1f} independent ones.",
    )  # fmt: skip


@command("transport onsager", menu=416)
@click.argument("run", type=options.FILE)
@_run
@_charge
@click.option("--temperature", type=float, help="Temperature (K) where the run does not tell it.")
@click.option("--volume", type=float, help="Volume of the cell (A^3) where the run does not tell it.")
@click.option("--window", callback=_window, metavar="LOW:HIGH", help="Part of the lag range to fit, as 0.4:0.8.")
@options.save("The result as json or text.")
def onsager(
    run: Path,
    ions: tuple[str, ...],
    charges: tuple[float, ...],
    model: Path | None,
    group: int | None,
    interval: float | None,
    temperature: float | None,
    volume: float | None,
    window: tuple[float, float] | None,
) -> Output:
    """Onsager coefficients and transference numbers.

    RUN is a trajectory. The coefficients are given as parts of the conductivity, z_a z_b e^2 L_ab, so that their sum is
    the collective conductivity.
    """
    import numpy as np

    from nepkit.analysis.transport.onsager import onsager as fit
    from nepkit.analysis.transport.source import open_source

    wanted = _ions(ions)
    carried = _charges(wanted, charges)
    source = open_source(run, wanted, charges=carried, model=model, group=group, interval=interval)
    if source.shift is None:
        raise InputError(f"{source.name} has no paths of single ions; give a trajectory")
    kelvin, size = source.state(temperature, volume)
    results = _diffusion(source, wanted, window, None)
    lags = max((result.lags for result in results.values()), key=lambda item: item[0])
    sums = [
        charge * (source.paths[ion].sum(axis=1) - source.paths[ion].shape[1] * source.shift)
        for ion, charge in zip(wanted, carried, strict=True)
    ]
    found = fit(np.stack(sums, axis=1), lags, interval=float(source.curves.time[1]), volume=size, temperature=kelvin)
    pairs = [(a, b) for a in range(len(wanted)) for b in range(a, len(wanted))]
    rows = [_row(f"L({wanted[a]}, {wanted[b]})", found.coefficients[a][b]) for a, b in pairs]
    rows.append(_row("sigma, collective", found.conductivity))
    rows += [_row(f"transference of {ion}", part) for ion, part in zip(wanted, found.transference, strict=True)]
    notes = [*source.notes, *(note for result in results.values() for note in result.notes)]
    return Output(
        data={
            "sigma": found.conductivity.json(),
            "L": {f"{wanted[a]}-{wanted[b]}": found.coefficients[a][b].json() for a, b in pairs},
            "transference": {ion: part.json() for ion, part in zip(wanted, found.transference, strict=True)},
            "charges": dict(zip(wanted, carried, strict=True)),
            "temperature": kelvin, "volume": size, "notes": notes,
        },
        tables=[_table(f"{source.name}: {kelvin:.1f} K, {size:.0f} A^3", rows)],
        text="\n" + _summary(results) + _notes(notes),
    )  # fmt: skip
