"""Numbers that the plots of trainings, data sets and potentials show, against the files and other programs."""

import json
from itertools import islice

import numpy as np
import pytest
from ase.io import read

from nepkit.cli.main import main


@pytest.fixture
def plot(capsys):
    """Run ``nepkit plot`` and return what --json prints."""

    def run(name, *words):
        status = main(["plot", name, *map(str, words), "--json"])
        text = capsys.readouterr()
        assert status == 0, text.err
        return json.loads(text.out)

    return run


def only(found, index=0):
    """Return the rows of one table."""
    return list(found["numbers"].values())[index]


def row(found, index=0, **wanted):
    """Return the row of a table with these cells."""
    (chosen,) = [row for row in only(found, index) if all(row[name] == value for name, value in wanted.items())]
    return chosen


@pytest.fixture
def pbte(reference_data):
    return reference_data / "pbte_nep_train"


@pytest.fixture
def pbte_charges(reference_data):
    return reference_data / "pbte_qnep_train"


def test_loss(plot, pbte, pbte_charges):
    found = plot("loss", pbte, pbte_charges)
    tables = [np.loadtxt(folder / "loss.out") for folder in (pbte, pbte_charges)]
    for name, table, column in (("pbte_nep_train", tables[0], 5), ("pbte_qnep_train", tables[1], 5)):
        cells = row(found, file=name, error="force train")
        assert cells["last"] == pytest.approx(1e3 * table[-1, column])
        assert cells["least"] == pytest.approx(1e3 * table[:, column].min())
        assert cells["at generation"] == table[table[:, column].argmin(), 0]
    assert row(found, error="total charge train")["last"] == pytest.approx(1e3 * tables[1][-1, 7])
    assert not [cells for cells in only(found) if "virial" in cells["error"] or "test" in cells["error"]]
    assert [cells["total loss"] for cells in only(found, 1)] == [tables[0][-1, 1], tables[1][-1, 1]]


def test_parity_has_the_errors_of_the_loss_curve(plot, pbte):
    found = plot("parity", pbte)
    last = np.loadtxt(pbte / "loss.out")[-1]
    energy, force = np.loadtxt(pbte / "energy_train.out"), np.loadtxt(pbte / "force_train.out")
    cells = row(found, quantity="energy")
    assert cells["RMSE"] == pytest.approx(1e3 * np.sqrt(np.mean((energy[:, 0] - energy[:, 1]) ** 2)))
    assert cells["RMSE"] == pytest.approx(1e3 * last[4], abs=0.006)  # five digits after the point
    cells = row(found, quantity="force")
    difference = force[:, :3] - force[:, 3:]
    assert cells["RMSE"] == pytest.approx(1e3 * np.sqrt(np.mean(difference**2)))
    assert cells["RMSE"] == pytest.approx(1e3 * last[5], abs=0.006)
    assert cells["MAE"] == pytest.approx(1e3 * np.abs(difference).mean())
    correlation = 1 - np.sum(difference**2) / np.sum((force[:, 3:] - force[:, 3:].mean()) ** 2)
    assert cells["R²"] == pytest.approx(correlation)
    assert (cells["numbers"], cells["blocks"]) == (18750, 25)
    # The error over frames by hand: the mean square of every frame, and their standard error.
    squares = (difference**2).reshape(25, -1).mean(axis=1)
    by_hand = 1e3 * squares.std(ddof=1) / 5 / (2 * np.sqrt(squares.mean()))
    assert found["numbers"]["Errors, with standard errors over frames"][1]["RMSE ±"] is not None
    made = plot("parity", pbte, "--quantity", "force")
    assert len(only(made)) == 1
    from nepkit.accuracy.errors import accuracy

    blocks = np.repeat(np.arange(25), 250)
    assert 1e3 * accuracy(force[:, :3], force[:, 3:], blocks).rmse_error == pytest.approx(by_hand, rel=0.15)
    assert any("virial labels" in note for note in found["notes"])  # all are 1e6 in these files


