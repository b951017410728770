"""Many structures brought to rest: one after the other or by several processes, with the curvature handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.core.parallel import mapped
from nepkit.models.potentials import Potential
from nepkit.models.potentials.potential import place
from nepkit.properties.landscape.minimum import STIFFNESS, Cell, Minimum, relax

BATCH = 4  # structures of a process in a row: each begins with the curvature that the one before found


@dataclass(frozen=True)
class Relaxation:
    """How structures are relaxed; see `nepkit.properties.landscape.minimum.relax`."""

    fmax: float = 0.01
    steps: int = 500
    cell: Cell = "fixed"
    pressure: float = 0.0
    symmetry: bool = False
    optimiser: str = "lbfgs"

    def one(
        self,
        atoms: Atoms,
        potential: Potential,
        stiffness: float = STIFFNESS,
        watch: Callable[[Atoms], None] | None = None,
    ) -> Minimum:
        """Return the minimum of one structure."""
        return relax(
            atoms,
            potential,
            fmax=self.fmax,
            steps=self.steps,
            cell=self.cell,
            pressure=self.pressure,
            symmetry=self.symmetry,
            optimiser=self.optimiser,
            stiffness=stiffness,
            watch=watch,
        )


def relax_all(
    frames: Iterable[Atoms],
    potential: Potential,
    how: Relaxation,
    *,
    source: str = "frame",
    first: int = 1,
    jobs: int = 1,
) -> Iterator[Minimum]:
    """Yield the minima of structures in their order, as they are done; ``first`` is the number of the first frame.

    Raises
    ------
    InputError
        For a structure that cannot be computed, after the minima before it; names the frame.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.models.potentials import load_potential
    >>> [found.converged for found in relax_all([bulk("Cu"), bulk("Au")], load_potential("emt"), Relaxation())]
    [True, True]
    """
    for found, error in mapped(_relax_batch, (potential, how, source), _batches(frames, first), jobs):
        yield from found
        if error is not None:
            raise error


_Batch = tuple[int, list[Atoms]]


def _batches(frames: Iterable[Atoms], first: int) -> Iterator[_Batch]:
    held = list[Atoms]()
    for atoms in frames:
        held.append(atoms)
        if len(held) == BATCH:
            yield first, held
            first, held = first + BATCH, []
    if held:
        yield first, held


def _relax_batch(shared: tuple[Potential, Relaxation, str], batch: _Batch) -> tuple[list[Minimum], InputError | None]:
    potential, how, source = shared
    found: list[Minimum] = []
    stiffness = STIFFNESS
    for number, atoms in enumerate(batch[1], start=batch[0]):
        try:
            found.append(how.one(atoms, potential, stiffness))
        except InputError as error:
            return found, InputError(str(error).replace("structure", place(source, number), 1))
        stiffness = found[-1].stiffness
    return found, None
