"""What an operation did to a model, for looking at before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from lr_correction.nepfile import trained_numbers
from nepkit.core.atomic import refuse_existing
from nepkit.core.errors import InputError
from nepkit.inputs.inputfile import InputFile, read_input
from nepkit.models.surgery.compare import FrameDifference, frame_differences, head_of
from nepkit.models.surgery.nepin import agreeing
from nepkit.models.surgery.trainable import Trainable


@dataclass(frozen=True)
class Review:
    """What changed.

    Parameters
    ----------
    changes : dict of str to (str, str)
        Lines of the head that differ, before and after.
    parameters : tuple of int
        Number of trained parameters before and after.
    frames : FrameDifference or None
        How energies and forces changed on frames.
    files : tuple of Path
        What was written.
    """

    changes: dict[str, tuple[str, str]]
    parameters: tuple[int, int]
    frames: FrameDifference | None
    files: tuple[Path, ...]


def companions(output: Path, restart: Path | None, nep_in: Path | None) -> tuple[Path | None, Path | None]:
    """Return where the restart file and nep.in of a model go: beside it, by its name."""
    return (
        output.with_suffix(".restart") if restart else None,
        output.with_suffix(".in") if nep_in else None,
    )


def export(
    before: Trainable,
    after: Trainable,
    output: Path,
    *,
    restart: Path | None = None,
    nep_in: Path | None = None,
    frames: Sequence[Atoms] = (),
    source: str | Path = "frames",
    overwrite: bool = False,
) -> Review:
    """Write a changed model with its restart file and nep.in, and return what changed.

    Parameters
    ----------
    before, after : Trainable
        The model as it was and as it is.
    output : Path
        The new nep.txt; the other files stand beside it, as .restart and .in.
    restart, nep_in : Path, optional
        The files that belonged to the model; each is written anew where it is given.
    frames : sequence of Atoms
        Frames to evaluate both models on.
    source : str or Path
        What messages call the frames.
    overwrite : bool
        Whether files may be replaced.

    Raises
    ------
    OutputError
        Where a file is there already.
    """
    new_restart, new_input = companions(output, restart, nep_in)
    wanted = [path for path in (output, new_restart, new_input) if path is not None]
    if len(set(wanted)) < len(wanted):
        raise InputError(f"{output}: name the model .txt, its companions get .restart and .in")
    for path in wanted:
        refuse_existing(path, overwrite)
    changed = agreeing(read_input(nep_in), after.model) if nep_in is not None else InputFile(())
    heads = head_of(before.model), head_of(after.model)
    review = Review(
        changes={name: (heads[0][name], heads[1][name]) for name in heads[0] if heads[0][name] != heads[1][name]},
        parameters=(trained_numbers(before.model).size, trained_numbers(after.model).size),
        frames=frame_differences(before.model, after.model, frames, source) if frames else None,
        files=tuple(wanted),
    )
    after.write(output, new_restart, overwrite=overwrite)
    if new_input is not None:
        changed.write(new_input, overwrite=overwrite)
    return review
