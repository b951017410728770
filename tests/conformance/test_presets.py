"""Every template makes a file in which nepkit check finds nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.build import molecule as ase_molecule

import nepkit
from lr_correction.nepfile import read_nep, trained_numbers, write_nep
from nepkit.core.errors import InputError, UnknownNameError
from nepkit.formats.files import read_frames, write_frames
from nepkit.inputs.check import check_file
from nepkit.inputs.inputfile import parse_input
from nepkit.inputs.nepin import read_nep_in
from nepkit.inputs.presets.build import build_run
from nepkit.inputs.presets.preset import RUN_PRESETS
from nepkit.inputs.presets.training import TRAINING_PRESETS, build_training
from nepkit.inputs.runfile import read_run_file
from nepkit.models.surgery.heads import charged
from nepkit.models.surgery.trainable import Trainable
from tests.factories import random_nep

DATA = Path(nepkit.__file__).parent / "data" / "li3ycl6"


def rock_salt():
    return bulk("LiCl", "rocksalt", 5.1, cubic=True)


def triclinic():
    atoms = bulk("LiCl", "rocksalt", 5.1)
    atoms.rattle(0.05, seed=1)
    return atoms


def water():
    box = ase_molecule("H2O", cell=[3.2, 3.1, 3.1], pbc=True)
    box.center()
    return box


STRUCTURES = {"rock salt": rock_salt, "a triclinic cell": triclinic, "water": water}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A NEP and a qNEP of all elements, and a second member of a committee."""
    folder = tmp_path_factory.mktemp("models")
    elements = ("H", "O", "Li", "Cl")
    write_nep(random_nep(1, elements=elements), folder / "nep.txt")
    write_nep(random_nep(2, elements=elements), folder / "other.txt")
    qnep = Trainable(read_nep(folder / "nep.txt")).changed(lambda nep, fill: charged(nep, fill, 2)).model
    write_nep(qnep, folder / "qnep.txt")
    return folder


def make(preset, structure, models, folder, *, with_model):
    write_frames(folder / "start.xyz", [structure])
    names = {"active": ["nep.txt", "other.txt"], "qnep": ["qnep.txt"]}.get(preset, ["nep.txt"])
    made = build_run(
        preset,
        folder / "start.xyz",
        [models / name for name in names],
        folder,
        with_model=with_model,
        direction="z" if preset == "nemd" else "x",
    )
    (folder / "run.in").write_text(made.text)
    if made.model is not None:
        write_frames(folder / "model.xyz", [made.model])
    else:
        shutil.copy(folder / "start.xyz", folder / "model.xyz")
    return made


@pytest.mark.parametrize("kind", STRUCTURES)
@pytest.mark.parametrize("preset", RUN_PRESETS)
def test_a_run_has_no_finding(preset, kind, models, tmp_path):
    if preset == "nemd" and kind == "a triclinic cell":
        with pytest.raises(InputError, match="cell with right angles"):
            make(preset, STRUCTURES[kind](), models, tmp_path, with_model=True)
        return
    make(preset, STRUCTURES[kind](), models, tmp_path, with_model=True)
    assert check_file(tmp_path / "run.in") == []


@pytest.mark.parametrize("preset", [name for name in RUN_PRESETS if name not in ("nemd", "diffusion", "conductivity")])
def test_a_run_with_replicate_has_no_finding(preset, models, tmp_path):
    make(preset, rock_salt(), models, tmp_path, with_model=False)
    assert check_file(tmp_path / "run.in") == []
    assert read_run_file(tmp_path / "run.in").replicate == (3, 3, 3)


