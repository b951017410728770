import json

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.optimize import BFGS

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels


@pytest.fixture
def call(capsys):
    """Run the program in this process and return status, standard output and standard error."""

    def run(*words):
        status = main(["calc", "minimize", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("minimize")
    frames = [bulk("Cu", cubic=True).repeat((1, 1, 2)), bulk("Au", cubic=True), bulk("Cu").repeat(2)]
    for number, atoms in enumerate(frames):
        atoms.rattle(0.1, seed=number)
    write_frames(made / "start.xyz", frames)
    write_frames(made / "one.xyz", frames[:1])
    return made


def test_minima_are_those_of_ase(call, folder, tmp_path):
    status, out, err = call(folder / "start.xyz", "-m", "emt", "--fmax", 0.002, "-o", tmp_path / "out.xyz", "--json")
    assert (status, err) == (0, "")
    rows = json.loads(out)
    for start, end, row in zip(read_frames(folder / "start.xyz"), read_frames(tmp_path / "out.xyz"), rows, strict=True):
        start.calc = EMT()
        BFGS(start, logfile=None).run(fmax=0.002)
        assert labels(end).energy == pytest.approx(start.get_potential_energy(), abs=1e-5)
        assert row["converged"]
        assert row["max_force"] == pytest.approx(np.linalg.norm(labels(end).forces, axis=1).max(), abs=1e-7)
        assert row["max_force"] < 0.002


def test_what_does_not_converge_is_said_written_and_the_exit_status(call, folder, tmp_path):
    status, out, err = call(folder / "start.xyz", "-m", "emt", "--steps", 2, "-o", tmp_path / "out.xyz")
    assert (status, err) == (1, "")
    assert "Not converged, frame 2: not converged within 2 steps" in out
    assert len(list(read_frames(tmp_path / "out.xyz"))) == 3


def test_full_cell_and_trajectory(call, folder, tmp_path):
    words = [folder / "one.xyz", "-m", "emt", "--cell", "full", "-o", tmp_path / "POSCAR"]
    status, out, _ = call(*words, "--trajectory", tmp_path / "steps.xyz", "--pressure", 5)
    assert status == 0
    assert "max stress (GPa)" in out
    path = list(read_frames(tmp_path / "steps.xyz"))
    (end,) = read_frames(tmp_path / "POSCAR")
    np.testing.assert_allclose(end.cell.array, path[-1].cell.array, atol=1e-8)
    stress = labels(path[-1]).virial / path[-1].get_volume() * 160.2177
    np.testing.assert_allclose(stress, 5 * np.eye(3), atol=0.2)
    assert labels(path[0]).energy > labels(path[-1]).energy - 5 / 160.2177 * end.get_volume()


def test_minima_before_a_bad_structure_are_kept(call, folder, tmp_path):
    frames = list(read_frames(folder / "start.xyz"))
    frames[1].symbols[0] = "Si"
    write_frames(tmp_path / "mixed.xyz", frames)
    status, out, err = call(tmp_path / "mixed.xyz", "-m", "emt", "-o", tmp_path / "out.xyz")
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: {tmp_path / 'mixed.xyz'}, frame 2: element Si is not in the model")
    assert err.endswith(f"; the frame before it is in {tmp_path / 'out.xyz'}\n")
    assert len(list(read_frames(tmp_path / "out.xyz"))) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["start.xyz", "-m", "emt", "--trajectory", "new.xyz"], "3 structures, but a trajectory is of one"),
        (["one.xyz", "-m", "emt", "--trajectory", "start.xyz"], "start.xyz already exists"),
        (["one.xyz", "-m", "emt", "-o", "start.xyz"], "start.xyz already exists"),
        (["one.xyz", "-m", "emt", "--cell", "half"], "'half' is not one of"),
    ],
)
def test_bad_input(call, folder, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert message in err
    assert sorted(folder.iterdir()) == before
