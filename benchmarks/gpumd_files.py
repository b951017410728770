"""Time and memory of reading large outputs of GPUMD, plain and as a killed run leaves them.

``python benchmarks/gpumd_files.py [--megabytes 100]``; the goal is 5 s and 1 GB for each.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import click
import numpy as np

#: Columns and format of a file as GPUMD writes it, and rows of one run where runs are told by their times.
FILES = {"thermo.out": (18, "%19.10e", 0), "hac.out": (11, "%24.15e", 50_000)}


def write(path: Path, megabytes: float, cut: bool) -> None:
    """Write a file of about so many megabytes."""
    columns, form, run = FILES[path.name]
    rows = int(megabytes * 1e6 / (columns * (len(form % 1.0) + 1)))
    table = np.random.default_rng(0).normal(size=(rows, columns))
    if run:
        table[:, 0] = 0.1 * (1 + np.arange(rows) % run)
    np.savetxt(path, table, fmt=form)
    if cut:
        with path.open("a", encoding="utf-8") as file:
            file.write(form % 1.0 + " 1.0e")


def read(path: Path) -> None:
    """Read a file and print its size, the time and the peak memory of this process."""
    import warnings

    from nepkit.gpumd.outputs import READERS

    reader: Callable[[Path], object] = READERS[path.name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = perf_counter()
        reader(path)
        seconds = perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {path.name} | {path.stat().st_size / 1e6:.0f} MB | {seconds:.2f} s | {memory:.2f} GB |")


@click.command()
@click.option("--megabytes", type=float, default=100.0, show_default=True, help="Size of each file.")
@click.option("--read", "one", type=click.Path(path_type=Path), hidden=True)
def main(megabytes: float, one: Path | None) -> None:
    """Write the files and read each in a process of its own."""
    if one is not None:
        read(one)
        return
    print("| file | size | time | memory |\n| --- | --- | --- | --- |", flush=True)
    for name in FILES:
        for cut in (False, True):
            with TemporaryDirectory() as folder:
                path = Path(folder) / name
                write(path, megabytes, cut)
                subprocess.run([sys.executable, __file__, "--read", str(path)], check=True)


if __name__ == "__main__":
    main()
