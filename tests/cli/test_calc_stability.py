import json

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.neighborlist import neighbor_list

from nepkit.cli.main import main
from nepkit.formats.files import write_frames
from nepkit.models.potentials import as_potential
from nepkit.properties.stability import Trial, close_pairs, stability, strained

SHORT = ["--timestep", 2, "--picoseconds", 0.08, "--hotter", 900]


class Broken(Calculator):
    """EMT of which something is wrong."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self, hole=0.0, heating=0.0, bang=np.inf):
        super().__init__()
        self.hole, self.heating, self.bang = hole, heating, bang

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        work = atoms.copy()
        work.calc = EMT()
        forces, away = work.get_forces(), np.abs(atoms.positions - copper().positions)
        energy = work.get_potential_energy()
        if self.hole:  # a wall that turns into a well
            distance = neighbor_list("d", atoms, self.hole)
            energy -= 1000.0 * ((self.hole - distance) ** 2).sum()
        forces = np.where(away.max() > self.bang, 1e4, forces + self.heating * atoms.get_velocities())
        self.results = {"energy": energy, "forces": forces, "stress": work.get_stress()}


def hole():
    """Return EMT with a well below 1.9 A."""
    return Broken(hole=1.9)


def copper():
    return bulk("Cu", cubic=True).repeat((2, 2, 1))


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run the program in this process in a folder with copper."""
    monkeypatch.chdir(tmp_path)
    write_frames("cu.xyz", [copper()])

    def run(*words):
        status = main(["calc", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


def by_name(checks):
    return {check.name: check for check in checks}


def test_a_sound_model_passes_and_its_drift_is_within_its_error(call, tmp_path):
    status, out, _ = call("stability", "cu.xyz", "-m", "emt", *SHORT, "--json", "--results", "r.json")
    assert status == 0
    found = {row["name"]: row for row in json.loads(out)["emt"]}
    assert list(found) == ["energy drift", "survives", "compressed", "stretched", "close Cu-Cu"]
    assert all(row["passed"] for row in found.values())
    drift = found["energy drift"]
    assert abs(drift["value"]) < 4.0 * drift["error"] + 0.05
    assert found["survives"]["value"] == 900.0
    assert found["close Cu-Cu"]["value"] == pytest.approx(3.61 / np.sqrt(2) / 2, rel=1e-3)
    assert json.loads((tmp_path / "r.json").read_text())["results"]["emt"][0]["value"] == drift["value"]


def test_models_side_by_side_and_one_that_fails(call):
    words = ["stability", "cu.xyz", "-m", "emt", "-m", f"{__name__}:hole", *SHORT]
    status, out, _ = call(*words)
    assert status == 1
    assert "emt: all passed" in out
    assert f"{__name__}:hole: " in out
    assert "FAILED" in out
    assert "the energy falls at" in out


def test_a_well_in_the_wall_is_found_where_it_is():
    (check,) = close_pairs(copper(), as_potential(hole()), 0.5)
    assert not check.passed
    assert 1.3 < check.value < 1.95
    (sound,) = close_pairs(copper(), as_potential(EMT()), 0.5)
    assert sound.passed
    squeezed = strained(copper(), as_potential(hole()), -0.45)
    assert not squeezed.passed
    assert -0.3 < squeezed.value < -0.2  # 2.55 A become 1.9 A at -0.26


def test_a_friction_that_heats_is_a_drift():
    trial = Trial(hotter=(), picoseconds=0.1, timestep=2.0)
    drift = by_name(stability(copper(), as_potential(Broken(heating=0.2)), trial))["energy drift"]
    assert not drift.passed
    assert drift.value > 10.0


def test_the_temperature_that_is_survived_is_the_one_below_the_explosion():
    trial = Trial(temperature=30.0, hotter=(2000.0, 100.0), picoseconds=0.1, timestep=2.0)
    check = by_name(stability(copper(), as_potential(Broken(bang=0.35)), trial))["survives"]
    assert check.value == 100.0
    assert check.passed
    assert "at 2000 K: exploded after" in check.detail
    check = by_name(stability(copper(), as_potential(Broken(bang=0.01)), trial))["survives"]
    assert not check.passed
    assert np.isnan(check.value)


def test_pieces_are_kept(call, tmp_path):
    words = ["stability", "cu.xyz", "-m", "emt", *SHORT, "--work", "work", "--json"]
    first = call(*words)[1]
    kept = sorted((tmp_path / "work").glob("*.pack"))
    assert len(kept) == 5
    assert call(*words)[1] == first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--strain", 0.7], "a strain of 0.7 is no trial of a cell"),
        (["--closest", 0.95], "closest is 0.95, expected a share below 0.9"),
        (["--picoseconds", 0.01], "too few to see a drift"),
        (["-m", "no.txt"], "no.txt"),
    ],
)
def test_bad_input_is_one_line(call, words, message):
    status, out, err = call("stability", "cu.xyz", "-m", "emt", *words)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_one_atom_and_molecules_are_refused(call):
    atoms = bulk("Cu")
    write_frames("one.xyz", [atoms])
    assert "one atom does not move" in call("stability", "one.xyz", "-m", "emt")[2]
    pair = copper()[:2]
    pair.pbc = False
    write_frames("pair.xyz", [pair])
    assert "periodic in all directions" in call("stability", "pair.xyz", "-m", "emt")[2]
