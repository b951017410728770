"""Label Li2Cl+ ... LiCl2-, two ions pulled apart, with Hartree-Fock, and put them in a periodic box.

RHF/def2-SVP with density fitting by PySCF (``pip install pyscf``), of the isolated pair. GPUMD's charge models are
periodic, so that the energy and the forces of the formal charges' periodic images (full Ewald sum minus direct sum, at
the nuclei) are added. How well formal charges do for that is told by the ratio of the Hartree-Fock dipole to theirs,
which is printed.

    python label.py           # near.xyz, far.xyz and scan.xyz in work/, a few seconds a frame; finished frames are kept
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read, write
from scipy.spatial.transform import Rotation

from lr_correction.batch import Batch
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import COULOMB_CONSTANT, coulomb

WORK = Path(__file__).parent / "work"
BOX = 30.0  # A
BOND = 2.17  # A, Li-Cl in both ions
RATTLE = 0.08  # A
FORMAL = {"Li": 1.0, "Cl": -1.0}
CLOSEST = 2.0  # A, between atoms of the two ions
#: Distances between the middle atoms, A: training, beyond the training range, and the curve.
NEAR, FAR, SCAN = (3.0, 8.0), (8.5, 17.0), (4.5, 5.0, 5.5, 6.0, 6.75, 7.5, 8.5, 9.5, 10.5, 12.0, 13.5, 15.0)
COUNTS = {"near": 100, "far": 24, "scan": len(SCAN)}


def pair(first: np.ndarray, second: np.ndarray, distance: float) -> Atoms:
    """Return Li2Cl+ and, at a distance along x, LiCl2-."""
    atoms = Atoms("ClLi2LiCl2", np.vstack([first, second + np.array([distance, 0, 0])]))
    atoms.info["distance"] = round(float(distance), 3)
    return atoms


def random_pair(seed: int, low: float, high: float) -> Atoms:
    """Return a pair with rattled ions, turned at random, that do not overlap."""
    generator = np.random.default_rng(seed)
    linear = np.array([[0, 0, 0], [-BOND, 0, 0], [BOND, 0, 0]])
    while True:
        distance = generator.uniform(low, high)
        ions = [
            (linear + RATTLE * generator.normal(size=(3, 3))) @ Rotation.random(random_state=generator).as_matrix().T
            for _ in range(2)
        ]
        atoms = pair(*ions, distance)
        if atoms.get_all_distances()[:3, 3:].min() > CLOSEST:
            return atoms


def structures(name: str) -> Iterator[Atoms]:
    """Yield the frames of a set; frame k does not depend on how many there are."""
    for k in range(COUNTS[name]):
        if name == "scan":
            parallel = np.array([[0, 0, 0], [0, -BOND, 0], [0, BOND, 0]])
            yield pair(parallel, parallel, SCAN[k])
        else:
            yield random_pair(zlib.crc32(f"{name}/{k}".encode()), *(NEAR if name == "near" else FAR))


def hartree_fock(atoms: Atoms, charge: int = 0) -> tuple[float, np.ndarray, np.ndarray]:
    """Return energy (eV), forces (eV/A) and dipole (e A) of isolated atoms."""
    from pyscf import gto, scf
    from pyscf.data.nist import BOHR, HARTREE2EV

    geometry = list(zip(atoms.symbols, atoms.positions, strict=True))
    molecule = gto.M(atom=geometry, basis="def2-svp", charge=charge, verbose=0)
    field = scf.RHF(molecule).density_fit()
    field.conv_tol = 1e-9
    energy = field.kernel()
    if not field.converged:
        raise RuntimeError(f"{atoms.info}: the self-consistent field did not converge")
    gradient = field.nuc_grad_method().kernel()
    dipole = field.dip_moment(unit="AU", verbose=0) * BOHR
    return energy * HARTREE2EV, -gradient * HARTREE2EV / BOHR, dipole


def images(atoms: Atoms) -> tuple[float, np.ndarray]:
    """Return energy and forces by which formal charges in the periodic box differ from those of the pair alone."""
    charges = np.array([FORMAL[symbol] for symbol in atoms.symbols])
    operator = Electrostatics(Batch.from_atoms([atoms], list(FORMAL)), None, coulomb(0.35, 3.5, 12.0))
    vectors = atoms.positions[:, None] - atoms.positions
    lengths = np.linalg.norm(vectors, axis=2) + np.diag(np.full(len(atoms), np.inf))
    products = COULOMB_CONSTANT * np.outer(charges, charges)
    forces = ((products / lengths**3)[:, :, None] * vectors).sum(axis=1)
    energy = float(operator.energy(charges)[0]) - 0.5 * float((products / lengths).sum())
    return energy, charges[:, None] * operator.field(charges) - forces


def boxed(atoms: Atoms) -> tuple[Atoms, float]:
    """Return a labelled frame in the middle of the box, and the dipole of Hartree-Fock over the formal one."""
    energy, forces, dipole = hartree_fock(atoms)
    formal = np.array([FORMAL[symbol] for symbol in atoms.symbols]) @ atoms.positions
    frame = atoms.copy()
    frame.set_cell([BOX] * 3)
    frame.pbc = True
    frame.positions += BOX / 2 - frame.positions.mean(axis=0)
    more, push = images(frame)
    frame.info["energy"] = round(energy + more, 6)
    frame.arrays["forces"] = np.round(forces + push, 6)
    frame.positions = np.round(frame.positions, 6)
    return frame, float(np.linalg.norm(dipole) / np.linalg.norm(formal))


def main() -> None:
    WORK.mkdir(exist_ok=True)
    for name in COUNTS:
        path, ratios = WORK / f"{name}.xyz", []
        done = read(path, ":") if path.exists() else []
        for k, atoms in enumerate(structures(name)):
            if k < len(done):
                continue
            frame, ratio = boxed(atoms)
            ratios.append(ratio)
            write(path, frame, format="extxyz", append=True)
            print(
                f"{name} {k + 1}/{COUNTS[name]}, {frame.info['distance']} A, dipole over formal {ratio:.3f}", flush=True
            )
        if ratios:
            print(f"{name}: dipole over formal {np.mean(ratios):.3f}")


if __name__ == "__main__":
    main()
