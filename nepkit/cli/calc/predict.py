"""What a potential says about frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.accuracy.prediction import FilePrediction


@command("calc predict", menu=402, csv=True)
@click.argument("frames", type=options.FILE)
@options.models
@options.output("Output frames carrying the predictions as labels.")
@click.option("--no-born", is_flag=True, help="Omit Born effective charges.")
@options.jobs
@options.device
def predict(
    frames: Path,
    models: tuple[str, ...],
    output: Path | None,
    overwrite: bool,
    no_born: bool,
    jobs: int,
    device: str,
) -> Output:
    """Energies, forces, stress by any potential.

    Every frame by itself; virials and charges too. A model with charges gives Born effective charges too. Where the
    frames carry labels, the errors are shown. Several --model make a committee: its mean is predicted, and its
    spread written beside it.
    """
    from nepkit.accuracy.prediction import predict_file
    from nepkit.models.potentials import load_potential

    potential = load_potential(models, device=device)
    result = predict_file(
        potential, frames, output, bec=not no_born, jobs=jobs, keep=output is None, overwrite=overwrite
    )
    return output_of(result, output)


def output_of(result: FilePrediction, output: Path | None) -> Output:
    """Return what is shown of predictions for a file."""
    rows = [
        (row.quantity, row.unit, row.count, row.rmse, row.rmse_error, row.mae, row.mae_error, row.bias)
        for row in result.errors
    ]
    columns = ("quantity", "unit", "numbers", "RMSE", "+-", "MAE", "+-", "mean")
    formats = ("", "", "", ".4g", ".2g", ".4g", ".2g", "+.2g")
    tables = [Table("Prediction minus label", columns, rows, formats)] if rows else []
    count, atoms = len(result.frames), result.atoms
    text = f"{count} frame{'s' * (count != 1)}, {atoms} atoms" + (f"; wrote {output}" if output is not None else "")
    if not rows:
        text = f"The frames carry no labels to compare with; {text}"
        if output is None:
            text += "; -o FILE or --json gives the predictions"
    spread = _spread(result)
    each = [vars(row) for row in result.labels or result.frames]
    return Output(
        data={"errors": result.errors, "frames": each, **({"spread": spread.records()} if spread else {})},
        tables=[*tables, *([spread] if spread else [])],
        text=text,
    )


def _spread(result: FilePrediction) -> Table | None:
    rows = []
    for label, name in (("energy (meV/atom)", "energy_spread"), ("largest force (meV/A)", "force_spread")):
        values = [value for row in result.frames if (value := getattr(row, name)) is not None]
        if values:
            worst = max(range(len(values)), key=values.__getitem__)
            rows.append((label, 1e3 * sum(values) / len(values), 1e3 * values[worst], worst + 1))
    columns, formats = ("quantity", "mean", "largest", "in frame"), ("", ".4g", ".4g", "")
    return Table("Spread of the committee", columns, rows, formats) if rows else None
