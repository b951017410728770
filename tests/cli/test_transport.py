import json
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from click.testing import CliRunner

from lr_correction.correction import LongRangePotential
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import read_nep, write_nep
from lr_correction.saved import save_charges
from nepkit.cli.command import ROOT
from nepkit.formats.files import read_frames, write_frames
from nepkit.models.potentials import load_potential
from tests.factories import random_nep
from tests.walks import brownian


@pytest.fixture(scope="module")
def trajectory(tmp_path_factory):
    """40 Na that walk with D = 1e-5 cm^2/s, 20 Cl at rest; 400 frames of 0.1 ps, wrapped."""
    path = tmp_path_factory.mktemp("run") / "dump.xyz"
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 15, (60, 3))
    walk = np.concatenate([brownian(0, frames=400, atoms=40), np.zeros((400, 20, 3))], axis=1)
    frames = []
    for number, moved in enumerate(walk):
        atoms = Atoms("Na40Cl20", positions=start + moved, cell=np.eye(3) * 15, pbc=True, info={"Time": 100.0 * number})
        atoms.wrap()
        frames.append(atoms)
    write_frames(path, frames)
    return path


def test_msd_of_a_trajectory(transport, trajectory, tmp_path):
    status, out, _ = transport("msd", trajectory, "--ion", "Na", "--csv")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "time (ps),Na xx,Na yy,Na zz"
    time, *values = (float(cell) for cell in lines[11].split(","))
    assert time == pytest.approx(1.0)
    assert sum(values) == pytest.approx(6 * 0.1, rel=0.1)
    along = transport("msd", trajectory, "--ion", "Na", "--direction", "y", "--csv")[1].splitlines()
    assert along[0] == "time (ps),Na yy"
    assert along[11].split(",")[1] == lines[11].split(",")[2]
    status, out, _ = transport("msd", trajectory, "-o", tmp_path / "msd.csv", "--csv", "--tensor")
    assert (tmp_path / "msd.csv").read_text().splitlines()[0].endswith("Cl xy,Cl xz,Cl yz")


def test_conductivity_of_a_trajectory(transport, trajectory, tmp_path):
    status, out, err = transport(
        "conductivity", trajectory, "--ion", "Na", "--temperature", 500, "-o", tmp_path / "a.svg", "--json"
    )
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert abs(found["D"]["value"] - 1e-5) < 3 * found["D"]["error"]
    assert found["charges"] == {"Na": 1.0}
    assert found["haven"]["interval"][0] < 1.0 < found["haven"]["interval"][1]
    assert found["sigma"] == found["sigma_collective"]
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_tensors_have_their_principal_axes(transport, tmp_path):
    """Fast along (1 1 0), slow along (1 -1 0) and z: D = 2e-5 and 0.5e-5 cm^2/s."""
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(700, 40, 3)) * np.sqrt(2 * np.array([0.02, 0.005, 0.005]))
    turn = np.array([[1, 1, 0], [-1, 1, 0], [0, 0, np.sqrt(2)]]) / np.sqrt(2)
    paths = np.concatenate([(steps @ turn).cumsum(axis=0), np.zeros((700, 5, 3))], axis=1)
    frames = [
        Atoms("Na40S5", positions=place, cell=np.eye(3) * 15, pbc=True, info={"Time": 100.0 * number})
        for number, place in enumerate(paths)
    ]
    write_frames(tmp_path / "a.xyz", frames)
    words = [tmp_path / "a.xyz", "--ion", "Na", "--tensor", "--json"]
    d = json.loads(transport("diffusion", *words)[1])["tensor"]
    expected, error = 1e-5 * np.array([[1.25, 0.75, 0], [0.75, 1.25, 0], [0, 0, 0.5]]), np.array(d["error"])
    assert (np.abs(np.array(d["value"]) - expected) < 4 * error).all()
    assert (error < 2e-6).all()
    assert abs(np.array(d["axes"][0]) @ [1, 1, 0]) == pytest.approx(np.sqrt(2), abs=0.05)
    sigma = json.loads(transport("conductivity", *words, "--temperature", 500)[1])
    one = 1e3 * 40 * 1.602176634e-19 / (15e-8**3 * 8.617343e-5 * 500)
    assert (np.abs(np.array(sigma["tensor"]["value"]) - one * expected) < 4 * np.array(sigma["tensor"]["error"])).all()
    along = json.loads(transport("conductivity", *words[:3], "--json", "--temperature", 500, "--direction", "z")[1])
    assert abs(along["sigma_collective"]["value"] - one * 0.5e-5) < 3 * along["sigma_collective"]["error"]
    assert len(along["directions"]) == 1


