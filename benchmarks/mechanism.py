"""Do the quoted errors of jumps, residence times, barriers and hydroxide hold?

Motion whose truth is known (the generators of the tests) is analysed many times:
``python benchmarks/mechanism.py --seeds 200`` prints a table in Markdown. Calibrated errors have an rms z of one, cover
the truth within one sigma in 68 % of the runs and within the 95 % interval in 95 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the generators are those of the tests

from nepkit.core.statistics.quantity import Quantity
from nepkit.transport.hydroxide.analysis import hydroxide
from nepkit.transport.mechanism.density import density
from nepkit.transport.mechanism.free_energy import barrier
from nepkit.transport.mechanism.jumps import jumps
from nepkit.transport.mechanism.motion import motion_of
from nepkit.transport.mechanism.occupation import occupy
from nepkit.transport.mechanism.survival import survival
from tests.lattice_hops import hops, trajectory
from tests.unit.nepkit.transport.test_density import T, boltzmann, channel
from tests.unit.nepkit.transport.test_jumps import LATTICE
from tests.unit.nepkit.transport.test_survival import telegraph
from tests.water_chains import SPACING, chains

Measured = dict[str, tuple[Quantity | None, float]]


def chain(seed: int) -> Measured:
    """Eight OH- in chains: 0.2 hops per ps, rattling, chains that slide by 0.05 A^2/ps."""
    made = chains(seed, rate=0.2, rattle=0.3, slide=0.05, breathe=0.002, count=8, length=8, frames=1000, noise=0.01)
    found = hydroxide(motion_of(made.frames), persistence=0.12)
    parts = found.split.D
    truth = {"vehicular": 0.05 / 3 * 7 / 8, "structural": 0.2 * SPACING**2 / 6, "cross": 0.0}
    # Hops that the next one undoes within two frames are taken for rattling, both; and none begins while one is undone.
    lasting = 0.2 * (1.0 - 2 * 2 * 0.005) * (1.0 - 0.3 * 0.05)
    measured: Measured = {"OH-: rate of lasting hops": (found.rate, lasting)}
    for name, value in truth.items():
        measured[f"OH-: D, {name}"] = (parts.get(name), 1e-4 * value)
    return measured


def lattice(seed: int) -> Measured:
    """20 Li on 64 sites, 0.02 hops per frame."""
    paths, _ = hops(seed, share=0.02, frames=1500, drift=1e-4)
    found = jumps(occupy(motion_of(trajectory(paths, breathe=0.002, drift=1e-4), ["Li"]), "Li", LATTICE))
    return {
        "Li: rate of jumps": (found.rate, 0.2),
        "Li: residence time": (found.residence["site"].lifetime, -0.1 / np.log(0.98)),
        "Li: correlation factor": (found.correlation, 1.0),
    }


def pairs(seed: int) -> Measured:
    """40 pairs that part and meet."""
    found = survival(*telegraph(seed, 0.2, 0.05, frames=600, pairs=40), background=0.2, longest=20.0)
    return {
        "pairs: lifetime": (found.lifetime, -0.1 / np.log(0.98)),
        "pairs: exchange time": (found.exchange, -0.1 / np.log(0.975)),
    }


def way(seed: int) -> Measured:
    """Ions in a channel, sampled from Boltzmann's distribution."""
    found = density(boltzmann(seed, frames=300), "Li", spacing=0.6)
    return {"channel: barrier": (barrier(found, T).energy, channel(found.shape[0]))}


CASES: tuple[Callable[[int], Measured], ...] = (pairs, way, lattice, chain)


def row(name: str, results: list[tuple[Quantity | None, float]]) -> str:
    """Return a row of the table."""
    told = [(quantity, truth) for quantity, truth in results if quantity is not None and np.isfinite(quantity.error)]
    values = np.array([quantity.value for quantity, _ in told])
    errors = np.array([quantity.error for quantity, _ in told])
    truth = told[0][1]
    z = (values - truth) / errors
    inside = np.mean([quantity.low < truth < quantity.high for quantity, _ in told])
    return (
        f"| {name} | {len(told)} | {truth:.4g} | {values.mean():.4g} ± {values.std() / np.sqrt(len(told)):.2g} | "
        f"{values.std():.3g} | {np.sqrt(np.mean(errors**2)):.3g} | {np.sqrt(np.mean(z**2)):.2f} | "
        f"{np.mean(np.abs(z) < 1):.3f} | {inside:.3f} | {len(results) - len(told)} |"
    )


HEAD = (
    "| quantity | runs | truth | mean | scatter | rms error | rms z | within 1 sigma | within 95 % | not given |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    """Run all cases and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("-o", "--output", type=Path, help="Table in Markdown.")
    arguments = parser.parse_args()
    lines = [HEAD]
    for case in CASES:
        results: dict[str, list[tuple[Quantity | None, float]]] = {}
        for seed in range(arguments.seeds):
            for name, measured in case(1000 + seed).items():
                results.setdefault(name, []).append(measured)
        lines += [row(name, found) for name, found in results.items()]
        print("\n".join(lines), flush=True)
        lines_done, lines = lines, []
        if arguments.output:
            with arguments.output.open("w" if case is CASES[0] else "a", encoding="utf-8") as file:
                file.write("\n".join(lines_done) + "\n")


if __name__ == "__main__":
    main()
