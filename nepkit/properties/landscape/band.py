"""The path of least energy between two minima: nudged elastic band with a climbing image.

Improved tangents after Henkelman and Jonsson (doi:10.1063/1.1323224), climbing image after Henkelman, Uberuaga and
Jonsson (doi:10.1063/1.1329672), the start by image-dependent pair potentials after Smidstrup et al.
(doi:10.1063/1.4878664), all as ASE has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ase import Atoms
from ase.geometry import find_mic
from ase.mep import NEB
from ase.optimize import FIRE
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.frames import Labels, labels, set_labels
from nepkit.models.potentials import Committee, Potential, PotentialCalculator

Array = NDArray[np.float64]

SAME = 0.05  # A; ends closer than this are one minimum
_APART = 5.0  # a distance of neighbouring images beyond this many times the first mean is a band torn apart
_FIRST = 5.0  # the image begins to climb when forces are below this many times the wanted ones


@dataclass(frozen=True)
class Band:
    """Images from one minimum to another.

    Sizes: K images.

    Parameters
    ----------
    images : list of ase.Atoms
        Labelled with energy and forces; the first and last are the ends.
    coordinate : ndarray, shape (K,)
        Length of the path up to every image, A: root of the summed squared displacements of all atoms.
    energy : ndarray, shape (K,)
        Relative to the first image, eV.
    slope : ndarray, shape (K,)
        Of the energy along the path, eV/A, from the forces.
    deviation : ndarray, shape (K,), or None
        Standard deviation over a committee of the energy relative to the first image, eV.
    barrier_error : float or None
        Standard deviation over a committee of the barrier, at the same images, eV.
    max_force : float
        Longest force on an atom of an image, perpendicular to the band, eV/A.
    steps : int
        Steps of the band.
    converged : bool
        Whether that force is as small as asked for.
    reason : str
        Why it stopped; empty where converged.
    """

    images: list[Atoms]
    coordinate: Array
    energy: Array
    slope: Array
    deviation: Array | None
    barrier_error: float | None
    max_force: float
    steps: int
    converged: bool
    reason: str

    @property
    def saddle(self) -> int:
        """Number of the highest image, from 0."""
        return int(np.argmax(self.energy))

    @property
    def barrier(self) -> float:
        """Highest energy above the first image, eV."""
        return float(self.energy.max())

    @property
    def reverse_barrier(self) -> float:
        """Highest energy above the last image, eV."""
        return float(self.energy.max() - self.energy[-1])

    @property
    def reaction_energy(self) -> float:
        """Energy of the last image above the first, eV."""
        return float(self.energy[-1])

    def notes(self) -> list[str]:
        """Return what the reader of the barrier should know."""
        found = []
        if self.saddle in (0, len(self.energy) - 1):
            found.append("the highest image is an end: there is no barrier along this path")
        inner = self.energy[1:-1]
        lower = (inner < self.energy[:-2] - 1e-3) & (inner < self.energy[2:] - 1e-3)
        for number in np.flatnonzero(lower) + 1:
            found.append(f"image {number + 1} lies in a minimum between the ends: relax it and split the path there")
        return found


def interpolate(first: Atoms, last: Atoms, images: int, *, idpp: bool = True) -> list[Atoms]:
    """Return a band between two structures whose atoms are matched.

    Parameters
    ----------
    first, last : ase.Atoms
        Ends; see `nepkit.properties.landscape.matching.match`.
    images : int
        Images between the ends.
    idpp : bool
        Whether distances of pairs are interpolated (no atom comes too close), or positions alone.

    Raises
    ------
    InputError
        Where both ends are one structure.

    Examples
    --------
    >>> ends = [Atoms("H", positions=[[x, 0, 0]]) for x in (0.0, 3.0)]
    >>> [round(float(atoms.positions[0, 0]), 6) for atoms in interpolate(*ends, 2)]
    [0.0, 1.0, 2.0, 3.0]
    """
    moved, _ = find_mic(last.positions - first.positions, first.cell, first.pbc)
    if np.linalg.norm(moved, axis=1).max() < SAME:
        raise InputError(f"both ends are the same structure to {SAME} A; there is no path between them")
    band = [first.copy() for _ in range(images + 1)] + [last.copy()]
    neb = NEB(band, method="improvedtangent")
    neb.interpolate("idpp" if idpp and len(first) > 1 else "linear", mic=True, apply_constraint=False)
    for atoms in band:
        atoms.calc = None
    return band


def find_band(
    band: Sequence[Atoms],
    potential: Potential,
    *,
    fmax: float = 0.02,
    steps: int = 500,
    spring: float = 0.5,
    climb: bool = True,
    watch: Callable[[list[Atoms]], None] | None = None,
) -> Band:
    """Bring a band to the path of least energy; its ends stay as they are.

    Parameters
    ----------
    band : sequence of ase.Atoms
        From `interpolate`, or a band of an earlier run.
    potential : Potential
        A committee gives the error of the barrier.
    fmax : float
        Converged when no force perpendicular to the band is longer, eV/A.
    steps : int
        Most steps.
    spring : float
        eV/A^2.
    climb : bool
        Whether the highest image climbs to the saddle.
    watch : callable, optional
        Called with labelled copies of the images after every step.

    Returns
    -------
    Band
        Also where it did not converge or was torn apart: then it holds the last band that could be computed.

    Raises
    ------
    InputError
        Where an image of the start cannot be computed.

    Examples
    --------
    >>> images = interpolate(start, end, 5)  # doctest: +SKIP
    >>> find_band(images, load_potential("nep.txt")).barrier  # doctest: +SKIP
    """
    images = [atoms.copy() for atoms in band]
    for atoms in images:
        atoms.calc = PotentialCalculator(potential)
    run = _Run(images, spring, watch)
    reason = ""
    with task("Band") as step:
        try:
            stages = ((_FIRST * fmax, False), (fmax, True)) if climb else ((fmax, False),)
            for limit, climbing in stages:
                reason = run.relax(limit, climbing, steps, step.advance)
                if reason:
                    break
        except InputError as error:
            if not run.steps:
                raise
            reason = str(error)
    return _result(run, potential, reason)


class _Run:
    """The images under way and the last of them that could be computed."""

    def __init__(self, images: list[Atoms], spring: float, watch: Callable[[list[Atoms]], None] | None) -> None:
        self.images, self._spring, self._watch = images, spring, watch
        self.last: list[Atoms] = []
        self.max_force, self.steps = float("nan"), 0
        self._gap = float(np.mean(np.diff(_coordinate(images))))

    def relax(self, fmax: float, climb: bool, steps: int, advance: Callable[[int, str], None]) -> str:
        """Run until forces are small and return why that was given up, or nothing."""
        neb = NEB(self.images, k=self._spring, climb=climb, method="improvedtangent")
        converged = False
        for reached in FIRE(neb, logfile=None).irun(fmax=fmax, steps=max(steps - self.steps, 0)):
            converged = bool(reached)
            self.max_force = float(np.linalg.norm(neb.get_forces(), axis=1).max())
            self.last = [_snapshot(atoms) for atoms in self.images]
            self.steps += 1
            advance(1, f"force {self.max_force:.3f} eV/A")
            if self._watch is not None:
                self._watch(self.last)
            if reason := self._torn():
                return reason
        return "" if converged else f"not converged within {steps} steps: force {self.max_force:.3f} eV/A"

    def _torn(self) -> str:
        gaps = np.diff(_coordinate(self.last))
        worst = int(np.argmax(gaps))
        if gaps[worst] > _APART * self._gap:
            return f"images {worst + 1} and {worst + 2} are {gaps[worst]:.1f} A apart: the band was torn"
        return ""


def _snapshot(image: Atoms) -> Atoms:
    made, results = image.copy(), image.calc.results
    if "energy" not in results:  # the ends are computed when the band asks for them
        image.get_forces()
        results = image.calc.results
    set_labels(made, Labels(energy=float(results["energy"]), forces=np.array(results["forces"])))
    return made


def _coordinate(images: Sequence[Atoms]) -> Array:
    lengths = [0.0]
    for one, other in pairwise(images):
        moved, _ = find_mic(other.positions - one.positions, one.cell, one.pbc)
        lengths.append(float(np.linalg.norm(moved)))
    return np.cumsum(lengths)


def _slopes(images: Sequence[Atoms], coordinate: Array) -> Array:
    """Return dE/ds of every image: minus the forces along the tangent, which joins the neighbours."""
    last = len(images) - 1
    found = []
    for index, atoms in enumerate(images):
        low, high = max(index - 1, 0), min(index + 1, last)
        tangent = np.zeros_like(atoms.positions)
        for one, other in zip(range(low, high), range(low + 1, high + 1), strict=True):
            tangent += find_mic(images[other].positions - images[one].positions, atoms.cell, atoms.pbc)[0]
        length = np.linalg.norm(tangent)
        forces = labels(atoms).forces
        assert forces is not None
        found.append(-float((forces * tangent).sum() / length) if length else 0.0)
    return np.array(found)


def _result(run: _Run, potential: Potential, reason: str) -> Band:
    coordinate = _coordinate(run.last)
    energy = np.array([labels(atoms).energy for atoms in run.last])
    deviation = error = None
    if isinstance(potential, Committee):
        members = np.array(
            [[row.energy for row in member.compute(run.last, bec=False)] for member in potential.members]
        )
        relative = members - members[:, :1]
        deviation = relative.std(axis=0, ddof=1)
        error = float(relative.max(axis=1).std(ddof=1))
    return Band(
        images=run.last,
        coordinate=coordinate,
        energy=energy - energy[0],
        slope=_slopes(run.last, coordinate),
        deviation=deviation,
        barrier_error=error,
        max_force=run.max_force,
        steps=run.steps,
        converged=not reason,
        reason=reason,
    )
