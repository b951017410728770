"""Where ions are: probability density on a grid of the cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nepkit.core.atomic import atomic_path
from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import mean_over_items
from nepkit.transport.mechanism.motion import Motion

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Blocks of time whose scatter gives the errors.
BLOCKS = 10
#: Tails of smoothed samples below this share of their height are cut: at three standard deviations.
CUT = 0.01
#: The most points of a grid: more would hold less than a sample each.
MOST_POINTS = 20_000_000


@dataclass(frozen=True)
class Density:
    """Probability density of the ions of one element.

    Parameters
    ----------
    element : str
        Which.
    blocks : ndarray, shape (B, a, b, c)
        Mean number of ions in every voxel, by block of time, smoothed where that was asked for.
    structure : ase.Atoms
        Mean positions of all other atoms in the mean cell.
    ions, frames : int
        Number of ions and of frames.
    """

    element: str
    blocks: Array
    structure: Atoms
    ions: int
    frames: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Points along the cell vectors."""
        a, b, c = self.blocks.shape[1:]
        return a, b, c

    @property
    def voxel(self) -> float:
        """Volume of a voxel, A^3."""
        return float(self.structure.get_volume() / np.prod(self.shape))

    @property
    def values(self) -> Array:
        """Number of ions per A^3, shape (a, b, c)."""
        return np.asarray(mean_over_items(self.blocks, self.frames)[0] / self.voxel)

    def free_energy(self, temperature: float) -> Array:
        """Return -kT ln(density), eV, zero where it is highest and infinite where no ion was seen."""
        values = self.values
        with np.errstate(divide="ignore"):
            return np.asarray(-BOLTZMANN * temperature * np.log(values / values.max()))


def density(motion: Motion, element: str, *, spacing: float = 0.25, smooth: float = 0.0) -> Density:
    """Count the ions of an element on a grid, each frame in fractions of its own cell.

    Parameters
    ----------
    motion : Motion
        Opened with the element as mobile, so that the drift of the others is removed.
    element : str
        Which ions.
    spacing : float
        Largest distance of grid points, A.
    smooth : float
        Standard deviation of the periodic Gaussian that the counts are spread by, A; zero for none.

    Raises
    ------
    InputError
        Where the grid would be too fine.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nepkit.transport.mechanism.motion import motion_of
    >>> frames = [Atoms("LiO", [[x, 2, 2], [0, 0, 0]], cell=[4, 4, 4], pbc=True) for x in (1.0, 1.2, 1.1, 1.3)]
    >>> found = density(motion_of(frames, ["Li"], interval=1.0), "Li", spacing=1.0)
    >>> float(found.values.sum() * found.voxel)
    1.0
    """
    atoms = motion.atoms_of(element)
    if not spacing > 0.0 or smooth < 0.0:
        raise InputError(f"a spacing of {spacing} A, smoothing {smooth} A: expected more than zero, and zero or more")
    shape = np.maximum(1, np.ceil(np.linalg.norm(motion.cell, axis=1) / spacing - 1e-9)).astype(int)
    if np.prod(shape.astype(float)) > MOST_POINTS:
        raise InputError(f"a grid of {' x '.join(map(str, shape))} points is too fine; take a larger spacing")
    count = min(BLOCKS, motion.frames)
    blocks = np.zeros((count, int(np.prod(shape))))
    for block, part in enumerate(np.array_split(np.arange(motion.frames), count)):
        for start in range(0, len(part), 200):
            place = motion.fractional[part[start : start + 200]][:, atoms]
            voxel = np.minimum((place % 1.0) * shape, shape - 1).astype(np.int64)
            flat = np.ravel_multi_index(tuple(voxel.reshape(-1, 3).T), tuple(shape))
            blocks[block] += np.bincount(flat, minlength=blocks.shape[1])
        blocks[block] /= len(part)
    blocks = blocks.reshape(count, *shape)
    if smooth > 0.0:
        blocks = np.stack([_smoothed(part, motion.cell, smooth, count / motion.frames) for part in blocks])
    return Density(element, blocks, mean_structure(motion, element), len(atoms), motion.frames)


def mean_structure(motion: Motion, element: str) -> Atoms:
    """Return the mean positions of all atoms of other elements in the mean cell."""
    from ase import Atoms

    others = np.flatnonzero(np.array(motion.symbols) != element)
    place = motion.fractional[:, others].mean(axis=0)
    return Atoms([motion.symbols[index] for index in others], scaled_positions=place % 1.0, cell=motion.cell, pbc=True)


def _smoothed(values: Array, cell: Array, width: float, sample: float) -> Array:
    """Return values on a periodic grid folded with a Gaussian, whatever the shape of the cell.

    The tails of single samples are cut, else they would connect what no ion has ever connected.
    """
    from scipy.fft import irfftn, rfftn

    reciprocal = 2.0 * np.pi * np.linalg.inv(cell).T
    steps = [np.fft.fftfreq(n) * n for n in values.shape[:2]] + [np.fft.rfftfreq(values.shape[2]) * values.shape[2]]
    a, b, c = np.meshgrid(*steps, indexing="ij", sparse=True)
    squared = sum((a * r[0] + b * r[1] + c * r[2]) ** 2 for r in reciprocal.T)
    made = irfftn(rfftn(values) * np.exp(-0.5 * width**2 * squared), s=values.shape)
    peak = sample * abs(np.linalg.det(cell)) / values.size / (np.sqrt(2.0 * np.pi) * width) ** 3
    made = np.where(made > CUT * min(peak, sample), made, 0.0)
    return np.asarray(made * (values.sum() / made.sum() if made.sum() else 1.0))


def write_density(path: str | Path, found: Density, *, overwrite: bool = False) -> str:
    """Write a density for viewers such as VESTA and return the name of the format.

    Gaussian cube (atomic units, ions per Bohr^3) where the suffix is ``.cube``, else VASP's CHGCAR, whose integral is
    the number of ions. Both with the mean structure of the other atoms.
    """
    from ase import units

    values = found.values
    with atomic_path(Path(path), overwrite=overwrite) as temporary:
        if Path(path).suffix.lower() == ".cube":
            from ase.io.cube import write_cube

            with temporary.open("w", encoding="utf-8") as file:
                write_cube(file, found.structure, data=values * units.Bohr**3, comment=f"ions of {found.element}")
            return "cube"
        from ase.calculators.vasp import VaspChargeDensity

        # CHGCAR lists atoms by element.
        order = np.argsort(found.structure.numbers, kind="stable")
        chgcar = VaspChargeDensity(None)
        chgcar.atoms, chgcar.chg = [found.structure[order]], [values]
        chgcar.write(str(temporary), format="chgcar")
    return "CHGCAR"
