"""``nepkit train``: train a NEP or qNEP and report its errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:  # generic in newer releases of click alone
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType

SOURCE = click.Path(exists=True, readable=True, path_type=Path)


def _numbers(kind: type, least: int, most: int | None = None) -> ParamType:
    """Several numbers in one word or quoted: ``8,5`` or ``"8 5"``."""

    class Numbers(ParamType):
        name = "float,..." if kind is float else "int,..."

        def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
            if isinstance(value, tuple):
                return value
            try:
                numbers = tuple(kind(word) for word in str(value).replace(",", " ").split())
            except ValueError:
                numbers = ()
            if len(numbers) < least or (most is not None and len(numbers) > most):
                wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
                self.fail(f"{value!r} is not {wanted} numbers separated by commas", param, ctx)
            return numbers

    return Numbers()


@command("train", menu=310)
@click.argument("source", type=SOURCE)
@click.option("--test", type=options.FILE, help="Test frames (default: test.xyz of the folder).")
@click.option(
    "--engine",
    default="neppo",
    show_default=True,
    help="Training program: neppo (PyTorch, CPU or GPU) or nep (GPUMD's executable).",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="nep-run", show_default=True,
              help="Run folder; an unfinished run in it is continued.")  # fmt: skip
@click.option(
    "--start", type=options.FILE, help="Model to start from (neppo); with --charge-mode it gains a charge head."
)
@click.option("--elements", help="Element order of the model, e.g. Li,Cl,Y (default: elements of the frames).")
@click.option("--cutoff", type=_numbers(float, 2), default="8,4", show_default=True,
              help="Radial and angular cutoff radii, A, or one such pair per element.")  # fmt: skip
@click.option(
    "--n-max",
    type=_numbers(int, 2, 2),
    default="4,4",
    show_default=True,
    help="Highest index of the radial and of the angular descriptors.",
)
@click.option(
    "--basis-size",
    type=_numbers(int, 2, 2),
    default="8,8",
    show_default=True,
    help="Basis size of the radial and of the angular descriptors.",
)
@click.option("--l-max", type=_numbers(int, 1, 7), default="4,2,1", show_default=True,
              help="Largest l, followed by flags of the invariants 222 1111 112 123 233 134.")  # fmt: skip
@click.option("--neurons", type=int, default=30, show_default=True, help="Number of neurons in the hidden layer.")
@click.option("--zbl", type=float, help="Outer cutoff of the ZBL repulsion, A.")
@click.option("--charge-mode", type=int, default=0, show_default=True, help="Charge mode: 0 for NEP, 1 or 2 for qNEP.")
@click.option("--lambda-e", type=float, default=1.0, show_default=True, help="Loss weight of the energies.")
@click.option("--lambda-f", type=float, default=1.0, show_default=True, help="Loss weight of the forces.")
@click.option("--lambda-v", type=float, default=0.1, show_default=True, help="Loss weight of the virials.")
@click.option(
    "--steps", type=int, help="Number of training steps or generations (default: 20000 for neppo, 100000 for nep)."
)
@click.option("--batch", type=int, help="Number of frames per training step (default: 8 for neppo, 1000 for nep).")
@click.option("--interval", type=int, default=100, show_default=True, help="Number of steps between rows of loss.out.")
@click.option("--learning-rate", type=_numbers(float, 2, 2), default="0.01,0.0001", show_default=True,
              help="Initial and final learning rate (neppo).")  # fmt: skip
@click.option(
    "--population", type=int, default=50, show_default=True, help="Population size of the evolution strategy (nep)."
)
@click.option("--seed", type=int, default=42, show_default=True, help="Seed of initial parameters and batches (neppo).")
@click.option("--overwrite", is_flag=True, help="Replace an existing run in the folder.")
@options.unchecked
def train(
    source: Path,
    test: Path | None,
    engine: str,
    out: Path,
    start: Path | None,
    elements: str | None,
    overwrite: bool,
    unchecked: bool,
    **values: Any,
) -> Output:
    """Train a NEP on labelled frames.

    SOURCE is a folder with train.xyz (and test.xyz), or a file of labelled frames. The folder of the run receives
    nep.in, the frames, loss.out, the model nep.txt, parity.png and run.json; a killed run goes on when the same command
    is given again.
    """
    from nepkit.datasets.survey import refuse_errors
    from nepkit.plots.parity import save_parity
    from nepkit.training.data import load_data
    from nepkit.training.run import train as run
    from nepkit.training.settings import Settings

    values["generations"] = values.pop("steps")
    settings = Settings(**values)
    types = elements.replace(",", " ").split() if elements else None
    given = load_data(source, test, types)
    if not unchecked:
        refuse_errors(given.train, source / "train.xyz" if source.is_dir() else source)
    result = run(given, settings, out, engine=engine, start=start, overwrite=overwrite)
    sets = {"train": result.train} | ({"test": result.test} if result.test else {})
    save_parity(sets, out / "parity.png")
    data: dict[str, Any] = {
        "model": result.model,
        "engine": engine,
        "seconds": result.seconds,
        "steps": result.loss[-1].generation if result.loss else 0,
    }
    for name, found in sets.items():
        data[name] = {
            "frames": found.energy.shape[1],
            "energy_mev_atom": 1e3 * found.energy_rmse,
            "force_mev_a": 1e3 * found.force_rmse,
            "virial_mev_atom": 1e3 * found.virial_rmse,
        }
    rows = [(name, *data[name].values()) for name in sets]
    columns = ("set", "frames", "energy (meV/atom)", "force (meV/A)", "virial (meV/atom)")
    return Output(
        data=data,
        tables=[Table("Root mean square errors", columns, rows, ("", "", ".2f", ".1f", ".2f"))],
        text=f"model {result.model}, loss.out and parity.png beside it; {result.seconds:.0f} s",
    )
