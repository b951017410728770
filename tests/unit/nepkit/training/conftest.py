"""Tiny labelled data for the training engines: rattled copper by EMT, milliseconds a frame."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.formats.files import write_frames


def copper(count: int, seed: int) -> list[Atoms]:
    frames = []
    for k in range(count):
        atoms = bulk("Cu", "fcc", 3.6, cubic=True)
        atoms.rattle(0.1, seed=seed + k)
        atoms.calc = EMT()
        found = SinglePointCalculator(
            atoms, energy=atoms.get_potential_energy(), forces=atoms.get_forces(), stress=atoms.get_stress()
        )
        atoms.calc = found
        frames.append(atoms)
    return frames


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with train.xyz (6 frames) and test.xyz (2 frames)."""
    data = tmp_path / "data"
    data.mkdir()
    write_frames(data / "train.xyz", copper(6, 0))
    write_frames(data / "test.xyz", copper(2, 100))
    return data


@pytest.fixture
def copper_model(tmp_path: Path) -> Path:
    """The smallest NEP of copper: one neuron, three descriptors."""
    numbers = [0.1, 0.2, 0.3, 0.1, 0.5, 0.2, 0.4, 0.3, 1.0, 1.0, 1.0]
    header = "nep4 1 Cu\ncutoff 4 3 60 30\nn_max 0 0\nbasis_size 0 0\nl_max 2 0 0\nANN 1 0\n"
    path = tmp_path / "copper.txt"
    path.write_text(header + "".join(f"{number:15.7e}\n" for number in numbers))
    return path


FAKE_NEP = """#!{python}
import pathlib, re, sys
text = pathlib.Path("nep.in").read_text()
if pathlib.Path("fail").exists():
    print("Error: train.xyz should not be empty."); sys.exit(3)
generations = int(re.search(r"^generation (\\d+)", text, re.M)[1])
interval = int(re.search(r"^output_interval (\\d+)", text, re.M)[1])
stop = pathlib.Path("stop")
with open("loss.out", "a") as file:
    for n in range(interval, generations + 1, interval):
        row = [n, 1.0 / n, 0.1, 0.1] + [1.0 / n] * 6
        file.write("%-8d" % row[0] + " ".join("%.5f" % x for x in row[1:]) + "\\n")
        pathlib.Path("nep.restart").write_text("0 0.1\\n")
        if stop.exists() and n >= int(stop.read_text()):
            stop.unlink(); sys.exit(9)
pathlib.Path("nep.txt").write_text(pathlib.Path({model!r}).read_text())
"""


@pytest.fixture
def fake_nep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """Install a stand-in for GPUMD's ``nep`` that writes loss.out as it does and "trains" a given model."""

    def install(model: Path) -> Path:
        path = tmp_path / "bin" / "nep"
        path.parent.mkdir()
        path.write_text(FAKE_NEP.format(python=sys.executable, model=str(model)))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("NEPKIT_NEP", str(path))
        return path

    return install
