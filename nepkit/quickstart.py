"""The main job on bundled data: ions pulled apart beyond the cutoff; then fit, write, run and report on a crystal."""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lr_correction.export import write_qnep
from lr_correction.results import ChargeFit
from nepkit import __version__
from nepkit.core.errors import OutputError
from nepkit.core.progress import task
from nepkit.core.record import sha256
from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.models.charge_fit import FitInput, read_input, run_fit
from nepkit.models.potentials import load_potential
from nepkit.models.prediction import predict
from nepkit.models.separation import Separation, separation
from nepkit.plots.separation import plot_separation
from nepkit.plots.style import save_image
from nepkit.properties.dynamics import Trajectory, run_md
from nepkit.report.content import DataSummary, build_report
from nepkit.report.write import file_facts, write_report
from nepkit.transport.element_msd import MeanSquaredDisplacement, mean_squared_displacement

DATA = Path(__file__).parent / "data" / "li3ycl6"
"""Folder of the bundled data and model; see its data card."""

IONS = DATA.with_name("ion_pairs")
"""Folder of two ions at distances beyond the cutoff of the NEP with them; see its data card."""

FILES = ("qnep.txt", "ions_qnep.txt", "ions.png", "report.html", "report.png", "run.json")
"""What a quickstart leaves in its folder."""

STEPS = (
    "pulling ions apart",
    "checking the data",
    "fitting charges",
    "writing the model",
    "molecular dynamics",
    "report",
)
TEMPERATURE = 600.0  # K
ATOMS_IN_MD = 160


@dataclass(frozen=True)
class ExportCheck:
    """Largest difference between the fitted model and its file as calorine evaluates it, on the test frames.

    Parameters
    ----------
    energy : float
        meV/atom.
    force : float
        meV/A.
    """

    energy: float
    force: float


@dataclass(frozen=True)
class IonPairs:
    """Two ions pulled apart beyond the NEP's cutoff.

    Parameters
    ----------
    fit : ChargeFit
        Charges fitted to frames of short distances.
    curve : Separation
        Energy against distance: ``NEP`` and ``NEP with charges``, the latter as the written file says.
    cutoff : float
        Of the NEP, A.
    trained : (float, float)
        Distances of the training frames, A.
    """

    fit: ChargeFit
    curve: Separation
    cutoff: float
    trained: tuple[float, float]

    def record(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            **self.fit.summary(),
            "distance_a": self.curve.distance.tolist(),
            "reference_ev": self.curve.reference.tolist(),
            "models_ev": {name: energy.tolist() for name, energy in self.curve.models.items()},
            "deviation_mev": {name: self.curve.deviation(name) for name in self.curve.models},
        }


@dataclass(frozen=True)
class Quickstart:
    """Everything a quickstart found.

    Parameters
    ----------
    folder : Path
        Where the files are.
    ions : IonPairs
        Ions pulled apart, where no NEP can be right.
    data : dict of str to DataSummary
        Training and test frames.
    fit : ChargeFit
        The charge fit.
    export : ExportCheck
        Whether the file says what was fitted.
    trajectory, msd
        The short run.
    seconds : dict of str to float
        Time of every step and ``total``.
    """

    folder: Path
    ions: IonPairs
    data: dict[str, DataSummary]
    fit: ChargeFit
    export: ExportCheck
    trajectory: Trajectory
    msd: MeanSquaredDisplacement
    seconds: dict[str, float]

    def record(self) -> dict[str, Any]:
        """Return the result as plain data."""
        drift, error = self.trajectory.drift()
        return {
            **self.fit.summary(),
            "model": str(self.folder / "qnep.txt"),
            "folder": str(self.folder),
            "data": {name: asdict(data) for name, data in self.data.items()},
            "export": asdict(self.export),
            "ions": self.ions.record(),
            "md": {
                "atoms": len(self.trajectory.symbols),
                "picoseconds": float(self.trajectory.time[-1]),
                "temperature_k": float(self.trajectory.temperature[self.trajectory.nve].mean()),
                "drift_mev_atom_ps": drift,
                "drift_error_mev_atom_ps": error,
                "msd_a2": {element: float(values[-1]) for element, values in self.msd.msd.items()},
                "msd_time_ps": float(self.msd.time[-1]),
            },
            "seconds": self.seconds,
        }


