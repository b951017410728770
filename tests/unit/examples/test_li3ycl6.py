"""The script that collects the labels, and the files it bundled: what the data card says about them is true."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.training.parity import parity


@pytest.fixture(scope="module")
def assemble(repository: Path) -> ModuleType:
    path = repository / "examples" / "li3ycl6" / "assemble.py"
    spec = importlib.util.spec_from_file_location("assemble", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bundled(repository: Path) -> Path:
    return repository / "nepkit" / "data" / "li3ycl6"


@pytest.fixture(scope="module")
def sets(bundled: Path) -> dict[str, list[Atoms]]:
    return {name: list(read_frames(bundled / f"{name}.xyz")) for name in ("train", "test")}


def frame(trajectory: str, number: int, energy: float = -3.5) -> Atoms:
    kind, polymorph, ordering, *_ = trajectory.split("/")
    atoms = Atoms("LiCl", positions=[[0, 0, 0], [2.5, 0, 1e-9]], cell=np.eye(3) * 5, pbc=True)
    atoms.info.update(
        kind=kind, polymorph=polymorph, ordering=ordering, trajectory=trajectory, structure_id=f"{trajectory}#{number}",
        virial=np.arange(9.0).reshape(3, 3) + np.arange(9.0).reshape(3, 3).T,
    )  # fmt: skip
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.array([[0.1, -1e-9, 0.0], [-0.1, 0.0, 0.0]]))
    return atoms


def test_frames_come_back_to_the_printed_digits(assemble: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_text(assemble.text(frame("md/monoclinic/a/0/900K", 2)))
    assert "-0 " not in path.read_text()
    (atoms,) = read_frames(path)
    found = labels(atoms)
    assert found.energy == -3.5
    np.testing.assert_allclose(found.forces, [[0.1, 0, 0], [-0.1, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(found.virial, [[0, 4, 8], [4, 8, 12], [8, 12, 16]])
    assert atoms.info["structure_id"] == "md/monoclinic/a/0/900K#2"


def test_order_and_split_do_not_depend_on_arrival(assemble: ModuleType) -> None:
    names = ["md/monoclinic/a/0/900K", "md/trigonal/b/0/600K", "rattled/trigonal/c", "relaxed/trigonal/a"]
    frames = [frame(name, k) for name in names for k in range(3)]
    ids = [atoms.info["structure_id"] for atoms in assemble.training_order(list(frames))]
    assert ids == [atoms.info["structure_id"] for atoms in assemble.training_order(frames[::-1])]
    assert len({name.split("#")[0] for name in ids[:4]}) == 4
    assert assemble.held_out("md/monoclinic/c/2x1x1/450K")
    assert not assemble.held_out("md/monoclinic/d/0/300K")


def test_extreme_frames_are_left_out_and_named(assemble: ModuleType, tmp_path: Path) -> None:
    good, hot, close = (frame("rattled/trigonal/a", k) for k in range(3))
    hot.calc.results["forces"] = np.array([[20.0, 0, 0], [-20.0, 0, 0]])
    results = close.calc.results
    close.positions[1] = [1.0, 0, 0]
    close.calc = SinglePointCalculator(close, **results)
    for name, atoms in (("a", good), ("b", hot), ("c", close)):
        atoms.write(tmp_path / f"{name}.xyz", format="extxyz")
    frames, dropped = assemble.collect(tmp_path)
    assert len(frames) == 1
    assert [line.split(":")[0] for line in dropped] == ["b", "c"]


def test_split_by_trajectory(sets: dict[str, list[Atoms]], assemble: ModuleType) -> None:
    names = {key: {atoms.info["trajectory"] for atoms in frames} for key, frames in sets.items()}
    assert not names["train"] & names["test"]
    assert all(map(assemble.held_out, names["test"]))
    assert {atoms.info["polymorph"] for atoms in sets["test"]} == {"monoclinic", "trigonal"}
    assert not [
        atoms for atoms in sets["train"] if (atoms.info["polymorph"], atoms.info["ordering"]) == ("monoclinic", "c")
    ]
    assert {len(atoms) for atoms in sets["train"][:30]} >= {20, 30, 40}
    assert len({atoms.info["trajectory"] for atoms in sets["train"][:30]}) > 12


def test_labels(sets: dict[str, list[Atoms]]) -> None:
    for atoms in sets["train"] + sets["test"]:
        found = labels(atoms)
        assert found.energy is not None
        assert found.forces is not None
        assert found.virial is not None
        counts = Counter(atoms.symbols)
        assert counts["Li"] + 3 * counts["Y"] == counts["Cl"], "a charged cell"
        assert np.abs(found.forces.sum(axis=0)).max() < 0.02 * len(atoms)
        np.testing.assert_allclose(found.virial, found.virial.T)


def test_the_card_tells_the_truth(bundled: Path, sets: dict[str, list[Atoms]]) -> None:
    card = (bundled / "DATA_CARD.md").read_text()
    assert f"| **all** | **{len(sets['train'])}** | **{len(sets['test'])}** |" in card
    found = {key: parity(bundled / "nep.txt", frames) for key, frames in sets.items()}
    for label, name in (("energy (meV/atom)", "energy"), ("force (meV/A)", "force"), ("virial (meV/atom)", "virial")):
        match = re.search(rf"\| {re.escape(label)} \| ([\d.]+) \| ([\d.]+) \|", card)
        assert match is not None, label
        for key, printed in zip(("train", "test"), match.groups(), strict=True):
            assert 1e3 * getattr(found[key], f"{name}_rmse") == pytest.approx(float(printed), abs=0.06)


def test_the_model_can_carry_charges(bundled: Path) -> None:
    lines = (bundled / "nep.txt").read_text().splitlines()
    assert lines[0] == "nep4_zbl 3 Li Y Cl"
    assert len(lines[2].split()) == 5, "GPUMD's qNEP needs one pair of cutoffs for all elements"
