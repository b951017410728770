"""How often the verdict of a charge fit is right, in worlds where the truth is known (``tests/worlds.py``).

Forty worlds without charges: own predictions with noise, local teachers of the same and of longer cutoffs, dispersion,
the bundled NEP seen through features of a shorter cutoff. Twenty with point charges. Run from the root of a checkout:

    python -m benchmarks.verdict --out benchmarks/results/verdict.md      # eight minutes on one core
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from lr_correction.fit import fit_charges
from lr_correction.results import ChargeFit
from tests.worlds import World, every_world

COLUMNS = ("world", "frames", "readout", "ends at cutoff", "at two", "full", "energies", "verdict", "range")
HEADER = f"| {' | '.join(COLUMNS)} |\n" + "| --- " * len(COLUMNS) + "|"


def judged(world: World) -> ChargeFit:
    """Fit charges in a world as `nepkit lr fit` does, from one start."""
    return fit_charges(world.nep, world.train, test=world.test, initial_charges=world.start, scales=(1.0, 0.5))


def row(world: World, fit: ChargeFit) -> str:
    """Return one line of the table."""
    found, judgement = fit.range, fit.judgements[0]
    assert found is not None
    steps = (found.readout, found.short_range_charges, found.screened, found.full)
    errors = [f"{step.force_mev_a:.1f}" for step in steps]
    energies = f"{found.readout.energy_mev_atom:.2f} -> {found.full.energy_mev_atom:.2f}"
    says = {True: "help", False: "do not help", None: "cannot tell"}[judgement.helps]
    cells = [world.name, f"{len(world.train)}/{len(world.test)}", *errors, energies, says, judgement.range]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="file of the table")
    parser.add_argument("--only", default="", help="worlds whose name contains this")
    options = parser.parse_args()
    lines, counts, started = [HEADER], Counter[tuple[bool, str]](), time.perf_counter()
    contradictions = 0
    for world in every_world():
        if options.only in world.name:
            fit = judged(world)
            lines.append(row(world, fit))
            print(lines[-1], flush=True)
            judgement = fit.judgements[0]
            counts[world.charged, judgement.range] += 1
            fell = judgement.over_reference.energy.pooled > 0.5
            contradictions += judgement.helps is False and fell
    totals = [sum(number for (charged, _), number in counts.items() if charged == kind) for kind in (False, True)]
    summary = (
        f"{counts[False, 'long range']} of {totals[0]} worlds without charges are called long-ranged; "
        f"{counts[True, 'long range']} of {totals[1]} worlds with charges are found, "
        f"{counts[True, 'beyond the cutoff']} more seen from beyond the cutoff; 'do not help' where energies fall by "
        f"more than half: {contradictions}."
    )
    print(summary, f"{time.perf_counter() - started:.0f} s")
    if options.out:
        head = "# How often the verdict is right\n\n`python -m benchmarks.verdict`; test errors in meV/A and meV/atom."
        text = f"{head}\n\n{summary}\n\n" + "\n".join(lines) + "\n"
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
