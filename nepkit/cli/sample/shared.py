"""Options of the selectors, and how what they choose is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.core.atomic import atomic_path, refuse_existing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

indices_option = click.option("--indices", type=options.NEW, help="File for the numbers of the selected frames.")


def descriptor_options(function: F) -> F:
    """Add what every selector by descriptors takes."""
    added = (
        click.option("--model", type=options.FILE, required=True, help="NEP or qNEP used to compute descriptors."),
        click.option("--known", type=options.FILE, help="Existing training set; frames similar to it are not "
                                                        "selected."),
        click.option("--backend", type=click.Choice(["auto", "own", "calorine", "arrays", "pynep"]), default="auto",
                     show_default=True, help="Program that computes the descriptors; all give the same "
                                             "values, auto takes the fastest."),
        options.jobs,
        click.option("--map", "map_file", type=options.NEW,
                     help="Map of all frames on two principal components: csv, or a plot (png, pdf, svg)."),
        indices_option,
        options.output("Output file for the selected frames.", required=True),
    )  # fmt: skip
    for option in reversed(added):
        function = option(function)
    return function


def count_frames(file: Path) -> int:
    """Return the number of frames of a file."""
    from nepkit.formats.files import read_frames

    return sum(1 for _ in read_frames(file))


def check_new(overwrite: bool, *files: Path | None) -> None:
    """Raise OutputError where a file beside the output exists; before the work, not after it."""
    for file in files:
        if file is not None:
            refuse_existing(file, overwrite)


def write_chosen(file: Path, output: Path, chosen: Sequence[int], indices: Path | None, overwrite: bool) -> int:
    """Write chosen frames in the order of the file, and their numbers (the first is 1) in the order of choice."""
    from nepkit.formats.files import read_frames, write_frames

    check_new(overwrite, indices)
    wanted = set(chosen)
    frames = (atoms for index, atoms in enumerate(read_frames(file)) if index in wanted)
    count = write_frames(output, frames, overwrite=overwrite)
    if indices is not None:
        with atomic_path(indices, overwrite=overwrite) as temporary:
            temporary.write_text("".join(f"{index + 1}\n" for index in chosen), encoding="utf-8")
    return count


def write_map(
    points: NDArray[np.float64],
    base: NDArray[np.float64] | None,
    chosen: Sequence[int],
    path: Path | None,
    overwrite: bool,
) -> None:
    """Write principal components of candidates, known and chosen frames as a table or a plot."""
    import numpy as np

    from nepkit.plots.selection import plot_selection
    from nepkit.plots.style import SUFFIXES, save_image
    from nepkit.sampling.farthest import principal_components

    if path is None:
        return
    every = points if base is None else np.concatenate([points, base])
    places = principal_components(every)
    marks = np.array(["candidate"] * len(points) + ["known"] * (len(every) - len(points)))
    marks[list(chosen)] = "chosen"
    if path.suffix.lower() in SUFFIXES:
        save_image(plot_selection(places, marks), path, overwrite=overwrite)
        return
    with atomic_path(path, overwrite=overwrite) as temporary:
        lines = [f"{first!r},{second!r},{mark}" for (first, second), mark in zip(places.tolist(), marks, strict=True)]
        temporary.write_text("\n".join(["pc1,pc2,set", *lines, ""]), encoding="utf-8")
