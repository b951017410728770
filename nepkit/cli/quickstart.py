"""``nepkit quickstart``: the main job on bundled data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.quickstart import Quickstart


@command("quickstart", menu=800)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="nepkit-quickstart", show_default=True,
              help="Output folder.")  # fmt: skip
@click.option("--threads", type=click.IntRange(1), help="Number of frames processed in parallel (default: all cores).")
@click.option("--overwrite", is_flag=True, help="Replace the results of an earlier quickstart.")
def quickstart(out: Path, threads: int | None, overwrite: bool) -> Output:
    """Fit long-range charges on bundled data in about a minute.

    Two ions are pulled apart beyond the cutoff of a NEP: what it says there, and what it says with charges fitted to
    short distances. Then the main job on the solid electrolyte Li3YCl6: charges are fitted atop a NEP, the model is
    written for GPUMD and run for a picosecond, and a report is made as a page and an image.
    """
    from nepkit.cli.lr import fit_tables
    from nepkit.quickstart import quickstart as run

    result = run(out, overwrite=overwrite, threads=threads)
    rows = [
        (name, data.frames, data.atoms, data.trajectories, data.energies, data.forces, data.virials, data.force_rms)
        for name, data in result.data.items()
    ]
    columns = ("frames", "number", "atoms", "trajectories", "energies", "forces", "virials", "force rms (eV/A)")
    tables = [Table("Data", columns, rows, ("",) * 7 + (".2f",)), *fit_tables(result.fit)]
    return Output(data=result.record(), tables=tables, head=_opening(result), text=_closing(result))


#: Why the bundled model of the crystal gains nothing, and where charges pay; numbers in docs/long_range.md.
WITHOUT_HELP = (
    "This NEP is converged, and its cutoff of 8 A is longer than half of these cells: charges have nothing",
    "left to explain in them. They pay where ions are apart, a NEP has a short cutoff or few frames:",
    "see docs/long_range.md.",
)


def _opening(result: Quickstart) -> str:
    """Return the curve of the ions and what it shows."""
    from nepkit.plots.terminal import to_text
    from nepkit.quickstart import plot_ions

    ions, curve = result.ions, result.ions.curve
    first, last = curve.distance[0], curve.distance[-1]
    alone, charged = (curve.deviation(name) for name in curve.models)
    return "\n".join(
        [
            to_text(plot_ions(ions), width=78, height=16),
            f"Li2Cl+ and LiCl2- pulled from {first:g} to {last:g} A: the NEP, blind beyond {ions.cutoff:g} A, errs by "
            f"{alone:.0f} meV;",
            f"with charges, fitted in {ions.fit.seconds['total']:.0f} s to frames below {ions.trained[1]:.0f} A, it is "
            f"within {charged:.0f} meV of Hartree-Fock.",
            f"Curve: {result.folder / 'ions.png'}; model for GPUMD: {result.folder / 'ions_qnep.txt'}",
            "",
            "The same on a crystal, Li3YCl6, with a NEP that needs no charges: the honest counter-example.",
            "",
        ]
    )


def _closing(result: Quickstart) -> str:
    from nepkit.quickstart import FILES, next_steps

    run, export, verdict = result.trajectory, result.export, result.fit.verdict
    drift, error = run.drift()
    msd = ", ".join(f"{element} {values[-1]:.2f}" for element, values in result.msd.msd.items())
    lines = [
        "",
        f"{verdict[:1].upper()}{verdict[1:]}.",
        *([] if result.fit.charges_help else WITHOUT_HELP),
        *(f"Note: {note}." for note in result.fit.notes),
        "",
        f"The file says what was fitted: read by calorine it differs by at most {export.energy:.1e} meV/atom and "
        f"{export.force:.1e} meV/A.",
        f"Molecular dynamics with it: {len(run.symbols)} atoms, {run.time[-1]:.1f} ps at constant energy and "
        f"{run.temperature[run.nve].mean():.0f} K,",
        f"  energy drift {drift:+.3f} +- {error:.3f} meV/atom/ps; MSD (A^2) after {result.msd.time[-1]:.2f} ps: {msd}.",
        "  A demonstration: far too short for a diffusion coefficient, and no proof of stability.",
        "",
        f"{result.seconds['total']:.0f} s in all, {result.fit.seconds['total']:.0f} s for the fit. In {result.folder}:",
        f"  {'  '.join(FILES)}",
        "",
        "What next",
    ]
    for sentence, words in next_steps(result.folder / "qnep.txt"):
        lines += [f"  {sentence}", f"    {words}"]
    return "\n".join(lines)
