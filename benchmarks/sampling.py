"""Seconds of farthest-point sampling: descriptors of 100 frames, and choices among 1000 and 100 000 frames.

``python benchmarks/sampling.py`` needs the reference data of the tests (``NEPKIT_REFERENCE_DATA`` or ``shared/data``
beside the checkout) for the PbTe model. GPUMDkit 1.5.6 with NepTrain took 9.6 s for 1000 candidates and 50 known frames
of 144 atoms, descriptors and choice together.
"""

import os
import resource
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

from nepkit.sampling.descriptors import frame_descriptors
from nepkit.sampling.farthest import farthest_points

REPOSITORY = Path(__file__).parents[1]


def data() -> Path:
    """Return the folder of reference data."""
    return Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data")


def frames(count: int) -> list[Atoms]:
    """Return rattled PbTe supercells of 144 atoms."""
    made = []
    for seed in range(count):
        atoms = bulk("PbTe", "rocksalt", 6.57, cubic=True).repeat((3, 3, 2))
        atoms.rattle(0.2, seed=seed)
        made.append(atoms)
    return made


if __name__ == "__main__":
    made = frames(100)
    model = data() / "pbte_nep_train" / "nep.txt"
    print("| work | seconds |")
    print("| --- | --- |")
    for backend in ("calorine", "own"):
        start = time.process_time()
        points = frame_descriptors(made, model, backend=backend)
        print(f"| descriptors of 100 frames of {len(made[0])} atoms, {backend} | {time.process_time() - start:.2f} |")
    rng = np.random.default_rng(0)
    for count, known, chosen in ((1000, 50, 100), (100_000, 5000, 100)):
        candidates = rng.normal(size=(count, points.shape[1]))
        base = rng.normal(size=(known, points.shape[1]))
        start = time.process_time()
        farthest_points(candidates, chosen, known=base)
        print(f"| {chosen} choices among {count} frames, {known} known | {time.process_time() - start:.2f} |")
    print(f"\nPeak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
