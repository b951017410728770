import json

import numpy as np
import pytest

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, set_labels
from nepkit.properties.polarization import E_PER_A2
from tests.perovskite import perovskite

CHARGES = {"Ba": 2.7, "Ti": 7.2, "O": -3.3}
SHELLS = ["-C", "Ti", "--shell", "O=6", "--shell", "Ba=8"]


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
    """Titanium off its centre by 0.01 A more in every frame, as wrapped frames; a tilted perovskite."""
    made = tmp_path_factory.mktemp("local")
    frames = []
    for number in range(5):
        atoms = perovskite((2, 2, 2))
        atoms.positions[atoms.symbols == "Ti", 2] += 0.01 * number
        atoms.positions += 0.3 * number
        atoms.wrap()
        set_labels(
            atoms, Labels(bec=np.array([CHARGES[symbol] for symbol in atoms.symbols])[:, None, None] * np.eye(3))
        )
        frames.append(atoms)
    write_frames(made / "run.xyz", frames)
    write_frames(made / "tilted.xyz", [perovskite(angle=7.0, in_phase=False)])
    return made


def test_neighbors_are_written_from_1_and_read_back(call, folder, tmp_path):
    status, out, _ = call("neighbors", folder / "run.xyz", "-C", "Ti", "-E", "O", "-o", tmp_path / "nl.dat")
    assert status == 0
    assert "8 centres" in out
    table = np.loadtxt(tmp_path / "nl.dat", dtype=int)
    (start, *_) = read_frames(folder / "run.xyz")
    assert table.shape == (8, 7)
    assert {start.symbols[k - 1] for k in table[:, 0]} == {"Ti"}
    assert {start.symbols[k - 1] for k in table[:, 1:].ravel()} == {"O"}
    np.testing.assert_allclose(start.get_distance(table[0, 0] - 1, table[0, 3] - 1, mic=True), 2.0, atol=1e-6)


def test_displacements_by_elements_and_by_file(call, folder, tmp_path):
    words = ["displacements", folder / "run.xyz", "-o"]
    assert call(*words, tmp_path / "a.dat", "-C", "Ti", "-E", "O")[0] == 0
    found = np.loadtxt(tmp_path / "a.dat").reshape(5, 8, 3)
    expected = np.zeros((5, 8, 3))
    expected[..., 2] = 0.01 * np.arange(5)[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-7)
    cube = [perovskite((3, 3, 3)), perovskite((3, 3, 3))]
    cube[1].positions[1] += [0.1, 0.0, 0.0]
    write_frames(tmp_path / "cube.xyz", cube)
    assert call("neighbors", tmp_path / "cube.xyz", "-C", "Ti", "-E", "O", "-o", tmp_path / "nl.dat")[0] == 0
    words = ["displacements", tmp_path / "cube.xyz", "--neighbours", tmp_path / "nl.dat", "--start", 2]
    assert call(*words, "-o", tmp_path / "b.npz")[0] == 0
    with np.load(tmp_path / "b.npz") as file:
        np.testing.assert_allclose(file["values"][0, :2], [[0.1, 0, 0], [0, 0, 0]], atol=1e-7)
        assert file["values"].shape == (1, 27, 3)


def test_frames_are_chosen(call, folder, tmp_path):
    words = ["displacements", folder / "run.xyz", "-C", "Ti", "-E", "O", "--start", 2, "--every", 2, "-o"]
    assert call(*words, tmp_path / "a.dat")[0] == 0
    np.testing.assert_allclose(np.loadtxt(tmp_path / "a.dat").reshape(2, 8, 3)[:, 0, 2], [0.01, 0.03], atol=1e-7)
    assert call(*words, tmp_path / "b.dat", "--last", 1)[0] == 0
    assert len(np.loadtxt(tmp_path / "b.dat")) == 8


