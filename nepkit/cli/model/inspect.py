"""Commands that look into models: show, compare."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.model.shared import frames_table
from nepkit.cli.output import Output, Table

PARTS = ("numbers", "rms", "largest", "sigma")


@command("model show", menu=711)
@click.argument("file", type=options.FILE)
@click.option(
    "--restart", type=options.FILE, help="Restart file nep.restart of the model; shows how far the search has narrowed."
)
@options.save("Output tables as text, JSON or CSV, chosen by the suffix.")
def show(file: Path, restart: Path | None) -> Output:
    """Architecture of a NEP and sizes of its numbers.

    With the neurons that matter least and, from nep.restart, how far the search has narrowed.
    """
    import numpy as np

    from lr_correction.nepfile import trained_numbers
    from nepkit.models.surgery.compare import ARRAYS, head_of
    from nepkit.models.surgery.size import importance
    from nepkit.models.surgery.trainable import read_trainable

    found = read_trainable(file, restart)
    nep = found.model
    head = {**head_of(nep), "parameters": str(trained_numbers(nep).size)}
    blocks = {}
    for name in ARRAYS:
        values = getattr(nep, name)
        if values is not None:
            width = getattr(found.width, name) if found.width is not None else None
            sigma = None if width is None or name in ("q_scaler", "zbl_flexible") else float(np.median(width))
            blocks[name] = (values.size, float(np.sqrt(np.mean(values**2))), float(np.abs(values).max()), sigma)
    share = importance(nep) / importance(nep).sum() if importance(nep).sum() else importance(nep)
    columns = ["part", "numbers", "rms", "largest", *(["median sigma"] * (restart is not None))]
    rows = [(name, *values[: 3 + (restart is not None)]) for name, values in blocks.items()]
    order = np.argsort(share)[:5]
    neurons = Table("Neurons that matter least", ["neuron", "share (%)"], [(int(i), 100 * share[i]) for i in order])
    data = {
        "head": head,
        "parts": {name: dict(zip(PARTS, v, strict=True)) for name, v in blocks.items()},
        "importance": share,
    }
    return Output(data=data, tables=[Table(str(file), ["line", "value"], list(head.items())),
                                     Table("Numbers", columns, rows), neurons])  # fmt: skip


@command("model compare", menu=716)
@click.argument("first", type=options.FILE)
@click.argument("second", type=options.FILE)
@click.option("--frames", "frames_file", type=options.FILE, help="Frames for comparing energies and forces.")
@options.save("Output tables as text, JSON or CSV, chosen by the suffix.")
def compare(first: Path, second: Path, frames_file: Path | None) -> Output:
    """Difference of two models.

    Of their architecture, their numbers where these are as many, and what they say about frames.
    """
    from lr_correction.nepfile import read_nep
    from nepkit.formats.files import read_frames
    from nepkit.models.surgery.compare import frame_differences, head_of, parameter_differences

    one, other = read_nep(first), read_nep(second)
    heads = head_of(one), head_of(other)
    rows = [(name, heads[0][name], heads[1][name], heads[0][name] == heads[1][name]) for name in heads[0]]
    blocks = parameter_differences(one, other)
    shown = [(item.name, item.count, item.size, item.difference, item.largest) for item in blocks]
    on_frames = None
    if frames_file is not None:
        on_frames = frame_differences(one, other, list(read_frames(frames_file)), frames_file)
    tables = [Table("Architecture", ["line", str(first), str(second), "equal"], rows)]
    if blocks:
        columns = ["part", "numbers", "rms of the first", "rms difference", "largest"]
        tables.append(Table("Numbers", columns, shown))
    if on_frames is not None:
        tables.append(frames_table(on_frames))
    data = {"head": {name: {"first": a, "second": b} for name, a, b, _ in rows}, "parts": blocks, "frames": on_frames}
    return Output(data=data, tables=tables)