def quickstart(
    folder: str | Path,
    *,
    data: str | Path = DATA,
    overwrite: bool = False,
    most_frames: int | None = None,
    duration: float = 1.0,
    threads: int | None = None,
) -> Quickstart:
    """Run the main job on the bundled Li3YCl6 data, or on another folder laid out like it.

    Parameters
    ----------
    folder : path
        Where `FILES` go; made when needed.
    data : path
        Folder with ``nep.txt``, ``train.xyz`` and ``test.xyz``.
    overwrite : bool
        Whether files of an earlier quickstart may be replaced.
    most_frames : int, optional
        Use at most this many training frames, and as many test frames.
    duration : float
        Molecular dynamics at constant energy, ps.
    threads : int, optional
        Frames worked on at a time; all cores when left out.

    Raises
    ------
    NepkitError
        If the folder has these files already, or the data cannot be used. Nothing is left behind.

    Examples
    --------
    >>> quickstart("demo").fit.charges["Cl"].mean  # doctest: +SKIP
    -0.4
    """
    folder, source = Path(folder), Path(data)
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    with _workplace(folder, overwrite) as work, task("Quickstart", len(STEPS)) as progress:

        @contextmanager
        def step(name: str) -> Iterator[None]:
            progress.advance(0, name)
            mark = time.perf_counter()
            yield
            seconds[name] = time.perf_counter() - mark
            progress.advance(1)

        files = {name: source / file for name, file in
                 (("NEP", "nep.txt"), ("training frames", "train.xyz"), ("test frames", "test.xyz"))}  # fmt: skip
        with step(STEPS[0]):
            ions = pull_apart(work / "ions_qnep.txt", most_frames=most_frames, threads=threads)
            save_image(plot_ions(ions), work / "ions.png")
        with step(STEPS[1]):
            given = _limited(read_input(*files.values()), most_frames)
            start = supercell(md_start([atoms for frames in given.sets.values() for atoms in frames]))
        with step(STEPS[2]):
            fit = run_fit(given, threads=threads)
        with step(STEPS[3]):
            write_qnep(fit.potential, work / "qnep.txt", trained_on=given.sets["train"])
            export = check_export(fit, work / "qnep.txt", given.sets["test"])
        with step(STEPS[4]):
            trajectory, msd = _run(work / "qnep.txt", start, duration)
        with step(STEPS[5]):
            report = build_report(
                f"Long-range charges for {given.sets['train'][0].get_chemical_formula('metal', empirical=True)}",
                given.nep,
                fit,
                given.sets,
                facts=[*file_facts(files), ("model", str(folder / "qnep.txt"))],
                next_steps=next_steps(folder / "qnep.txt"),
                trajectory=trajectory,
                msd=msd,
            )
            for name in ("report.html", "report.png"):
                write_report(report, work / name)
        seconds["total"] = time.perf_counter() - started
        result = Quickstart(folder, ions, dict(report.data), fit, export, trajectory, msd, seconds)
        _write_record(work / "run.json", result, files)
    return result


def pull_apart(
    model: Path, *, data: Path = IONS, most_frames: int | None = None, threads: int | None = None
) -> IonPairs:
    """Fit charges to two ions at short distances, write the model, and follow the ions to distances far beyond.

    Parameters
    ----------
    model : Path
        The qNEP that is written.
    data : Path
        Folder with ``nep.txt``, ``train.xyz``, ``test.xyz`` and ``scan.xyz``.
    most_frames, threads : int, optional
        As in `quickstart`.
    """
    given = _limited(read_input(data / "nep.txt", data / "train.xyz", data / "test.xyz"), most_frames)
    fit = run_fit(given, threads=threads)
    write_qnep(fit.potential, model, trained_on=given.sets["train"])
    models = {"NEP": load_potential(data / "nep.txt"), "NEP with charges": load_potential(model)}
    curve = separation(list(read_frames(data / "scan.xyz")), models)
    distances = [float(atoms.info["distance"]) for atoms in given.sets["train"]]
    return IonPairs(fit, curve, given.nep.cutoff_radial, (min(distances), max(distances)))


def plot_ions(ions: IonPairs) -> Any:
    """Draw energy against distance; return matplotlib axes."""
    return plot_separation(
        ions.curve,
        cutoff=ions.cutoff,
        trained=ions.trained,
        title="Li\u2082Cl\u207a and LiCl\u2082\u207b pulled apart",
        reference="Hartree-Fock",
    )


