"""``nepkit lr``: fit long-range charges atop a NEP, and use the model that results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:  # generic in newer releases of click alone
    from lr_correction.results import ChargeFit

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType

group("lr", "Long-range electrostatics atop a NEP.", example="lr fit nep.txt train.xyz --test test.xyz -o qnep.txt")

STAGES = {"frozen": "frozen NEP", "readout": "readout refit", "charges": "with charges"}
ERROR_COLUMNS = ("energy (meV/atom)", "force (meV/A)", "virial (meV/atom)")


class Charges(ParamType):
    """Starting charges such as ``Li=1,Y=3,Cl=-1``."""

    name = "El=charge,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Return charges by element."""
        if isinstance(value, dict):
            return value
        found: dict[str, float] = {}
        for word in str(value).replace(",", " ").split():
            element, _, charge = word.partition("=")
            try:
                number = float(charge)
            except ValueError:
                number = float("nan")
            if not element.isalpha() or number != number or element in found:
                self.fail(f"{word!r} is not Element=charge, each element once, such as Li=1,Y=3,Cl=-1", param, ctx)
            found[element] = number
        return found


class RidgePair(ParamType):
    """One or two strengths of the prior: ``1e-5`` or ``1e-6,1e-4``."""

    name = "number[,number]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Return the strengths for charges and readout."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = [float(word) for word in str(value).replace(",", " ").split()]
        except ValueError:
            numbers = []
        if len(numbers) not in (1, 2) or not all(0.0 <= number < float("inf") for number in numbers):
            self.fail(f"{value!r} is not one number, or two for charges and readout, all at least 0", param, ctx)
        return numbers[0], numbers[-1]


@command("lr fit", menu=801)
@click.argument("nep", type=options.FILE)
@click.argument("train", type=options.FILE)
@click.option("--test", type=options.FILE, help="Held-out test frames, needed for unbiased errors.")
@click.option("--mode", type=click.IntRange(1, 2), default=2, show_default=True,
              help="qNEP charge mode: 1 point charges, 2 smeared charges.")  # fmt: skip
@click.option("--charges", type=Charges(), help="Initial charges, e.g. Li=1,Y=3,Cl=-1 (default: oxidation states).")
@click.option("--short-range", type=click.Choice(["readout", "frozen"]), default="readout", show_default=True,
              help="Treatment of the NEP's output layer: solved together with the charges, or frozen.")  # fmt: skip
@options.output("Output model for GPUMD (NEP with charges), or the charges alone (npz).", default="qnep.txt")
@click.option("--report", type=options.NEW, help="Report of the fit (html, png, pdf or svg).")
@click.option("--no-range", is_flag=True, help="Skip the range diagnosis, which takes about a third of the time.")
@click.option("--ridge", type=RidgePair(), help="Strength of the prior (default: chosen by cross-validation).")
@click.option("--born-weight", type=click.FloatRange(0), default=0.0, show_default=True,
              help="Weight of Born effective charges; zero uses them only for sqrt_epsilon_inf.")  # fmt: skip
