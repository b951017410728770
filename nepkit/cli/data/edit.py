"""Commands that change or join frames: clean, weight, merge, shift-energies, dedupe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


@command("data clean", menu=109)
@click.argument("file", type=options.FILE)
@click.option(
    "--only", default="", metavar="NAMES", help="Remove only these labels (e.g. virial), columns or header keys."
)
@click.option(
    "--keep", default="", metavar="NAMES", help="Remove everything except these labels, columns and header keys."
)
@options.save("Output file for the cleaned frames (default: standard output).")
def clean(file: Path, only: str, keep: str) -> Output:
    """Remove labels, extra columns and keys.

    Elements, positions, cell and periodicity stay. Labels are found however they are spelled: energy, forces, virial
    (with the stress), bec, charges, dipole, charge.
    """
    from nepkit.core.errors import did_you_mean
    from nepkit.datasets import editing
    from nepkit.formats.files import read_frames

    if only and keep:
        raise InputError("--only and --keep exclude each other; give one of them")
    named = set(_words(only) + _words(keep))

    def cleaned() -> Iterator[Atoms]:
        missing, known = set(named), set()
        for atoms in read_frames(file):
            known |= editing.known_names(atoms)
            missing -= known
            yield editing.clean(atoms, only=_words(only), keep=_words(keep))
        for name in sorted(missing):
            raise InputError(f"{file}: no frame has {name!r}: {did_you_mean(name, known)}")

    return Output(frames=cleaned())


@command("data weight", menu=107)
@click.argument("file", type=options.FILE)
@click.argument("weight", type=float)
@click.option(
    "--where",
    metavar="CONDITION",
    help="Condition selecting the frames to weight, as in nepkit data filter (default: all frames).",
)
@options.save("Output frames (default: standard output).")
def weight(file: Path, weight: float, where: str | None) -> Output:
    """Set the weight of frames in the training.

    It is above 0 and at most 100; a frame without one has 1. With --where the others keep what they have.
    """
    from nepkit.datasets.editing import weighted
    from nepkit.datasets.expression import Condition
    from nepkit.datasets.filtering import Criteria, why_dropped
    from nepkit.formats.files import read_frames

    criteria = Criteria(condition=Condition(where) if where else None)

    def made() -> Iterator[Atoms]:
        hits = 0
        for number, atoms in enumerate(read_frames(file), 1):
            hit = why_dropped(atoms, criteria, f"{file}, frame {number}") is None
            hits += hit
            yield weighted(atoms, weight) if hit else atoms
        if not hits:
            raise InputError(f"{file}: no frame fulfils {where!r}, so no weight was set")

    return Output(frames=made())


@command("data merge", menu=510)
@click.argument("files", type=options.FILE, nargs=-1, required=True)
@click.option("--source", is_flag=True, help="Record the origin of every frame as source=file:frame.")
@click.option("--unique", is_flag=True, help="Omit structures that occurred before.")
@options.save("Output file for all frames.", required=True)
def merge(files: tuple[Path, ...], source: bool, unique: bool) -> Output:
    """Join sets of frames, in the order given."""
    from nepkit.core.progress import track
    from nepkit.datasets.editing import without_duplicates
    from nepkit.formats.files import read_frames

    def every() -> Iterator[Atoms]:
        for file in track(files, "Files"):
            for number, atoms in enumerate(read_frames(file), 1):
                if source:
                    atoms.info.setdefault("source", f"{file.name}:{number}")
                yield atoms

    return Output(data={"files": files}, frames=without_duplicates(every(), []) if unique else every())


@command("data dedupe", menu=511)
@click.argument("file", type=options.FILE)
@click.option(
    "--model", type=options.FILE, help="NEP or qNEP; frames with nearly equal descriptors count as duplicates."
)
@click.option(
    "--within",
    type=click.FloatRange(0),
    help="Descriptor distance below which frames count as duplicates; with --model.",
)
@options.output("Output file without duplicates.", required=True)
def dedupe(file: Path, model: Path | None, within: float | None, output: Path, overwrite: bool) -> Output:
    """Keep the first frame of every structure.

    Two frames are one structure when elements, positions and cell are equal to 1e-5 A in the same order of atoms. With
    --model and --within they are alike when the mean descriptors of every element are not further apart than that,
    whatever the order of atoms and the choice of the cell.
    """
    from nepkit.core.progress import track
    from nepkit.datasets.editing import CONTRADICTION, without_duplicates
    from nepkit.formats.files import read_frames, write_frames

    if (model is None) != (within is None):
        raise InputError("--model and --within belong together; give both or none")
    marks = None if model is None else _alike(file, model, within or 0.0)
    left_out: list[tuple[int, int, float | None]] = []
    kept = without_duplicates(track(read_frames(file), "Frames"), left_out, marks)
    count = write_frames(output, kept, overwrite=overwrite)
    rows = [(frame, first, None if gap is None else 1e3 * gap) for frame, first, gap in left_out]
    apart = sum(gap is not None and gap > CONTRADICTION for _, _, gap in left_out)
    text = f"{count} frames in {output}, {len(rows)} left out"
    if apart:
        text += f"\n{apart} of them have another energy than the frame kept: look at their calculations"
    table = Table("Left out", ["frame", "equal to frame", "energies apart (meV/atom)"], rows)
    return Output(data={"kept": count, "left_out": rows}, tables=[table] if rows else [], text=text)


def _alike(file: Path, model: Path, within: float) -> list[int]:
    from nepkit.formats.files import read_frames
    from nepkit.sampling.descriptors import frame_descriptors
    from nepkit.sampling.farthest import first_of_alike

    return first_of_alike(frame_descriptors(read_frames(file), model, by="element", source=str(file)), within)


@command("data shift-energies", menu=512)
@click.argument("file", type=options.FILE)
@click.option(
    "--shift",
    multiple=True,
    metavar="EL=EV",
    help="Energy shift of an element, eV/atom; give all elements, or none to fit them.",
)
@options.output("Output file for the shifted frames.", required=True)
def shift_energies(file: Path, shift: tuple[str, ...], output: Path, overwrite: bool) -> Output:
    """Subtract an energy per atom of every element.

    Without --shift they are those whose sums come closest to the energies (least squares). Forces and virials stay.
    """
    from nepkit.core.progress import track
    from nepkit.datasets.editing import fit_shifts, shifted
    from nepkit.formats.files import read_frames, write_frames

    found = fit_shifts(track(read_frames(file), "Reading"))
    values = _shifts(shift, sorted(found.values)) if shift else found.values
    write_frames(output, (shifted(atoms, values) for atoms in read_frames(file)), overwrite=overwrite)
    lines = [] if shift else ["standard deviation {:.3f} eV/atom before, {:.3f} after".format(*found.spread)]
    if not shift and not found.determined:
        lines.append("the compositions do not tell the elements apart: the smallest energies that fit were taken")
    return Output(
        data={"shifts": values, "determined": bool(shift) or found.determined},
        tables=[Table("Subtracted", ["element", "energy (eV/atom)"], list(values.items()), ["", ".6f"])],
        text="\n".join([*lines, f"frames in {output}"]),
    )


def _shifts(texts: tuple[str, ...], elements: list[str]) -> dict[str, float]:
    values = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise InputError(f"{text!r} is not an element and its energy, such as Li=-1.9") from None
    if sorted(values) != elements:
        raise InputError(f"--shift names {' '.join(values)}, but the frames consist of {' '.join(elements)}")
    return values
