import json

import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from tests import wells

MODEL = "tests.wells:DoubleWell"


@pytest.fixture
def call(capsys):
    """Run the program in this process and return status, standard output and standard error."""

    def run(*words):
        status = main(["calc", "neb", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ends a little off the minima of a double well, and other structures."""
    made = tmp_path_factory.mktemp("neb")
    for name, atoms in zip(("a.xyz", "b.xyz"), wells.wells(), strict=True):
        atoms.positions += [0.1, -0.05, 0.02]
        write_frames(made / name, [atoms])
    write_frames(made / "copper.xyz", [bulk("Cu")])
    write_frames(made / "two.xyz", wells.wells())
    return made


def test_a_known_barrier_with_plot_and_results(call, folder, tmp_path):
    out_files = ["-o", tmp_path / "band.xyz", "--plot", tmp_path / "band.svg", "--results", tmp_path / "band.json"]
    status, out, err = call(folder / "a.xyz", folder / "b.xyz", "-m", MODEL, "--fmax", 0.002, "-n", 6, *out_files)
    assert (status, err) == (0, "")
    assert "Barrier 0.7000 eV forth, 0.7000 eV back" in out
    record = json.loads((tmp_path / "band.json").read_text())
    assert record["results"]["barrier"] == pytest.approx(wells.HEIGHT, abs=1e-5)
    assert record["units"]["barrier"] == "eV"
    assert record["model"] == MODEL
    assert set(record["sha256"]) == {str(folder / "a.xyz"), str(folder / "b.xyz")}
    assert record["settings"]["fmax"] == 0.002
    band = list(read_frames(tmp_path / "band.xyz"))
    assert len(band) == 8
    np.testing.assert_allclose(band[0].positions[0], [-wells.HALF, wells.BEND * wells.HALF**2, 0], atol=1e-3)
    assert b"<svg" in (tmp_path / "band.svg").read_bytes()


def test_a_band_goes_on_where_it_was(call, folder, tmp_path):
    words = ["-m", MODEL, "--fmax", 0.002, "-n", 5]
    status, out, _ = call(folder / "a.xyz", folder / "b.xyz", *words, "--steps", 25, "-o", tmp_path / "part.xyz")
    assert status == 1
    assert "Not converged: not converged within 25 steps" in out
    status, out, _ = call(tmp_path / "part.xyz", *words, "-o", tmp_path / "whole.xyz", "--json")
    assert status == 0
    assert json.loads(out)["barrier"] == pytest.approx(wells.HEIGHT, abs=1e-5)


def test_a_committee_gives_the_error_of_the_barrier(call, folder, tmp_path):
    words = ["-m", MODEL, "-m", "tests.wells:higher", "--fmax", 0.002, "-o", tmp_path / "band.xyz"]
    status, out, _ = call(folder / "a.xyz", folder / "b.xyz", *words)
    assert status == 0
    assert "Barrier 0.7500 +- 0.071 eV" in out
    assert "spread (eV)" in out


def test_ends_that_do_not_come_to_rest_are_kept(call, folder, tmp_path):
    words = ["-m", MODEL, "--steps", 1, "--fmax", 1e-4, "-o", tmp_path / "ends.xyz"]
    status, out, err = call(folder / "a.xyz", folder / "b.xyz", *words)
    assert (status, out) == (1, "")
    assert err == (
        f"Error: {folder / 'a.xyz'}: the end of the path did not come to rest: not converged within 1 steps; "
        f"raise --steps or --fmax; both ends as they are now are in {tmp_path / 'ends.xyz'}\n"
    )
    assert len(list(read_frames(tmp_path / "ends.xyz"))) == 2


def test_forces_that_are_no_numbers(call, folder, tmp_path):
    wells.Breaking.calls = 0
    words = ["-m", "tests.wells:Breaking", "--no-relax", "-o", tmp_path / "band.xyz"]
    status, out, _ = call(folder / "a.xyz", folder / "b.xyz", *words)
    assert status == 1
    assert "Not converged: structure: tests.wells:Breaking gives an energy or forces that are not finite" in out
    assert len(list(read_frames(tmp_path / "band.xyz"))) == 9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.xyz", "copper.xyz", "-m", MODEL], "differ in composition: H and Cu"),
        (["a.xyz", "a.xyz", "-m", MODEL], "both ends are the same structure"),
        (["a.xyz", "two.xyz", "-m", MODEL], "two.xyz: 2 structures, expected one end"),
        (["two.xyz", "-m", MODEL], "two.xyz: 2 structures; give FINAL too"),
        (["copper.xyz", "a.xyz", "-m", "emt", "-o", "two.xyz"], "two.xyz already exists"),
        (["a.xyz", "b.xyz", "-m", MODEL, "--fix", "O"], "'O' names no atom to fix"),
        (["a.xyz", "b.xyz", "-m", MODEL, "--plot", "x.doc"], "x.doc: cannot write .doc"),
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