def next_steps(model: Path) -> list[tuple[str, str]]:
    """Return what to do with one's own data, as sentences and commands."""
    return [
        ("Fit charges atop your own NEP, with your own frames:",
         "nepkit lr fit nep.txt train.xyz --test test.xyz -o qnep.txt --report report.html"),
        ("No NEP yet? Train one first (pip install '.[train]' brings PyTorch):",
         "nepkit train train.xyz --test test.xyz --cutoff 8,5 --zbl 2"),
        ("Apply a model with charges to other frames:", f"nepkit lr predict {model} frames.xyz -o predicted.xyz"),
        ("See which environment carries which charge:", f"nepkit lr charges {model} frames.xyz -o charges.png"),
        ("Run it in GPUMD; in run.in:", f"potential {model}"),
    ]  # fmt: skip


def md_start(frames: Sequence[Atoms]) -> Atoms:
    """Return the frame closest to equilibrium: of the smallest cells of the commonest formula, that of least force."""
    formulas = [atoms.get_chemical_formula(empirical=True) for atoms in frames]
    perfect = [atoms for atoms, name in zip(frames, formulas, strict=True) if name == max(formulas, key=formulas.count)]
    least = min(map(len, perfect))

    def size(atoms: Atoms) -> float:
        forces = labels(atoms).forces
        return math.inf if forces is None else float(np.mean(forces**2))

    return min((atoms for atoms in perfect if len(atoms) == least), key=size)


def supercell(atoms: Atoms, least: int = ATOMS_IN_MD) -> Atoms:
    """Double a cell along its shortest vector until it has at least so many atoms.

    Examples
    --------
    >>> len(supercell(Atoms("Li2", cell=[3, 3, 6], pbc=True), 15))
    16
    """
    while len(atoms) < least:
        times = [1, 1, 1]
        times[int(np.argmin(atoms.cell.lengths()))] = 2
        atoms = atoms.repeat(times)
    return atoms


def check_export(fit: ChargeFit, model: Path, frames: Sequence[Atoms]) -> ExportCheck:
    """Compare a fitted model with its file as calorine reads it."""
    written = load_potential(model, backend="calorine").compute(frames, bec=False)
    energy, force = 0.0, 0.0
    for atoms, mine, theirs in zip(frames, predict(fit.potential, frames, bec=False), written, strict=True):
        assert mine.energy is not None
        assert theirs.energy is not None
        energy = max(energy, 1e3 * abs(theirs.energy - mine.energy) / len(atoms))
        force = max(force, 1e3 * float(np.abs(np.asarray(theirs.forces) - np.asarray(mine.forces)).max()))
    return ExportCheck(energy, force)


def _limited(given: FitInput, most: int | None) -> FitInput:
    return FitInput(given.nep, {name: frames[:most] for name, frames in given.sets.items()}, given.notes)


def _run(model: Path, start: Atoms, duration: float) -> tuple[Trajectory, MeanSquaredDisplacement]:
    calculator = load_potential(model).calculator()
    run = run_md(start, calculator, temperature=TEMPERATURE, warm_up=0.3 * duration, duration=duration)
    interval = float(run.time[1] - run.time[0])
    return run, mean_squared_displacement(run.positions[run.nve], run.symbols, interval, masses=run.masses)


@contextmanager
def _workplace(folder: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary folder whose files move to ``folder`` together at the end, or vanish after an error."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; give the name of a folder")
    present = [name for name in FILES if (folder / name).exists()]
    if present and not overwrite:
        raise OutputError(f"{folder} already holds {present[0]}; choose another folder or add --overwrite")
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise OutputError(f"{folder}: the folder {parent} does not exist; make it first")
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=parent) as name:
        yield Path(name)
        folder.mkdir(exist_ok=True)
        for file in FILES:
            shutil.move(Path(name) / file, folder / file)


def _write_record(path: Path, result: Quickstart, files: dict[str, Path]) -> None:
    record = {
        "command": sys.argv,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"nepkit": __version__, "python": sys.version.split()[0]},
        "sha256": {str(file): sha256(file) for file in files.values()},
        "result": result.record(),
    }
    path.write_text(json.dumps(_finite(record), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say (nan, infinities) by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