def test_parity_of_a_model_agrees_with_what_gpumd_predicted(plot, pbte, tmp_path):
    from nepkit.formats.files import read_frames, write_frames

    write_frames(tmp_path / "first.xyz", islice(read_frames(pbte / "train.xyz"), 4))
    np.savetxt(tmp_path / "force_train.out", np.loadtxt(pbte / "force_train.out")[:1000])
    np.savetxt(tmp_path / "energy_train.out", np.loadtxt(pbte / "energy_train.out")[:4])
    ours = plot("parity", tmp_path / "first.xyz", "--model", pbte / "nep.txt")
    theirs = plot("parity", tmp_path)
    for quantity, tolerance in (("energy", 0.03), ("force", 1e-4)):  # energies have six digits in the file
        one, other = row(ours, quantity=quantity), row(theirs, quantity=quantity)
        assert one["RMSE"] == pytest.approx(other["RMSE"], rel=tolerance)
        assert one["RMSE ±"] == pytest.approx(other["RMSE ±"], rel=max(tolerance, 1e-3))


def test_train_shows_both(plot, pbte):
    found = plot("train", pbte)
    assert set(found["numbers"]) == {"Errors, with standard errors over frames", "Root mean square errors", "Runs"}


def test_force_errors(plot, pbte):
    found = only(plot("force-errors", pbte))[0]
    force = np.loadtxt(pbte / "force_train.out")
    length = 1e3 * np.linalg.norm(force[:, :3] - force[:, 3:], axis=1)
    assert found["atoms"] == 6250  # the first atom too
    np.testing.assert_allclose([found["median"], found["90 %"], found["largest"]],
                               [np.median(length), np.quantile(length, 0.9), length.max()])  # fmt: skip
    cosine = np.einsum("ij,ij->i", force[:, :3], force[:, 3:]) / (
        np.linalg.norm(force[:, :3], axis=1) * np.linalg.norm(force[:, 3:], axis=1)
    )
    assert found["median angle (°)"] == pytest.approx(np.degrees(np.median(np.arccos(cosine))), rel=1e-5)


def test_charges(plot, pbte, pbte_charges):
    """Of the trainer's file and of calorine; brought to zero in total per frame."""
    from calorine.calculators import CPUNEP

    found = plot("charge", pbte_charges)
    raw = np.loadtxt(pbte_charges / "charge_train.out").reshape(25, 250)
    symbols = np.array(read(pbte / "train.xyz", 0).get_chemical_symbols())
    neutral = raw - raw.mean(axis=1, keepdims=True)
    for element in ("Te", "Pb"):
        cells = row(found, element=element)
        values = neutral[:, symbols == element]
        np.testing.assert_allclose([cells["mean"], cells["spread"], cells["lowest"]],
                                   [values.mean(), values.std(), values.min()], rtol=1e-9)  # fmt: skip
    raw_cells = row(plot("charge", pbte_charges, "--raw"), element="Te")
    assert raw_cells["mean"] == pytest.approx(raw[:, symbols == "Te"].mean())
    atoms = read(pbte / "train.xyz", 3)
    atoms.calc = CPUNEP(str(pbte_charges / "nep.txt"))
    np.testing.assert_allclose(neutral[3], atoms.get_charges(), atol=1e-5)


def test_born_charges(plot, reference_data, tmp_path):
    """A qNEP against what GPUMD computed on a GPU with the same model."""
    folder = reference_data / "gpumd_fixtures"
    atoms = read(folder / "BaTiO3-nat40-rattled.xyz")
    stored = np.load(folder / "bec_bulk_perovskite_qnep_mode1_ewald.npz")
    bec = next(stored[key] for key in stored.files if stored[key].size == 360)
    from nepkit.formats.files import write_frames

    atoms.arrays["bec"] = bec.reshape(40, 9)
    write_frames(tmp_path / "frame.xyz", [atoms])
    found = only(plot("born-charge", tmp_path / "frame.xyz", "--model", folder / "qnep_mode1_BaTiO3.txt"))[0]
    assert found["RMSE"] < 1e-5
    assert found["R²"] == pytest.approx(1.0, abs=1e-9)
    assert (found["numbers"], found["blocks"]) == (360, 1)


def test_restart(plot, pbte):
    table = np.loadtxt(pbte / "nep.restart")
    found = plot("restart", pbte)
    network, descriptor = row(found, part="network"), row(found, part="descriptor")
    # T^2 [(n_max + 1) (basis + 1)] of both parts, 2 (D + 2) N + 1 weights: nep.in leaves all at their defaults.
    assert network["parameters"] + descriptor["parameters"] == len(table)
    assert descriptor["parameters"] == 4 * (7 * 7 + 7 * 7)
    assert descriptor["rms μ"] == pytest.approx(np.sqrt(np.mean(table[-392:, 0] ** 2)))
    assert network["median σ"] == pytest.approx(np.median(table[:-392, 1]))


