"""``nepkit lr``: the command line gives what the library gives, and bad input gives one line."""

import json
import re
from dataclasses import replace

import ase
import numpy as np
import pytest

from lr_correction.batch import Batch
from lr_correction.correction import LongRangePotential
from lr_correction.descriptors import short_range
from lr_correction.export import write_qnep
from lr_correction.fit import fit_charges
from lr_correction.nepfile import read_nep, write_nep
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels
from tests.factories import random_nep
from tests.truth import labelled, potential_of, random_frames

CHARGES = {"Li": 0.5, "Cl": -0.4, "Y": 0.9}
RIDGE = "1e-7,1e-7"


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    """A folder with a NEP and frames labelled by it plus charges, and the model that labelled them."""
    folder = tmp_path_factory.mktemp("problem")
    nep = random_nep(3, neurons=3, n_max=(1, 1), basis_size=(2, 2), l_max=2, invariants=())
    write_nep(nep, folder / "nep.txt")
    truth = potential_of(read_nep(folder / "nep.txt"), CHARGES, spread=0.1)
    write_qnep(truth, folder / "truth.txt")
    frames = random_frames(7, seed=40)
    known = labelled(truth, frames, bec=True, total_charges=[0.0] * len(frames))
    write_frames(folder / "train.xyz", known[:5])
    write_frames(folder / "test.xyz", known[5:])
    return folder


@pytest.fixture(scope="module")
def api(problem):
    """The same fit through the library."""
    from lr_correction.results import Ridge

    return fit_charges(
        read_nep(problem / "nep.txt"),
        list(read_frames(problem / "train.xyz")),
        test=list(read_frames(problem / "test.xyz")),
        initial_charges={"Li": 1.0, "Cl": -1.0, "Y": 3.0},
        prior=Ridge(1e-7, 1e-7),
        threads=1,
    )


def fit_words(problem, *more):
    words = ["lr", "fit", problem / "nep.txt", problem / "train.xyz", "--test", problem / "test.xyz", "--ridge", RIDGE]
    return [str(word) for word in [*words, "--charges", "Li=1,Cl=-1,Y=3", "--threads", "1", *more]]


