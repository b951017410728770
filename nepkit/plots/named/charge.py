"""Charges of every element."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table
from nepkit.plots.plot import File, Option, Plot, Source

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.properties.charges import Array, ChargeDistribution


def read(
    source: Source, frames: Path | None = None, model: Path | None = None, raw: bool = False
) -> ChargeDistribution:
    """Read the charges of ``charge_train.out``, of frames that carry them, or of a qNEP that evaluates frames.

    Raises
    ------
    InputError
        Where there are not as many charges as atoms, or the frames are in another order.
    """
    import numpy as np

    from nepkit.formats.files import read_frames
    from nepkit.frames import labels
    from nepkit.properties.charges import ChargeDistribution

    if source.given.suffix in (".xyz", ".extxyz"):
        images = list(read_frames(source.given))
        parts = _predicted(images, model, source.given) if model else [labels(atoms).charges for atoms in images]
        if any(part is None for part in parts):
            raise InputError(f"{source.given}: a frame has no charges; give --model qnep.txt, which evaluates them")
    else:
        if model is not None:
            raise InputError("--model evaluates frames: give a file such as train.xyz")
        images, parts = _of_trainer(source, frames, raw)
    flat = np.concatenate([np.asarray(part) for part in parts])
    symbols = np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in images])
    values = {element: flat[symbols == element] for element in dict.fromkeys(symbols.tolist())}
    ordered = dict(sorted(values.items(), key=lambda item: -float(item[1].mean())))
    return ChargeDistribution(ordered, {element: [""] * len(row) for element, row in ordered.items()}, {})


def _of_trainer(source: Source, frames: Path | None, raw: bool) -> tuple[list[Atoms], list[Array]]:
    import numpy as np

    from nepkit.datasets.outliers import check_order
    from nepkit.formats.files import read_frames
    from nepkit.frames import labels
    from nepkit.gpumd.predictions import read_charges
    from nepkit.gpumd.tables import read_rows

    path = source.path("charge_train.out")
    charges = read_charges(path)
    part = "test" if path.name == "charge_test.out" else "train"
    images = list(read_frames(frames or source.path(f"{part}.xyz")))
    sizes = [len(atoms) for atoms in images]
    if sum(sizes) != len(charges):
        raise InputError(f"{path}: {len(charges)} charges, but {sum(sizes)} atoms in the frames; are these the frames?")
    energies = path.with_name(f"energy_{part}.out")
    if energies.exists():
        check_order(images, read_rows(energies)[:, 1], energies)
    parts = np.split(charges, np.cumsum(sizes)[:-1])
    if raw:
        return images, parts
    totals = [labels(atoms).charge or 0.0 for atoms in images]
    return images, [part - part.mean() + total / len(part) for part, total in zip(parts, totals, strict=True)]


def _predicted(images: list[Atoms], model: Path, path: Path) -> list[Any]:
    from nepkit.models.prediction import load_model, predict, require_charges

    found = predict(require_charges(load_model(model), model), images, bec=False, source=str(path))
    return [one.charges for one in found]


def draw(result: ChargeDistribution, *, ax: Any = None) -> Any:
    """Draw a histogram per element, see `nepkit.plots.charges.plot_charges`."""
    from nepkit.plots.charges import plot_charges

    return plot_charges(result, ax=ax)


def numbers(result: ChargeDistribution) -> list[Table]:
    """Return mean, spread and range of every element."""
    rows = [(row.element, row.count, row.mean, row.std, row.lowest, row.highest) for row in result.by_element()]
    columns = ["element", "atoms", "mean", "spread", "lowest", "highest"]
    return [Table("Charges (e)", columns, rows, ["", "", *["+.4f", ".4f", "+.4f", "+.4f"]])]


def series(result: ChargeDistribution) -> Table:
    """Return the charge of every atom, by element."""
    rows = [(element, value) for element, values in result.values.items() for value in values.tolist()]
    return Table("Charges", ["element", "charge (e)"], rows)


PLOT = Plot(
    name="charge",
    summary="Charges of every element.",
    help="""Charges of charge_train.out are brought to the total charge of the frame, as a run of gpumd does; frames
    (xyz) are taken with their charges or evaluated by the qNEP of --model.""",
    menu=610,
    files=(
        File("charge_train.out", "nep with charge_mode 1 or 2"),
        File("train.xyz", "you: the frames that the charges belong to", needed=False),
        File("test.xyz", "you: the frames that the charges belong to", needed=False),
        File("charge_test.out", "nep with charge_mode 1 or 2", needed=False),
    ),
    options=(
        Option("frames", "Frames the charges belong to (default: train.xyz in the same folder).", type=Path),
        Option("model", "qNEP used to evaluate FILES of frames.", type=Path),
        Option("raw", "Raw network charges, before adjustment to the total charge.", type=bool, default=False),
    ),
    takes="one",
    read=read,
    draw=draw,
    numbers=numbers,
    series=series,
)
