"""Percolation against numbers of the literature: wrapping probabilities and thresholds.

``python benchmarks/percolation.py --samples 5000`` prints a table in Markdown, with errors from the number of samples.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nepkit.percolation.clusters import Percolation, contacts, grid_contacts, percolation
from nepkit.percolation.statistics import threshold, wilson

SIMPLE_CUBIC = 0.3116077
"""Site threshold, where the wrapping probabilities hardly depend on size."""


def square_bonds(rng: np.random.Generator, length: int) -> Percolation:
    """Return bond percolation on the square torus at its threshold 1/2."""
    node = np.arange(length * length).reshape(length, length)
    first, second, shift = [], [], []
    for axis in range(2):
        keep = rng.random((length, length)) < 0.5
        first.append(node[keep])
        second.append(np.roll(node, -1, axis)[keep])
        move = np.zeros((len(first[-1]), 2), dtype=int)
        move[:, axis] = np.nonzero(keep)[axis] == length - 1
        shift.append(move)
    return percolation(length**2, np.concatenate(first), np.concatenate(second), np.concatenate(shift))


def row(name: str, value: float, error: float, known: float) -> str:
    """Return a row of the table."""
    return f"| {name} | {value:.4f} ± {error:.4f} | {known:.4f} | {(value - known) / error:+.1f} |"


def wrapping(samples: int) -> list[str]:
    """Return wrapping probabilities in two and three dimensions."""
    rng = np.random.default_rng(0)
    rows = []
    found = [square_bonds(rng, 32) for _ in range(samples)]
    flat: list[tuple[str, Callable[[Percolation], float], float]] = [
        ("square torus, any direction (exact)", lambda item: bool(item.wraps.any()), 0.690474),
        (
            "square torus, one direction (exact), mean of both",
            lambda item: float(item.wraps.any(axis=0).mean()),
            0.521058,
        ),
        ("square torus, both directions (exact)", lambda item: bool(item.wraps.all(axis=1).any()), 0.351643),
    ]
    solid: list[tuple[str, Callable[[Percolation], float], float]] = [
        ("simple cubic L = 16, one direction, mean of three", lambda item: float(item.wraps.any(axis=0).mean()), 0.258),
        ("simple cubic L = 16, any direction", lambda item: bool(item.wraps.any()), 0.460),
    ]
    cubes = [percolation(*grid_contacts(rng.random((16, 16, 16)) < SIMPLE_CUBIC)) for _ in range(samples)]
    for questions, systems in ((flat, found), (solid, cubes)):
        for name, question, known in questions:
            share = wilson(float(sum(map(question, systems))), samples)
            rows.append(row(name, share.value, share.error, known))
    return rows


def thresholds(samples: int) -> list[str]:
    """Return thresholds by the crossing of two sizes: sites of a cube, and overlapping spheres."""
    rng = np.random.default_rng(1)

    def cube(loading: float, length: int) -> Percolation:
        return percolation(*grid_contacts(rng.random((length,) * 3) < loading))

    def spheres(loading: float, length: int) -> Percolation:
        count = rng.poisson(loading * length**3 / (np.pi / 6.0))  # of diameter one
        return percolation(count, *contacts(rng.uniform(0, length, (count, 3)), np.eye(3) * length, 1.0))

    rows = []
    for name, system, sizes, known in (
        ("simple cubic sites", cube, (16, 32), SIMPLE_CUBIC),
        ("overlapping spheres, reduced density", spheres, (10, 20), 0.34189),
    ):
        points = [(known * ratio, length) for length in sizes for ratio in np.linspace(0.92, 1.08, 9)]
        good = [sum(system(loading, length).highest > 0 for _ in range(samples // 20)) for loading, length in points]
        loading, length = zip(*points, strict=True)
        place, _ = threshold(loading, length, good, [samples // 20] * len(points))
        rows.append(row(f"{name}, L = {sizes[0]} and {sizes[1]}", place.value, place.error, known))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("-o", "--output", type=Path, help="Table in Markdown.")
    arguments = parser.parse_args()
    head = "| quantity | found | known | deviation in errors |\n| --- | --- | --- | --- |"
    table = "\n".join([head, *wrapping(arguments.samples), *thresholds(arguments.samples)]) + "\n"
    if arguments.output:
        arguments.output.write_text(table, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
