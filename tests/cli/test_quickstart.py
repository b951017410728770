"""``nepkit quickstart`` on a few frames of the bundled data."""

import json

import pytest

import nepkit.quickstart
from lr_correction.nepfile import read_nep
from nepkit.cli.main import main
from nepkit.core.errors import NepkitError
from nepkit.quickstart import DATA, FILES, quickstart
from nepkit.report.content import build_report


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return quickstart(tmp_path_factory.mktemp("quick") / "out", most_frames=4, duration=0.05)


def test_files(result):
    assert sorted(path.name for path in result.folder.iterdir()) == sorted(FILES)
    assert [path.name for path in result.folder.parent.iterdir()] == ["out"]  # no temporary folder is left
    assert read_nep(result.folder / "qnep.txt").charge_mode == 2
    assert (result.folder / "report.png").read_bytes().startswith(b"\x89PNG")
    page = (result.folder / "report.html").read_text()
    assert page.count('src="data:image/svg+xml;base64,') == 8
    assert "far too short for a diffusion coefficient" in page
    record = json.loads((result.folder / "run.json").read_text())
    assert record["result"]["test"]["charges"]["force_mev_a"] == result.fit.test.charges.force_mev_a
    assert set(record["sha256"]) == {str(DATA / name) for name in ("nep.txt", "train.xyz", "test.xyz")}


def test_the_exported_file_agrees_with_the_fit(result):
    assert result.export.energy < 1e-3  # meV/atom: 1e-6 eV/atom
    assert result.export.force < 1e-2  # meV/A: 1e-5 eV/A


def test_the_run_is_of_a_supercell_at_its_temperature(result):
    assert len(result.trajectory.symbols) >= 160
    assert 200.0 < result.trajectory.temperature[result.trajectory.nve].mean() < 1200.0
    assert set(result.msd.msd) == {"Li", "Y", "Cl"}


def test_the_report_shows_the_errors_of_the_fit():
    """Frozen NEP and corrected model evaluated anew give the errors that the fit reports."""
    from nepkit.models.charge_fit import FitInput, read_input, run_fit

    given = read_input(DATA / "nep.txt", DATA / "train.xyz", DATA / "test.xyz")
    given = FitInput(given.nep, {name: frames[:3] for name, frames in given.sets.items()})
    fit = run_fit(given, ridge=(1e-5, 1e-5), range_diagnosis=False, short_range="frozen")
    report = build_report("", given.nep, fit, given.sets, facts=[], next_steps=[])
    for name, stages in (("train", fit.train), ("test", fit.test)):
        for model in ("frozen", "charges"):
            parity, errors = report.parities[name][model], getattr(stages, model)
            assert 1e3 * parity.energy_rmse == pytest.approx(errors.energy_mev_atom, rel=1e-4)
            assert 1e3 * parity.force_rmse == pytest.approx(errors.force_mev_a, rel=1e-6)
            assert 1e3 * parity.virial_rmse == pytest.approx(errors.virial_mev_atom, rel=1e-6)


def test_the_command_prints_tables_and_what_next(result, monkeypatch, capsys):
    monkeypatch.setattr(nepkit.quickstart, "quickstart", lambda folder, **_: result)
    assert main(["quickstart", "--out", "anywhere"]) == 0
    text = capsys.readouterr().out
    for words in (
        "pulled from 4.5 to 15 A",
        "meV of Hartree-Fock",
        "Root mean square errors",
        "Charges (e)",
        "Is it the long range?",
        "nepkit lr fit nep.txt",
    ):
        assert words in text
    assert main(["quickstart", "--out", "anywhere", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["md"]["atoms"] == len(result.trajectory.symbols)
    assert {"train", "test", "range", "charges", "data", "export", "seconds", "model", "ions"} <= set(found)
    assert len(found["ions"]["distance_a"]) == len(found["ions"]["models_ev"]["NEP with charges"]) == 12


def test_an_earlier_quickstart_is_kept(result, capsys):
    before = (result.folder / "run.json").read_bytes()
    assert main(["quickstart", "--out", str(result.folder)]) == 1
    assert "already holds qnep.txt; choose another folder or add --overwrite" in capsys.readouterr().err
    assert (result.folder / "run.json").read_bytes() == before


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise NepkitError("no")

    monkeypatch.setattr(nepkit.quickstart, "run_fit", fail)
    with pytest.raises(NepkitError, match="no"):
        quickstart(tmp_path / "out", most_frames=2)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NepkitError, match="does not exist"):
        quickstart(tmp_path / "deep" / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(NepkitError, match="is a file"):
        quickstart(tmp_path / "file")
