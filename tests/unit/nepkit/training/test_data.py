"""Training data are checked before anything runs, with the file and frame named."""

from __future__ import annotations

from pathlib import Path

import pytest

from nepkit.core.errors import InputError
from nepkit.training.data import load_data

FRAME = """2
Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3{column} {energy} pbc="{pbc}"
{first} 0 0 0 {row}
Cl 2 2 2 {row}
"""


def write(
    path: Path, *, energy: str = "energy=-1.0", forces: bool = True, pbc: str = "T T T", first: str = "Na"
) -> Path:
    good = FRAME.format(column=":forces:R:3", energy="energy=-1.0", pbc="T T T", first="Na", row="0 0 0")
    column, row = (":forces:R:3", "0 0 0") if forces else ("", "")
    path.write_text(good + FRAME.format(column=column, energy=energy, pbc=pbc, first=first, row=row))
    return path


def test_folder(folder: Path) -> None:
    data = load_data(folder)
    assert (len(data.train), len(data.test), data.elements) == (6, 2, ("Cu",))
    assert load_data(folder / "train.xyz").test == []
    assert len(load_data(folder, folder / "train.xyz").test) == 6


def test_elements_by_atomic_number_or_as_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xyz")
    assert load_data(path).elements == ("Na", "Cl")
    assert load_data(path, elements=["Cl", "Na", "K"]).elements == ("Cl", "Na", "K")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"energy": ""}, r"a\.xyz, frame 2: no energy; training needs"),
        ({"forces": False}, r"a\.xyz, frame 2: no forces; training needs"),
        ({"pbc": "T T F"}, r"a\.xyz, frame 2: a NEP is trained on periodic cells"),
    ],
)
def test_unusable_frames(tmp_path: Path, values: dict[str, object], message: str) -> None:
    path = write(tmp_path / "a.xyz", **values)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=message):
        load_data(path)


def test_element_beyond_the_model(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xyz", first="Li")
    with pytest.raises(InputError, match=r"a\.xyz, frame 2: Li is not among the elements Na Cl"):
        load_data(path, elements=["Na", "Cl"])


def test_folder_without_frames(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no train\.xyz in this folder"):
        load_data(tmp_path)