@click.option("--memory", type=click.FloatRange(0.1), default=4.0, show_default=True, help="Memory limit, GB.")
@click.option("--threads", type=click.IntRange(1), help="Number of frames processed in parallel (default: all cores).")
@options.unchecked
@options.device
def fit(
    nep: Path,
    train: Path,
    test: Path | None,
    output: Path,
    overwrite: bool,
    report: Path | None,
    device: str,
    charges: dict[str, float] | None,
    mode: int,
    short_range: str,
    no_range: bool,
    ridge: tuple[float, float] | None,
    born_weight: float,
    memory: float,
    threads: int | None,
    unchecked: bool,
) -> Output:
    """Fit charges atop a frozen NEP to labelled frames.

    NEP is a nep.txt without charges; elements that no frame has are cut away. TRAIN holds frames with energies and
    forces, and virials or Born effective charges where there are some. The table compares the NEP as it is (with new
    constant energies of the elements), its readout refitted to the same frames, and the model with charges.
    """
    from lr_correction.export import write_qnep
    from lr_correction.saved import save_charges
    from nepkit.core.atomic import write_or_keep
    from nepkit.core.device import array_module
    from nepkit.datasets.survey import refuse_errors
    from nepkit.models.charge_fit import read_input, run_fit
    from nepkit.report.write import check_report, write_fit_report

    if report is not None:
        check_report(report, overwrite)
    xp = array_module(device)
    given = read_input(nep, train, test, initial_charges=charges)
    if not unchecked:
        refuse_errors(given.sets["train"], train)
    result = run_fit(
        given,
        mode=mode,
        initial_charges=charges,
        short_range=short_range,
        ridge=ridge,
        range_diagnosis=not no_range,
        memory_gb=memory,
        threads=threads,
        xp=xp,
        born_weight=born_weight,
    )

    def write(place: Path) -> None:
        if output.suffix == ".npz":
            save_charges(result.potential, place, overwrite=True)
        else:
            write_qnep(result.potential, place, trained_on=given.sets["train"], overwrite=True)

    write_or_keep(output, write, overwrite=overwrite)
    files = {"NEP": nep, "training frames": train} | ({"test frames": test} if test else {}) | {"model": output}
    if report is not None:
        write_fit_report(report, given, result, files, overwrite=overwrite)
    summary = result.summary()
    notes = [*given.notes, *summary.get("notes", [])]
    written = [str(output)] + ([str(report)] if report else [])
    if output.suffix == ".npz":
        notes.append(f"name the model as --model {nep}+{output}")
    return Output(
        data={**summary, "notes": notes, "model": str(output)},
        tables=fit_tables(result),
        text=_closing(result, notes, written),
    )


def fit_tables(result: ChargeFit) -> list[Table]:
    """Return errors, charges and the range diagnosis of a fit as tables."""
    sets = {"train": result.train} | ({"test": result.test} if result.test else {})
    rows = []
    for name, stages in sets.items():
        rows += [(name, label, *_errors(getattr(stages, stage))) for stage, label in STAGES.items()]
    by_element = [(element, row.mean, row.error, row.std, row.start) for element, row in result.charges.items()]
    columns, formats = ("element", "mean", "error", "spread", "start"), ("", "+.3f", ".3f", ".3f", "+.2f")
    tables = [
        Table("Root mean square errors", ("frames", "model", *ERROR_COLUMNS), rows, ("", "", ".2f", ".1f", ".2f")),
        Table("Charges (e)", columns, by_element, formats),
    ]
    if result.range is not None:
        found = result.range
        steps = {
            "readout refit, no charges": found.readout,
            "charges, ending at the cutoff": found.short_range_charges,
            "charges, ending at two cutoffs": found.screened,
            "charges, full sum": found.full,
        }
        tables.append(
            Table(
                f"Is it the long range? ({found.frames} frames)",
                ("model", *ERROR_COLUMNS),
                [(label, *_errors(errors)) for label, errors in steps.items()],
                ("", ".2f", ".1f", ".2f"),
            )
        )
    return tables


def _errors(row: Any) -> tuple[float | None, float | None, float | None]:
    return row.energy_mev_atom, row.force_mev_a, row.virial_mev_atom


def _closing(result: ChargeFit, notes: Sequence[str], written: Sequence[str]) -> str:
    lines = ["", f"{result.verdict[:1].upper()}{result.verdict[1:]}."]
    lines += [f"Note: {note}." for note in notes]
    if not result.converged:
        lines.append("Note: the fit stopped at its limit of iterations.")
    lines.append(
        f"{result.iterations} Gauss-Newton iterations, {result.seconds['total']:.1f} s; wrote {' and '.join(written)}"
    )
    return "\n".join(lines)