def test_charges_of_a_column_scale_the_conductivity(transport, trajectory, tmp_path):
    frames = list(read_frames(trajectory))
    for frame in frames:
        frame.arrays["charges"] = np.where(frame.numbers == 11, 0.8, -1.6)
    write_frames(tmp_path / "charged.xyz", frames)
    words = [tmp_path / "charged.xyz", "--ion", "Na", "--temperature", 500, "--json"]
    formal, learned = (
        json.loads(transport("conductivity", *words, *more)[1]) for more in ((), ("--charges-from", "column"))
    )
    assert learned["charges"]["Na"] == pytest.approx(0.8)
    for name in ("sigma_nernst_einstein", "sigma_collective"):
        assert learned[name]["value"] == pytest.approx(0.64 * formal[name]["value"], rel=1e-6)
    assert learned["haven"]["value"] == pytest.approx(formal["haven"]["value"], rel=1e-6)
    status, _, err = transport("conductivity", trajectory, *words[1:-1], "--charges-from", "column")
    assert (status, len(err.strip().splitlines())) == (1, 1)
    assert "no column of charges" in err


def test_charges_of_a_model_are_those_that_calorine_gives(transport, trajectory, tmp_path):
    nep = random_nep(2, elements=("Na", "Cl"), charge_mode=2)
    write_nep(nep, tmp_path / "qnep.txt")
    plain = replace(nep, charge_mode=0, w1_charge=None, sqrt_epsilon_inf=None)
    write_nep(plain, tmp_path / "nep.txt")
    plain = read_nep(tmp_path / "nep.txt")  # rounded
    charges = HiddenCharges(np.random.default_rng(0).normal(size=plain.w1.shape), np.array([0.3, -0.6]))
    save_charges(LongRangePotential(plain, charges, (0.0, 0.0), 2, 1.0), tmp_path / "charges.npz")
    frames = list(read_frames(trajectory))[::32]  # those that the mean is taken over
    sodium = frames[0].numbers == 11
    words = ["conductivity", trajectory, "--ion", "Na", "--temperature", 500, "--json"]
    one = json.loads(transport(*words, "--charge", 1)[1])["sigma"]["value"]
    for model, backend in (("qnep.txt", "calorine"), ("nep.txt+charges.npz", "lr_correction")):
        name = f"{tmp_path}/{model.replace('+', f'+{tmp_path}/')}"
        expected = np.mean([row.charges[sodium] for row in load_potential(name, backend=backend).compute(frames)])
        found = json.loads(transport(*words, "--charges-from", name)[1])
        assert found["charges"]["Na"] == pytest.approx(expected, rel=1e-4)
        assert found["sigma"]["value"] == pytest.approx(one * expected**2, rel=2e-4)
    for model, message in (("nep.txt", "no charges in this model"), ("absent.txt", "absent.txt")):
        status, out, err = transport(*words[:-1], "--charges-from", tmp_path / model)
        assert (status, out, len(err.strip().splitlines())) == (1, "", 1)
        assert message in err


def test_what_periodic_images_take_is_added(transport, trajectory):
    """Yeh and Hummer: 2.837297 kT / (6 pi eta L)."""
    words = ["diffusion", trajectory, "--ion", "Na", "--temperature", 300, "--viscosity", 1.0, "--json"]
    found = json.loads(transport(*words)[1])
    more = 1e4 * 2.837297 * 1.380649e-23 * 300 / (6 * np.pi * 1e-3 * 15e-10)
    assert found["D_unbounded"]["value"] - found["D"]["value"] == pytest.approx(more, rel=1e-9)


def test_longer_parts_of_a_run_are_surer(transport, trajectory, tmp_path):
    status, out, _ = transport("convergence", trajectory, "--ion", "Na", "--json", "-o", tmp_path / "a.png")
    stages = json.loads(out)["Na"]
    assert status == 0
    assert [stage["duration"] for stage in stages] == pytest.approx([4.9, 9.9, 14.9, 19.9, 24.9, 29.9, 34.9, 39.9])
    assert stages[-1]["D"]["error"] < stages[1]["D"]["error"]
    assert abs(stages[-1]["D"]["value"] - 1e-5) < 3 * stages[-1]["D"]["error"]
    assert (tmp_path / "a.png").stat().st_size > 1000
    status, _, err = transport("convergence", trajectory.parent, "--ion", "Na")
    assert "no msd_step*.out" in err


