import json

import pytest
from ase import Atoms

from nepkit.formats.files import write_frames
from tests.water_chains import SPACING, chains


@pytest.fixture(scope="module")
def run_of_chains(tmp_path_factory):
    made = chains(4, rattle=0.3, slide=0.02, breathe=0.002, count=6, length=8, frames=500)
    path = tmp_path_factory.mktemp("run") / "dump.xyz"
    write_frames(path, made.frames)
    return path, made


def test_hydroxide_of_a_known_chain(transport, run_of_chains, tmp_path):
    path, made = run_of_chains
    words = ["hydroxide", path, "--persistence", 0.12, "--temperature", 300]
    status, out, err = transport(*words, "--json", "-o", tmp_path / "a.png")
    assert (status, err) == (0, "")
    found = json.loads(out)
    lasting = sum(map(len, made.hops))
    assert (found["ion"], found["ions"], found["waters"]) == ("OH", 6, 42.0)
    assert found["raw_hops"] == made.changes
    assert abs(found["hops"] - lasting) <= 0.06 * lasting
    assert abs(found["rate"]["value"] - 0.2) < 3 * found["rate"]["error"]
    assert abs(found["D"]["value"] - 1e-4 * (0.2 * SPACING**2 / 6 + 0.02 / 3)) < 3.5 * found["D"]["error"]
    assert found["sigma"]["unit"] == "mS/cm"
    assert found["correlation"] > 0.9
    assert found["accepted"]["value"] == 2.0
    assert (tmp_path / "a.png").stat().st_size > 1000
    status, out, _ = transport(*words)
    for row in ("hops of an ion that last", "D, vehicular", "sigma, formal charges", "sigma, assigned ions"):
        assert row in out


def test_hbonds_of_a_known_chain_and_against_water(transport, run_of_chains, tmp_path):
    path, _ = run_of_chains
    write_frames(tmp_path / "dry.xyz", chains(1, length=4, frames=40).frames)
    status, out, err = transport("hbonds", path, tmp_path / "dry.xyz", "--json", "-o", tmp_path / "a.svg")
    assert (status, err) == (0, "")
    wet, dry = json.loads(out)["runs"]
    assert (wet["hydration"], dry["hydration"]) == (7.0, 3.0)
    assert wet["accepted"]["OH"]["value"] == 2.0
    assert wet["donated"]["H2O"]["value"] == 1.0
    assert wet["largest"] == pytest.approx(1 / 6)
    assert wet["probability"]["value"] == 0.0
    status, out, _ = transport("hbonds", path, tmp_path / "dry.xyz")
    assert "Network against water content" in out


@pytest.mark.parametrize(
    ("atoms", "words", "message"),
    [
        (Atoms("LiCl", [[0, 0, 0], [2, 0, 0]]), [], "no H, so no hydroxide or excess proton"),
        (Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [-0.3, 0.9, 0]]), [], "is neutral water; no ion to follow"),
        (
            Atoms("OHK", [[0, 0, 0], [0.96, 0, 0], [4, 4, 4]]),
            ["--formal-charge", "N"],
            "is not an element and its charge",
        ),
        (Atoms("OHK", [[0, 0, 0], [0.96, 0, 0], [4, 4, 4]]), ["--interval", "0"], "an interval of 0.0 ps"),
    ],
)
def test_bad_input_gets_one_line(transport, tmp_path, atoms, words, message):
    atoms.cell, atoms.pbc = [10, 10, 10], True
    write_frames(tmp_path / "a.xyz", [atoms] * 4)
    status, out, err = transport("hydroxide", tmp_path / "a.xyz", *(words or ["--interval", 0.1]))
    assert status in (1, 2)
    assert not out
    assert message in err
    assert "Traceback" not in err


def test_one_frame_and_steps_of_half_the_cell_are_refused(transport, tmp_path):
    ion = Atoms("OHK", [[0, 0, 0], [0.96, 0, 0], [4, 4, 4]], cell=[10] * 3, pbc=True)
    write_frames(tmp_path / "one.xyz", [ion])
    status, _, err = transport("hydroxide", tmp_path / "one.xyz", "--interval", 0.1)
    assert (status, "1 frame, at least two" in err) == (1, True)
    far = ion.copy()
    far.positions[2, 0] += 4.9
    write_frames(tmp_path / "far.xyz", [ion, far])
    status, _, err = transport("hbonds", tmp_path / "far.xyz", "--interval", 0.1)
    assert status == 1
    assert "dump frames more often" in err
