"""Seconds and memory of the shortest distances of 10 frames of 4096 atoms, beside ASE's neighbour list.

    python benchmarks/distances.py

Both find the shortest distance of every two elements. A search of all pairs of atoms in 27 images, as GPUMDkit 1.5.6
does, was killed at 22 GB for one such frame.
"""

import resource
import time
from collections.abc import Callable

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list

from nepkit.datasets.distances import closest_in_frames


def frames(count: int = 10, atoms: int = 4096) -> list[Atoms]:
    """Return frames of three elements at the density of a solid."""
    rng = np.random.default_rng(0)
    edge = float(np.cbrt(17.0 * atoms))
    return [
        Atoms(
            rng.choice(["Li", "Cl", "Y"], atoms), positions=rng.uniform(0, edge, (atoms, 3)), cell=[edge] * 3, pbc=True
        )
        for _ in range(count)
    ]


def with_ase(made: list[Atoms]) -> None:
    """Do the same with ASE's neighbour list."""
    for atoms in made:
        first, second, distance = neighbor_list("ijd", atoms, 4.0)
        label = np.sort(np.stack([atoms.numbers[first], atoms.numbers[second]]), axis=0)
        for pair in np.unique(label, axis=1).T:
            distance[(label == pair[:, None]).all(axis=0)].min()


def seconds(work: Callable[[list[Atoms]], object], made: list[Atoms]) -> float:
    """Return the seconds of this process that the work takes, the better of two."""
    best = np.inf
    for _ in range(2):
        start = time.process_time()
        work(made)
        best = min(best, time.process_time() - start)
    return float(best)


if __name__ == "__main__":
    made = frames()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = seconds(closest_in_frames, made)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    theirs = seconds(with_ase, made)
    print("| 10 frames of 4096 atoms | seconds | peak memory of the process (MB) |")
    print("| --- | --- | --- |")
    print(f"| nepkit data min-dist | {ours:.2f} | {after / 1024:.0f} ({(after - before) / 1024:.0f} more) |")
    print(f"| ASE neighbor_list | {theirs:.2f} | - |")