def test_saved_displacements_of_gpumd_converge_too(transport, tmp_path):
    (tmp_path / "model.xyz").write_text('1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nLi 0 0 0\n')
    (tmp_path / "run.in").write_text("ensemble nvt_ber 300 300 9\ncompute_msd 10 50 save_every 5000\nrun 10000\n")
    rows = np.arange(50)[:, None] * np.array([0.01, *[0.004] * 3, 0, 0, 0])
    for step, scale in ((10000, 1.0), (5000, 2.0)):
        np.savetxt(tmp_path / f"msd_step{step}.out", rows * [1, *[scale] * 3, 1, 1, 1])
    first, last = json.loads(transport("convergence", tmp_path, "--ion", "Li", "--json")[1])["Li"]
    assert (first["duration"], last["duration"]) == (pytest.approx(5.0), pytest.approx(10.0))
    assert (first["D"]["value"], last["D"]["value"]) == (pytest.approx(4e-5), pytest.approx(2e-5))
    assert first["D"]["error"] / first["D"]["value"] > last["D"]["error"] / last["D"]["value"]
    along = json.loads(transport("convergence", tmp_path, "--ion", "Li", "--direction", "x", "--json")[1])["Li"][0]
    assert along["D"]["error"] == pytest.approx(np.sqrt(3) * first["D"]["error"], rel=0.01)
    model = (tmp_path / "model.xyz").rename(tmp_path / "other.xyz")
    assert transport("convergence", tmp_path, "--ion", "Li")[0] == 1
    assert transport("convergence", tmp_path, "--ion", "Li", "--model", model)[0] == 0


def test_the_text_shows_both_estimates_side_by_side(transport, trajectory):
    status, out, _ = transport("diffusion", trajectory, "--ion", "Na")
    assert status == 0
    for row in ("least squares", "blocks of time", "unweighted line", "exponent of the rise"):
        assert row in out


def test_arrhenius_of_trajectories(transport, tmp_path):
    words = []
    for kelvin, d in ((600, 0.004), (700, 0.01), (800, 0.02)):
        walk = 7.0 + brownian(kelvin, frames=300, atoms=30, d=d)
        write_frames(
            tmp_path / f"{kelvin}.xyz", [Atoms("Li30", positions=p, cell=np.eye(3) * 14, pbc=True) for p in walk]
        )
        words += [tmp_path / f"{kelvin}.xyz", "--temperature", kelvin]
    status, out, _ = transport(
        "arrhenius", *words, "--ion", "Li", "--interval", 0.1, "--of", "D", "-o", tmp_path / "a.png", "--json"
    )
    assert status == 0
    found = json.loads(out)
    slope = -np.polyfit(1 / (8.617343e-5 * np.array([600, 700, 800.0])), np.log([0.004, 0.01, 0.02]), 1)[0]
    assert abs(found["Ea"]["value"] - slope) < 3 * found["Ea"]["error"]
    assert found["D"]["unit"] == "cm^2/s"
    assert [run["temperature"] for run in found["runs"]] == [600, 700, 800]
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["diffusion", "{trajectory}"], "give --ion"),
        (["diffusion", "{trajectory}", "--ion", "K"], "no K in the first frame"),
        (["diffusion", "{trajectory}", "--ion", "Cl"], "Cl has no diffusive regime"),
        (["diffusion", "{trajectory}", "--ion", "Na", "--window", "0.8"], "not two parts of the lag range"),
        (["conductivity", "{trajectory}", "--ion", "Na"], "give --temperature"),
        (["conductivity", "{trajectory}", "--ion", "Na", "--charge", "1", "--charge", "2"], "2 --charge for 1 --ion"),
        (["arrhenius", "{trajectory}", "--ion", "Na", "--temperature", "5"], "1 temperature above 0 K"),
        (["diffusion", "{folder}", "--ion", "Na"], "no msd.out in this folder"),
        (["diffusion", "{trajectory}", "--ion", "Na", "--group", "1"], "no column group"),
    ],
)
def test_bad_input_gets_one_line(transport, trajectory, tmp_path, words, message):
    status, out, err = transport(*(word.format(trajectory=trajectory, folder=tmp_path) for word in words))
    assert status in (1, 2)
    assert not out
    assert message in err
    assert "Traceback" not in err


