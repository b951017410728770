"""Checks of run.in against the files that it needs: model.xyz, potentials, and what keywords name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.export import MOST_NEIGHBOURS
from nepkit.core.errors import InputError, NepkitError, did_you_mean
from nepkit.formats.files import read_frames
from nepkit.inputs.finding import Command, Report
from nepkit.inputs.potential import PotentialHeader, read_header

RUNNABLE: tuple[str, ...] = (
    *(f"nep4{zbl}{kind}" for kind in ("", "_temperature", "_charge1", "_charge2") for zbl in ("", "_zbl")),
    *("nep5", "nep5_zbl"),
)
"""NEPs that drive dynamics in GPUMD (src/force/force.cu)."""
DONE_BY_USER = {"compute_phonon": "kpoints.in", "compute_gkma": "eigenvector.in", "compute_hnema": "eigenvector.in"}
"""Files that a keyword reads without naming them."""


@dataclass(frozen=True)
class Surroundings:
    """What lies around a run.in.

    Parameters
    ----------
    folder : Path
        Where gpumd is started.
    atoms : Atoms or None
        model.xyz, before ``replicate``.
    fault : str
        Why model.xyz could not be read, empty where it could.
    copies : tuple of int
        ``replicate``.
    potentials : tuple of (Command, PotentialHeader or None, str)
        Line, head of the file, and why it could not be read.
    """

    folder: Path
    atoms: Atoms | None
    fault: str
    copies: tuple[int, int, int]
    potentials: tuple[tuple[Command, PotentialHeader | None, str], ...]

    @classmethod
    def of(cls, path: Path, commands: Sequence[Command]) -> Surroundings:
        """Read what lies around."""
        folder = path.parent
        atoms, fault = _model(folder / "model.xyz")
        replicate = [item for item in commands if item.name == "replicate"]
        copies = [int(replicate[0].match.number(axis)) for axis in "abc"] if replicate else [1, 1, 1]
        found = [(item, *_header(folder / item.words[0])) for item in commands if item.name == "potential"]
        return cls(folder, atoms, fault, (copies[0], copies[1], copies[2]), tuple(found))

    @property
    def count(self) -> int | None:
        """Number of atoms of the simulation, None where it is not known."""
        return None if self.atoms is None else len(self.atoms) * int(np.prod(self.copies))

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """Group labels of the atoms, shape (N, methods)."""
        if self.atoms is None:
            return None
        found = self.atoms.arrays.get("group")
        if found is None:
            return np.zeros((len(self.atoms), 0), dtype=np.int64)
        return np.asarray(found, dtype=np.int64).reshape(len(self.atoms), -1)

    @property
    def charge_mode(self) -> int | None:
        """1 or 2 where the first potential is a qNEP, 0 where it is not, None where that is not known."""
        header = self.potentials[0][1] if self.potentials else None
        return None if header is None else header.charge_mode

    @property
    def thickness(self) -> NDArray[np.float64] | None:
        """Distance between opposite faces of the replicated cell, A, shape (3,)."""
        if self.atoms is None or self.atoms.cell.rank != 3:
            return None
        inverse = np.linalg.inv(self.atoms.cell.array)
        return np.asarray(self.copies / np.linalg.norm(inverse, axis=0))


def _model(path: Path) -> tuple[Atoms | None, str]:
    if not path.exists():
        return None, "model.xyz is not beside it"
    try:
        return next(read_frames(path)), ""
    except NepkitError as error:
        return None, str(error)


def _header(path: Path) -> tuple[PotentialHeader | None, str]:
    try:
        return read_header(path), ""
    except OSError:
        return None, "it is not there"
    except InputError as error:
        return None, str(error)


def check_surroundings(commands: Sequence[Command], around: Surroundings, report: Report) -> None:
    """Report what does not fit together: potentials, model.xyz, groups and other files."""
    if around.fault:
        remedy = "put the structure there: nepkit convert, nepkit structure group"
        report.error(None, "model.xyz", around.fault, remedy)
    if around.groups is not None:
        for method, labels in enumerate(around.groups.T):
            _check_labels(labels, method, report)
    for command, header, fault in around.potentials:
        if header is None:
            report.error(
                command.line,
                "missing file",
                f"potential {command.words[0]}: {fault}",
                "correct the path; it counts from run.in",
            )
        else:
            _check_potential(command, header, around, report)
    _check_several(around, report)
    _check_velocity(commands, around, report)
    for command in commands:
        _check_files(command, around, report)
        for method, group in groups_of(command):
            _check_group(command, method, group, around, report)


def _check_labels(labels: NDArray[np.int64], method: int, report: Report) -> None:
    """Labels are to be 0, 1, 2 ... without gaps (GPUMD: src/model/read_xyz.cu)."""
    missing = sorted(set(range(int(labels.max()) + 1)) - set(labels.tolist()))
    if labels.min() < 0 or missing:
        what = f"no atom in group {missing[0]}" if missing else f"a group {labels.min()}"
        message = f"model.xyz has {what} of grouping method {method}; groups are 0, 1, 2 ... without gaps"
        report.error(None, "group", message, "nepkit structure group model.xyz --by ... -o model.xyz")


def _check_potential(command: Command, header: PotentialHeader, around: Surroundings, report: Report) -> None:
    line = command.line
    if header.token.startswith("nep3"):
        remedy = f"nepkit model convert {command.words[0]} -o nep4.txt"
        report.error(line, "potential", f"{header.token} was removed from GPUMD in May 2026", remedy)
    elif header.is_nep and header.token not in RUNNABLE:
        report.error(line, "potential", f"GPUMD has no dynamics with {header.token}", f"it has {', '.join(RUNNABLE)}")
    if header.layers == 2:
        report.error(line, "potential", "it has two hidden layers, of which GPUMD reads one", "train with one layer")
    if header.neighbours and header.neighbours > MOST_NEIGHBOURS:
        message = f"{header.neighbours} neighbours within the cutoff, GPUMD has room for {MOST_NEIGHBOURS}"
        report.error(line, "potential", message, "train with a shorter radial cutoff")
    if around.atoms is None:
        return
    missing = sorted(set(around.atoms.get_chemical_symbols()) - set(header.elements))
    if header.elements and missing:
        message = f"model.xyz has {' and '.join(missing)}, the potential knows {' '.join(header.elements)}"
        report.error(line, "elements", message, "another potential, or nepkit model species to add them and train")
    if header.charge_mode and not around.atoms.pbc.all():
        flags = " ".join("T" if flag else "F" for flag in around.atoms.pbc)
        report.error(line, "boundary", f'a qNEP needs pbc="T T T", model.xyz has "{flags}"', "add vacuum and set T T T")
    _check_thickness(command, header, around, report)


def _check_thickness(command: Command, header: PotentialHeader, around: Surroundings, report: Report) -> None:
    """Compare the cell with the cutoff (GPUMD: src/force/nep_small_box.cuh and its callers)."""
    thickness = around.thickness
    if thickness is None or header.cutoff is None or around.atoms is None:
        return
    small = 2.5 * (header.cutoff + 1)
    named = "abc"
    thin = [axis for axis in range(3) if around.atoms.pbc[axis] and thickness[axis] <= small]
    if not thin:
        return
    text = ", ".join(f"{named[axis]} {thickness[axis]:.1f} A" for axis in thin)
    wanted = [int(np.ceil(small * 1.001 / (thickness[axis] / around.copies[axis]))) for axis in range(3)]
    remedy = f"replicate {' '.join(str(max(n, c)) for n, c in zip(wanted, around.copies, strict=True))}"
    thick = [axis for axis in range(3) if thickness[axis] > 10 * header.cutoff]
    if thick:
        message = f"the cell is thin ({text}, at most {small:.1f} A) and {thickness[thick[0]]:.1f} A long: GPUMD stops"
        report.error(command.line, "cell", message, remedy)
    else:
        message = f"the cell is thin ({text}); up to 2.5 (cutoff + 1 A) = {small:.1f} A GPUMD is slow"
        report.warning(command.line, "cell", message, remedy)


def _check_several(around: Surroundings, report: Report) -> None:
    known = [(command, header) for command, header, _ in around.potentials if header is not None]
    if len(known) < 2:
        return
    for command, header in known:
        if not header.is_nep:
            report.error(command.line, "potential", "several potentials must all be NEPs", "keep one potential")
        elif header.elements != known[0][1].elements:
            remedy = f"nepkit model species --keep {','.join(known[0][1].elements)} {command.words[0]}"
            report.error(command.line, "potential", "its elements differ from those of the first potential", remedy)


def _check_velocity(commands: Sequence[Command], around: Surroundings, report: Report) -> None:
    given = next((item for item in commands if item.name == "velocity"), None)
    run = next((item for item in commands if item.name == "run"), None)
    if around.atoms is None or run is None:
        return
    stored = around.atoms.has("momenta") or "vel" in around.atoms.arrays
    if given is not None and stored and "seed" in given.match.options:
        message = "model.xyz has velocities, so this temperature and seed are not used"
        report.warning(given.line, "velocity", message, "remove vel from model.xyz to draw new ones")
    if given is None and not stored:
        remedy = "add velocity <temperature> below the potential"
        report.warning(run.line, "velocity", "no velocity and none in model.xyz: GPUMD draws them at 300 K", remedy)


def _check_files(command: Command, around: Surroundings, report: Report) -> None:
    if command.name in DONE_BY_USER and not (around.folder / DONE_BY_USER[command.name]).exists():
        name = DONE_BY_USER[command.name]
        report.error(command.line, "missing file", f"{command.name} reads {name}, which is not there", f"make {name}")
    read = {"dump_dipole": 1, "dump_polarizability": 1, "electron_stop": 0, "plumed": 0}
    place = read.get(command.name)
    named = [command.words[place]] if place is not None and len(command.words) > place else []
    for option in ("nep_file", "asi_file"):
        named += [str(value) for value in command.match.options.get(option, ())]
    if command.name in ("add_force", "add_efield") and "file" in command.match.values:
        named.append(command.match.word("file"))
    for name in named:
        if not (around.folder / name).exists():
            report.error(command.line, "missing file", f"{name} is not there", "correct the path")


def groups_of(command: Command) -> Iterator[tuple[int, int | None]]:
    """Yield the grouping methods and groups that a command names; None for all groups of a method."""
    values, options = command.match.values, command.match.options
    if "grouping method" in values or "group" in values:
        method, group = values.get("grouping method", 0), values.get("group")
        if command.name != "dump_cg":
            yield int(float(method)), None if group is None else int(float(group))
    for source in ("source group", "sink group"):
        if source in values:
            yield 0, int(float(values[source]))
    for name, chosen in options.items():
        if name == "group":
            group = int(float(chosen[1]))
            yield int(float(chosen[0])), None if group < 0 else group
        elif name == "all_groups":
            yield int(float(chosen[0])), None


def _check_group(command: Command, method: int, group: int | None, around: Surroundings, report: Report) -> None:
    labels = around.groups
    if labels is None:
        return
    if method >= labels.shape[1]:
        have = f"model.xyz has {labels.shape[1]} grouping method{'s' if labels.shape[1] != 1 else ''}"
        message = f"{command.name} uses grouping method {method}, {have} (counted from 0)"
        report.error(command.line, "group", message, "nepkit structure group model.xyz --by ... -o model.xyz")
        return
    known = np.unique(labels[:, method])
    if group is not None and group not in known:
        message = f"no group {group} in grouping method {method} of model.xyz"
        remedy = did_you_mean(str(group), [str(item) for item in known[:12]])
        report.error(command.line, "group", message, f"its groups: {remedy.removeprefix('known: ')}")