def test_dimers_are_those_of_calorine(plot, repository):
    from ase import Atoms
    from calorine.calculators import CPUNEP

    model = repository / "nepkit/data/li3ycl6/nep.txt"
    found = plot("dimer", model, "--pair", "Li", "Cl", "--distances", 1.5, 4.0, "--step", 0.25)
    series = found["series"]
    for index in (0, 3, 10):
        atoms = Atoms(
            "LiCl", positions=[[0, 0, 0], [series["distance (A)"][index], 0, 0]], cell=np.eye(3) * 40, pbc=True
        )
        atoms.calc = CPUNEP(str(model))
        far = Atoms("LiCl", positions=[[0, 0, 0], [20.0, 0, 0]], cell=np.eye(3) * 40, pbc=True, calculator=atoms.calc)
        force = atoms.get_forces()[1, 0]
        energy = atoms.get_potential_energy() - far.get_potential_energy()
        assert series["energy (eV)"][index] == pytest.approx(energy, abs=1e-7)
        assert series["force (eV/A)"][index] == pytest.approx(force, abs=1e-7)
    slope = np.gradient(series["energy (eV)"], series["distance (A)"])
    assert np.sign(slope[1]) == -np.sign(series["force (eV/A)"][1])
    fine = only(plot("dimer", model, "--pair", "Li", "Cl"))[0]
    assert fine["minimum (A)"] == pytest.approx(2.12, abs=0.02)


def test_descriptors_are_those_of_calorine(plot, repository):
    from calorine.nep import get_descriptors

    folder = repository / "nepkit/data/li3ycl6"
    frames = read(folder / "test.xyz", ":")
    means = np.array([get_descriptors(atoms, str(folder / "nep.txt")).mean(axis=0) for atoms in frames])
    variance = np.sort(np.linalg.eigvalsh(np.cov(means.T)))[::-1]
    found = plot("des", folder / "test.xyz")  # nep.txt lies beside the frames
    shares = [cells["share"] for cells in only(found)]
    np.testing.assert_allclose(shares, 100 * variance[:5] / variance.sum(), rtol=1e-4)
    assert np.std(found["series"]["1"], ddof=1) == pytest.approx(np.sqrt(variance[0]), rel=1e-4)
    assert found["series"]["energy (eV/atom)"][2] == pytest.approx(frames[2].get_potential_energy() / len(frames[2]))


def test_net_force(plot, pbte, reference_data):
    files = [pbte / "train.xyz", reference_data / "superionic_water" / "test.xyz"]
    found = plot("net-force", *files, "--threshold", "1e-5")
    for cells, path in zip(only(found), files, strict=True):
        forces = [atoms.arrays.get("force", atoms.calc.results.get("forces")) for atoms in read(path, ":")]
        lengths = np.array([1e3 * np.linalg.norm(values.mean(axis=0)) for values in forces])
        assert cells["frames"] == len(lengths)
        assert cells["largest"] == pytest.approx(lengths.max(), rel=1e-6)
        assert cells["above 1e-05"] == (lengths > 1e-5).sum()


def test_composition_and_hull(plot, repository):
    from scipy.spatial import ConvexHull

    folder = repository / "nepkit/data/li3ycl6"
    frames = read(folder / "train.xyz", ":")
    assert [(cells["formula"], cells["frames"]) for cells in only(plot("composition", folder / "train.xyz"))] == [
        ("Li3YCl6", 89)
    ]
    points = np.array(
        [[atoms.get_volume() / len(atoms), atoms.get_potential_energy() / len(atoms)] for atoms in frames]
    )
    hull = ConvexHull(points)
    lower = {
        index for face, plane in zip(hull.simplices, hull.equations, strict=True) if plane[1] < 0 for index in face
    }
    cells = only(plot("hull", folder / "train.xyz"))[0]
    assert cells["on the hull"] == len(lower)
    assert cells["lowest (eV/atom)"] == pytest.approx(points[:, 1].min())
    assert cells["volume of lowest (A³/atom)"] == pytest.approx(points[points[:, 1].argmin(), 0])


