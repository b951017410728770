import json

import numpy as np
import pytest
from calorine.calculators import CPUNEP
from calorine.nep import get_descriptors, get_latent_space

from lr_correction.nepfile import write_nep
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels
from nepkit.properties.site_energies import read_site_energies
from tests.factories import random_frame, random_nep


@pytest.fixture
def call(capsys):
    """Run the program in this process and return status, standard output and standard error."""

    def run(*words):
        status = main(["calc", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("atoms")
    write_nep(random_nep(1), made / "nep.txt")
    write_frames(made / "frames.xyz", [random_frame(seed, grid=(2, 2, 2 + seed % 2)) for seed in range(6)])
    return made


@pytest.mark.parametrize(("name", "oracle"), [("descriptors", get_descriptors), ("latent", get_latent_space)])
def test_tables_are_calorines_with_frame_and_atom(call, folder, tmp_path, name, oracle):
    status, out, _ = call(name, folder / "frames.xyz", "-m", folder / "nep.txt", "-o", tmp_path / "t.npz", "--json")
    assert status == 0
    frames = list(read_frames(folder / "frames.xyz"))
    with np.load(tmp_path / "t.npz") as file:
        assert json.loads(out)["rows"] == len(file["values"]) == sum(map(len, frames))
        for number, atoms in enumerate(frames):
            mine = file["frame"] == number
            assert file["atom"][mine].tolist() == list(range(len(atoms)))
            assert file["symbols"][mine].tolist() == atoms.get_chemical_symbols()
            np.testing.assert_allclose(file["values"][mine], oracle(atoms, str(folder / "nep.txt")), atol=1e-10)


def test_one_element_as_npy(call, folder, tmp_path):
    words = ["-m", folder / "nep.txt", "--element", "Y", "-o", tmp_path / "y.npy"]
    assert call("descriptors", folder / "frames.xyz", *words)[0] == 0
    found, row = np.load(tmp_path / "y.npy"), 0
    for atoms in read_frames(folder / "frames.xyz"):
        expected = get_descriptors(atoms, str(folder / "nep.txt"))[atoms.symbols == "Y"]
        np.testing.assert_allclose(found[row : row + len(expected)], expected, atol=1e-10)
        row += len(expected)
    assert row == len(found)


def test_site_energies_are_calorines_at_the_positions_that_are_written(call, folder, tmp_path):
    words = ["-m", folder / "nep.txt", "--steps", 4, "-o", tmp_path / "doas.xyz"]
    status, out, _ = call("doas", folder / "frames.xyz", *words)
    assert status == 1
    assert "Not at rest: frames 1, 2, 3, 4, 5, 6" in out
    given = list(read_frames(folder / "frames.xyz"))
    for atoms, start in zip(read_frames(tmp_path / "doas.xyz"), given, strict=True):
        bare = atoms.copy()
        bare.calc = CPUNEP(str(folder / "nep.txt"))
        np.testing.assert_allclose(atoms.arrays["site_energy"], bare.get_potential_energies(), atol=1e-7)
        assert labels(atoms).energy == pytest.approx(atoms.arrays["site_energy"].sum(), abs=1e-6)
        assert np.abs(atoms.positions - start.positions).max() > 1e-3
        assert atoms.info["converged"] == False  # noqa: E712 - read from a file
    assert read_site_energies(tmp_path / "doas.xyz").frames == 6


def test_frames_as_they_are(call, folder, tmp_path):
    words = ["-m", folder / "nep.txt", "--no-relax", "-o", tmp_path / "doas.xyz", "--json"]
    status, out, _ = call("doas", folder / "frames.xyz", *words)
    assert status == 0
    found, expected = list(read_frames(tmp_path / "doas.xyz")), list(read_frames(folder / "frames.xyz"))
    for atoms, start in zip(found, expected, strict=True):
        np.testing.assert_allclose(atoms.positions, start.positions, atol=1e-8)
    energies = np.concatenate([atoms.arrays["site_energy"][atoms.symbols == "Li"] for atoms in found])
    (lithium,) = [row for row in json.loads(out)["elements"] if row["element"] == "Li"]
    assert (lithium["atoms"], lithium["mean"]) == (len(energies), pytest.approx(energies.mean()))


def test_an_interrupted_run_goes_on(call, folder, tmp_path):
    words = ["doas", folder / "frames.xyz", "-m", folder / "nep.txt", "--steps", 3, "-o"]
    call(*words, tmp_path / "whole.xyz")
    whole = (tmp_path / "whole.xyz").read_text()
    lines = whole.splitlines(keepends=True)
    cut = tmp_path / "cut.xyz"
    cut.write_text("".join(lines[: len(lines) - 4]))  # the sixth frame was under way
    _, out, _ = call(*words, cut, "--resume")
    assert "6 frames, 4 of them from before" in out
    assert cut.read_text() == whole
    assert call(*words, cut)[2].endswith("cut.xyz already exists; choose another name or add --overwrite\n")


def test_frames_before_a_bad_one_are_kept(call, folder, tmp_path):
    frames = list(read_frames(folder / "frames.xyz"))
    frames[2].symbols[0] = "Og"
    write_frames(tmp_path / "bad.xyz", frames)
    words = ["doas", tmp_path / "bad.xyz", "-m", folder / "nep.txt", "--steps", 3, "-o", tmp_path / "out.xyz"]
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert "bad.xyz, frame 3: element Og is not in the model" in err
    assert f"frames done before it: 2, in {tmp_path / 'out.xyz'}" in err
    assert len(list(read_frames(tmp_path / "out.xyz"))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["descriptors", "frames.xyz", "-m", "nep.txt", "-o", "new.txt"], "written as .npz, or as .npy"),
        (["descriptors", "frames.xyz", "-m", "nep.txt", "--element", "Na"], "element Na is not in the model"),
        (["latent", "frames.xyz", "-m", "frames.xyz"], "frames.xyz: "),
        (["doas", "frames.xyz", "-m", "nep.txt", "-o", "frames.xyz"], "frames.xyz already exists"),
        (["doas", "frames.xyz", "-m", "nep.txt", "-o", "frames.xyz", "--resume"], "frame 1: not of these frames"),
        (["doas", "frames.xyz", "-m", "tests.wells:DoubleWell", "--no-relax"], "does not divide its energy"),
    ],
)
def test_bad_input(call, folder, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
