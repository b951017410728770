"""Write the report of a charge fit as a page or an image, chosen by the suffix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nepkit import __version__
from nepkit.core.atomic import atomic_path, refuse_existing
from nepkit.core.record import sha256, versions
from nepkit.plots.style import SUFFIXES, check_image, save_image
from nepkit.report.content import ChargeReport, build_report

if TYPE_CHECKING:
    from lr_correction.results import ChargeFit
    from nepkit.models.charge_fit import FitInput


def check_report(path: Path, overwrite: bool = False) -> None:
    """Raise `OutputError` where a report could not be written: unknown suffix, or the file exists already."""
    if path.suffix.lower() in (".html", ".htm"):
        refuse_existing(path, overwrite)
    else:
        check_image(path, overwrite, also=(".html",))


def write_report(report: ChargeReport, path: Path, *, overwrite: bool = False) -> None:
    """Write a report, whole or not at all; the suffix chooses page or image."""
    check_report(path, overwrite)
    if path.suffix.lower() in SUFFIXES:
        from nepkit.report.figure import report_figure

        save_image(report_figure(report), path, overwrite=overwrite)
        return
    from nepkit.report.page import report_page

    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(report_page(report), encoding="utf-8")


def write_fit_report(
    path: Path, given: FitInput, fit: ChargeFit, files: Mapping[str, Path], *, overwrite: bool = False
) -> None:
    """Evaluate the models of a fit and write its report.

    Parameters
    ----------
    path : Path
        ``.html``, ``.png``, ``.pdf`` or ``.svg``.
    given, fit
        Input and result of the fit.
    files : mapping of str to Path
        What the files are and where they lie; ``model`` is the one that was written.
    overwrite : bool
        Whether a file of this name may be replaced.
    """
    check_report(path, overwrite)
    elements = ", ".join(given.nep.elements)
    report = build_report(
        f"Long-range charges for {elements}",
        given.nep,
        fit,
        given.sets,
        facts=file_facts(files),
        next_steps=next_steps(files["model"], files.get("NEP")),
    )
    write_report(report, path, overwrite=overwrite)


def file_facts(files: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return date, versions, and the files with the beginning of their SHA-256."""
    packages = [f"{name} {number}" for name, number in versions().items()]
    made = ("made", f"{date.today().isoformat()} by nepkit {__version__}, {', '.join(packages)}")
    return [made, *((name, f"{file} (sha256 {sha256(file)[:12]})") for name, file in files.items())]


def next_steps(model: Path, nep: Path | None = None) -> list[tuple[str, str]]:
    """Return what can be done with a corrected model, as sentences and commands.

    Parameters
    ----------
    model : Path
        NEP with charges, or the charges alone as npz.
    nep : Path, optional
        The NEP that charges alone belong to.
    """
    alone = model.suffix == ".npz"
    named = f"{nep}+{model}" if alone else str(model)
    predict = ("Predict energies, forces, charges and Born effective charges of other frames:",
               f"nepkit calc predict frames.xyz --model {named} -o predicted.xyz")  # fmt: skip
    if alone:
        return [predict]
    return [
        predict,
        ("See which environments carry which charge:", f"nepkit lr charges {model} frames.xyz -o charges.png"),
        ("Run it in GPUMD, in run.in:", f"potential {model}"),
    ]
