"""Options, tables and records that the commands of ion transport share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.output import Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.transport import Conductivity, Diffusion, Quantity
    from nepkit.transport.record import Source
    from nepkit.transport.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

RUN = click.Path(exists=True, path_type=Path)
AXES = {"x": 0, "y": 1, "z": 2}


def window_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[float, float] | None:
    """Return the two parts of the lag range in ``LOW:HIGH``."""
    if value is None:
        return None
    try:
        low, high = (float(item) for item in value.split(":"))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two parts of the lag range such as 0.4:0.8") from None
    return low, high


def all_of(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator that applies several, the first outermost."""

    def add(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return add


run_options = all_of(
    click.option("--ion", "ions", multiple=True, help="Mobile element; repeatable."),
    click.option("--model", type=options.FILE, help="Structure file model.xyz (default: model.xyz in the run folder)."),
    click.option(
        "--group", type=click.IntRange(0), help="Group number to analyse instead of all atoms of the element."
    ),
    click.option("--interval", type=float, help="Time between frames, ps, where the trajectory does not contain it."),
    click.option("--single", is_flag=True, help="Store paths in single precision, halving the memory."),
    options.device,
)
state_options = all_of(
    click.option("--temperature", type=float, help="Temperature, K (default: from the run)."),
    click.option("--volume", type=float, help="Cell volume, A^3 (default: from the run)."),
)
tensor_option = click.option("--tensor", is_flag=True, help="Off-diagonal tensor elements as well (trajectories only).")
direction_option = click.option(
    "--direction",
    type=click.Choice(["x", "y", "z"]),
    help="Cartesian direction to analyse (default: mean of all three).",
)
fit_options = all_of(
    click.option(
        "--window",
        callback=window_of,
        metavar="LOW:HIGH",
        help="Fit window as fractions of the lag range, e.g. 0.4:0.8 (default: detected automatically).",
    ),
    direction_option,
)
charge_options = all_of(
    click.option(
        "--charge",
        "charges",
        type=float,
        multiple=True,
        help="Charge of each --ion, e (default: common oxidation state).",
    ),
    click.option(
        "--charges-from",
        metavar="MODEL",
        help='Model (qnep.txt or nep.txt+charges.npz) whose mean charges are used, or "column" for '
        "charges stored in the trajectory.",
    ),
)


def mobile_ions(ions: Sequence[str]) -> list[str]:
    """Return the mobile elements; raise InputError for none or one given twice."""
    if not ions:
        raise InputError("which element is mobile? give --ion, for instance --ion Li")
    if len(set(ions)) < len(ions):
        raise InputError("an --ion is given twice")
    return list(ions)


def charges_of(run: Path, ions: Sequence[str], charges: Sequence[float], origin: str | None = None) -> list[float]:
    """Return a charge for every ion, e: given, of a model or a column, or else the usual ones."""
    from nepkit.transport.charges import mean_charges
    from nepkit.transport.source import charge_of

    if charges and origin:
        raise InputError("--charge and --charges-from exclude each other")
    if charges and len(charges) != len(ions):
        raise InputError(f"{len(charges)} --charge for {len(ions)} --ion; give one each, in the same order")
    if 0.0 in charges:
        raise InputError("an ion of --charge 0 carries no current")
    if origin is None:
        return list(charges) or [charge_of(ion) for ion in ions]
    if run.is_dir() or run.suffix == ".out":
        raise InputError(f"{run}: --charges-from needs the frames of a trajectory")
    found = mean_charges(run, ions, None if origin == "column" else origin)
    return [found[ion] for ion in ions]


def diffusion_of(
    source: Source, ions: Sequence[str], window: tuple[float, float] | None, direction: str | None
) -> dict[str, Diffusion]:
    """Return the diffusion of every ion of a source."""
    from nepkit.transport import diffusion

    axes = (AXES[direction],) if direction else (0, 1, 2)
    return {
        ion: diffusion(source.curves, ion, positions=source.paths.get(ion), window=window, axes=axes) for ion in ions
    }


def json_of_diffusion(result: Diffusion) -> dict[str, Any]:
    """Return a diffusion coefficient with its estimates, ready for JSON."""
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


def row_of(name: str, quantity: Quantity | None) -> tuple[str, float | None, float | None, str | None, str]:
    """Return a quantity as a row of a table."""
    if quantity is None:
        return (name, None, None, None, "")
    return (name, quantity.value, quantity.error, f"{quantity.low:.4g} to {quantity.high:.4g}", quantity.unit)


def table_of(title: str, rows: Sequence[tuple[Any, ...]]) -> Table:
    """Return rows as a table of quantities."""
    return Table(title, ["quantity", "value", "error", "95 %", "unit"], rows, ["", ".4g", ".2g", "", ""])


def rows_of_diffusion(ion: str, result: Diffusion, direction: str | None) -> list[tuple[Any, ...]]:
    """Return a diffusion coefficient with its estimates as rows."""
    rows = [row_of(f"D({ion})" + (f" along {direction}" if direction else ""), result.D)]
    if not direction:
        rows += [row_of(f"D({ion}) along {axis}", part) for axis, part in zip(AXES, result.directions, strict=True)]
    rows += [row_of("  least squares", result.model)]
    rows += [row_of("  blocks of time", result.blocks)] * (result.blocks is not None)
    rows += [row_of("  unweighted line", result.line), row_of("  exponent of the rise", result.exponent)]
    return rows


def notes_text(*parts: Sequence[str]) -> str:
    """Return distinct notes as lines."""
    notes = dict.fromkeys(note for part in parts for note in part)
    return "\n".join(["", *(f"Note: {note}" for note in notes)]) if notes else ""


def summary_text(results: dict[str, Diffusion]) -> str:
    """Return one line on every ion."""
    return "\n".join(
        f"{ion}: fitted from {fit.window[0]:.4g} to {fit.window[1]:.4g} ps, error from "
        + ("independent ions" if fit.trusted == "model" else "blocks of time")
        for ion, fit in results.items()
    )


def conductivity_of(
    source: Source, results: dict[str, Diffusion], kelvin: float, size: float, direction: str | None
) -> Conductivity:
    """Return the conductivity of the ions of a source."""
    from nepkit.transport import conductivity as conduct

    axes = (AXES[direction],) if direction else (0, 1, 2)
    return conduct(
        results, source.curves, source.charges, volume=size, temperature=kelvin, dipole=source.dipole, axes=axes
    )


def tensor_rows(name: str, tensor: Tensor) -> list[tuple[Any, ...]]:
    """Return the components and principal values of a tensor as rows."""
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
    rows: list[tuple[Any, ...]] = [
        (f"{name} {'xyz'[a]}{'xyz'[b]}", float(tensor.value[a, b]), float(tensor.error[a, b]), None, tensor.unit)
        for a, b in pairs
    ]
    for value, axis in zip(tensor.principal, tensor.axes, strict=True):
        along = " ".join(f"{part:.2f}" for part in axis)
        rows.append((f"along {along}", float(value), None, None, tensor.unit))
    return rows
