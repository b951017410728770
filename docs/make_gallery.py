"""Make the images of docs/gallery.md from data that the project makes itself.

``python docs/make_gallery.py [FOLDER]`` runs the commands of the page, one per plot. The files they read are made in
``FOLDER`` (a temporary one when left out) from the bundled Li3YCl6 frames and NEP: charges are fitted, predictions and
the loss curve are written as the trainer writes them, and a short molecular dynamics gives the files of a run
(docs/gallery_run.py). It takes about five minutes on one core; with a folder that has the files already, seconds.
``--only NAME`` makes the images of one plot again, ``--page`` only the text.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

import nepkit
from nepkit.accuracy.errors import predictions_of
from nepkit.cli.main import main as nepkit_main
from nepkit.formats.files import read_frames, write_frames
from nepkit.models.potentials.combine import Committee
from nepkit.models.potentials.load import load_potential
from nepkit.plots.catalogue import plots

HERE = Path(__file__).parent
DATA = Path(nepkit.__file__).parent / "data" / "li3ycl6"
COLORS = 96
DPI = 75


@dataclass(frozen=True)
class Entry:
    """One picture: the words after ``nepkit plot NAME``, where ``{run}`` and the like are folders, and a remark."""

    name: str
    words: str
    remark: str = ""


ENTRIES = [
    Entry("loss", "{nep}", "Training of the bundled model by neppo."),
    Entry("parity", "{nep} --part both", "Errors are root mean squares; the table gives their standard errors."),
    Entry("parity", "{nep} --part train --density --quantity force --quantity stress", "Where points are many."),
    Entry("train", "{nep}"),
    Entry("force-errors", "{nep}"),
    Entry("charge", "{data}/train.xyz --model {made}/qnep.txt", "Charges fitted by `nepkit lr fit`."),
    Entry("dimer", "{data}/nep.txt {made}/qnep.txt --pair Li Cl --pair Y Cl --pair Cl Cl --distances 1 6",
          "Models over each other."),
    Entry("des", "{data}/train.xyz {data}/test.xyz --model {data}/nep.txt"),
    Entry("des", "{data}/train.xyz --model {data}/nep.txt --color energy"),
    Entry("doas", "{made}/doas.xyz"),
    Entry("net-force", "{data}/train.xyz {data}/test.xyz"),
    Entry("committee", "{data}/test.xyz --model {data}/nep.txt --model {made}/qnep.txt",
          "The NEP, and the same with charges and a readout of its own."),
    Entry("active", "{made}/active --threshold 0.25"),
    Entry("composition", "{data}/test.xyz"),
    Entry("hull", "{data}/train.xyz"),
    Entry("thermo", "{run}"),
    Entry("rdf", "{run}"),
    Entry("rdf-pmf", "{run}"),
    Entry("adf", "{run}"),
    Entry("msd", "{run}"),
    Entry("sdc", "{run}"),
    Entry("vac", "{run}"),
    Entry("D", "{run}/synthetic/walks --ion Li", "Random walks with an activation energy of 0.3 eV."),
    Entry("sigma", "{run}/synthetic/walks --ion Li", "The same walks."),
    Entry("pdos", "{run}"),
    Entry("ir", "{run} --highest 600", "Of formal charges."),
    Entry("cohesive", "{run}/statics"),
    Entry("elastic", "{run}/statics", "The atoms move with the cell."),
    Entry("bands", "{run}/statics", "Aluminium by the effective medium theory of ASE."),
    Entry("emd", "{run}/synthetic", "Made-up heat currents of a known conductivity of 10 W/m/K."),
    Entry("hnemd", "{run}/synthetic", "Made-up heat currents."),
    Entry("nemd", "{run}/synthetic/nemd", "A made-up bar of ten slabs."),
    Entry("viscosity", "{run}/synthetic", "Made-up stresses of a known viscosity of 1 mPa s."),
]  # fmt: skip
"""In the order of the page."""

INTRODUCTION = """# Gallery

