"""Parity plots of energies, forces, virials and stresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table
from nepkit.plots.plot import File, Option, Plot, Source

if TYPE_CHECKING:
    from nepkit.gpumd.predictions import Prediction

WRITER = "nep or gnep (training, or prediction 1)"
PARTS = ("train", "test")
QUANTITIES = ("energy", "force", "virial", "stress")


@dataclass(frozen=True)
class Sets:
    """Predictions of a run or model.

    Parameters
    ----------
    sets : dict of str to dict of str to Prediction
        By part (``train``, ``test``, or the name of a file of frames), then by quantity.
    notes : tuple of str
        What was left out.
    """

    sets: dict[str, dict[str, Prediction]]
    notes: tuple[str, ...] = ()


def read(source: Source, part: str = "both", model: str | None = None, quantities: Sequence[str] = QUANTITIES) -> Sets:
    """Read the predictions of a folder or file, or make them with a model."""
    if source.given.is_file() and source.given.suffix in (".xyz", ".extxyz"):
        return _of_model(source.given, model, quantities)
    if model is not None:
        raise InputError(f"{source.given}: --model evaluates frames, give a file of frames such as train.xyz")
    return read_sets(source, part, quantities)


def read_sets(source: Source, part: str, quantities: Sequence[str]) -> Sets:
    """Read the files of predictions that a source has of some quantities.

    Raises
    ------
    InputError
        Where there is none, or none with a reference.
    """
    from nepkit.gpumd.predictions import name_parts, read_prediction, read_predictions

    if source.given.is_file():
        named = name_parts(source.given)
        quantity, of = named or (source.files[0].name.partition("_")[0], source.given.stem)
        return Sets({of: {quantity: read_prediction(source.given, quantity)}})
    sets, notes = {}, []
    for each in PARTS if part == "both" else (part,):
        found, told = read_predictions(source.folder, each, quantities)
        notes += told
        if found:
            sets[each] = found
    if not sets:
        if notes:
            raise InputError(notes[0])
        wanted = File(source.files[0].name.replace("*", "train" if part == "both" else part), source.files[0].writer)
        raise InputError(f"{source.folder}: no {wanted.name} in this folder; it comes from {wanted.writer}")
    return Sets(sets, tuple(notes))


def _of_model(path: Path, model: str | None, quantities: Sequence[str]) -> Sets:
    from nepkit.accuracy.errors import predictions_of
    from nepkit.formats.files import read_frames
    from nepkit.models.potentials.load import load_potential

    if model is None:
        raise InputError(f"{path}: give --model nep.txt, whose predictions are set against the labels of these frames")
    frames = list(read_frames(path))
    made = load_potential(model).compute(frames, bec="bec" in quantities, source=str(path))
    every = predictions_of(frames, made)
    found = {quantity: every[quantity] for quantity in quantities if quantity in every}
    if not found:
        raise InputError(f"{path}: no frame has {' or '.join(quantities)} that {model} predicts too")
    return Sets({path.stem: found})


def merged(results: Mapping[str, Sets]) -> dict[str, dict[str, Prediction]]:
    """Return sets of all runs by quantity, then by name in the legend."""
    found: dict[str, dict[str, Prediction]] = {}
    for label, result in results.items():
        for part, predictions in result.sets.items():
            alone = len(result.sets) == 1 and part in label
            name = part if len(results) == 1 else label if alone else f"{label} {part}"
            for quantity, prediction in predictions.items():
                found.setdefault(quantity, {})[name] = prediction
    return found


def panels(results: Mapping[str, Sets], quantity: Sequence[str] = (), density: bool = False) -> dict[str, Any]:
    """Return a panel per quantity, and with densities per set.

    Raises
    ------
    InputError
        Where none of the quantities asked for was found.
    """
    from functools import partial

    from nepkit.plots.parity import plot_prediction

    found = chosen(results, quantity)
    if not density:
        return {name: partial(plot_prediction, sets) for name, sets in found.items()}
    return {
        f"{name} {label}" if len(sets) > 1 else name: partial(plot_prediction, {label: one}, density=True)
        for name, sets in found.items()
        for label, one in sets.items()
    }


def chosen(results: Mapping[str, Sets], quantity: Sequence[str]) -> dict[str, dict[str, Prediction]]:
    """Return what is shown: the quantities asked for, or energy, force and stress, else virial."""
    found = merged(results)
    hidden = ("virial",) if "stress" in found else ()
    wanted = quantity or [name for name in found if name not in hidden]
    kept = {name: found[name] for name in wanted if name in found}
    if not kept:
        raise InputError(f"no {' or '.join(quantity)} with references here, only {', '.join(found)}")
    return kept


def numbers(results: Mapping[str, Sets], quantity: Sequence[str] = ()) -> list[Table]:
    """Return the errors of every set, with standard errors over frames."""
    from nepkit.accuracy.errors import accuracy
    from nepkit.plots.parity import KINDS

    rows = []
    for name, sets in chosen(results, quantity).items():
        _, _, unit, factor = KINDS[name]
        for label, one in sets.items():
            made = accuracy(one.predicted, one.reference, one.block)
            scaled = [None if value is None else factor * value
                      for value in (made.rmse, made.rmse_error, made.mae, made.mae_error, made.bias)]  # fmt: skip
            rows.append((name, label, unit, *scaled, made.r2, made.r2_error, made.count, made.blocks))
    columns = ["quantity", "set", "unit", "RMSE", "RMSE ±", "MAE", "MAE ±", "bias", "R²", "R² ±", "numbers", "blocks"]
    return [Table("Errors, with standard errors over frames", columns, rows,
                  ["", "", "", ".4g", ".2g", ".4g", ".2g", ".2g", ".5f", ".1g", "", ""])]  # fmt: skip


def series(results: Mapping[str, Sets], quantity: Sequence[str] = ()) -> Table:
    """Return every pair of reference and prediction."""
    rows = [
        (name, label, component, reference, predicted)
        for name, sets in chosen(results, quantity).items()
        for label, one in sets.items()
        for index, component in enumerate(one.kind.components)
        for reference, predicted in zip(one.reference[:, index].tolist(), one.predicted[:, index].tolist(), strict=True)
    ]
    return Table("Pairs", ["quantity", "set", "component", "reference", "predicted"], rows)


def notes(results: Mapping[str, Sets], quantity: Sequence[str] = ()) -> list[str]:
    """Return what was left out for want of a reference."""
    told = [note for result in results.values() for note in result.notes]
    for name, sets in chosen(results, quantity).items():
        told += [f"{name} of {label}: {one.left_out} rows without a reference were left out"
                 for label, one in sets.items() if one.left_out]  # fmt: skip
    return told


DENSITY = Option("density", "Colour by point density, each set separately.", type=bool, default=False)
PART = Option(
    "part", "Files of the folder to use: train, test or both.", choices=("train", "test", "both"), default="both"
)
MODEL = Option("model", "NEP, qNEP or other potential used to evaluate FILES of frames.")


def parity_of(
    name: str, quantity: str, summary: str, menu: int, help: str, *, model: bool = False, also: Sequence[str] = ()
) -> Plot:
    """Return the plot of a quantity that has one of its own."""
    evaluates = model

    def read_one(source: Source, part: str = "both", model: str | None = None) -> Sets:
        return read(source, part, model, (quantity,)) if evaluates else read_sets(source, part, (quantity,))

    return Plot(
        name=name,
        summary=summary,
        menu=menu,
        also=dict.fromkeys(also, ()),
        help=help,
        files=(File(f"{quantity}_*.out", WRITER),),
        options=(PART, DENSITY, *([MODEL] if model else [])),
        read=read_one,
        panels=panels,
        numbers=numbers,
        series=series,
        notes=notes,
        size=(4.3, 4.3),
    )


PLOT = Plot(
    name="parity",
    summary="Predictions against references, with errors.",
    help="""A file of frames (xyz) is evaluated by --model and set against its labels. Stresses are positive under
    compression, as nep writes them; energies are drawn relative to their mean.""",
    menu=602,
    also={"prediction": (), "test": (), "parity_density": ("--density",)},
    files=(
        File("energy_*.out", WRITER),
        *(File(f"{name}_*.out", WRITER, needed=False) for name in QUANTITIES[1:]),
    ),
    options=(
        PART,
        Option(
            "quantity", "Quantity to draw; repeatable (default: all).", choices=QUANTITIES, several=True, default=()
        ),
        DENSITY,
        MODEL,
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    size=(3.9, 3.9),
)
