import json

import numpy as np
import pytest
from calorine.calculators import CPUNEP

from lr_correction.nepfile import write_nep
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels
from nepkit.models.potentials import load_potential
from nepkit.models.potentials.nep import preferred
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
    """Two NEPs, a qNEP, and labelled frames of three sizes."""
    made = tmp_path_factory.mktemp("predict")
    write_nep(random_nep(1), made / "nep.txt")
    write_nep(random_nep(4), made / "other.txt")
    write_nep(random_nep(2, charge_mode=2), made / "qnep.txt")
    frames = [random_frame(seed, grid=(2, 2, 2 + seed % 3)) for seed in range(20)]
    for atoms, found in zip(frames, load_potential(made / "other.txt").compute(frames), strict=True):
        set_labels(atoms, Labels(energy=found.energy, forces=found.forces, virial=found.virial))
    write_frames(made / "frames.xyz", frames)
    return made


def test_predictions_and_errors_are_calorines(call, folder, tmp_path):
    words = ["predict", folder / "frames.xyz", "-m", folder / "nep.txt"]
    status, out, err = call(*words, "-o", tmp_path / "out.xyz", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    frames, written = (list(read_frames(path)) for path in (folder / "frames.xyz", tmp_path / "out.xyz"))
    differences = []
    for given, made, row in zip(frames, written, found["frames"], strict=True):
        atoms = given.copy()
        atoms.calc = CPUNEP(str(folder / "nep.txt"))
        mine = labels(made)
        assert mine.energy == pytest.approx(atoms.get_potential_energy(), rel=1e-10)
        assert row["energy"] == pytest.approx(mine.energy)
        np.testing.assert_allclose(mine.forces, atoms.get_forces(), atol=1e-10)
        np.testing.assert_allclose(mine.virial, -atoms.get_volume() * atoms.get_stress(voigt=False), atol=1e-9)
        np.testing.assert_allclose(made.get_stress(), atoms.get_stress(), atol=1e-12)
        assert row["max_force"] == pytest.approx(np.linalg.norm(mine.forces, axis=1).max())
        differences.append((mine.forces - labels(given).forces).ravel())
    (force,) = [row for row in found["errors"] if row["quantity"] == "force"]
    total = np.concatenate(differences)
    assert force["rmse"] == pytest.approx(1e3 * np.sqrt(np.mean(total**2)))
    assert force["mae"] == pytest.approx(1e3 * np.abs(total).mean())


def test_the_error_of_an_rmse_is_its_scatter_over_sets_of_frames(call, folder):
    """The standard error against resampled sets of frames, frames of different sizes among them."""
    status, out, _ = call("predict", folder / "frames.xyz", "-m", folder / "nep.txt", "--json")
    assert status == 0
    found = json.loads(out)
    (force,) = [row for row in found["errors"] if row["quantity"] == "force"]
    reference = [labels(atoms).forces for atoms in read_frames(folder / "frames.xyz")]
    parts = [(np.array(row["forces"]) - given).ravel() for row, given in zip(found["frames"], reference, strict=True)]
    rng = np.random.default_rng(0)
    resampled = []
    for _ in range(2000):
        chosen = np.concatenate([parts[k] for k in rng.integers(0, len(parts), len(parts))])
        resampled.append(1e3 * np.sqrt(np.mean(chosen**2)))
    assert force["rmse_error"] == pytest.approx(np.std(resampled), rel=0.15)


def test_charges_and_born_charges_are_written(call, folder, tmp_path):
    words = ["predict", folder / "frames.xyz", "-m", folder / "qnep.txt"]
    assert call(*words, "-o", tmp_path / "with.xyz")[0] == 0
    assert call(*words, "-o", tmp_path / "without.xyz", "--no-born")[0] == 0
    expected = load_potential(folder / "qnep.txt", backend="lr_correction").compute(read_frames(folder / "frames.xyz"))
    for atoms, other, row in zip(
        read_frames(tmp_path / "with.xyz"), read_frames(tmp_path / "without.xyz"), expected, strict=True
    ):
        np.testing.assert_allclose(labels(atoms).charges, row.charges, atol=1e-8)
        np.testing.assert_allclose(labels(atoms).bec, row.bec, atol=1e-8)
        assert labels(other).bec is None
        np.testing.assert_allclose(labels(other).charges, row.charges, atol=1e-8)


def test_a_committee_gives_mean_and_spread(call, folder, tmp_path):
    names = [folder / "nep.txt", folder / "other.txt", folder / "qnep.txt"]
    words = [word for name in names for word in ("-m", name)]
    status, out, err = call("predict", folder / "frames.xyz", *words, "-o", tmp_path / "out.xyz")
    assert (status, err) == (0, "")
    assert "Spread of the committee" in out
    frames = list(read_frames(folder / "frames.xyz"))
    members = np.array([[row.forces.sum(axis=0) for row in load_potential(name).compute(frames)] for name in names])
    for number, atoms in enumerate(read_frames(tmp_path / "out.xyz")):
        each = [load_potential(name).compute([frames[number]])[0] for name in names]
        np.testing.assert_allclose(labels(atoms).forces, np.mean([row.forces for row in each], axis=0), atol=1e-9)
        spread = np.sqrt(np.var([row.forces for row in each], axis=0, ddof=1).sum(axis=1))
        np.testing.assert_allclose(atoms.arrays["force_spread"], spread, atol=1e-8)
        assert atoms.info["max_force_spread"] == pytest.approx(spread.max())
        energy = np.std([row.energy for row in each], ddof=1) / len(atoms)
        assert atoms.info["energy_spread"] == pytest.approx(energy)
    assert members.shape == (3, 20, 3)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_was_done_before_a_bad_frame_is_kept(call, folder, tmp_path, jobs):
    frames = [random_frame(seed) for seed in range(12)]
    frames[10].symbols[3] = "Og"
    write_frames(tmp_path / "frames.xyz", frames)
    words = ["predict", tmp_path / "frames.xyz", "-m", folder / "nep.txt", "-o", tmp_path / "out.xyz", "--jobs", jobs]
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert err == (
        f"Error: {tmp_path / 'frames.xyz'}, frame 11: element Og is not in the model, which knows Li Cl Y; "
        f"the 10 frames before it are in {tmp_path / 'out.xyz'}\n"
    )
    assert len(list(read_frames(tmp_path / "out.xyz"))) == 10
    frames[0].symbols[0] = "Og"
    write_frames(tmp_path / "first.xyz", frames)
    alone = load_potential(folder / "nep.txt").compute(read_frames(tmp_path / "out.xyz"))
    for atoms, row in zip(read_frames(tmp_path / "out.xyz"), alone, strict=True):
        assert labels(atoms).energy == row.energy
    words[1], words[5] = tmp_path / "first.xyz", tmp_path / "none.xyz"
    status, out, err = call(*words)
    assert (status, err.count("\n"), "frame 1: element Og" in err) == (1, 1, True)
    assert not (tmp_path / "none.xyz").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "absent.txt"], "absent.txt: no such file"),
        (["-m", "mce"], "did you mean mace"),
        (["-m", "nep.txt", "-o", "frames.xyz"], "frames.xyz already exists"),
        ([], "Missing option '-m'"),
    ],
)
def test_bad_input(call, folder, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, out, err = call("predict", "frames.xyz", *words)
    assert (status, out) == (1, "")
    assert message in err
    assert sorted(folder.iterdir()) == before


def test_what_would_end_the_process_is_one_line_and_what_was_done_is_kept(call, folder, tmp_path):
    good, thin, broken = random_frame(1), random_frame(1)[:2], random_frame(1)
    thin.set_cell(np.diag([0.003, 0.004, 0.9]))
    broken.positions[1] = broken.positions[0]
    told = "at the same place" if preferred() == "own" else "not finite numbers"
    for number, (bad, message) in enumerate(((thin, "too thin"), (broken, told))):
        write_frames(tmp_path / f"{number}.xyz", [good, good, bad, good])
        words = ["predict", tmp_path / f"{number}.xyz", "-m", folder / "nep.txt", "-o", tmp_path / f"out{number}.xyz"]
        status, out, err = call(*words)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert f"{number}.xyz, frame 3: " in err
        assert message in err
        assert len(list(read_frames(tmp_path / f"out{number}.xyz"))) == 2
