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
    """Fit long-range charges on bundled data in under two minutes.

    Takes DFT data and a NEP of the solid electrolyte Li3YCl6, fits charges atop the NEP, writes the model for GPUMD,
    runs it for a picosecond, and makes a report as a page and an image. Then says what to do with your own data.
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
    return Output(data=result.record(), tables=tables, text=_closing(result))


#: Why the bundled model gains nothing, and where charges pay; numbers in docs/long_range.md.
WITHOUT_HELP = (
    "This NEP is converged, and its cutoff of 8 A is longer than half of these cells: charges have nothing",
    "left to explain in them. They pay where a NEP has a short cutoff, few frames, or comes from elsewhere:",
    "see docs/long_range.md.",
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
