"""Defects of other tool kits in the analysis of transport that nepkit must not have."""

import json

import numpy as np
import pytest
from ase import Atoms
from click.testing import CliRunner

from nepkit.cli.command import ROOT
from nepkit.formats.files import write_frames
from tests.walks import brownian

INTERVAL = 0.1  # ps
TRICLINIC = np.array([[12.0, 0, 0], [4.0, 11.0, 0], [-3.0, 2.0, 13.0]])


def call(*words, status=0):
    done = CliRunner().invoke(ROOT, ["transport", *map(str, words)])
    assert done.exit_code == status, done.output
    return done


def result(*words) -> dict:
    return json.loads(call(*words, "--json").output)


def write_trajectory(path, paths, cells, symbols, *, wrap):
    frames = []
    for number, (positions, cell) in enumerate(zip(paths, cells, strict=True)):
        atoms = Atoms(symbols, positions=positions, cell=cell, pbc=True, info={"Time": 1e3 * INTERVAL * number})
        if wrap:
            atoms.wrap()
        frames.append(atoms)
    write_frames(path, frames)
    return path


def framework_and_ions(seed, ions=20, frames=400):
    """Ions that walk with D = 1e-5 cm^2/s and a framework that rattles."""
    rng = np.random.default_rng(seed)
    walk = brownian(seed, frames=frames, atoms=ions, d=0.01)
    rest = rng.uniform(0, 12, (1, 10, 3)) + 0.05 * rng.normal(size=(frames, 10, 3))
    return np.concatenate([walk + rng.uniform(0, 12, (1, ions, 3)), rest], axis=1), ["Li"] * ions + ["S"] * 10


def test_wrapped_and_unwrapped_give_the_same(tmp_path):
    """Coordinates wrapped into the cell were taken for unwrapped ones: 3.53 A^2 at 0.1 ps instead of 0.04."""
    paths, symbols = framework_and_ions(0)
    cells = [TRICLINIC] * len(paths)
    curves = [
        np.array(
            result("msd", write_trajectory(tmp_path / f"{wrap}.xyz", paths, cells, symbols, wrap=wrap), "--ion", "Li")[
                "msd"
            ]["Li"]
        )
        for wrap in (True, False)
    ]
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-6)
    np.testing.assert_allclose(curves[0][1].diagonal(), 0.02, rtol=0.1)


def test_triclinic_cells_that_breathe_and_drift(tmp_path):
    """Axes were unwrapped one by one with the lengths of the first cell, and the drift was left in."""
    rng = np.random.default_rng(4)
    paths, symbols = framework_and_ions(1, ions=60)
    drifting = paths + 0.05 * np.arange(len(paths))[:, None, None]
    strain = 1.0 + 0.004 * rng.normal(size=(len(paths), 3, 1))
    cells = TRICLINIC * strain
    # The walk is in fractional coordinates of the mean cell, as that of ions under a barostat is.
    fractional = np.linalg.solve(TRICLINIC.T, drifting.reshape(-1, 3).T).T.reshape(drifting.shape)
    moved = np.einsum("fna,fab->fnb", fractional % 1.0, cells)
    file = write_trajectory(tmp_path / "npt.xyz", moved, cells, symbols, wrap=True)
    found = result("diffusion", file, "--ion", "Li")
    d = found["D"]
    assert abs(d["value"] - 1e-5) < 3 * d["error"]
    assert d["error"] < 1e-6


@pytest.fixture
def run(tmp_path):
    """Folder of a GPUMD run of K and a framework with all groups in msd.out, T = 600 K and V = 8000 A^3."""
    folder = tmp_path / "600K-nominal"
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows = "".join(f"{name} {x} {y} {z} {group}\n" for name, group in [("K", 0)] * 30 + [("O", 1)] * 10
                   for x, y, z in [rng.uniform(0, 20, 3)])  # fmt: skip
    (folder / "model.xyz").write_text(
        f'40\nLattice="20 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:3:group:I:1\n{rows}'
    )
    (folder / "run.in").write_text(
        "ensemble nvt_bdp 650 650 100\ncompute_msd 100 200 all_groups 0\ndump_thermo 100\nrun 100000\n"
    )
    (folder / "thermo.out").write_text("650 1 2 0 0 0 0 0 0 20 20 20\n" * 1000)
    time = INTERVAL * np.arange(200)
    fast, slow = 0.2 + 2 * 0.2 * time, 0.05 + 2 * 0.002 * time
    columns = [time, *[fast] * 3, *[0 * time] * 3, *[slow] * 3, *[0 * time] * 3]
    np.savetxt(folder / "msd.out", np.stack(columns, axis=1), header="columns t msd sdc")
    return folder


def test_every_element_has_the_columns_of_its_group(run):
    """The element only counted ions: the displacement was that of the first group whatever was asked for."""
    fast, slow = (result("diffusion", run, "--ion", ion, "--window", "0.4:0.8")["D"]["value"] for ion in ("K", "O"))
    assert fast == pytest.approx(0.2e-4, rel=1e-4)
    assert slow == pytest.approx(0.002e-4, rel=1e-4)


@pytest.mark.parametrize(("charge", "ratio"), [((), 1.0), (("--charge", 2), 4.0), (("--charge", -1.5), 2.25)])
def test_any_ion_and_charge_has_a_conductivity(run, charge, ratio):
    """Ions other than Li and Na gave a conductivity of zero, no output and status 0; every charge was one."""
    sigma = result("conductivity", run, "--ion", "K", *charge)["sigma"]["value"]
    expected = 1e3 * 30 * 1.602176634e-19 * 0.2e-4 / (8000e-24 * 8.617343e-5 * 650)
    assert sigma == pytest.approx(ratio * expected, rel=1e-3)


def test_the_temperature_is_that_of_the_files(run):
    """It was read from the name of the folder."""
    assert result("conductivity", run, "--ion", "K")["temperature"] == pytest.approx(650.0)


def test_one_window_and_an_error_everywhere(run):
    """Two tools fitted 40 to 80 % and 10 to 30 % of the same curve, neither with an error."""
    d = result("diffusion", run, "--ion", "K")
    sigma = result("conductivity", run, "--ion", "K")
    assert d["window_ps"] == sigma["ions"]["K"]["window_ps"]
    for quantity in (d["D"], d["estimates"]["gls"], d["estimates"]["line"], sigma["sigma"]):
        assert quantity["error"] > 0
        assert quantity["interval"][0] < quantity["value"] < quantity["interval"][1]
