"""Files damaged in every way that files get damaged, for all readers; used by the tests and by benchmarks/fuzz.py."""

import gzip
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import write as ase_write
from scipy.io import netcdf_file

from nepkit.core.errors import InputError, NepkitError
from nepkit.formats.catalogue import formats
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import Labels, labels, set_labels

ELEMENTS = ("Cl", "Na")
OUTPUTS = Path(__file__).parent / "outputs"
TOKENS = (b"nan", b"", b"1e999", b"-1", b"1e9x", b"99999999999", b"0", b"*****", b"inf", b"Xx", b"1.5.5", b'"', b"=")
BYTES = np.frombuffer(b"x -.\n9\x00\xff\t:=\"'", dtype=np.uint8)
KINDS = (
    "cut",
    "lines swapped",
    "line lost",
    "line doubled",
    "bytes",
    "token",
    "token lost",
    "binary",
    "joined",
    "count",
)


def frames(count: int = 2) -> list[Atoms]:
    """Return labelled frames."""
    made = []
    for k in range(count):
        atoms = bulk("NaCl", "rocksalt", 5.64 + 0.1 * k)
        atoms.rattle(0.1, seed=k)
        rng = np.random.default_rng(k)
        virial = rng.normal(size=(3, 3))
        set_labels(atoms, Labels(energy=-7.0 - k, forces=rng.normal(size=(2, 3)), virial=virial + virial.T))
        made.append(atoms)
    return made