@command("lr predict", menu=802)
@click.argument("model", type=options.FILE)
@click.argument("frames", type=options.FILE)
@options.output("Output frames carrying the predictions as labels, extended xyz.")
@options.device
def predict(model: Path, frames: Path, output: Path | None, overwrite: bool, device: str) -> Output:
    """Predict energies, forces, virials and charges of frames.

    As nepkit calc predict, but computed by the library that fits charges, on a GPU where asked for. The total charge of
    a frame is the one that it carries.
    """
    from nepkit.accuracy.prediction import predict_file
    from nepkit.cli.calc.predict import output_of
    from nepkit.models.potentials import load_potential

    potential = load_potential(model, device=device, backend="lr_correction")
    return output_of(predict_file(potential, frames, output, keep=True, overwrite=overwrite), output)


@command("lr charges", menu=803, csv=True)
@click.argument("model", type=options.FILE)
@click.argument("frames", type=options.FILE)
@options.output("Output plot of the charges (png, pdf or svg).")
@options.device
def charges(model: Path, frames: Path, output: Path | None, overwrite: bool, device: str) -> Output:
    """Charges by element and by the ions around each atom.

    The environment of an atom is its first shell of ions of the other sign, such as Cl6 around Li.
    """
    from nepkit.core.device import array_module
    from nepkit.formats.files import read_frames
    from nepkit.models.prediction import load_model, predict, require_charges
    from nepkit.plots.charges import plot_charges
    from nepkit.plots.style import check_image, save_image
    from nepkit.properties.charges import charge_distribution

    if output is not None:
        check_image(output, overwrite)
    xp, potential = array_module(device), require_charges(load_model(model), model)
    given = list(read_frames(frames))
    found = predict(potential, given, bec=False, source=str(frames), xp=xp)
    result = charge_distribution(given, [row.charges for row in found])
    if output is not None:
        save_image(plot_charges(result), output, overwrite=overwrite)
    by_element, by_environment = result.by_element(), result.by_environment()
    columns = ("element", "environment", "atoms", "mean", "std", "lowest", "highest")
    formats = ("", "", "", "+.4f", ".4f", "+.4f", "+.4f")
    rows = [[*vars(row).values()] for part in (by_element, by_environment) for row in part]
    for row in rows[: len(by_element)]:
        row[1] = "all"
    wrote = f"; wrote {output}" if output is not None else ""
    return Output(
        data={
            "elements": by_element,
            "environments": by_environment,
            "shells": [{"pair": "-".join(pair), "radius": radius} for pair, radius in result.shells.items()],
        },
        tables=[Table("Charges (e)", columns, rows, formats)],
        text=f"{len(given)} frames{wrote}",
    )


@command("lr diagnose", menu=804)
@click.argument("model")
@click.argument("frames", type=options.FILE)
@click.option("--refit", type=options.FILE, help="Training frames on which the NEP's last layer is refitted first.")
@click.option("--cutoff", type=click.FloatRange(0, min_open=True),
              help="Cutoff in A (default: that of the model).")  # fmt: skip
@options.output("Page with the numbers, html.")
def diagnose(
    model: str, frames: Path, refit: Path | None, cutoff: float | None, output: Path | None, overwrite: bool
) -> Output:
    """Ask residual forces for charges beyond the cutoff.

    MODEL is a nep.txt or any other potential with forces, FRAMES are labelled frames that it was not trained on.
    Nothing is fitted but one number per pair of elements: residual forces against the fields of charges further away
    than the cutoff. Frames that fall into parts beyond the cutoff are asked for the charges of these parts.
    """
    from nepkit.models.diagnosis import diagnose_file
    from nepkit.report.diagnosis import tables, write_diagnosis

    result = diagnose_file(model, frames, refit=refit, cutoff=cutoff)
    written = ""
    if output is not None:
        write_diagnosis(result, output, [("model", model), ("frames", str(frames))], overwrite=overwrite)
        written = f"\nwrote {output}"
    head = f"{result.text[:1].upper()}{result.text[1:]}.\n{result.next_step}\n"
    return Output(data=result.summary(), tables=tables(result), head=head, text=written)
