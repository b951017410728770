"""How fast a potential computes forces, and how much memory it takes."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.parallel import process_context
from nepkit.core.progress import task
from nepkit.models.potentials import Potential
from nepkit.structures.supercells import copies_for, replicated

Array = NDArray[np.float64]

RATTLE = 0.01  # A between evaluations, so that nothing is kept from one to the next
PATIENCE = 600.0  # s that processes wait for each other

_potential: Potential | None = None
_gate: Any = None


@dataclass(frozen=True)
class Speed:
    """The speed of one potential with one number of atoms.

    Parameters
    ----------
    atoms : int
        Number of atoms.
    processes : int
        Processes that computed at the same time, each a system of its own with one thread.
    seconds : ndarray, shape (processes, repeats)
        Of every evaluation of energy, forces and stress; warm-up is left out.
    memory : float
        Largest memory of a process, MB: Python and libraries included.
    """

    atoms: int
    processes: int
    seconds: Array
    memory: float

    @property
    def rate(self) -> float:
        """Atom-steps per second of all processes together, by the medians of their times."""
        return float((self.atoms / np.median(self.seconds, axis=1)).sum())

    @property
    def spread(self) -> tuple[float, float]:
        """The rate by the upper and the lower quartile of the times."""
        slow, fast = np.quantile(self.seconds, [0.75, 0.25], axis=1)
        return float((self.atoms / slow).sum()), float((self.atoms / fast).sum())


def speed(
    atoms: Atoms, potential: Potential, sizes: Sequence[int], *, processes: Sequence[int] = (1,), repeats: int = 7,
    warm_up: int = 2,
) -> tuple[Speed, ...]:  # fmt: skip
    """Measure how long energy, forces and stress take.

    Parameters
    ----------
    atoms : ase.Atoms
        Repeated to about every one of the sizes.
    potential : Potential
        Model; it is sent to processes of its own, so that nothing else shares their memory.
    sizes : sequence of int
        Numbers of atoms.
    processes : sequence of int
        Numbers of processes at the same time.
    repeats, warm_up : int
        Evaluations that count, and those before them that do not.

    Raises
    ------
    InputError
        Where the potential cannot compute the structure.
    """
    if repeats < 3:
        raise InputError(f"{repeats} repeats have no spread; at least 3 are needed")
    potential.compute([atoms], source="structure", bec=False)
    systems = {len(one): one for one in (replicated(atoms, copies_for(atoms, size)) for size in sizes)}
    found = []
    with task("Speed", len(systems) * len(processes)) as step:
        for count in processes:
            for system in systems.values():
                found.append(_measured(system, potential, count, repeats, warm_up))
                step.advance(note=f"{found[-1].rate:.0f} atom-step/s")
    return tuple(found)


def _measured(atoms: Atoms, potential: Potential, processes: int, repeats: int, warm_up: int) -> Speed:
    context = process_context()
    gate = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(potential, gate)) as pool:
        pending = [pool.submit(_time, atoms, repeats, warm_up, seed) for seed in range(processes)]
        rows = [one.result() for one in pending]
    return Speed(len(atoms), processes, np.array([seconds for seconds, _ in rows]), max(memory for _, memory in rows))


def _start(potential: Potential, gate: Any) -> None:
    from threadpoolctl import threadpool_limits

    global _potential, _gate
    _potential, _gate = potential, gate
    threadpool_limits(limits=1)


def _time(atoms: Atoms, repeats: int, warm_up: int, seed: int) -> tuple[list[float], float]:
    """Return the seconds of every evaluation and the largest memory (MB) of this process."""
    assert _potential is not None
    rng = np.random.default_rng(seed)
    work = atoms.copy()
    seconds = []
    try:
        for number in range(warm_up + repeats):
            if number == warm_up:
                _gate.wait(PATIENCE)  # all processes are warm: from here on they are measured side by side
            work.positions = atoms.positions + rng.normal(scale=RATTLE, size=atoms.positions.shape)
            start = time.perf_counter()
            _potential.compute([work], source="structure", bec=False)
            seconds.append(time.perf_counter() - start)
    except InputError:
        _gate.abort()
        raise
    unit = 1024.0**2 if sys.platform == "darwin" else 1024.0
    return seconds[warm_up:], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
