"""The files of a run as GPUMD writes them: thermo.out and frames, appended as the run goes on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
from ase import Atoms, units

from nepkit.core import conventions
from nepkit.core.errors import InputError
from nepkit.formats.files import format_frame
from nepkit.frames import Labels, set_labels

TRAJECTORY, THERMO, STATE, RESTART = "dump.xyz", "thermo.out", "state.pack", "restart.xyz"
APPENDED = (TRAJECTORY, THERMO)

COLUMNS = "T KE PE P_xx P_yy P_zz P_yz P_xz P_xy a_x a_y a_z b_x b_y b_z c_x c_y c_z"


class RunFiles:
    """The files that grow with a run, open for appending.

    Parameters
    ----------
    folder : Path
        Where they lie.
    sizes : mapping of str to int, optional
        How many bytes of each are kept; what a killed run wrote after its last state is cut off.

    Raises
    ------
    InputError
        Where a file has fewer bytes than that: it was changed, and must not be filled up.
    """

    def __init__(self, folder: Path, sizes: dict[str, int] | None = None) -> None:
        for name, size in (sizes or {}).items():
            found = (folder / name).stat().st_size if (folder / name).is_file() else 0
            if found < size:
                raise InputError(
                    f"{folder / name}: {found} bytes, but the run had written {size}; it was shortened or replaced: "
                    "put it back, or start again in another folder"
                )
        self._folder = folder
        self._files = {name: open(folder / name, "r+b" if sizes else "wb") for name in APPENDED}  # noqa: SIM115
        for name, size in (sizes or {}).items():
            self._files[name].truncate(size)
            self._files[name].seek(size)

    def add(self, name: str, text: str) -> None:
        """Append text to a file."""
        self._files[name].write(text.encode())

    def sizes(self) -> dict[str, int]:
        """Bring everything to the disk and return the number of bytes of every file."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        return {name: file.tell() for name, file in self._files.items()}

    def endings(self) -> dict[str, str]:
        """Return a hash of the last bytes of every file, as it is now."""
        return {name: ending(self._folder / name, file.tell()) for name, file in self._files.items()}

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


def ending(path: Path, size: int) -> str:
    """Return a hash of up to 4096 bytes before a place of a file: whether it is still the file that was written."""
    with path.open("rb") as file:
        file.seek(max(size - 4096, 0))
        return hashlib.sha256(file.read(min(size, 4096))).hexdigest()


def thermo_header(atoms: Atoms, interval: float) -> str:
    """Return the lines before the rows of a run; ``interval`` is the time between rows, fs."""
    return f"# dump_thermo\n# num_atoms {len(atoms)}\n# dt_output {interval!r} fs\n# columns {COLUMNS}\n"


def thermo_row(atoms: Atoms) -> str:
    """Return one row: K, eV, eV, six pressures in GPa, positive under compression, and the cell in A.

    The order is that of GPUMD's src/measure/dump_thermo.cu. Pressures are NaN-free: zero where the cell has no volume
    or the model no stress.
    """
    pressure = np.zeros(6)
    if atoms.cell.rank == 3 and "stress" in atoms.calc.implemented_properties:
        stress = atoms.get_stress(voigt=False, include_ideal_gas=True)
        pressure = -conventions.components(stress, "thermo") / units.GPa
    kinetic = atoms.get_kinetic_energy()
    kelvin = 2.0 * kinetic / (3.0 * len(atoms) * units.kB)
    values = [kelvin, kinetic, atoms.get_potential_energy(), *pressure, *atoms.cell.array.ravel()]
    return " ".join(f"{value:.10e}" for value in values) + "\n"


def trajectory_frame(atoms: Atoms, time: float) -> str:
    """Return a frame as dump_xyz writes it, with velocities (A/fs) and forces; ``time`` is in fs.

    Positions are wrapped into the cell along periodic directions. GPUMD's ``stress`` is left out: the sign that GPUMD
    gives it is not the one of ASE and of the trainer; ``virial`` says the same.
    """
    frame = restart_frame(atoms)
    frame.info = {"Time": round(time, 6)}
    virial = None
    if atoms.cell.rank == 3 and "stress" in atoms.calc.implemented_properties:
        virial = conventions.virial_from_stress(atoms.get_stress(voigt=False), atoms.cell.volume)
    known = Labels(energy=float(atoms.get_potential_energy()), forces=atoms.get_forces(md=True), virial=virial)
    set_labels(frame, known)
    return format_frame(frame)


def restart_frame(atoms: Atoms) -> Atoms:
    """Return what a run goes on from: positions, wrapped, cell, masses and velocities (A/fs)."""
    frame = bare_frame(atoms)
    if atoms.cell.rank == 3:
        frame.wrap()
    frame.set_array("vel", atoms.get_velocities() * units.fs)
    return frame


def bare_frame(atoms: Atoms) -> Atoms:
    """Return positions, cell and masses alone."""
    frame = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    frame.set_masses(atoms.get_masses())
    return frame