def test_committee(plot, repository, reference_data):
    """Two models, evaluated by calorine here and there."""
    from calorine.calculators import CPUNEP

    models = [repository / "nepkit/data/li3ycl6/nep.txt", reference_data / "nep89_liycl" / "nep.txt"]
    path = repository / "nepkit/data/li3ycl6/test.xyz"
    words = [word for model in models for word in ("--model", model)]
    found = only(plot("committee", path, *words))[0]
    largest = []
    for atoms in read(path, ":"):
        forces = []
        for model in models:
            work = atoms.copy()
            work.calc = CPUNEP(str(model))
            forces.append(work.get_forces())
        largest.append(np.sqrt(np.var(forces, axis=0, ddof=1).sum(axis=1)).max())
    assert found["median largest (meV/Å)"] == pytest.approx(1e3 * np.median(largest), rel=1e-5)
    assert found["of frame"] == np.argmax(largest) + 1


def test_site_energies(plot, tmp_path):
    values = np.random.default_rng(0).normal(-3.0, 0.1, 400)
    (tmp_path / "doas.out").write_text("# Cl\n" + "\n".join(map(str, values)))
    found = plot("doas", tmp_path, "--width", 0.02)
    cells = only(found)[0]
    np.testing.assert_allclose([cells["mean"], cells["spread"]], [values.mean(), values.std(ddof=1)])
    energy, density = (np.array(found["series"][f"Cl {name}"]) for name in ("energy (eV)", "density (1/eV)"))
    assert np.trapezoid(density * energy, energy) == pytest.approx(values.mean(), abs=1e-3)


def test_learning_rate_of_gnep(plot, tmp_path):
    rate = 1e-7 + (1e-3 - 1e-7) * 0.5 * (1 + np.cos(np.pi * np.arange(50) / 50))  # fitness.cu of gnep
    rows = np.column_stack([np.arange(1, 51), np.full((50, 4), 0.1), np.zeros((50, 3)), rate, 2.0 * np.arange(1, 51)])
    np.savetxt(tmp_path / "loss.out", rows, fmt=["%d"] + 7 * ["%.5f"] + ["%.7f", "%.5f"])
    found = plot("lr", tmp_path)
    np.testing.assert_allclose(found["series"]["learning rate"], rate, atol=1e-7)
    assert only(found)[0]["highest"] == pytest.approx(1e-3)
    assert only(found)[0]["time (s)"] == 100.0


@pytest.mark.parametrize(("name", "columns"), [("dipole", 3), ("polarizability", 6)])
def test_tensors(plot, tmp_path, name, columns):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(30, columns))
    noise = 0.1 * rng.normal(size=(30, columns))
    np.savetxt(tmp_path / f"{name}_test.out", np.hstack([target + noise, target]))
    cells = only(plot(name, tmp_path))[0]
    assert cells["set"] == "test"
    assert cells["RMSE"] == pytest.approx(np.sqrt(np.mean(noise**2)))
    assert cells["blocks"] == 30


def test_active(plot, tmp_path):
    """GPUMD writes every check to active.out and only those above the threshold to active.xyz."""
    time, deviation = 10.0 * np.arange(1, 51), np.linspace(0.01, 0.2, 50)
    np.savetxt(tmp_path / "active.out", np.column_stack([time, deviation]), fmt="%20.10e")
    lines = [f'1\nTime={time[i]:.8f} pbc="T T T" uncertainty={deviation[i]:.8f} Lattice="9 0 0 0 9 0 0 0 9" '
             "Properties=species:S:1:pos:R:3\nH 0 0 0\n" for i in (47, 48, 49)]  # fmt: skip
    (tmp_path / "active.xyz").write_text("".join(lines))
    found = plot("active", tmp_path, "--threshold", 0.15)
    cells = only(found)[0]
    assert (cells["checks"], cells["frames"], cells["above 0.15"]) == (50, 3, int((deviation > 0.15).sum()))
    frames = found["series"]["frame of active.xyz"]
    assert [row for row, number in enumerate(frames) if number] == [47, 48, 49]
    assert found["series"]["time (ps)"][47] == pytest.approx(0.48)
