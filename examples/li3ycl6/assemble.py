"""Collect the labels into the bundled training and test files of ``nepkit/data/li3ycl6`` and fill in the data card.

The split goes by whole trajectory, never by frame, and depends on the trajectory's name alone, so that it stays the
same while labels arrive. Frames are written in the order of ``training_order``, in which any prefix is a fair mix.

    python assemble.py                 # train.xyz, test.xyz and the counts in DATA_CARD.md
"""

from __future__ import annotations

import argparse
import os
import re
import zlib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read

LABELS = Path(__file__).parent / "work" / "labels"
BUNDLED = Path(__file__).parents[2] / "nepkit" / "data" / "li3ycl6"

#: Held out: the whole ordering monoclinic/c (to 1200 K), a hot trigonal run, a set of rattled cells, and a defect run.
TEST = (
    "*/monoclinic/c",
    "*/monoclinic/c/*",
    "md/trigonal/a/0/900K",
    "rattled/trigonal/b",
    "schottky/monoclinic/a/0/600K",
)
LARGEST_FORCE = 15.0  # eV/A; a frame beyond this is named and left out
SHORTEST_DISTANCE = 1.5  # A; likewise: no thermal configuration of these ions is this close
KEYS = ("kind", "polymorph", "ordering", "trajectory", "structure_id", "temperature", "time_ps", "amplitude")


def held_out(trajectory: str) -> bool:
    return any(fnmatch(trajectory, pattern) for pattern in TEST)


def collect(folder: Path) -> tuple[list[Atoms], list[str]]:
    """Every usable labelled frame, and one line for every frame that is left out."""
    frames, dropped = [], []
    for path in sorted(folder.glob("*.xyz")):
        atoms = read(path)
        force = np.abs(atoms.get_forces()).max()
        distance = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)].min()
        if not (force < LARGEST_FORCE and distance > SHORTEST_DISTANCE):
            dropped.append(f"{path.stem}: largest force component {force:.1f} eV/A, shortest distance {distance:.2f} A")
        else:
            frames.append(atoms)
    return frames, dropped


def training_order(frames: list[Atoms]) -> list[Atoms]:
    """One frame of every trajectory, then a second of every trajectory, and so on; the order does not depend on time.

    All relaxed cells count as one trajectory: there is one frame of each, and they say the least.
    """
    groups: dict[str, list[Atoms]] = {}
    for atoms in frames:
        name = "relaxed" if atoms.info["kind"] == "relaxed" else atoms.info["trajectory"]
        groups.setdefault(name, []).append(atoms)
    keyed = []
    for name, group in groups.items():
        group.sort(key=lambda atoms: zlib.crc32(atoms.info["structure_id"].encode()))
        keyed += [((turn, zlib.crc32(name.encode())), atoms) for turn, atoms in enumerate(group)]
    return [atoms for _, atoms in sorted(keyed, key=lambda entry: entry[0])]


def numbers(values, decimals: int) -> str:
    """Fixed decimals without trailing zeros or a negative zero."""
    texts = (f"{value:.{decimals}f}".rstrip("0").rstrip(".") for value in np.ravel(values))
    return " ".join("0" if text == "-0" else text for text in texts)


def text(atoms: Atoms) -> str:
    """One frame of extended xyz as GPUMD's ``nep`` reads it: eV, eV/A, virial in eV and positive under compression."""
    # A file read by ASE holds the nine values of "virial" as a transposed matrix; the virial is symmetric.
    virial = np.reshape(atoms.info["virial"], (3, 3))
    head = [
        f'Lattice="{numbers(atoms.cell, 7)}"',
        "Properties=species:S:1:pos:R:3:forces:R:3",
        f"energy={atoms.get_potential_energy():.6f}",
        f'virial="{numbers((virial + virial.T) / 2, 6)}"',
        'pbc="T T T"',
    ]
    for key in KEYS:
        if key in atoms.info:
            value = atoms.info[key]
            head.append(f"{key}={value if isinstance(value, str) else format(value, 'g')}")
    lines = [str(len(atoms)), " ".join(head)]
    for symbol, position, force in zip(atoms.symbols, atoms.positions, atoms.get_forces(), strict=True):
        lines.append(f"{symbol} {numbers(position, 6)} {numbers(force, 5)}")
    return "\n".join(lines) + "\n"


