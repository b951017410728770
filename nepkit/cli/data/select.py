"""Commands that choose frames: filter, split, frames, outliers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from nepkit.datasets.filtering import Criteria
    from nepkit.sampling.farthest import Array


@command("data filter", menu=506)
@click.argument("file", type=options.FILE)
@click.option("-o", "--output", type=options.NEW, required=True, help="Output file for the accepted frames.")
@click.option("--dropped", type=options.NEW, help="Output file for the rejected frames.")
@click.option("--overwrite", is_flag=True, help="Replace existing output files.")
@click.option("--energy", metavar="LOW:HIGH", help="Energy range, eV/atom; either end may be omitted.")
@click.option("--max-force", type=float, help="Maximum atomic force, eV/A.")
@click.option("--max-net-force", type=float, help="Maximum magnitude of the net force, eV/A.")
@click.option("--max-virial", type=float, help="Maximum magnitude of a virial component, eV/atom.")
@click.option("--max-stress", type=float, help="Maximum magnitude of a stress component, GPa.")
@click.option("--pressure", metavar="LOW:HIGH", help="Pressure range (from the virial), GPa.")
@click.option("--volume", metavar="LOW:HIGH", help="Volume range, A^3/atom.")
@click.option("--box", metavar="LOW:HIGH", help="Range of all cell vector lengths, A.")
@click.option("--atoms", metavar="LOW:HIGH", help="Range of the number of atoms.")
@click.option("--min-distance", type=float, help="Minimum distance between any two atoms, periodic images included, A.")
@click.option(
    "--min-pair", multiple=True, metavar="A-B=DIST", help="Minimum distance between two elements, A, e.g. Li-Cl=1.8."
)
@click.option(
    "--pair-range",
    multiple=True,
    metavar="A-B=LOW:HIGH",
    help="Range of the shortest distance between two elements, A.",
)
@click.option("--min-radii", type=float, help="Minimum distance as a fraction of the sum of covalent radii, e.g. 0.6.")
@click.option("--elements", help="Allowed elements, e.g. Li,Cl.")
@click.option("--formula", help="Formulas to keep, as listed by nepkit data info, e.g. Li3YCl6,LiCl.")
@click.option(
    "--where",
    metavar="CONDITION",
    help="Condition on frame quantities, e.g. 'energy < -3 and (n_Li > 4 or force < 20)'.",
)
def filter_frames(file: Path, output: Path, dropped: Path | None, overwrite: bool, **asked: Any) -> Output:
    """Keep the frames that fulfil every criterion.

    A frame without a label that a criterion is about is dropped, and an empty result is refused. A condition may name
    atoms, energy (eV/atom), force, net_force, virial, stress, pressure, volume, shortest_edge, longest_edge, distance,
    formula, the number of atoms of an element such as n_Li, and numbers or words of the frame such as config_type.
    """
    from nepkit.core.progress import track
    from nepkit.datasets.filtering import why_dropped
    from nepkit.datasets.parts import write_parts
    from nepkit.formats.files import read_frames

    criteria = _criteria(asked)
    reasons: dict[str, int] = {}

    def sorted_frames() -> Iterable[tuple[str, Atoms]]:
        for number, atoms in enumerate(track(read_frames(file), "Filtering"), 1):
            reason = why_dropped(atoms, criteria, f"{file}, frame {number}")
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
            yield ("dropped" if reason else "kept"), atoms

    paths = {"kept": output} | ({"dropped": dropped} if dropped else {})
    counts = write_parts(sorted_frames(), paths, needed=["kept"], overwrite=overwrite)
    rows = sorted(reasons.items(), key=lambda item: -item[1])
    tables = [Table("Dropped", ["because of", "frames"], rows)] if rows else []
    text = f"kept {counts['kept']} of {counts.total()} frames in {output}"
    if dropped and counts["dropped"]:
        text += f", the other {counts['dropped']} in {dropped}"
    return Output(
        data={"kept": counts["kept"], "dropped": counts["dropped"], "because": reasons}, tables=tables, text=text
    )


def _criteria(asked: dict[str, Any]) -> Criteria:
    from nepkit.datasets.distances import pair_name
    from nepkit.datasets.expression import Condition
    from nepkit.datasets.filtering import Bounds, Criteria

    ranges = {name: Bounds.parse(asked[name]) for name in ("energy", "pressure", "volume", "atoms") if asked[name]}
    for name in ("force", "net_force", "virial", "stress"):
        if asked[f"max_{name}"] is not None:
            ranges[name] = Bounds(high=asked[f"max_{name}"])
    if asked["box"]:
        ranges["shortest_edge"] = ranges["longest_edge"] = Bounds.parse(asked["box"])
    if asked["min_distance"] is not None:
        ranges["distance"] = Bounds(low=asked["min_distance"])
    pairs = {}
    for option in ("min_pair", "pair_range"):
        for text in asked[option]:
            name, _, value = text.partition("=")
            pairs[pair_name(name)] = Bounds.parse(f"{value}:" if option == "min_pair" else value)
    if not any(value is not None and value != () for value in asked.values()):
        raise InputError("nothing to filter by; give a criterion such as --max-force 20")
    return Criteria(
        ranges=ranges,
        pairs=pairs,
        radii=asked["min_radii"],
        elements=frozenset(_words(asked["elements"])) if asked["elements"] else None,
        formulas=frozenset(_words(asked["formula"])) if asked["formula"] else None,
        condition=Condition(asked["where"]) if asked["where"] else None,
    )


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


@command("data split", menu=206)
@click.argument("file", type=options.FILE)
@click.option("--test", default="0.1", show_default=True, help="Fraction or number of test frames.")
@click.option(
    "--method",
    type=click.Choice(["random", "uniform", "stratified", "group", "fps"]),
    default="stratified",
    show_default=True,
    help="stratified: same share of every formula (or key); group: all frames of a key on one side; fps: "
    "farthest points.",
)
@click.option("--model", type=options.FILE, help="NEP or qNEP whose descriptors distinguish frames (fps only).")
@click.option(
    "--by",
    multiple=True,
    metavar="KEY",
    help="Key to stratify or group by: formula, source or a header key; several may be combined.",
)
@options.seed
@click.option("--prefix", help="Output names are PREFIX_train.xyz and PREFIX_test.xyz (default: name of FILE).")
@click.option("--overwrite", is_flag=True, help="Replace existing output files.")
def split(
    file: Path,
    test: str,
    method: str,
    model: Path | None,
    by: tuple[str, ...],
    seed: int,
    prefix: str | None,
    overwrite: bool,
) -> Output:
    """Split a set into frames for training and for testing.

    Neighbouring steps of one trajectory are nearly the same: to test on unseen ones, group by a key that names the
    trajectory, for instance --method group --by source. The source of a frame is its file, without the step. Without
    --by it is the formula that counts.
    """
    from nepkit.core.progress import track
    from nepkit.datasets import splitting
    from nepkit.datasets.parts import write_parts
    from nepkit.formats.files import read_frames
    from nepkit.sampling.farthest import farthest_points
    from nepkit.sampling.simple import random, uniform

    if (method == "fps") != (model is not None):
        raise InputError("--method fps and --model belong together; give both or none")
    keys = []
    for number, atoms in enumerate(track(read_frames(file), "Reading"), 1):
        where = f"{file}, frame {number}"
        keys.append(tuple(splitting.key_of(atoms, key, where) for key in by or ("formula",)))
    count = splitting.size_of_test(test, len(keys))

    def described() -> Array:
        from nepkit.sampling.descriptors import frame_descriptors

        return frame_descriptors(read_frames(file), model or Path(), source=str(file))

    chosen = {
        "uniform": lambda: uniform(len(keys), count),
        "random": lambda: random(len(keys), count, seed),
        "stratified": lambda: splitting.split_stratified(keys, count, seed),
        "group": lambda: splitting.split_groups(keys, count, seed),
        "fps": lambda: farthest_points(described(), count).indices,
    }[method]()
    paths = {part: file.with_name(f"{prefix or file.stem}_{part}.xyz") for part in ("train", "test")}
    if prefix:
        paths = {part: Path(f"{prefix}_{part}.xyz") for part in paths}
    place = set(chosen)
    frames = (("test" if index in place else "train", atoms) for index, atoms in enumerate(read_frames(file)))
    counts = write_parts(frames, paths, needed=("train", "test"), overwrite=overwrite)
    text = "\n".join(f"{counts[part]} frames in {path}" for part, path in paths.items())
    data = {"train": counts["train"], "test": counts["test"], "files": paths, "test_frames": [i + 1 for i in chosen]}
    return Output(data=data, text=text)


@command("data frames", menu=108)
@click.argument("file", type=options.FILE)
@click.option(
    "--index", metavar="LIST", help="Frame numbers, e.g. 1,5,10-20; 10- means to the end and -1 the last frame."
)
@click.option("--fraction", metavar="LOW:HIGH", help="Fraction of the file to keep, e.g. 0.2:0.5.")
@click.option(
    "--every", type=click.IntRange(1), default=1, show_default=True, help="Keep every Nth of the selected frames."
)
@click.option(
    "--random", "some", type=click.IntRange(1), help="Number of frames drawn at random from the selected frames."
)
@options.seed
@options.save("Output frames (default: standard output).")
def frames(file: Path, index: str | None, fraction: str | None, every: int, some: int | None, seed: int) -> Output:
    """Take frames out by number, part, step or chance.

    The first frame is 1. Without --index and --fraction it is the whole file. Frames come in the order of the file, but
    for those of --index.
    """
    from itertools import islice

    from nepkit.core.numbers import parse_numbers
    from nepkit.datasets.filtering import Bounds
    from nepkit.formats.files import read_frames
    from nepkit.sampling.simple import random

    if index and fraction:
        raise InputError("--index and --fraction exclude each other; give one of them")
    if not index and not fraction and not some:
        return Output(frames=islice(read_frames(file), 0, None, every))
    count = sum(1 for _ in read_frames(file))
    if index:
        chosen = parse_numbers(index, count)
    else:
        part = Bounds.parse(fraction or ":")
        low, high = max(part.low, 0.0), min(part.high, 1.0)
        chosen = list(range(round(low * count), round(high * count)))
    chosen = chosen[::every]
    if some:
        chosen = [chosen[place] for place in random(len(chosen), some, seed)]
    if not chosen:
        raise InputError(f"no frame of the {count} in {file} is chosen; widen the part")
    wanted = set(chosen)
    data = {"frames": [number + 1 for number in chosen]}
    if chosen == sorted(chosen):
        return Output(data=data, frames=(atoms for number, atoms in enumerate(read_frames(file)) if number in wanted))
    kept = {number: atoms for number, atoms in enumerate(read_frames(file)) if number in wanted}
    return Output(data=data, frames=[kept[number] for number in chosen])


@command("data outliers", menu=502)
@click.argument("file", type=options.FILE)
@click.option("--model", metavar="MODEL", help=f"Potential compared with the labels: {options.MODEL_HELP}")
@click.option(
    "--outputs", type=options.FOLDER, help="Folder containing energy_train.out, force_train.out and virial_train.out."
)
@click.option("--energy", type=float, help="Target energy RMSE of the remaining frames, meV/atom.")
@click.option("--force", type=float, help="Target force-component RMSE of the remaining frames, meV/A.")
@click.option("--virial", type=float, help="Target virial-component RMSE of the remaining frames, meV/atom.")
@click.option("-o", "--output", type=options.NEW, required=True, help="Output file for the outliers.")
@click.option("--rest", type=options.NEW, help="Output file for the remaining frames.")
@click.option("--overwrite", is_flag=True, help="Replace existing output files.")
def outliers(
    file: Path,
    model: str | None,
    outputs: Path | None,
    output: Path,
    rest: Path | None,
    overwrite: bool,
    **bounds: Any,
) -> Output:
    """Take out the frames that a model reproduces worst.

    The fewest frames are taken whose absence brings the error of the rest below every given bound. Predictions are
    computed with --model, or read from the files that GPUMD's trainer wrote with --outputs.
    """
    from nepkit.core.progress import track
    from nepkit.datasets import outliers as library
    from nepkit.datasets.parts import write_parts
    from nepkit.formats.files import read_frames

    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    if not bounds:
        raise InputError("no bound; give --energy, --force or --virial")
    if (model is None) == (outputs is None):
        raise InputError("give either --model or --outputs, to compare the labels with")
    made = list(track(read_frames(file), "Reading"))
    if model is not None:
        from nepkit.models.potentials import load_potential

        errors = library.errors_of(made, load_potential(model).compute(made, source=str(file), bec=False))
    else:
        errors = library.errors_of_trainer(made, outputs or Path())
    for name in bounds:
        if name not in errors or not errors[name].counts.any():
            raise InputError(f"{file}: there is no {name} to compare")
    found = {name: library.worst(errors[name], 1e-3 * bound) for name, bound in bounds.items()}
    chosen = {index for indices in found.values() for index in indices}
    paths = {"outlier": output} | ({"rest": rest} if rest else {})
    if not chosen:
        return Output(
            data={"outliers": [], "rest": len(made)}, text="no outliers: every bound is kept, no file written"
        )
    parts = (("outlier" if index in chosen else "rest", atoms) for index, atoms in enumerate(made))
    write_parts(parts, paths, needed=["outlier"], overwrite=overwrite)
    left = [index for index in range(len(made)) if index not in chosen]
    rows = []
    for name, indices in found.items():
        after = library.Errors(errors[name].squares[left], errors[name].counts[left])
        rows.append((name, len(indices), 1e3 * errors[name].rmse, 1e3 * after.rmse, bounds[name]))
    numbers = sorted(index + 1 for index in chosen)
    return Output(
        data={"outliers": numbers, "rest": len(left), "errors": {row[0]: row[1:] for row in rows}},
        tables=[Table("", ["error (meV)", "outliers", "before", "after", "bound"], rows)],
        text=f"{len(numbers)} outliers in {output}" + (f", the other {len(left)} frames in {rest}" if rest else ""),
    )


@command("data charge-balance", menu=504)
@click.argument("file", type=options.FILE)
@click.option("--state", multiple=True, metavar="EL=STATES", help="Oxidation states of an element, e.g. Fe=2,3.")
@click.option("-o", "--output", type=options.NEW, required=True, help="Output file for the charge-balanced frames.")
@click.option("--unbalanced", type=options.NEW, help="Output file for the remaining frames.")
@click.option("--overwrite", is_flag=True, help="Replace existing output files.")
def charge_balance(
    file: Path, state: tuple[str, ...], output: Path, unbalanced: Path | None, overwrite: bool
) -> Output:
    """Keep the frames whose oxidation states add up.

    They add up to the total charge of the frame, zero where it has none. An element has its most common state unless
    --state names others; each atom may have any of those. Frames stay in order.
    """
    from collections import Counter

    from nepkit.core.progress import track
    from nepkit.datasets.balance import is_balanced, parse_states, states_of
    from nepkit.datasets.parts import write_parts
    from nepkit.formats.files import read_frames
    from nepkit.frames import labels

    elements = sorted({symbol for atoms in read_frames(file) for symbol in atoms.symbols})
    states = states_of(elements, dict(parse_states(text) for text in state))
    off: list[int] = []

    def sorted_frames() -> Iterable[tuple[str, Atoms]]:
        for number, atoms in enumerate(track(read_frames(file), "Frames"), 1):
            total = labels(atoms, f"{file}, frame {number}").charge or 0.0
            balanced = is_balanced(Counter(atoms.get_chemical_symbols()), states, total)
            if not balanced:
                off.append(number)
            yield ("balanced" if balanced else "unbalanced"), atoms

    paths = {"balanced": output} | ({"unbalanced": unbalanced} if unbalanced else {})
    counts = write_parts(sorted_frames(), paths, needed=["balanced"], overwrite=overwrite)
    rows = [(name, " ".join(f"{value:+g}" for value in values)) for name, values in states.items()]
    return Output(
        data={"balanced": counts["balanced"], "unbalanced": off, "states": states},
        tables=[Table("Oxidation states", ["element", "may be"], rows)],
        text=f"{counts['balanced']} of {counts.total()} frames balanced, in {output}",
    )
