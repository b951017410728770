"""Damaged files over every reader: how many end in frames or in one line, and none in anything else.

``python benchmarks/fuzz.py --cases 100000`` prints a table in Markdown and keeps every file that did something else, or
took more than ten seconds, in ``fuzz-failures/``. ``--reference FOLDER`` adds outputs of calculations from there.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.damage import KINDS, damaged, outcome, samples, silence


def _hang(_signal: int, _frame: Any) -> None:
    raise TimeoutError("more than ten seconds")


def fuzz(cases: int, seed: int, reference: Path | None, folder: Path) -> dict[str, Counter[str]]:
    """Return what came of the cases, by sample."""
    signal.signal(signal.SIGALRM, _hang)
    found = samples(reference)
    counts: dict[str, Counter[str]] = {name: Counter() for name in found}
    names = list(found)
    with tempfile.TemporaryDirectory() as place, silence():
        path = Path(place) / "input"
        for case in range(cases):
            name = names[case % len(names)]
            format, whole = found[name]
            kind = KINDS[case // len(names) % len(KINDS)]
            data = damaged(whole, np.random.default_rng([seed, case]), kind)
            path.write_bytes(data)
            signal.alarm(10)
            try:
                what = outcome(path, format)
            except Exception:
                what = "FAILED"
                folder.mkdir(exist_ok=True)
                (folder / f"{case}-{name}").write_bytes(data)
                (folder / f"{case}-{name}.txt").write_text(f"{kind}\n{traceback.format_exc()}")
            finally:
                signal.alarm(0)
            counts[name][what] += 1
    return counts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"))
    arguments = parser.parse_args()
    start = time.time()
    counts = fuzz(arguments.cases, arguments.seed, arguments.reference, arguments.failures)
    print("| file | cases | frames | one line | anything else |\n| --- | --- | --- | --- | --- |")
    for name, count in counts.items():
        print(f"| {name} | {count.total()} | {count['frames']} | {count['told']} | {count['FAILED']} |")
    total = sum(counts.values(), Counter())
    print(f"\n{total.total()} cases in {time.time() - start:.0f} s, {total['FAILED']} of them failed")
    sys.exit(1 if total["FAILED"] else 0)


if __name__ == "__main__":
    main()