def test_frames_without_time_need_an_interval(transport, tmp_path):
    frames = [Atoms("Li4", positions=p, cell=np.eye(3) * 20, pbc=True) for p in brownian(0, frames=40, atoms=4)]
    write_frames(tmp_path / "a.xyz", frames)
    status, _, err = transport("msd", tmp_path / "a.xyz")
    assert status == 1
    assert "give --interval" in err


def test_a_missing_thermo_out_is_told(transport, tmp_path):
    (tmp_path / "model.xyz").write_text(
        '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3\nLi 0 0 0\nLi 1 1 1\n'
    )
    (tmp_path / "run.in").write_text(
        "ensemble npt_scr 300 300 100 0 0 0 50 50 50 1000\ncompute_msd 10 50\nrun 100000\n"
    )
    np.savetxt(tmp_path / "msd.out", np.arange(50)[:, None] * np.array([0.01, 1, 1, 1, 0, 0, 0]))
    status, _, err = transport("conductivity", tmp_path, "--ion", "Li")
    assert status == 1
    assert "no thermo.out, which the mean volume comes from; give --volume" in err
    assert len(err.strip().splitlines()) == 1


def test_numbers_in_the_menu_are_those_of_other_tool_kits():
    msd, conductivity = (
        ROOT.get_command(None, "transport").get_command(None, name) for name in ("msd", "conductivity")
    )
    assert (msd.menu, conductivity.menu) == (412, 401)
    assert CliRunner().invoke(ROOT, ["transport", "--help"]).exit_code == 0


