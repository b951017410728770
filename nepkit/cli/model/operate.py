"""Commands that change a NEP: augment, prune, species, convert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.model.shared import (
    finish,
    only_grows,
    only_shrinks,
    require_something,
    size_options,
    surgery_options,
    symbols,
)
from nepkit.cli.output import Output
from nepkit.core.errors import InputError

INVARIANTS = click.Choice(["222", "1111", "112", "123", "233", "134"])


@command("model augment", menu=713)
@click.argument("file", type=options.FILE)
@size_options
@click.option("--invariant", "invariants", multiple=True, type=INVARIANTS, help="Angular invariant to add.")
@click.option(
    "--charges", type=click.IntRange(1, 2), help="Charge mode of an added charge head, initialised to zero charges."
)
@click.option("--sigma", type=click.FloatRange(0, min_open=True), default=0.1, show_default=True,
              help="Search width of the new parameters in nep.restart.")  # fmt: skip
@options.seed
@surgery_options
def augment(file: Path, sigma: float, seed: int, charges: int | None, **values: Any) -> Output:
    """Enlarge a NEP without changing its energies.

    More neurons, descriptors and basis functions start with zero weight, and a charge head with zero charges, so the
    new model is the old one until it is trained on. NEP3 and NEP5 become NEP4.
    """
    from nepkit.models.surgery.heads import charged, to_nep4
    from nepkit.models.surgery.size import resized, widened
    from nepkit.models.surgery.trainable import read_trainable

    require_something(charges, *(values[name] for name in ("neurons", "n_max", "basis_size", "l_max", "invariants")))
    before = read_trainable(file, values["restart"])
    nep = before.model
    only_grows(nep, values)
    invariants = {*nep.invariants, *values["invariants"]}

    def grow(model: Any, fill: Any) -> Any:
        model = resized(to_nep4(model, fill), fill, n_max=values["n_max"], basis_size=values["basis_size"],
                        l_max=values["l_max"], invariants=tuple(invariants))  # fmt: skip
        if values["neurons"]:
            model = widened(model, fill, values["neurons"])
        return charged(model, fill, charges) if charges else model

    return finish(before, before.changed(grow, seed=seed, sigma=sigma), values)


@command("model prune", menu=712)
@click.argument("file", type=options.FILE)
@size_options
@click.option("--no-invariant", "invariants", multiple=True, type=INVARIANTS, help="Angular invariant to remove.")
@click.option("--no-charges", is_flag=True, help="Remove the charge head.")
@surgery_options
def prune(file: Path, no_charges: bool, **values: Any) -> Output:
    """Make a NEP smaller.

    Keeps the neurons that matter most, or takes descriptors or charges away. Energies change; --frames says how
    much. Train on from the restart file afterwards.
    """
    from nepkit.models.surgery.heads import uncharged
    from nepkit.models.surgery.size import important_neurons, resized, with_neurons
    from nepkit.models.surgery.trainable import read_trainable

    require_something(no_charges, *(values[name] for name in ("neurons", "n_max", "basis_size", "l_max", "invariants")))
    before = read_trainable(file, values["restart"])
    nep = before.model
    for name in values["invariants"]:
        if name not in nep.invariants:
            raise InputError(f"the model has no invariant {name} to take away")
    only_shrinks(nep, values)
    invariants = tuple(name for name in nep.invariants if name not in values["invariants"])
    kept = important_neurons(nep, values["neurons"]) if values["neurons"] else None

    def shrink(model: Any, fill: Any) -> Any:
        model = resized(model, fill, n_max=values["n_max"], basis_size=values["basis_size"], l_max=values["l_max"],
                        invariants=invariants)  # fmt: skip
        if kept is not None:
            model = with_neurons(model, kept)
        return uncharged(model) if no_charges else model

    return finish(before, before.changed(shrink), values)


@command("model species", menu=714)
@click.argument("file", type=options.FILE)
@click.option("--keep", help="Elements to keep, in their new order, e.g. Li,Cl,Y.")
@click.option("--remove", help="Elements to remove, e.g. Cs,Fr.")
@click.option("--add", help="Elements to add, initialised at random or from another element: K or K=Na.")
@click.option("--cutoff", type=(float, float), metavar="RADIAL ANGULAR",
              help="Cutoff radii of the added elements, A, in a model with cutoffs per element.")  # fmt: skip
@click.option("--sigma", type=click.FloatRange(0, min_open=True), default=0.1, show_default=True,
              help="Search width of the new parameters in nep.restart.")  # fmt: skip
@options.seed
@surgery_options
def species(
    file: Path, keep: str | None, remove: str | None, add: str | None, sigma: float, seed: int, **values: Any
) -> Output:
    """Keep, remove, reorder or add elements of a NEP.

    What the model says about the other elements stays as it is. An added element starts at random, or as a copy of
    another one (K=Na), and is then to be trained.
    """
    from lr_correction.nep import keep_species
    from nepkit.models.surgery.heads import to_nep4
    from nepkit.models.surgery.species import kept, with_species
    from nepkit.models.surgery.trainable import read_trainable

    require_something(keep, remove, add)
    before = read_trainable(file, values["restart"])
    left = kept(before.model, symbols(keep), symbols(remove))
    added = [word.partition("=")[0] for word in symbols(add)]
    like = {word.partition("=")[0]: word.partition("=")[2] for word in symbols(add) if "=" in word}

    def change(model: Any, fill: Any) -> Any:
        model = keep_species(model, left)
        if added:
            model = with_species(to_nep4(model, fill), fill, added, like=like, cutoffs=values["cutoff"])
        return model

    return finish(before, before.changed(change, seed=seed, sigma=sigma), values)


@command("model convert", menu=715)
@click.argument("file", type=options.FILE)
@surgery_options
def convert(file: Path, **values: Any) -> Output:
    """Turn a NEP3 or NEP5 into a NEP4 of the same energies.

    GPUMD and calorine no longer read NEP3, and calorine does not read NEP5.
    """
    from nepkit.models.surgery.heads import to_nep4
    from nepkit.models.surgery.trainable import read_trainable

    before = read_trainable(file, values["restart"])
    if before.model.version == 4:
        raise InputError(f"{file} is a NEP4 already")
    return finish(before, before.changed(to_nep4), values)
