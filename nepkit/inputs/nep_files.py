"""Checks of nep.in against train.xyz, test.xyz, nep.txt, nep.restart and the foundation model it starts from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from nepkit.core.errors import InputError, NepkitError
from nepkit.core.progress import track
from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.inputs.finding import Report
from nepkit.inputs.nepin import NepIn
from nepkit.inputs.potential import PotentialHeader, read_header

LOWEST_ENERGY = -100.0
"""eV/atom; below it the trainer, which works in float32, loses digits (GPUMD: src/main_nep/structure.cu)."""


@dataclass
class FrameCounts:
    """What a file of frames has."""

    frames: int = 0
    elements: Counter[str] = field(default_factory=Counter)
    energies: int = 0
    forces: int = 0
    virials: int = 0
    bec: int = 0
    charged: int = 0
    no_cell: int = 0
    low: int = 0


def count_frames(path: Path) -> FrameCounts:
    """Count the labels and elements of a file of frames.

    Raises
    ------
    NepkitError
        Where a frame cannot be read, or its labels contradict each other.
    """
    found = FrameCounts()
    for number, atoms in enumerate(track(read_frames(path), path.name), 1):
        known = labels(atoms, f"{path.name}, frame {number}")
        found.frames += 1
        found.elements.update(atoms.get_chemical_symbols())
        found.energies += known.energy is not None
        found.forces += known.forces is not None
        found.virials += known.virial is not None
        found.bec += known.bec is not None
        found.charged += bool(known.charge)
        found.no_cell += atoms.cell.rank < 3
        found.low += known.energy is not None and known.energy < LOWEST_ENERGY * len(atoms)
    return found


def check_training_files(settings: NepIn, report: Report) -> None:
    """Report what does not fit together in the folder of a nep.in."""
    folder = report.path.parent
    for name in ("train.xyz", "test.xyz"):
        if (folder / name).exists():
            try:
                _check_frames(name, count_frames(folder / name), settings, report)
            except NepkitError as error:
                report.error(None, "frames", str(error), f"nepkit data check {name}")
        elif name == "train.xyz":
            report.error(None, "missing file", "train.xyz is not beside it", "put the labelled frames there")
    _check_model(folder, settings, report)
    _check_foundation(folder, settings, report)


def _check_frames(name: str, found: FrameCounts, settings: NepIn, report: Report) -> None:
    line = next((item for item in settings.file.commands() if item.words[0] == "type"), None)
    absent = sorted(set(found.elements) - set(settings.elements))
    if absent:
        message = f"{name} has {' and '.join(absent)}, the line type does not"
        report.error(line, "elements", message, f"type {len(settings.elements) + len(absent)} ... {' '.join(absent)}")
    unused = [element for element in settings.elements if element not in found.elements]
    if unused and name == "train.xyz" and not settings.prediction:
        message = f"no frame of train.xyz has {' or '.join(unused[:8])}{' ...' if len(unused) > 8 else ''}"
        report.warning(line, "elements", message, "leave it out of type: its parameters would stay random")
    if settings.model_type in (0, 3):
        for what, number in (("energy", found.energies), ("forces", found.forces)):
            if number < found.frames and not settings.prediction:
                message = f"{found.frames - number} of {found.frames} frames of {name} have no {what}"
                report.error(None, "labels", message, f"nepkit data filter {name}, or label them")
    if found.no_cell:
        report.error(None, "cell", f"{found.no_cell} frames of {name} have no cell", "give them one with vacuum")
    if found.low:
        message = f"{found.low} frames of {name} are below {LOWEST_ENERGY:g} eV/atom, where float32 loses digits"
        report.warning(None, "energy", message, f"nepkit data shift-energies {name}")
    if name == "train.xyz" and not settings.prediction:
        _check_targets(found, settings, report)


def _check_targets(found: FrameCounts, settings: NepIn, report: Report) -> None:
    weight = settings.file.find("lambda_v")
    virials_wanted = settings.model_type in (0, 3) and (weight is None or float(weight[0]) > 0)
    if virials_wanted and not found.virials:
        message = "no frame of train.xyz has a virial or stress"
        report.warning(None, "virial", message, "pressures will not be fitted; lambda_v 0 says so")
    elif 0 < found.virials < found.frames:
        message = f"{found.frames - found.virials} of {found.frames} frames of train.xyz have no virial"
        report.warning(None, "virial", message, "right where the code gave none; else label them")
    batch = next((item for item in settings.file.commands() if item.words[0] == "batch"), None)
    if settings.charge_mode and found.charged and settings.batch < found.frames:
        message = f"{found.charged} frames are charged and batch {settings.batch} is below {found.frames} frames"
        remedy = f"batch {found.frames}: nep mixes the charges of frames up in smaller batches"
        report.error(batch, "batch", message, remedy)
    if found.bec and not settings.charge_mode:
        report.warning(None, "bec", "train.xyz has Born effective charges, which a NEP ignores", "charge_mode 2")


def _check_model(folder: Path, settings: NepIn, report: Report) -> None:
    restart, model = folder / "nep.restart", folder / "nep.txt"
    if settings.prediction and not model.exists():
        report.error(None, "missing file", "prediction needs nep.txt, which is not beside it", "put the model there")
    if restart.exists() and not settings.fine_tune:
        rows = _rows(restart)
        if rows != settings.parameters:
            message = f"nep.restart has {rows} rows, nep.in makes a model of {settings.parameters} parameters"
            report.error(None, "restart", message, "the settings it was made with, or remove it to start anew")
    if model.exists() and (restart.exists() or settings.prediction):
        try:
            header = read_header(model)
        except InputError as error:
            report.error(None, "nep.txt", str(error), "remove it or put the model there")
            return
        _compare(header, settings, "nep.txt", report)


def _check_foundation(folder: Path, settings: NepIn, report: Report) -> None:
    if settings.fine_tune is None:
        return
    line = next(item for item in settings.file.commands() if item.words[0] == "fine_tune")
    for name in settings.fine_tune:
        if not (folder / name).exists():
            report.error(line, "missing file", f"{name} is not there", "get it from potentials/nep of GPUMD")
    model = folder / settings.fine_tune[0]
    if not model.exists():
        return
    header = read_header(model)
    absent = [element for element in settings.elements if element not in header.elements]
    if absent:
        message = f"the foundation model does not know {' and '.join(absent)}"
        report.error(line, "elements", message, "another model, or training from the start")
    _compare(header, settings, settings.fine_tune[0], report, elements=False)
    restart = folder / settings.fine_tune[1]
    wanted = replace(settings, elements=header.elements).parameters
    if restart.exists() and _rows(restart) != wanted:
        message = f"{settings.fine_tune[1]} has {_rows(restart)} rows, its model has {wanted} parameters"
        report.error(line, "restart", message, "the restart file of this model")


def _compare(header: PotentialHeader, settings: NepIn, name: str, report: Report, *, elements: bool = True) -> None:
    """Compare a nep.in, with its defaults, with the head of a model, as ``nep`` does before it goes on from one."""
    if not header.is_nep:
        report.error(None, name, f"{name} is no NEP, its first word is {header.token}", "put the model there")
        return
    lines = header.lines
    flags = [word != "0" for word in lines.get("l_max", ())[1:]]
    flags += [False] * (6 - len(flags))
    cutoff = tuple(float(word) for word in lines.get("cutoff", ())[:-2])
    pairs = {
        "type": (settings.elements, header.elements) if elements else ((), ()),
        "cutoff": (tuple(value for pair in settings.cutoffs for value in pair), cutoff),
        "n_max": (settings.n_max, tuple(int(word) for word in lines.get("n_max", ()))),
        "basis_size": (settings.basis_size, tuple(int(word) for word in lines.get("basis_size", ()))),
        "l_max": ((settings.l_max, *settings.flags), (int((lines.get("l_max") or ("0",))[0]), *flags)),
        "neuron": (settings.neurons[0], int((lines.get("ANN") or ("0",))[0])),
        "charge_mode": (settings.charge_mode, header.charge_mode),
        "zbl": (settings.zbl is not None, "_zbl" in header.token),
    }
    for keyword, (here, there) in pairs.items():
        if here != there:
            line = next((item for item in settings.file.commands() if item.words[0] == keyword), None)
            message = f"{keyword} is {_words(here)}, in {name} it is {_words(there)}"
            report.error(line, "model", message, f"make them equal, or start without {name}")


def _rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(_words(item) for item in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)
