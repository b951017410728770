"""Do the quoted errors of diffusion coefficients and Haven ratios cover the truth as often as they say?

Walks whose truth is known are analysed as a user would, many times: ``python benchmarks/calibration.py --seeds 2000``
prints a table in Markdown; the runs are kept in a file, from which a later call goes on. A calibrated error of one
sigma covers the truth in 68 % of the runs, the 95 % interval in 95 %; the last column is the number of runs that were
refused for want of a diffusive regime.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.sparse import csr_array, identity
from scipy.sparse.linalg import spsolve

from nepkit.transport import NotDiffusiveError, conductivity, diffusion, msd

Array = NDArray[np.float64]
#: Directions to the neighbours in the coordinates of the primitive cell; the second half are the first reversed.
NEIGHBOURS = {
    "sc": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "fcc": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, -1, 0], [1, 0, -1], [0, 1, -1]]),
}
CELLS = {"sc": np.eye(3), "fcc": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / np.sqrt(2.0)}
CORRELATION = {"sc": 0.6531, "fcc": 0.7815}
"""Tracer correlation factors of a single vacancy in an infinite crystal."""


def brownian(first_seed: int) -> Iterator[Array]:
    """Independent Gaussian walks, D = 0.01 A^2 per frame."""
    for seed in range(first_seed, 10**9):
        yield np.random.default_rng(seed).normal(scale=np.sqrt(0.02), size=(1000, 64, 3)).cumsum(axis=0)


def caged(first_seed: int) -> Iterator[Array]:
    """Rare jumps along the axes and rattling with a memory of three frames, D = 0.01 * 4 / 6."""
    for seed in range(first_seed, 10**9):
        rng = np.random.default_rng(seed)
        shape = (2000, 60)
        jump = (rng.random(shape) < 0.01) * rng.choice([-2.0, 2.0], shape)
        steps = np.zeros((*shape, 3))
        np.put_along_axis(steps, rng.integers(0, 3, (*shape, 1)), jump[..., None], 2)
        keep = np.exp(-1 / 3)
        rattle = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.normal(size=(*shape, 3)), axis=0)
        yield steps.cumsum(axis=0) + 0.3 * rattle


def pairs(first_seed: int) -> Iterator[Array]:
    """Ions bound two by two, D = 0.01 and Haven ratio 1/2."""
    for seed in range(first_seed, 10**9):
        rng = np.random.default_rng(seed)
        one = rng.normal(scale=np.sqrt(0.02), size=(2000, 30, 3)).cumsum(axis=0)
        yield np.concatenate([one, one + 0.05 * rng.normal(size=one.shape)], axis=1)


def vacancy(lattice: str, length: int = 6, frames: int = 2000, jumps: float = 40.0, batch: int = 50):
    """Return a generator of the paths of all atoms of a crystal with one vacancy.

    The vacancy jumps so often per frame in the mean, at random times: their number is that of Poisson.
    """
    steps = np.concatenate([NEIGHBOURS[lattice], -NEIGHBOURS[lattice]]).astype(np.int16)

    def walk(first_seed: int) -> Iterator[Array]:
        sites = np.stack(np.meshgrid(*[np.arange(length)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        weights = np.array([length**2, length, 1])
        neighbour = ((sites[:, None] + steps) % length) @ weights
        for seed in range(first_seed, 10**9, batch):
            rng = np.random.default_rng([seed, length])
            atom = np.tile(np.arange(length**3) - 1, (batch, 1))  # site 0 is empty: atom -1
            empty = np.zeros(batch, dtype=int)
            place = np.zeros((batch, length**3 - 1, 3), dtype=np.int16)
            record = np.zeros((frames, batch, length**3 - 1, 3), dtype=np.int16)
            for frame in range(frames):
                number = rng.poisson(jumps, batch)
                choices = rng.integers(0, len(steps), (number.max(), batch))
                for done, choice in enumerate(choices):
                    rows = np.flatnonzero(number > done)
                    taken, site = choice[rows], empty[rows]
                    target = neighbour[site, taken]
                    moved = atom[rows, target]
                    atom[rows, site] = moved
                    place[rows, moved] -= steps[taken]
                    empty[rows] = target
                record[frame] = place
            for index in range(batch):
                yield record[:, index] @ CELLS[lattice]

    return walk


@cache
def correlation_factor(lattice: str, length: int) -> float:
    """Return the exact tracer correlation factor of one vacancy in a periodic crystal of ``length`` cells.

    After an exchange the vacancy is beside the tracer; where it exchanges next follows from its walk on the other
    sites, whose equations are solved. Then f = (1 + c) / (1 - c) with c the mean cosine of successive jumps.
    """
    steps = np.concatenate([NEIGHBOURS[lattice], -NEIGHBOURS[lattice]])
    sites = np.stack(np.meshgrid(*[np.arange(length)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    target = ((sites[:, None] + steps) % length) @ np.array([length**2, length, 1])  # the tracer is at site 0
    share = 1.0 / len(steps)
    row, column = np.repeat(np.arange(len(sites)), len(steps)), target.ravel()
    free = (row > 0) & (column > 0)
    matrix = csr_array((np.full(free.sum(), share), (row[free] - 1, column[free] - 1)), shape=(len(sites) - 1,) * 2)
    start = np.zeros(len(sites) - 1)
    start[target[0, 0] - 1] = 1.0  # the tracer jumped from there, along minus the first step
    visits = spsolve((identity(len(start), format="csr") - matrix).T.tocsr(), start)
    cells = steps @ CELLS[lattice]
    # The vacancy at site 0 + s exchanges with the tracer at rate share, which moves the tracer along s.
    cosine = sum(share * visits[target[0, k] - 1] * -(cells[k] @ cells[0]) for k in range(len(steps)))
    cosine /= cells[0] @ cells[0]
    return float((1.0 + cosine) / (1.0 - cosine))


def truth_of_vacancy(lattice: str, length: int = 6, jumps: float = 40.0) -> float:
    """Return D per frame: a jump of length one of one of the atoms per jump of the vacancy."""
    return correlation_factor(lattice, length) * jumps / (length**3 - 1) / 6.0


CASES: dict[str, tuple[Callable[[int], Iterator[Array]], float, float]] = {
    "Brownian": (brownian, 0.01, 1.0),
    "caged with jumps": (caged, 0.04 / 6, 1.0),
    "bound pairs": (pairs, 0.01, 0.5),
    "vacancy in sc": (vacancy("sc"), truth_of_vacancy("sc"), float("nan")),
    "vacancy in fcc": (vacancy("fcc"), truth_of_vacancy("fcc"), float("nan")),
}
"""Walk, true D (A^2 per frame) and true Haven ratio."""


@dataclass(frozen=True)
class Outcome:
    """What one run of a walk was told: D and Haven ratio over truth, errors, and whether the intervals hold it."""

    d: float = float("nan")
    d_error: float = float("nan")
    d_inside: bool = False
    blocks: bool = False
    refused: bool = False
    haven: float = float("nan")
    haven_error: float = float("nan")
    haven_inside: bool = False


def outcome(name: str, paths: Array) -> Outcome:
    """Analyse one walk as a user would."""
    _, truth, haven = CASES[name]
    d = 1e-4 * truth  # cm^2/s for a picosecond per frame
    curves = msd(paths, charges=np.ones(paths.shape[1]))
    try:
        found = diffusion(curves, "all", positions=paths)
    except NotDiffusiveError:
        return Outcome(refused=True)
    result = Outcome(found.D.value / d, found.D.error / d, found.D.low <= d <= found.D.high, found.trusted == "blocks")
    if np.isfinite(haven):
        dipole = paths.sum(axis=1)
        ratio = conductivity({"all": found}, curves, {"all": 1.0}, volume=1e4, temperature=500.0, dipole=dipole).haven
        if ratio is not None:
            inside = ratio.low <= haven <= ratio.high
            result = replace(result, haven=ratio.value, haven_error=ratio.error, haven_inside=inside)
    return result


def row(name: str, outcomes: list[Outcome]) -> str:
    """Return a row of the table."""
    told = [item for item in outcomes if not item.refused]
    count = len(told)
    values, errors = np.array([item.d for item in told]), np.array([item.d_error for item in told])
    z = (values - 1.0) / errors
    cells = [
        name, str(count), f"{values.mean():.4f} ± {values.std() / np.sqrt(count):.4f}", f"{values.std():.4f}",
        f"{np.sqrt(np.mean(errors**2)):.4f}", f"{np.sqrt(np.mean(z**2)):.2f}", f"{np.mean(np.abs(z) <= 1):.3f}",
        f"{np.mean([item.d_inside for item in told]):.3f}", f"{np.mean([item.blocks for item in told]):.2f}",
    ]  # fmt: skip
    havens = [item for item in told if np.isfinite(item.haven)]
    if havens:
        h = np.array([item.haven for item in havens])
        cells += [
            f"{h.mean():.3f} ± {h.std() / np.sqrt(len(h)):.3f} ({CASES[name][2]})",
            f"{np.sqrt(np.mean([item.haven_error**2 for item in havens])):.3f}",
            f"{np.mean([item.haven_inside for item in havens]):.3f}",
        ]
    else:
        cells += ["", "", ""]
    return "| " + " | ".join([*cells, str(len(outcomes) - count)]) + " |"


HEAD = (
    "| walk | runs | mean D / truth | scatter | rms error | rms z | within 1 sigma | within 95 % | blocks trusted "
    "| Haven (truth) | its rms error | within 95 % | refused |"
)
STEP = 50
"""Runs that are stored at once; a walk that makes many at once makes so many."""


def main() -> None:
    """Go on where the stored runs end, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--minutes", type=float, default=60.0, help="Stop after about this time; call again to go on.")
    parser.add_argument("--store", type=Path, default=Path("calibration.json"), help="Where the runs are kept.")
    parser.add_argument("-o", "--output", type=Path, help="Table in Markdown.")
    arguments = parser.parse_args()
    kept = json.loads(arguments.store.read_text()) if arguments.store.exists() else {}
    begin = time.perf_counter()
    for name in arguments.case or CASES:
        runs = kept.setdefault(name, [])
        walks = CASES[name][0](len(runs))
        while len(runs) < arguments.seeds and time.perf_counter() - begin < 60.0 * arguments.minutes:
            runs += [asdict(outcome(name, paths)) for paths in islice(walks, STEP)]
            arguments.store.write_text(json.dumps(kept))
    rows = [row(name, [Outcome(**item) for item in runs]) for name, runs in kept.items() if runs]
    table = "\n".join([HEAD, "|" + " --- |" * (HEAD.count("|") - 1), *rows]) + "\n"
    if arguments.output:
        arguments.output.write_text(table, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