def test_percolation_of_a_chain(transport, tmp_path):
    frames = [Atoms("Li2Cl", positions=[[0, 0, x], [2, 0, x], [1, 4, 0]], cell=[4, 9, 9], pbc=True) for x in range(8)]
    write_frames(tmp_path / "a.xyz", frames)
    status, out, _ = transport("percolation", tmp_path / "a.xyz", "--element", "Li", "--cutoff", 2.5, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["rank"] == [1] * 8
    assert found["probability_around"]["a"]["value"] == 1.0
    assert found["probability_around"]["b"]["value"] == 0.0
    status, out, _ = transport("percolation", tmp_path / "a.xyz", "--element", "Li", "--cutoff", 1.9)
    assert "rank 1 or more" in out
    status, _, err = transport("percolation", tmp_path / "a.xyz", "--element", "Na", "--cutoff", 2.5)
    assert (status, len(err.strip().splitlines())) == (1, 1)


def test_onsager_of_two_ions(transport, tmp_path):
    rng = np.random.default_rng(0)
    walk = np.concatenate([brownian(0, frames=400, atoms=30), brownian(1, frames=400, atoms=15, d=0.02)], axis=1)
    start = rng.uniform(0, 15, (50, 3))
    paths = start + np.concatenate([walk, np.zeros((400, 5, 3))], axis=1)
    frames = [Atoms("Na30Ag15S5", positions=place, cell=np.eye(3) * 15, pbc=True) for place in paths]
    write_frames(tmp_path / "a.xyz", frames)
    words = ["onsager", tmp_path / "a.xyz", "--ion", "Na", "--ion", "Ag", "--interval", 0.1, "--temperature", 500]
    status, out, _ = transport(*words, "--json")
    assert status == 0
    found = json.loads(out)
    assert set(found["L"]) == {"Na-Na", "Na-Ag", "Ag-Ag"}
    assert abs(found["L"]["Na-Ag"]["value"]) < 3 * found["L"]["Na-Ag"]["error"]
    share = found["transference"]["Na"]
    assert abs(share["value"] - 0.5) < 3 * share["error"]
    whole = found["sigma"]
    along = [json.loads(transport(*words, "--json", "--direction", axis)[1])["sigma"] for axis in "xyz"]
    assert np.mean([part["value"] for part in along]) == pytest.approx(whole["value"], rel=0.1)
    assert np.mean([part["error"] for part in along]) == pytest.approx(np.sqrt(3) * whole["error"], rel=0.2)
    status, out, _ = transport(*words)
    assert "transference of Ag" in out


def test_percolation_against_loading(transport, tmp_path):
    """Occupied sites of cubes about the site threshold of 0.3116."""
    rng, words = np.random.default_rng(0), []
    for edge in (8, 14):
        sites = np.stack(np.meshgrid(*[np.arange(edge)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        for loading in (0.27, 0.31, 0.35):
            path = tmp_path / f"{edge}-{loading}.xyz"
            count = round(loading * len(sites))
            chosen = [rng.choice(len(sites), count, replace=False) for _ in range(40)]
            write_frames(
                path, [Atoms(f"Li{count}", positions=sites[rows], cell=[edge] * 3, pbc=True) for rows in chosen]
            )
            words += [path, "--loading", loading]
    status, out, _ = transport(
        "percolation", *words, "--element", "Li", "--cutoff", 1.1, "--json", "-o", tmp_path / "a.png"
    )
    found = json.loads(out)
    assert status == 0
    assert abs(found["threshold"]["value"] - 0.3116) < 3 * found["threshold"]["error"]
    assert found["threshold"]["error"] < 0.01
    assert [row["edge"] for row in found["files"]] == pytest.approx([8] * 3 + [14] * 3)
    assert (tmp_path / "a.png").stat().st_size > 1000
    status, _, err = transport("percolation", *words[:2], *words[3:5], "--element", "Li", "--cutoff", 1.1)
    assert (status, len(err.strip().splitlines())) == (1, 1)


def test_links_that_last_are_fewer(transport, tmp_path):
    gaps = [0.0, 0.6, 0.0, 0.0]
    frames = [Atoms("Li2", positions=[[0, 0, 0], [2 - gap, 0, 0]], cell=[4, 9, 9], pbc=True) for gap in gaps]
    write_frames(tmp_path / "a.xyz", frames)
    words = ["percolation", tmp_path / "a.xyz", "--element", "Li", "--cutoff", 2.3, "--json"]
    assert json.loads(transport(*words, "--lifetime", 2)[1])["rank"] == [0, 1]
    assert json.loads(transport(*words, "--within", 2)[1])["rank"] == [1, 1]
    assert "exclude each other" in transport(*words, "--within", 2, "--lifetime", 2)[2]


def test_composites_of_overlapping_spheres(transport, tmp_path):
    words = ["composite", "--overlap", "--samples", 40, "--edge", 8, "--edge", 14]
    words += [word for loading in (0.24, 0.29, 0.34) for word in ("--loading", loading)]
    status, out, _ = transport(*words, "--json", "-o", tmp_path / "a.png")
    found = json.loads(out)
    assert status == 0
    assert abs(found["threshold"]["value"] - 0.2896) < 3.5 * found["threshold"]["error"]
    assert len(found["rows"]) == 6
    status, _, err = transport("composite", "--loading", 0.7)
    assert (status, len(err.strip().splitlines())) == (1, 1)
    assert "jam at a loading" in err


def test_interphase_of_a_given_structure(transport, tmp_path):
    frames = [Atoms("La2O", positions=[[0, 5, 5], [5, 5, 5], [0, 0, 0]], cell=[10, 10, 10], pbc=True)]
    write_frames(tmp_path / "a.xyz", frames)
    words = ["interphase", tmp_path / "a.xyz", "--element", "La", "--radius", 2, "--shell", 1, "--spacing", 0.25]
    found = json.loads(transport(*words, "--json")[1])
    assert found["volume"]["filler"] == pytest.approx(2 * 4 / 3 * np.pi * 8 / 1000, rel=0.02)
    assert found["endless"] == {"filler": 0.0, "coated": 1.0, "matrix": 1.0}
    assert found["rank"]["coated"] == [1]
    # Maxwell and Garnett: two spheres are 6.7 % of the volume, the shell is like the matrix.
    load = found["volume"]["filler"] * (10 - 1) / (10 + 2)
    whole = json.loads(transport(*words, "--sigma", 10, 1, 1, "--json")[1])["conductivity"]
    assert np.mean(list(whole.values())) == pytest.approx((1 + 2 * load) / (1 - load), rel=0.02)
    frames[0].set_cell([[10, 0, 0], [5, 9, 0], [0, 0, 10]])
    write_frames(tmp_path / "oblique.xyz", frames)
    status, _, err = transport("interphase", tmp_path / "oblique.xyz", *words[2:], "--sigma", 10, 1, 1)
    assert (status, len(err.strip().splitlines())) == (1, 1)
    assert "need an orthogonal cell" in err
    assert "no Zr" in transport("interphase", tmp_path / "a.xyz", "--element", "Zr")[2]


def test_report_of_two_temperatures(transport, tmp_path):
    """D = 0.5e-5 and 2e-5 cm^2/s at 600 and 800 K: sigma T rises by a factor of four."""
    words = []
    for kelvin, d in ((800, 0.02), (600, 0.005)):
        walk = np.concatenate([7 + brownian(kelvin, frames=300, atoms=30, d=d), np.zeros((300, 4, 3))], axis=1)
        frames = [
            Atoms("Li30S4", positions=place, cell=np.eye(3) * 14, pbc=True, info={"Time": 100.0 * number})
            for number, place in enumerate(walk)
        ]
        write_frames(tmp_path / f"{kelvin}.xyz", frames)
        words += [tmp_path / f"{kelvin}.xyz", "--temperature", kelvin]
    for name in ("a.html", "a.png"):
        status, out, _ = transport("report", *words, "--ion", "Li", "-o", tmp_path / name, "--json")
        assert status == 0
    found = json.loads(out)
    assert [run["temperature"] for run in found["runs"]] == [600, 800]
    for run, d in zip(found["runs"], (0.5e-5, 2e-5), strict=True):
        value = run["ions"]["Li"]["D"]
        assert abs(value["value"] - d) < 3 * value["error"]
        assert run["haven"]["interval"][0] < 1.0 < run["haven"]["interval"][1]
        assert len(run["convergence"]["Li"]) == 8
    expected = np.log(4) * 8.617343e-5 / (1 / 600 - 1 / 800)
    assert abs(found["Ea"]["value"] - expected) < 3 * found["Ea"]["error"]
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml") == 3
    assert "extrapolated by the line" in page
    assert (tmp_path / "a.png").stat().st_size > 10_000
    along = json.loads(transport("report", *words[:3], "--ion", "Li", "--direction", "x", "--json")[1])["runs"][0]
    parts = found["runs"][1]["ions"]["Li"]["directions"]
    assert along["ions"]["Li"]["D"]["value"] == pytest.approx(parts[0]["value"], rel=0.05)
    status, _, err = transport("report", words[0], "--ion", "Li", "-o", tmp_path / "a.txt")
    assert (status, len(err.strip().splitlines())) == (1, 1)


def test_running_conductivity_of_ic_out(transport, tmp_path):
    time = 0.01 * np.arange(100)
    rise = 1.0 - np.exp(-time / 0.05)
    runs = [np.stack([time, *(level * axis * rise for axis in (1.0, 2.0, 3.0))], axis=1) for level in (9.0, 11.0)]
    np.savetxt(tmp_path / "ic.out", np.concatenate(runs))
    found = json.loads(transport("conductivity", tmp_path / "ic.out", "--json")[1])
    assert found["sigma"]["value"] == pytest.approx(20.0, rel=1e-3)
    assert found["sigma"]["error"] == pytest.approx(2.0, rel=1e-3)
    assert [part["value"] for part in found["directions"]] == pytest.approx([10.0, 20.0, 30.0], rel=1e-3)
    np.savetxt(tmp_path / "ic_rising.out", np.stack([time, *[5 * time] * 3], axis=1))
    status, _, err = transport("conductivity", tmp_path / "ic_rising.out")
    assert (status, len(err.strip().splitlines())) == (1, 1)
    assert "has no plateau" in err


def frames_of(paths, times=None):
    times = 100.0 * np.arange(len(paths)) if times is None else times
    return [
        Atoms("Li4", positions=place, cell=np.eye(3) * 10, pbc=True, info={"Time": float(time)})
        for place, time in zip(paths, times, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "paths", "times", "message"),
    [
        ("one frame", np.ones((1, 4, 3)), None, "1 frame, at least two are needed"),
        ("constant positions", np.ones((40, 4, 3)), None, "Li does not move at all: its positions are constant"),
        ("non-uniform times", brownian(0, 40, 4), [*range(0, 3900, 100), 7000], "frame 40: 3.2 ps after the frame"),
        ("half the box", 4.8 * np.arange(40.0)[:, None, None] * np.ones((1, 4, 3)), None, "moved by 0.48 of the cell"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("command", ["diffusion", "conductivity", "onsager", "arrhenius", "report"])
def test_trajectories_that_tell_nothing_get_one_line(transport, tmp_path, command, name, paths, times, message):
    write_frames(tmp_path / "a.xyz", frames_of(paths, times))
    more = [] if command == "diffusion" else ["--temperature", 300]
    status, out, err = transport(command, tmp_path / "a.xyz", "--ion", "Li", *more)
    assert status == 1
    assert not out
    assert message in err
    assert len(err.strip().splitlines()) == 1
