"""How fast and how large the analysis of transport is, on a synthetic trajectory.

``OMP_NUM_THREADS=1 python benchmarks/transport.py`` prints a table in Markdown; every step runs in a process of its
own, so that its peak memory is its own too. Walks are Brownian with 30 % mobile atoms, 0.1 ps per frame. Run it on an
idle machine.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

INTERVAL = 0.1  # ps


def walk(frames: int, atoms: int) -> np.ndarray:
    """Return unwrapped positions, the first 30 % of the atoms mobile with D = 1e-5 cm^2/s."""
    rng = np.random.default_rng(0)
    positions = np.zeros((frames, atoms, 3))
    mobile = int(0.3 * atoms)
    for frame in range(1, frames):
        positions[frame, :mobile] = positions[frame - 1, :mobile] + rng.normal(scale=np.sqrt(0.02), size=(mobile, 3))
    return positions


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the shortest of some runs."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def step_msd(frames: int, atoms: int) -> str:
    """MSD of all atoms over all lags."""
    from nepkit.transport import msd

    positions = walk(frames, atoms)
    msd(positions[:50], INTERVAL)  # imports
    return f"{seconds(lambda: msd(positions, INTERVAL, longest=1.0), 2):.2f} s"


def step_msd_half(frames: int, atoms: int) -> str:
    """MSD of all atoms up to half of the trajectory (the default)."""
    from nepkit.transport import msd

    positions = walk(frames, atoms)
    msd(positions[:50], INTERVAL)
    return f"{seconds(lambda: msd(positions, INTERVAL)):.2f} s"


def step_diffusion(frames: int, atoms: int) -> str:
    """D with its error after the MSD, model of independent ions."""
    from nepkit.transport import diffusion, msd

    labels = ["Li"] * int(0.3 * atoms) + ["S"] * (atoms - int(0.3 * atoms))
    curves = msd(walk(frames, atoms), INTERVAL, labels=labels, only=["Li"])
    diffusion(msd(walk(100, 10), INTERVAL), "all")  # imports
    taken = seconds(lambda: diffusion(curves, "Li"), 3)
    d = diffusion(curves, "Li").D
    return f"{taken:.3f} s; D = {d.value:.3e} ± {d.error:.1e} cm^2/s (true 1e-5)"


def step_blocks(frames: int, atoms: int) -> str:
    """D with its error after the MSD, checked against blocks of time."""
    from nepkit.transport import diffusion, msd

    positions = np.ascontiguousarray(walk(frames, atoms)[:, : int(0.3 * atoms)])
    curves = msd(positions, INTERVAL)
    diffusion(msd(walk(100, 10), INTERVAL), "all")
    return f"{seconds(lambda: diffusion(curves, 'all', positions=positions), 3):.3f} s"


def step_read(frames: int, atoms: int) -> str:
    """Extended xyz to the continuous paths of all atoms, against reading alone with ase (both for 100 frames)."""
    from ase import Atoms
    from ase.io import iread

    from nepkit.formats.files import read_snapshots, write_frames
    from nepkit.transport import follow

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump.xyz"
        positions = walk(100, atoms) + np.random.default_rng(1).uniform(0, 40, (atoms, 3))
        write_frames(
            path,
            (
                Atoms(f"Li{atoms}", positions=frame, cell=np.eye(3) * 40, pbc=True, info={"Time": 100.0 * number})
                for number, frame in enumerate(positions)
            ),
        )
        theirs = seconds(lambda: sum(1 for _ in iread(path)))
        ours = seconds(lambda: follow(read_snapshots(path)))
    return f"{ours:.2f} s, ase {theirs:.2f} s ({theirs / ours:.1f} times)"


def step_percolation(frames: int, atoms: int) -> str:
    """Clusters and windings of site percolation on 32^3 sites at the threshold."""
    from nepkit.percolation.clusters import grid_contacts, percolation

    network = grid_contacts(np.random.default_rng(0).random((32, 32, 32)) < 0.3116)
    percolation(*network)
    return f"{1e3 * seconds(lambda: percolation(*network), 50):.2f} ms, {len(network[1])} edges"


STEPS = {name.removeprefix("step_"): item for name, item in list(globals().items()) if name.startswith("step_")}


def main() -> None:
    """Run every step in a fresh process and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--atoms", type=int, default=5000)
    parser.add_argument("--step", choices=STEPS, help="This one, in this process.")
    arguments = parser.parse_args()
    if arguments.step:
        result = STEPS[arguments.step](arguments.frames, arguments.atoms)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"{result} | {peak:.2f}")
        return
    print(
        f"{arguments.frames} frames of {arguments.atoms} atoms\n\n"
        "| step | time | peak memory (GB) |\n| --- | --- | --- |"
    )
    for name, step in STEPS.items():
        command = [sys.executable, __file__, "--step", name, "--frames", str(arguments.frames)]
        done = subprocess.run([*command, "--atoms", str(arguments.atoms)], capture_output=True, text=True, check=True)
        print(f"| {step.__doc__.rstrip('.')} | {done.stdout.strip()} |", flush=True)


if __name__ == "__main__":
    main()