def test_the_average_structure(call, folder, tmp_path):
    status, out, _ = call("average-structure", folder / "run.xyz", "-o", tmp_path / "mean.xyz", "--json")
    assert status == 0
    found = json.loads(out)
    assert (found["frames"], found["hopping"]) == (5, [])
    (mean,) = read_frames(tmp_path / "mean.xyz")
    offset = mean.positions[mean.symbols == "Ti", 2] - mean.positions[mean.symbols == "Ba", 2]
    np.testing.assert_allclose(offset - 4.0 * np.round(offset / 4.0), 2.02 - 4.0, atol=1e-7)
    assert mean.arrays["rms_displacement"].max() == pytest.approx(
        0.01 * np.std(np.arange(5)) * (1 - 47.867 / 233.19), rel=1e-3
    )


def test_tilts(call, folder, tmp_path):
    words = ["octahedral-tilt", folder / "tilted.xyz", "-C", "Ti", "-o", tmp_path / "tilt.dat"]
    status, out, _ = call(*words)
    assert status == 0
    assert "Pattern a0a0c-" in out
    np.testing.assert_allclose(np.abs(np.loadtxt(tmp_path / "tilt.dat")), np.tile([0, 0, 7.0], (8, 1)), atol=1e-6)


def test_polarisation_by_numbers_and_by_the_charges_of_the_frames(call, folder, tmp_path):
    expected = np.zeros((5, 3))
    expected[:, 2] = 7.2 * 0.01 * np.arange(5) / 64.0 * E_PER_A2
    by_numbers = ["--charges", "Ba=2.7,Ti=7.2,O=-3.3"]
    for name, more in (("a.dat", by_numbers), ("b.dat", [])):
        status, out, _ = call("polarization", folder / "run.xyz", *SHELLS, *more, "-o", tmp_path / name, "--json")
        assert status == 0
        np.testing.assert_allclose(json.loads(out)["total"], expected, atol=1e-7)
        found = np.loadtxt(tmp_path / name).reshape(5, 8, 3)
        np.testing.assert_allclose(found, np.repeat(expected[:, None], 8, axis=1), atol=1e-7)


def test_polarisation_by_a_model(call, reference_data, tmp_path):
    folder = reference_data / "gpumd_fixtures"
    words = [folder / "BaTiO3-nat40-rattled.xyz", *SHELLS, "-m", folder / "qnep_mode1_BaTiO3.txt"]
    status, out, _ = call("polarization", *words, "-o", tmp_path / "p.dat", "--json")
    assert status == 0
    with np.load(folder / "bec_bulk_perovskite_qnep_mode1_ewald.npz") as file:
        tensors = file["bec"].reshape(-1, 3, 3)  # as GPUMD wrote them
    (atoms,) = read_frames(folder / "BaTiO3-nat40-rattled.xyz")
    set_labels(atoms, Labels(bec=tensors))
    write_frames(tmp_path / "labelled.xyz", [atoms])
    status, labelled, _ = call("polarization", tmp_path / "labelled.xyz", *SHELLS, "-o", tmp_path / "q.dat", "--json")
    assert status == 0
    np.testing.assert_allclose(json.loads(out)["total"], json.loads(labelled)["total"], atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["neighbors", "run.xyz", "-C", "Sr", "-E", "O"], "no Sr in the structure"),
        (["neighbors", "run.xyz", "-C", "Ti", "-E", "O", "-n", "9", "-c", "2.5"], "6 neighbours O within 2.5 A"),
        (["displacements", "run.xyz"], "give --centre and --neighbour"),
        (["displacements", "run.xyz", "-C", "Ti", "-E", "O", "--start", "9"], "no frame is chosen"),
        (["octahedral-tilt", "run.xyz"], "give the element in the middle"),
        (["polarization", "run.xyz", "-C", "Ti"], "give the cell"),
        (["polarization", "run.xyz", *SHELLS, "--charges", "Ba=2"], "frame 1: no charge of O"),
        (["polarization", "tilted.xyz", *SHELLS], "carries no Born effective charges"),
        (["polarization", "run.xyz", "-C", "Ti", "--shell", "O"], "is not elements and a number"),
        (["polarization", "run.xyz", *SHELLS, "-m", "emt"], "frame 1: element Ba is not in the model"),
    ],
)
def test_bad_input(call, folder, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(folder.iterdir()) == before
