"""Files that log what a run did: neighbor.out, active.out, mcmd.out and the files of thermodynamic integration."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import Array, read_rows

NEIGHBORS = re.compile(r"step (\d+): radial\(max=(\d+),actual=(\d+)\), angular\(max=(\d+),actual=(\d+)\)")


@dataclass(frozen=True)
class NeighborCounts:
    """neighbor.out: largest numbers of neighbours.

    Parameters
    ----------
    step : ndarray, shape (R,)
        Number of the step.
    radial, angular : ndarray, shape (R, 2)
        Room for neighbours, and the most that an atom had.
    """

    step: Array
    radial: Array
    angular: Array


@dataclass(frozen=True)
class MonteCarlo:
    """mcmd.out: exchanges of atoms during a run.

    Parameters
    ----------
    step : ndarray, shape (R,)
        Number of molecular dynamics steps; counted on through several runs.
    acceptance : ndarray, shape (R,)
        Share of accepted trials.
    concentrations : mapping of str to ndarray, shape (R,)
        By element (``species 1`` and so on without a header); empty in the canonical ensemble.
    """

    step: Array
    acceptance: Array
    concentrations: Mapping[str, Array]


def read_neighbor(path: str | Path) -> NeighborCounts:
    r"""Return neighbor.out.

    Raises
    ------
    InputError
        Where no line tells neighbours.

    Examples
    --------
    >>> line = "Neighbor info at step 1000: radial(max=67,actual=34), angular(max=60,actual=30).\n"
    >>> _ = Path("/tmp/nepkit-neighbor.out").write_text(line)
    >>> read_neighbor("/tmp/nepkit-neighbor.out").radial
    array([[67., 34.]])
    """
    rows = NEIGHBORS.findall(Path(path).read_text(encoding="utf-8", errors="replace"))
    if not rows:
        raise InputError(f"{path}: no line with numbers of neighbours; is it a neighbor.out?")
    table = np.array(rows, dtype=float)
    return NeighborCounts(table[:, 0], table[:, 1:3], table[:, 3:5])


def read_active(path: str | Path) -> tuple[Array, Array]:
    """Return active.out: time, ps, and the largest deviation of a force among the potentials, eV/A, of every check.

    GPUMD: src/measure/active.cu. Only frames above the threshold are in active.xyz: match them by their time.
    """
    table = read_rows(path)
    if table.shape[1] != 2:
        raise InputError(f"{path}: {table.shape[1]} columns, expected 2; is it an active.out?")
    return 1e-3 * table[:, 0], table[:, 1]


def row_of_frame(atoms: Atoms, time: Array, where: str, path: str | Path) -> int:
    """Return the index of the row of active.out that a frame of active.xyz was written at, by its time.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame.
    time : ndarray, shape (C,)
        Of every check, ps, from `read_active`.
    where : str
        What messages call the frame.
    path : str or Path
        What they call active.out.

    Raises
    ------
    InputError
        Where the frame has no time, or one that is none of the checks.
    """
    femtoseconds = number_in_header(atoms, "time", where)
    if femtoseconds is None:
        raise InputError(f"{where}: it has no Time to find its row of {path} by")
    row = int(np.argmin(np.abs(time - 1e-3 * femtoseconds)))
    if abs(time[row] - 1e-3 * femtoseconds) > 1e-6 * max(1.0, abs(time[row])):
        raise InputError(f"{where}: no row of {path} has its time of {femtoseconds:g} fs; are they of one run?")
    return row


def number_in_header(atoms: Atoms, name: str, where: str) -> float | None:
    """Return a number of the second line of a frame, by its name in lower case; None where it is not there.

    Raises
    ------
    InputError
        Where it is no number.
    """
    value = next((value for key, value in atoms.info.items() if key.lower() == name), None)
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise InputError(f"{where}: {name} is {value!r}, expected a number") from None


def read_mcmd(path: str | Path) -> MonteCarlo:
    """Return mcmd.out (GPUMD: src/mc).

    Raises
    ------
    InputError
        Where it has less than two columns.
    """
    table = read_rows(path)
    if table.shape[1] < 2:
        raise InputError(f"{path}: {table.shape[1]} column, expected steps, acceptance and concentrations")
    step = table[:, 0].copy()
    for restart in np.flatnonzero(np.diff(table[:, 0]) <= 0) + 1:
        step[restart:] += step[restart - 1] - step[restart] + table[restart, 0]
    names = _species(Path(path), table.shape[1] - 2)
    return MonteCarlo(step, table[:, 1], dict(zip(names, table[:, 2:].T, strict=True)))


def _species(path: Path, count: int) -> list[str]:
    """Return the elements of the line ``# mc sgc STEPS TRIALS T T NTYPES El mu El mu ...``."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.lstrip("# ").split()
            if words[:1] == ["mc"] and len(words) > 7 and words[1].endswith("sgc") and words[6] == str(count):
                return [words[7 + 2 * place] for place in range(count)]
    return [f"species {number + 1}" for number in range(count)]


def read_integration(path: str | Path) -> Mapping[str, Array]:
    r"""Return the columns of ti.csv, ti_spring.csv, ti_liquid.csv, ti_rs.csv or ti_as.csv by their names.

    Energies are in eV/atom (GPUMD: src/integrate/ensemble_ti_spring.cu and the like).

    Raises
    ------
    InputError
        Where there is no header or a row is not like it.

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-ti.csv").write_text("lambda,dlambda,pe\n0,1,-3\n1,1,-4\n")
    >>> read_integration("/tmp/nepkit-ti.csv")["pe"]
    array([-3., -4.])
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        names, *rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row] or [[]]
    if not names or not rows or any(len(row) != len(names) for row in rows):
        raise InputError(f"{path}: expected a line of names and rows of {len(names)} numbers")
    try:
        table = np.array(rows, dtype=float)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return dict(zip(names, table.T, strict=True))


def read_free_energy(path: str | Path) -> Mapping[str, float]:
    r"""Return ti_spring.yaml or ti_liquid.yaml: free energies (eV/atom), T (K), V (A^3/atom), P (eV/A^3).

    Examples
    --------
    >>> _ = Path("/tmp/nepkit-ti.yaml").write_text("F: -4.5\nT: 300\n")
    >>> read_free_energy("/tmp/nepkit-ti.yaml")
    {'F': -4.5, 'T': 300.0}
    """
    found = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        key, _, value = line.partition("#")[0].partition(":")
        if not key.strip():
            continue
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise InputError(f"{path}, line {number}: expected a name and a number, found {line.strip()!r}") from None
    if not found:
        raise InputError(f"{path}: no numbers")
    return found