Pictures of `nepkit plot`, made by `python docs/make_gallery.py` from the bundled Li3YCl6 data and what is computed from
them. Every command prints the numbers of its picture too, and has `--csv`, `--json`, `--terminal` and options for
titles, limits, scales, size and style: see [plots.md](plots.md). Plots of files that cannot be made here are listed
[at the end](#without-a-picture).
"""


def prepare(folder: Path) -> dict[str, Path]:
    """Make the files that are not there yet, and return the folders by their names in `ENTRIES`."""
    places = {"data": DATA, "made": folder, "nep": folder / "nep", "run": folder / "run"}
    if not (folder / "qnep.txt").exists():
        words = ["lr", "fit", str(DATA / "nep.txt"), str(DATA / "train.xyz"), "-o", str(folder / "qnep.txt")]
        if nepkit_main(words):
            raise SystemExit("the fit of charges failed")
    if not (folder / "nep").exists():
        write_training(folder / "nep")
    if not (folder / "run" / "thermo.out").exists():
        path = HERE / "gallery_run.py"
        made = importlib.util.spec_from_file_location("gallery_run", path)
        assert made is not None
        assert made.loader is not None
        module = importlib.util.module_from_spec(made)
        made.loader.exec_module(module)
        module.make(folder / "run")
    if not (folder / "doas.xyz").exists():
        write_site_energies(folder / "doas.xyz")
    if not (folder / "active").exists():
        write_active(folder / "active", folder / "qnep.txt")
    return places


def write_training(folder: Path) -> None:
    """Write the loss curve of the bundled model, and its predictions, in the files of the trainer."""
    folder.mkdir()
    with (DATA / "loss.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {"loss": "total"} | {
        f"{quantity}_{part}": f"rmse_{quantity}_{part}"
        for quantity in ("energy", "force", "virial")
        for part in ("train", "test")
    }
    columns = [names.get(name, name) for name in rows[0]]
    lines = ["# columns " + " ".join(columns), *(" ".join(row.values()) for row in rows)]
    (folder / "loss.out").write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = load_potential(DATA / "nep.txt")
    for part in ("train", "test"):
        frames = list(read_frames(DATA / f"{part}.xyz"))
        for quantity, found in predictions_of(frames, model.compute(frames)).items():
            np.savetxt(folder / f"{quantity}_{part}.out", np.hstack([found.predicted, found.reference]), fmt="%g")


def write_site_energies(path: Path) -> None:
    """Write the training frames with the energy of every atom."""
    model = load_potential(DATA / "nep.txt")
    frames = list(read_frames(DATA / "train.xyz"))
    for atoms in frames:
        atoms.arrays["site_energy"] = model.site_energies(atoms)
    write_frames(path, frames)


def write_active(folder: Path, other: Path) -> None:
    """Write active.out and active.xyz of a run as GPUMD does: every check, and the frames above a threshold."""
    from calorine.calculators import CPUNEP

    from nepkit.properties.dynamics import run_md

    folder.mkdir()
    start = next(read_frames(DATA / "train.xyz"))
    run = run_md(start, CPUNEP(str(DATA / "nep.txt")), temperature=900.0, timestep=2.0, interval=25, warm_up=1.0,
                 duration=6.0)  # fmt: skip
    committee = Committee([load_potential(DATA / "nep.txt"), load_potential(other)])
    rows, frames = [], []
    for time, positions in zip(run.time[run.nve], run.positions[run.nve], strict=True):
        atoms = start.copy()
        atoms.set_positions(positions)
        (spread,) = committee.spread([atoms], bec=False)
        forces = [one.forces for one in spread.members]
        deviation = float(np.std(np.array(forces, dtype=float), axis=0).max())  # GPUMD: of n, of one component
        rows.append((1e3 * time, deviation))
        if deviation > 0.25:
            atoms.info = {"Time": 1e3 * time, "uncertainty": deviation}
            frames.append(atoms)
    np.savetxt(folder / "active.out", rows, fmt="%20.10e")
    write_frames(folder / "active.xyz", frames)


def picture(entry: Entry, number: int, places: dict[str, Path]) -> Path:
    """Run the command of an entry and return the image, with few colours so that it stays small."""
    from PIL import Image

    path = HERE / "gallery" / f"{entry.name}{'' if number == 1 else f'-{number}'}.png"
    path.parent.mkdir(exist_ok=True)
    words = entry.words.format(**places).split()
    if nepkit_main(["plot", entry.name, *words, "-o", str(path), "--overwrite", "--dpi", str(DPI)]):
        raise SystemExit(f"nepkit plot {entry.name} {entry.words} failed")
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLORS).save(path, optimize=True)
    return path


def page() -> str:
    """Return the text of the gallery."""
    names = {"data": "li3ycl6", "made": ".", "nep": "training", "run": "run"}
    parts = [INTRODUCTION]
    for entry, number in numbered():
        if number == 1:
            parts.append(f"## {entry.name}\n\n{plots()[entry.name].summary} {entry.remark}".rstrip() + "\n")
        elif entry.remark:
            parts.append(entry.remark + "\n")
        path = f"gallery/{entry.name}{'' if number == 1 else f'-{number}'}.png"
        command = f"nepkit plot {entry.name} {entry.words.format(**names)}".replace("./", "")
        parts.append(f"```\n{command} -o {entry.name}.png\n```\n\n![{plots()[entry.name].summary}]({path})\n")
    shown = {entry.name for entry in ENTRIES}
    rows = [f"| `nepkit plot {plot.name}` | {plot.summary} | {plot.files[0].name}: {plot.files[0].writer} |"
            for plot in plots().values() if plot.name not in shown]  # fmt: skip
    head = "## Without a picture\n\nTheir files come from runs on a GPU, or of other models.\n"
    head += "\n| plot | shows | reads |\n| --- | --- | --- |"
    parts.append("\n".join([head, *rows]) + "\n")
    return "\n".join(parts)


def numbered() -> list[tuple[Entry, int]]:
    """Return the entries with how often their plot was seen before, from 1."""
    seen: dict[str, int] = {}
    found = []
    for entry in ENTRIES:
        seen[entry.name] = seen.get(entry.name, 0) + 1
        found.append((entry, seen[entry.name]))
    return found


def write_page() -> None:
    """Write the text of the gallery, as the build of the documentation does."""
    (HERE / "gallery.md").write_text(page(), encoding="utf-8")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--only", help="Name of the one plot to make again.")
@click.option("--page", "text_only", is_flag=True, help="Write the text alone; the images stay.")
def make(folder: Path | None, only: str | None, text_only: bool) -> None:
    """Make the gallery."""
    write_page()
    if text_only:
        return
    with TemporaryDirectory() as temporary:
        chosen = folder or Path(temporary)
        chosen.mkdir(exist_ok=True, parents=True)
        places = prepare(chosen)
        for entry, number in numbered():
            if only in (None, entry.name):
                picture(entry, number, places)


if __name__ == "__main__":
    make(sys.argv[1:])