def samples(reference: Path | None = None) -> dict[str, tuple[str, bytes]]:
    """Return sound files: by a name, the format and the content.

    Parameters
    ----------
    reference : Path, optional
        Folder with more outputs of calculations.
    """
    found: dict[str, tuple[str, bytes]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        for name, made in formats().items():
            if made.read and made.write and not made.folder:
                made.write(path, frames(1 if made.single else 2))
                found[name] = (name, path.read_bytes())
                path.unlink()
        ase_write(path, frames(2), format="vasp-xdatcar")
        found["xdatcar"] = ("xdatcar", path.read_bytes())
        _write_netcdf(path)
        found["gpumd-netcdf"] = ("gpumd-netcdf", path.read_bytes())
    found["lammps-dump"] = ("lammps-dump", _DUMP.encode())
    for file in sorted(OUTPUTS.glob("*.gz")) + sorted(OUTPUTS.glob("*/*.log.gz")):
        whose = file if file.parent == OUTPUTS else file.parent
        name = whose.name.split("_")[0].split(".")[0]
        found[file.name] = (name, gzip.decompress(file.read_bytes()))
    for name, text in _LAYOUTS.items():
        found[name] = (name, text.encode())
    for file in sorted(reference.iterdir()) if reference else ():
        kinds = {"OUTCAR": "vasp-outcar", "vasprun": "vasp-xml", "cp2k": "cp2k", "running": "abacus"}
        found[file.name] = (
            next(kind for start, kind in kinds.items() if file.name.startswith(start)),
            file.read_bytes(),
        )
    return found


def _write_netcdf(path: Path) -> None:
    with netcdf_file(str(path), "w") as file:
        for name, size in {"frame": 2, "atom": 2, "spatial": 3}.items():
            file.createDimension(name, size)
        file.createVariable("coordinates", "d", ("frame", "atom", "spatial"))[:] = np.arange(12.0).reshape(2, 2, 3)
        file.createVariable("cell_lengths", "d", ("frame", "spatial"))[:] = 9.0
        file.createVariable("cell_angles", "d", ("frame", "spatial"))[:] = 90.0
        file.createVariable("type", "i", ("atom",))[:] = [0, 1]


def damaged(whole: bytes, rng: np.random.Generator, kind: str) -> bytes:
    """Return a file damaged in one way of `KINDS`."""
    lines = whole.split(b"\n")
    i, j = (int(k) for k in rng.integers(len(lines), size=2))
    if kind == "cut":
        return whole[: rng.integers(len(whole))]
    if kind == "lines swapped":
        lines[i], lines[j] = lines[j], lines[i]
    elif kind == "line lost":
        del lines[i]
    elif kind == "line doubled":
        lines.insert(j, lines[i])
    elif kind == "bytes":
        data = bytearray(whole)
        for place in rng.integers(len(data), size=5):
            data[place] = int(rng.choice(BYTES))
        return bytes(data)
    elif kind in ("token", "token lost", "count"):
        words = lines[i].split(b" ")
        full = [k for k, word in enumerate(words) if word and (kind != "count" or word.isdigit())]
        if full:
            place = int(rng.choice(full))
            if kind == "token lost":
                del words[place]
            elif kind == "count":
                words[place] = str(int(words[place]) + int(rng.choice([-1, 1, 1000000]))).encode()
            else:
                words[place] = TOKENS[rng.integers(len(TOKENS))]
            lines[i] = b" ".join(words)
    elif kind == "binary":
        lines[i] = rng.bytes(30)
    else:
        lines[i : i + 2] = [b"".join(lines[i : i + 2])]
    return b"\n".join(lines)


@contextmanager
def silence() -> Iterator[None]:
    """Leave notices of parsers aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def outcome(path: Path, format: str) -> str:
    """Read a file to its end: "frames" or "told"; anything worse than an error of one line raises."""
    reading = Reading(ELEMENTS)
    count = 0
    try:
        for atoms in read_frames(path, format, reading):
            count += 1
            labels(atoms)
            if not len(atoms) or not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
                raise AssertionError(f"frame {count} of no atoms or not finite")
    except InputError as error:
        if "\n" in str(error).strip() or not str(error).strip() or len(str(error)) > 1000:
            raise AssertionError(f"not one line: {error}") from error
        return "told"
    except NepkitError:
        return "told"
    if not count and not reading.dropped:
        raise AssertionError("silently no frames")
    return "frames"


_DUMP = """ITEM: TIMESTEP
7
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS xy xz yz pp pp pp
1 6 1
1 6 0
1 7 0
ITEM: ATOMS id type xs ys zs q
2 2 0.5 0 0 -1
1 1 0 0.5 0 1
"""

_LAYOUTS = {
    "orca": """ * O   R   C   A *
CARTESIAN COORDINATES (ANGSTROEM)
---------------------------------
  O      0.000000    0.000000    0.100000
  H      0.000000    0.000000    1.060000

 SCF CONVERGED AFTER  12 CYCLES
FINAL SINGLE POINT ENERGY       -75.5
CARTESIAN GRADIENT
------------------

   1   O   :    0.005778618    0.024701072    0.000628149
   2   H   :   -0.005778618   -0.024701072   -0.000628149
""",
    "siesta": """Siesta Version  : 4.1
outcoor: Atomic coordinates (Ang):
    0.00000000    0.00000000    0.10000000   1       1  Si
    1.30000000    1.40000000    1.50000000   1       2  Si

outcell: Unit cell vectors (Ang):
        0.000000    2.700000    2.700000
        2.700000    0.000000    2.700000
        2.700000    2.700000    0.000000

siesta:    1     -215.5984     -215.5790     -215.5991  0.0078 -3.7410
siesta: Atomic forces (eV/Ang):
     1   -0.149153    0.178802   -0.092712
     2    0.149153   -0.178802    0.092712
siesta: Stress tensor (static) (eV/Ang**3):
        -0.004677   -0.000119   -0.000008
        -0.000119   -0.004685   -0.000094
        -0.000008   -0.000094   -0.004671
""",
    "castep": """ CASTEP version 23.1
        Real Lattice(A)
     5.4300000     0.0000000     0.0000000        1.157124366   0.000000000   0.000000000
     0.0000000     5.4300000     0.0000000        0.000000000   1.157124366   0.000000000
     0.0000000     0.0000000     5.4300000        0.000000000   0.000000000   1.157124366
            x  Element    Atom        Fractional coordinates of atoms  x
            x  Si           1         0.000000   0.000000   0.000000   x
            x  Si           2         0.250000   0.250000   0.250000   x
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
Final free energy (E-TS)    =  -1351.204909942     eV
 ************************************** Forces **************************************
 * Si              1     -0.09963              0.10729             -0.00665         *
 * Si              2      0.09339              0.01482              0.01147         *
 *                                                                                  *
 ************************************************************************************
 ***************** Stress Tensor *****************
 *  x      0.390672     -0.144025     -0.061901  *
 *  y     -0.144025      0.388091     -0.276337  *
 *  z     -0.061901     -0.276337      0.385978  *
 *                                               *
""",
    "aims": """          Invoking FHI-aims ...
  Input geometry:
  | Unit cell:
  |        0.00000000        2.90300000        2.90300000
  |        2.90300000        0.00000000        2.90300000
  |        2.90300000        2.90300000        0.00000000
  | Atomic structure:
  |       Atom                x [A]            y [A]            z [A]
  |    1: Species Si            0.00000000        0.00000000        0.00000000
  |    2: Species Si            1.45150000        1.45150000        1.45150000

          Begin self-consistency loop: Initialization.
  Self-consistency cycle converged.
  |              Analytical stress tensor - Symmetrized               |
  |  x         0.07748922      -0.00000000      -0.00000000           |
  |  y        -0.00000000       0.07748923       0.00000000           |
  |  z        -0.00000000       0.00000000       0.07748923           |
  | Electronic free energy        :         -0.157476651322907E+05 eV
  Total atomic forces (unitary forces cleaned) [eV/Ang]:
  |    1          0.100000000000000E+00          0.000000000000000E+00          0.000000000000000E+00
  |    2         -0.100000000000000E+00          0.000000000000000E+00          0.000000000000000E+00
""",
    "abacus": """                              www.abacus-dft.com
 lattice constant (Angstrom) = 0.529177
 Lattice vectors: (Cartesian coordinate: in unit of a_0)
            10                 0                 0
             0                10                 0
             0                 0                10
 DIRECT COORDINATES
 tauc_C1    0.1    0.2    0.3
 tauc_H1    0.4    0.5    0.6

 ELEC=   1-
 charge density convergence is achieved
 final etot is -219.6499 eV
 TOTAL-FORCE (eV/Angstrom)
 C1  0.1 0.2 0.3
 H1  -0.1 -0.2 -0.3

 TOTAL-STRESS (KBAR)
 1.0 0.1 0.2
 0.1 1.0 0.3
 0.2 0.3 1.0
""",
}