def run(capsys, *words):
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def test_fit_gives_what_the_library_gives(problem, api, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = json.loads(run(capsys, *fit_words(problem, "--json")))
    expected = json.loads(json.dumps(api.summary()))
    for key in ("seconds", "seconds_by_stage"):
        del found[key], expected[key]
    assert found.pop("model") == "qnep.txt"
    assert found == expected
    for name in ("train", "test"):
        assert set(found[name]) == {"frozen", "readout", "charges"}
        assert {"energy_mev_atom", "force_mev_a", "virial_mev_atom"} <= set(found[name]["charges"])
    assert {"readout", "short_range_charges", "full"} <= set(found["range"])
    assert {"mean", "std", "error"} <= set(found["charges"]["Li"])
    write_qnep(api.potential, tmp_path / "api.txt")
    assert (tmp_path / "qnep.txt").read_text() == (tmp_path / "api.txt").read_text()


def test_fit_writes_tables_model_and_a_report_that_needs_nothing_else(problem, api, tmp_path, capsys):
    model, report = tmp_path / "model.txt", tmp_path / "report.html"
    text = run(capsys, *fit_words(problem, "-o", model, "--report", report))
    assert "Root mean square errors" in text
    assert f"{api.test.charges.force_mev_a:.1f}" in text
    assert f"wrote {model} and {report}" in text
    assert read_nep(model).charge_mode == 2
    page = report.read_text()
    assert page.count('src="data:image/svg+xml;base64,') == 6
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"|url\([^)]*\)|@import', page) == []
    assert f"{api.test.charges.force_mev_a:.1f} meV/Å" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.txt", "report.html"]


def test_fit_cuts_the_model_to_the_elements_of_the_frames(problem, tmp_path, capsys):
    nep = random_nep(3, neurons=3, n_max=(1, 1), basis_size=(2, 2), l_max=2, invariants=(), elements=("Li", "Br", "Cl"))
    write_nep(nep, tmp_path / "big.txt")
    salt = random_frames(3, seed=80, elements=("Li", "Cl"))
    truth = LongRangePotential.from_nep(read_nep(problem / "truth.txt"))
    write_frames(tmp_path / "salt.xyz", labelled(truth, salt, total_charges=[0.0] * 3))
    words = ["lr", "fit", tmp_path / "big.txt", tmp_path / "salt.xyz", "-o", tmp_path / "q.txt", "--ridge", "1e-4"]
    text = run(capsys, *words, "--no-range", "--short-range", "frozen", "--mode", "1", "--threads", "1")
    assert "the model's 3 elements were cut to Li Cl" in text
    assert "Is it the long range?" not in text
    assert read_nep(tmp_path / "q.txt").elements == ("Li", "Cl")
    assert read_nep(tmp_path / "q.txt").charge_mode == 1


def test_charges_alone_are_the_same_model(problem, tmp_path, monkeypatch, capsys):
    nep = random_nep(3, neurons=3, n_max=(1, 1), basis_size=(2, 2), l_max=2, invariants=(), elements=("Li", "Br", "Cl"))
    write_nep(nep, tmp_path / "big.txt")
    salt = random_frames(3, seed=80, elements=("Li", "Cl"))
    truth = LongRangePotential.from_nep(read_nep(problem / "truth.txt"))
    write_frames(tmp_path / "salt.xyz", labelled(truth, salt, total_charges=[0.0] * 3))
    monkeypatch.chdir(tmp_path)
    words = ["lr", "fit", "big.txt", "salt.xyz", "--ridge", "1e-4", "--no-range", "--threads", "1", "-o"]
    run(capsys, *words, "q.txt")
    text = run(capsys, *words, "charges.npz", "--report", "report.html")
    assert "name the model as --model big.txt+charges.npz" in text
    assert "--model big.txt+charges.npz -o predicted.xyz" in (tmp_path / "report.html").read_text()
    found = [
        json.loads(run(capsys, "calc", "predict", "salt.xyz", "-m", model, "--json"))["frames"]
        for model in ("big.txt+charges.npz", "q.txt")
    ]
    for mine, theirs in zip(*found, strict=True):
        assert mine["energy"] == pytest.approx(theirs["energy"], abs=1e-4)  # the qNEP file is rounded
        np.testing.assert_allclose(mine["forces"], theirs["forces"], atol=1e-4)
        np.testing.assert_allclose(mine["bec"], theirs["bec"], atol=1e-4)


def test_predict_with_charges_gives_what_the_library_gives(problem, tmp_path, capsys):
    frames = list(read_frames(problem / "test.xyz"))
    result = LongRangePotential.from_nep(read_nep(problem / "truth.txt")).evaluate(frames, bec=True)
    words = ["lr", "predict", problem / "truth.txt", problem / "test.xyz"]
    found = json.loads(run(capsys, *words, "--json"))
    for k, row in enumerate(found["frames"]):
        part = slice(*result.offsets[k : k + 2])
        np.testing.assert_allclose(row["energy"], result.energy[k], rtol=1e-12)
        np.testing.assert_allclose(row["forces"], result.forces[part], atol=1e-12)
        np.testing.assert_allclose(row["virial"], result.virial[k], atol=1e-11)
        np.testing.assert_allclose(row["charges"], result.charges[part], atol=1e-12)
        np.testing.assert_allclose(row["bec"], result.bec[part], atol=1e-12)
    errors = {row["quantity"]: row for row in found["errors"]}
    assert set(errors) == {"energy", "energy, constants of the elements refitted", "force", "virial", "stress",
                           "Born effective charge"}  # fmt: skip
    assert errors["force"]["count"] == 3 * sum(map(len, frames))
    # The labels come from the model before its numbers were rounded for the file.
    assert 0.0 < errors["force"]["rmse"] < 0.1
    assert "force" in run(capsys, *words, "-o", tmp_path / "out.xyz")
    for atoms, row in zip(read_frames(tmp_path / "out.xyz"), found["frames"], strict=True):
        assert labels(atoms).energy == row["energy"]
        np.testing.assert_array_equal(labels(atoms).bec, row["bec"])


def test_predict_without_charges_or_labels(problem, tmp_path, capsys):
    frames = random_frames(2, seed=7)
    write_frames(tmp_path / "bare.xyz", frames)
    words = ["lr", "predict", problem / "nep.txt", tmp_path / "bare.xyz"]
    assert "no labels to compare with" in run(capsys, *words)
    found = json.loads(run(capsys, *words, "--json"))
    nep = read_nep(problem / "nep.txt")
    expected = short_range(nep, Batch.from_atoms(frames, nep.elements))
    np.testing.assert_allclose([row["energy"] for row in found["frames"]], expected.energy, rtol=1e-12)
    assert found["frames"][0]["charges"] is None
    assert found["errors"] == []


def test_charges_by_element_as_json_csv_and_plot(problem, tmp_path, capsys):
    words = ["lr", "charges", problem / "truth.txt", problem / "test.xyz"]
    found = json.loads(run(capsys, *words, "--json"))
    frames = list(read_frames(problem / "test.xyz"))
    values = LongRangePotential.from_nep(read_nep(problem / "truth.txt")).evaluate(frames).charges
    symbols = np.concatenate([atoms.symbols for atoms in frames])
    for row in found["elements"]:
        mine = values[symbols == row["element"]]
        expected = (len(mine), mine.mean(), mine.std(), mine.min(), mine.max())
        np.testing.assert_allclose([row[key] for key in ("count", "mean", "std", "lowest", "highest")], expected)
    counted = sum(row["count"] for row in found["environments"])
    assert counted == len(values)
    lines = run(capsys, *words, "--csv").splitlines()
    assert lines[0] == "element,environment,atoms,mean,std,lowest,highest"
    assert len(lines) == 1 + len(found["elements"]) + len(found["environments"])
    run(capsys, *words, "-o", tmp_path / "charges.png")
    assert (tmp_path / "charges.png").read_bytes().startswith(b"\x89PNG")


def bare(atoms: ase.Atoms) -> ase.Atoms:
    return ase.Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


@pytest.fixture
def bad(problem, tmp_path):
    """A folder with one file of every fault."""
    frames = list(read_frames(problem / "train.xyz"))
    strange = bare(frames[0])
    strange.symbols[0] = "Na"
    unknown = frames[1].copy()
    del unknown.info["charge"]
    unknown.calc = frames[1].calc
    charged = frames[2].copy()
    charged.calc, charged.info["charge"] = frames[2].calc, 1.0
    for name, content in {
        "sodium": [frames[0], strange],
        "unlabelled": [frames[0], bare(frames[1])],
        "undetermined": [frames[0], unknown],
        "charged": [frames[0], charged],
    }.items():
        write_frames(tmp_path / f"{name}.xyz", content)
    (tmp_path / "empty.xyz").write_text("")
    (tmp_path / "empty.txt").write_text("")
    model = (problem / "nep.txt").read_text()
    (tmp_path / "truncated.txt").write_text(model[: len(model) // 2].rsplit("\n", 1)[0] + "\n")
    nep = read_nep(problem / "nep.txt")
    write_nep(replace(nep, typewise_cutoffs=((4.5, 3.5), (4.0, 3.0), (4.5, 3.5))), tmp_path / "typewise.txt")
    (tmp_path / "old.txt").write_text("kept")
    (tmp_path / "old.html").write_text("kept")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": "sodium.xyz"}, "sodium.xyz, frame 2: element Na is not in the model, which knows Li Cl Y"),
        ({"test": "sodium.xyz"}, "sodium.xyz, frame 2: element Na is not in the model"),
        ({"train": "unlabelled.xyz"}, "unlabelled.xyz, frame 2: no energy, expected energy and forces"),
        ({"train": "undetermined.xyz"}, "undetermined.xyz, frame 2: starting charges add up to"),
        ({"train": "charged.xyz"}, "charged.xyz, frame 2 has charge +1 e, but GPUMD"),
        ({"nep": "truth.txt"}, "truth.txt: the model already has charges (nep4_charge2), expected a NEP without"),
        ({"nep": "truncated.txt"}, "truncated.txt: "),
        ({"nep": "empty.txt"}, "empty.txt: the file is empty, expected a NEP model"),
        ({"nep": "typewise.txt"}, "typewise.txt: the model has typewise cutoffs"),
        ({"train": "empty.xyz"}, "empty.xyz: no frames in this file"),
        ({"test": "empty.xyz"}, "empty.xyz: no frames in this file"),
        ({"train": "nep.txt"}, "nep.txt"),
        ({"train": "missing.xyz"}, "missing.xyz"),
        ({"-o": "old.txt"}, "old.txt already exists; choose another name or add --overwrite"),
        ({"-o": "nowhere/q.txt"}, "does not exist"),
        ({"--report": "old.html"}, "old.html already exists"),
        ({"--report": "report.doc"}, "report.doc: cannot write .doc, known: .html, .pdf, .png, .svg"),
        ({"--charges": "Li=1,Cl"}, "'Cl' is not Element=charge"),
        ({"--charges": "Li=1,Na=1"}, "a charge is given for Na"),
        ({"--ridge": "1,2,3"}, "is not one number, or two"),
        ({"--mode": "3"}, "3 is not in the range"),
        ({"--device": "cuda"}, "cupy is not installed"),
    ],
)
def test_bad_input_of_fit_is_one_line_and_writes_nothing(problem, bad, monkeypatch, capsys, changes, message):
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    values = {"nep": "nep.txt", "train": "train.xyz", "test": None, "-o": "new.txt", "--charges": "Li=1,Cl=-1,Y=3"}
    values |= changes

    def place(key):
        name = values.get(key)
        return bad / name if name is None or not (problem / name).exists() else problem / name

    words = ["lr", "fit", place("nep"), place("train")] + (["--test", place("test")] if values["test"] else [])
    for option in ("-o", "--report"):
        if values.get(option):
            words += [option, bad / values[option]]
    for option in ("--charges", "--ridge", "--mode", "--device"):
        if option in values:
            words += [option, values[option]]
    refused(words, message, bad, capsys)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "truncated.txt", "train.xyz", "-o", "new.xyz"], "truncated.txt: "),
        (["predict", "truth.txt", "empty.xyz", "-o", "new.xyz"], "empty.xyz: no frames in this file"),
        (["charges", "nep.txt", "train.xyz", "-o", "new.png"], "nep.txt: no charges in this model, expected a qNEP"),
        (["charges", "truth.txt", "train.xyz", "-o", "new.doc"], "new.doc: cannot write .doc"),
        (["charges", "truth.txt", "sodium.xyz", "-o", "new.png"], "sodium.xyz, frame 2: element Na"),
    ],
)
def test_bad_input_of_the_other_commands(problem, bad, capsys, words, message):
    places = [problem / word if (problem / word).exists() else bad / word for word in words if "." in word]
    refused(["lr", words[0], places[0], places[1], "-o", places[2]], message, bad, capsys)


def refused(words, message, folder, capsys):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main([str(word) for word in words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert message in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