@pytest.mark.parametrize("preset", RUN_PRESETS)
def test_a_template_is_filled_from_the_case(preset, models, tmp_path):
    make(preset, water(), models, tmp_path, with_model=True)
    runs = read_run_file(tmp_path / "run.in").runs
    assert all(run.time_step == 0.5 for run in runs), "hydrogen asks for it"
    assert runs[-1].duration >= 1000
    assert runs[0].temperature in (300.0, 450.0)
    commented = [line for line in parse_input((tmp_path / "run.in").read_text()).commands() if line.comment]
    assert len(commented) >= 5
    with_temperature = build_run(preset, tmp_path / "start.xyz", [models / "qnep.txt"] * 2, tmp_path, with_model=True,
                                 temperature=777.0)  # fmt: skip
    assert "velocity 777" in with_temperature.text


def test_groups_by_element_are_used_where_they_are_there(models, tmp_path):
    atoms = rock_salt()
    with pytest.raises(InputError, match=r"add --model model.xyz"):
        make("diffusion", atoms, models, tmp_path, with_model=False)
    atoms.arrays["group"] = (atoms.numbers == 17).astype(int)
    (tmp_path / "start.xyz").unlink()
    make("diffusion", atoms, models, tmp_path, with_model=False)
    assert check_file(tmp_path / "run.in") == []


def test_slabs_of_nemd_have_equal_widths(models, tmp_path):
    made = make("nemd", rock_salt(), models, tmp_path, with_model=True)
    counts = np.bincount(made.model.arrays["group"].ravel())
    assert len(counts) == 10
    assert counts.min() > 0
    # four times longer along the heat than across it
    assert made.model.cell.lengths()[2] == pytest.approx(4 * made.model.cell.lengths()[0])


def test_what_cannot_be_filled(models, tmp_path):
    write_frames(tmp_path / "a.xyz", [Atoms("Na", cell=[5, 5, 5], pbc=True)])
    with pytest.raises(UnknownNameError, match="does not know Na"):
        build_run("nvt", tmp_path / "a.xyz", [models / "nep.txt"], tmp_path)
    with pytest.raises(UnknownNameError, match="unknown preset 'nvd': did you mean nvt"):
        build_run("nvd", tmp_path / "a.xyz", [models / "nep.txt"], tmp_path)
    write_frames(tmp_path / "b.xyz", [rock_salt()])
    with pytest.raises(InputError, match="needs a committee"):
        build_run("active", tmp_path / "b.xyz", [models / "nep.txt"], tmp_path)
    with pytest.raises(InputError, match="needs a potential with charges"):
        build_run("qnep", tmp_path / "b.xyz", [models / "nep.txt"], tmp_path)


@pytest.fixture
def training(tmp_path):
    frames = list(read_frames(DATA / "train.xyz"))[:6]
    write_frames(tmp_path / "train.xyz", frames)
    shutil.copy(DATA / "nep.txt", tmp_path / "base.txt")
    shutil.copy(DATA / "nep.txt", tmp_path / "nep.txt")
    rows = trained_numbers(read_nep(tmp_path / "base.txt")).size
    (tmp_path / "base.restart").write_text("0 0.1\n" * rows)
    return tmp_path


@pytest.mark.parametrize("preset", TRAINING_PRESETS)
def test_a_training_has_no_finding(preset, training):
    start = {"start": training / "base.txt"} if preset in ("fine-tune", "predict") else {}
    restart = {"restart": training / "base.restart"} if preset == "fine-tune" else {}
    text = build_training(preset, training / "train.xyz", training, **start, **restart)
    (training / "nep.in").write_text(text)
    if preset != "predict":
        (training / "nep.txt").unlink()
    assert check_file(training / "nep.in") == []
    settings = read_nep_in(training / "nep.in")
    assert set(settings.elements) == {"Li", "Y", "Cl"}
    assert settings.batch == 6
    if start:
        assert settings.elements == ("Li", "Y", "Cl"), "the order of the model"
        assert settings.n_max == read_nep(training / "base.txt").n_max


def test_fine_tuning_needs_its_files(training):
    with pytest.raises(InputError, match="needs --start"):
        build_training("fine-tune", training / "train.xyz", training)
    with pytest.raises(InputError, match="which --elements does not name"):
        build_training("standard", training / "train.xyz", training, elements=("Li", "Cl"))
