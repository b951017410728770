"""Farthest-point sampling of 1000 candidates and 50 known frames of 144 atoms: the whole command, and its parts.

``python benchmarks/sampling.py`` needs the reference data of the tests (``NEPKIT_REFERENCE_DATA`` or ``shared/data``
beside the checkout) for the PbTe model. GPUMDkit 1.5.6 with NepTrain took 9.6 s for the same work on two cores: start,
reading, descriptors and choice together. The compiled parts of nepkit must be there (``pip install .``).
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

from nepkit.formats.files import write_frames
from nepkit.models.potentials.nep import preferred
from nepkit.sampling.descriptors import AtomDescriptors
from nepkit.sampling.farthest import farthest_points

PEER = 9.6  # s

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


def command(model: Path) -> float:
    """Return the wall time of ``nepkit sample fps``, the best of three."""
    with tempfile.TemporaryDirectory() as folder:
        made = frames(1050)
        write_frames(f"{folder}/candidates.xyz", made[:1000])
        write_frames(f"{folder}/known.xyz", made[1000:])
        words = ["sample", "fps", "candidates.xyz", "--known", "known.xyz", "--model", str(model), "--max", "100"]
        times = []
        for number in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "nepkit", *words, "-o", f"{number}.xyz"], cwd=folder, check=True,
                           capture_output=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})  # fmt: skip
            times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    model = data() / "pbte_nep_train" / "nep.txt"
    whole = command(model)
    sums = f"by {preferred()}"
    print(
        f"nepkit sample fps, 1000 + 50 frames of 144 atoms: {whole:.2f} s, {PEER / whole:.1f} times GPUMDkit ({sums})\n"
    )
    print("| work | seconds of one core |")
    print("| --- | --- |")
    made = frames(100)
    for backend in ("own", "calorine", "arrays"):
        engine = AtomDescriptors(model, backend)
        start = time.process_time()
        points = np.array([engine(atoms).mean(axis=0) for atoms in made])
        print(f"| descriptors of 100 frames of {len(made[0])} atoms, {backend} | {time.process_time() - start:.2f} |")
    rng = np.random.default_rng(0)
    for count, known, chosen in ((1000, 50, 100), (100_000, 5000, 100)):
        candidates = rng.normal(size=(count, points.shape[1]))
        base = rng.normal(size=(known, points.shape[1]))
        start = time.process_time()
        farthest_points(candidates, chosen, known=base)
        print(f"| {chosen} choices among {count} frames, {known} known | {time.process_time() - start:.2f} |")
    print(f"\nPeak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