def save(path: Path, content: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(content)
    os.replace(part, path)


def counts(train: list[Atoms], test: list[Atoms], dropped: list[str]) -> str:
    """The tables of the data card."""
    lines = ["| frames | training | test |", "|---|---|---|"]
    where = {"training": train, "test": test}
    tallies: dict[str, dict[str, Counter]] = {}
    for name, frames in where.items():
        tallies[name] = {
            "polymorph": Counter(atoms.info["polymorph"] for atoms in frames),
            "kind": Counter(atoms.info["kind"] for atoms in frames),
            "atoms": Counter(f"{len(atoms)} atoms" for atoms in frames),
        }
    for field in ("polymorph", "kind", "atoms"):
        for value in sorted(set(tallies["training"][field]) | set(tallies["test"][field])):
            lines.append(f"| {value} | {tallies['training'][field][value]} | {tallies['test'][field][value]} |")
    lines.append(f"| **all** | **{len(train)}** | **{len(test)}** |")
    for label, quantity in (
        ("atoms in all", lambda frames: f"{sum(map(len, frames))}"),
        ("trajectories", lambda frames: f"{len({atoms.info['trajectory'] for atoms in frames})}"),
        ("force, rms (eV/A)", lambda frames: f"{rms(np.concatenate([a.get_forces() for a in frames])):.3f}"),
        ("force, largest component (eV/A)", lambda frames: f"{max(np.abs(a.get_forces()).max() for a in frames):.2f}"),
        ("energy, spread (meV/atom)", lambda frames: f"{1e3 * np.std([energy(a) for a in frames]):.1f}"),
    ):
        lines.append(f"| {label} | {quantity(train)} | {quantity(test)} |")
    lines += ["", "Test trajectories (whole, and never seen in training): " + listing(test) + "."]
    lines += ["", f"Left out: {len(dropped)} frame(s)" + ("." if not dropped else ": " + "; ".join(dropped) + ".")]
    return "\n".join(lines)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def energy(atoms: Atoms) -> float:
    return float(atoms.get_potential_energy() / len(atoms))


def listing(frames: list[Atoms]) -> str:
    tally = Counter(atoms.info["trajectory"] for atoms in frames)
    return ", ".join(f"`{name}` ({number})" for name, number in sorted(tally.items()))


def fill(card: Path, section: str, content: str) -> None:
    """Replace what stands between ``<!-- section -->`` and ``<!-- /section -->``."""
    pattern = re.compile(rf"(<!-- {section} -->\n).*?(<!-- /{section} -->)", re.DOTALL)
    old = card.read_text()
    if not pattern.search(old):
        raise SystemExit(f"{card}: no section <!-- {section} -->")
    save(card, pattern.sub(lambda match: match[1] + content + "\n" + match[2], old))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--out", type=Path, default=BUNDLED)
    options = parser.parse_args()
    frames, dropped = collect(options.labels)
    ordered = training_order(frames)
    train = [atoms for atoms in ordered if not held_out(atoms.info["trajectory"])]
    test = [atoms for atoms in ordered if held_out(atoms.info["trajectory"])]
    if not train or not test:
        raise SystemExit(f"{options.labels}: {len(train)} training, {len(test)} test frames; label more frames first")
    options.out.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train.xyz", train), ("test.xyz", test)):
        save(options.out / name, "".join(map(text, chosen)))
    fill(options.out / "DATA_CARD.md", "counts", counts(train, test, dropped))
    print(f"{len(train)} training and {len(test)} test frames, {len(dropped)} left out")
    for line in dropped:
        print(f"left out {line}")


if __name__ == "__main__":
    main()
