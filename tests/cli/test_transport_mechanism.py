import json

import numpy as np
import pytest
from ase.calculators.vasp import VaspChargeDensity
from ase.io import read

from nepkit.formats.files import write_frames
from tests.lattice_hops import SIDE, SITES, A, hops, trajectory


@pytest.fixture(scope="module")
def run_of_hops(tmp_path_factory):
    """20 Li that hop between 64 sites with 0.2 per ps, in a wrapped triclinic cell that breathes and drifts."""
    paths, done = hops(2, frames=1000, drift=1e-4)
    path = tmp_path_factory.mktemp("run") / "dump.xyz"
    write_frames(path, trajectory(paths, breathe=0.002, drift=1e-4))
    return path, len(done)


def answer(transport, *words):
    status, out, err = transport(*words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_sites(transport, run_of_hops, tmp_path):
    path, _ = run_of_hops
    found = answer(transport, "sites", path, "--ion", "Li", "--symprec", 0.2, "-o", tmp_path / "sites.xyz")
    assert len(found["sites"]) == 64
    assert found["kinds"]["A"]["value"] == pytest.approx(20 / 64)
    assert found["inside"] > 0.99
    atoms = read(tmp_path / "sites.xyz")
    away = atoms.get_scaled_positions() * SIDE - 0.5
    assert np.abs(away - np.round(away)).max() < 1e-6
    assert atoms.arrays["occupancy"].sum() == pytest.approx(20.0)
    # The written sites are taken as given ones.
    again = answer(transport, "jumps", path, "--ion", "Li", "--structure", tmp_path / "sites.xyz")
    assert again["pairs"][0]["from"] == "A"
    _, out, _ = transport("sites", path, "--ion", "Li", "--csv")
    assert len(out.splitlines()) == 65


def test_jumps(transport, run_of_hops, tmp_path):
    path, done = run_of_hops
    found = answer(transport, "jumps", path, "--ion", "Li", "-o", tmp_path / "a.png")
    assert found["jumps"] == done
    assert abs(found["rate"]["value"] - 0.2) < 3 * found["rate"]["error"]
    assert abs(found["correlation_factor"]["value"] - 1.0) < 3 * found["correlation_factor"]["error"]
    assert abs(found["D"]["value"] - found["D_random_walk"]["value"]) < 3 * found["D"]["error"]
    assert found["pairs"][0]["length"]["value"] == pytest.approx(A, abs=0.1)
    assert (
        abs(found["residence"]["site"]["lifetime"]["value"] - 4.95)
        < 3 * found["residence"]["site"]["lifetime"]["error"]
    )
    assert found["strings"]["p_value"] > 0.005
    assert (tmp_path / "a.png").stat().st_size > 1000
    _, out, _ = transport("jumps", path, "--ion", "Li")
    assert "correlation factor" in out
    assert "closed rings" in out


def test_density(transport, run_of_hops, tmp_path):
    path, _ = run_of_hops
    words = ["density", path, "--ion", "Li", "--spacing", 0.6]
    found = answer(transport, *words, "--temperature", 800, "--smooth", 0.5, "--along", "a", "-o", tmp_path / "CHGCAR")
    assert found["barriers"][0]["along"] == "a"
    assert 0.1 < found["barriers"][0]["barrier"]["value"] < 0.6
    chgcar = VaspChargeDensity(str(tmp_path / "CHGCAR"))
    assert chgcar.chg[0].sum() * found["voxel"] == pytest.approx(20.0)
    assert len(chgcar.atoms[0]) == len(SITES)
    found = answer(transport, *words, "-o", tmp_path / "a.cube")
    assert found["barriers"] == []
    assert "give --temperature" in found["notes"][-1]
    status, out, _ = transport(*words, "--temperature", 800, "--smooth", 0.5, "-o", tmp_path / "a.png")
    assert "wrote the figure" in out
    assert status == 0


def test_vanhove(transport, run_of_hops, tmp_path):
    path, _ = run_of_hops
    found = answer(transport, "vanhove", path, "--ion", "Li", "--lag", 0.1, "--lag", 5, "-o", tmp_path / "a.svg")
    distance = 0.5 * (np.array(found["edges"])[1:] + np.array(found["edges"])[:-1])
    early, late = np.array(found["self"])
    assert early[distance < 1.5].sum() * 0.1 == pytest.approx(0.98, abs=0.01)  # has not hopped
    assert late[distance < 1.5].sum() * 0.1 == pytest.approx(np.exp(-1) + np.exp(-1) / 12, abs=0.06)  # or hopped back
    assert found["non_gaussian"][0] > 0.3
    assert answer(transport, "vanhove", path, "--ion", "Li", "--self-only")["distinct"] == []


def test_rdf(transport, run_of_hops, tmp_path):
    path, _ = run_of_hops
    (found,) = answer(transport, "rdf", path, "--pair", "Li-Cl", "--longest", 5, "-o", tmp_path / "a.png")
    # Corners of the cell of anions around the site, skewed: 8 at 2.4 to 2.8 A.
    assert found["coordination"]["value"] == pytest.approx(8.0, abs=0.05)
    assert found["peak"] == pytest.approx(np.sqrt(3) * A / 2, abs=0.25)
    _, out, _ = transport("rdf", path, "--longest", 5)
    assert "Li-Li" in out


def test_residence(transport, run_of_hops, tmp_path):
    path, _ = run_of_hops
    found = answer(transport, "residence", path, "--ion", "Li", "--around", "Cl", "--cutoff", 3.6, "--longest", 20,
                   "--patience", 0.2, "-o", tmp_path / "a.png")  # fmt: skip
    assert found["coordination"] == pytest.approx(8.0, abs=0.1)
    # A hop along a vector of the cell keeps four of eight neighbours.
    assert found["lifetime"]["value"] == pytest.approx(2 * 4.95, rel=0.15)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sites", "{path}", "--ion", "Na"], "no Na in the first frame"),
        (["sites", "{path}", "--ion", "Li", "--element", "Li"], "give that too"),
        (["jumps", "{path}", "--ion", "Li", "--core", "2"], "take less than half of that"),
        (["density", "{path}", "--ion", "Li", "--along", "a"], "give --temperature"),
        (["density", "{path}", "--ion", "Li", "--temperature", "-1"], "expected more than zero"),
        (["vanhove", "{path}", "--ion", "Li", "--lag", "1e9"], "expected some from 0 to"),
        (["rdf", "{path}", "--pair", "LiCl"], "is not two elements such as Li-O"),
        (["residence", "{path}", "--ion", "Li", "--around", "Cl", "--cutoff", "0.1"], "is ever within 0.1 A"),
    ],
)
def test_bad_input_gets_one_line(transport, run_of_hops, words, message):
    status, out, err = transport(*(word.format(path=run_of_hops[0]) for word in words))
    assert status in (1, 2)
    assert not out
    assert message in err
    assert "Traceback" not in err


def test_one_frame_and_constant_positions_are_refused(transport, tmp_path):
    paths = np.full((1, 3, 3), 1 / 8) + np.array([[[0, 0, 0], [0.25, 0, 0], [0, 0.25, 0]]])
    write_frames(tmp_path / "one.xyz", trajectory(paths))
    for name in ("sites", "jumps", "density", "vanhove"):
        status, _, err = transport(name, tmp_path / "one.xyz", "--ion", "Li")
        assert (status, "1 frame, at least two" in err) == (1, True)
    write_frames(tmp_path / "still.xyz", trajectory(np.repeat(paths, 5, axis=0)))
    status, _, err = transport("jumps", tmp_path / "still.xyz", "--ion", "Li")
    assert status == 1
    assert "does not jump" in err
