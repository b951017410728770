"""Every command of ``nepkit calc``, found from the tree, with input that none of them can use."""

import click
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from lr_correction.nepfile import write_nep
from nepkit.cli.command import ROOT, leaves, load_all
from nepkit.cli.main import main
from nepkit.formats.files import write_frames
from tests.factories import random_nep

load_all()
COMMANDS = list(leaves(ROOT.commands["calc"]))
MORE = {
    "calc surface": ["--miller", "1", "0", "0"],
    "calc barrier": ["--element", "Cu"],
    "calc neighbors": ["-C", "Cu", "-E", "Cu", "-n", "6"],
    "calc displacements": ["-C", "Cu", "-E", "Cu"],
    "calc octahedral-tilt": ["-C", "Cu"],
    "calc polarization": ["-C", "Cu", "--shell", "Cu=6"],
    "calc md": ["--steps", "2"],
    "calc dimer": ["Cu-Cu"],
    "calc defect": ["--vacancy", "Cu"],
}
"""What a command needs besides files and a model."""
NO_FILE = ("calc dimer",)
ONLY_NEP = ("calc descriptors", "calc latent")
FLAT = ("calc average-structure", "calc predict", "calc minimize", "calc doas", "calc descriptors", "calc latent")
"""Commands to which a structure that is no crystal may be given."""


class Broken(Calculator):
    """A model that gives no numbers."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": np.nan, "forces": np.full((len(atoms), 3), np.nan), "stress": np.full(6, np.nan)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with models and structures, good and bad."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    write_nep(random_nep(1), tmp_path / "nep.txt")
    crystal = bulk("Cu", cubic=True)
    write_frames("good.xyz", [crystal])
    strange = crystal.copy()
    strange.symbols[1] = "Og"
    write_frames("og.xyz", [strange])
    write_frames("pair.xyz", [Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.4]])])
    together = crystal.copy()
    together.positions[1] = together.positions[0]
    write_frames("together.xyz", [together])
    (tmp_path / "empty.xyz").write_text("")
    (tmp_path / "nonsense.xyz").write_text("this is\nnot a structure\n")
    text = (tmp_path / "good.xyz").read_text()
    (tmp_path / "nan.xyz").write_text(text.replace("1.805", "nan", 1))
    return tmp_path


def words_of(command, file, model="emt"):
    """Return a command line with a file for every argument that is one."""
    words = command.path.split()
    names = {parameter.name for parameter in command.params}
    for parameter in command.params:
        if isinstance(parameter, click.Argument) and parameter.required and isinstance(parameter.type, click.Path):
            words.append(file)
    if names & {"final"} and command.path == "calc neb":
        words.append(file)
    needs = command.path in ("calc polarization",) or any(
        parameter.name in ("model", "models") and parameter.required for parameter in command.params
    )
    if needs:
        words += ["-m", "nep.txt" if command.path in ONLY_NEP and model == "emt" else model]
    return words + MORE.get(command.path, [])


def refused(capsys, words):
    """Run a command line that must fail by one line, and return the line."""
    status = main(words)
    text = capsys.readouterr()
    assert status == 1, text.out
    assert text.out == ""
    lines = [line for line in text.err.splitlines() if not line.startswith("Warning")]
    assert len(lines) == 1, text.err
    assert lines[0].startswith("Error: ")
    return lines[0]


def named(command):
    return command.path.replace(" ", "-")


READERS = [command for command in COMMANDS if command.path not in NO_FILE]
WITH_MODEL = [
    command for command in COMMANDS
    if {"model", "models"} & {parameter.name for parameter in command.params}
]  # fmt: skip
CRYSTALS = [command for command in READERS if command.path not in FLAT]


def test_there_are_commands():
    assert len(COMMANDS) >= 20
    assert len(WITH_MODEL) >= 15


@pytest.mark.parametrize("command", READERS, ids=named)
@pytest.mark.parametrize("file", ["missing.xyz", "empty.xyz", "nonsense.xyz", "nan.xyz"])
def test_files_that_are_no_structures(capsys, folder, command, file):
    before = sorted(folder.iterdir())
    line = refused(capsys, words_of(command, file))
    assert file in line
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("command", WITH_MODEL, ids=named)
def test_an_unknown_model(capsys, folder, command):
    line = refused(capsys, words_of(command, "good.xyz", "nonexistent"))
    assert "nonexistent" in line


@pytest.mark.parametrize("command", [one for one in WITH_MODEL if one.path not in NO_FILE], ids=named)
def test_an_unknown_element(capsys, folder, command):
    line = refused(capsys, words_of(command, "og.xyz"))
    assert "Og" in line or "Cu" in line
    assert "not in the model" in line or "belongs to no cell" in line


@pytest.mark.parametrize("command", CRYSTALS, ids=named)
def test_a_molecule_where_a_crystal_is_expected_makes_no_traceback(capsys, folder, command):
    status = main(words_of(command, "pair.xyz"))
    text = capsys.readouterr()
    if status:
        assert text.err.startswith("Error: ") or text.out
    else:
        assert "nan" not in text.out.lower().split()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of EMT, which divides by the distance
@pytest.mark.parametrize("command", [one for one in WITH_MODEL if one.path not in NO_FILE], ids=named)
def test_atoms_on_top_of_each_other_make_no_traceback(capsys, folder, command):
    status = main(words_of(command, "together.xyz"))
    text = capsys.readouterr()
    assert status in (0, 1)
    assert not text.err or text.err.startswith(("Error: ", "Warning: "))
    assert text.err or text.out


@pytest.mark.parametrize("command", [one for one in WITH_MODEL if one.path not in ONLY_NEP], ids=named)
def test_forces_that_are_no_numbers(capsys, folder, command):
    if command.path == "calc polarization":
        pytest.skip("takes charges alone")
    if command.path == "calc minimize":  # writes the structure it was given, and says why
        assert main(words_of(command, "good.xyz", f"{__name__}:Broken")) == 1
        assert "not finite" in "".join(capsys.readouterr())
        return
    line = refused(capsys, words_of(command, "good.xyz", f"{__name__}:Broken"))
    assert "not finite" in line or "are not a number" in line


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        (one, parameter.opts[-1], value)
        for one in COMMANDS
        for parameter in one.params
        for name, value in (("strain", "9"), ("strain", "nan"), ("strain", "0"), ("steps", "0"), ("repeats", "0"))
        if parameter.name == name
    ],
    ids=lambda item: item if isinstance(item, str) else named(item),
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_that_make_no_sense(capsys, folder, command, option, value):
    words = [*words_of(command, "good.xyz"), option, value]
    line = refused(capsys, words)
    assert value in line or option.strip("-") in line


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_every_command_has_a_number_of_the_section_and_says_what_its_options_mean(command):
    assert command.menu is not None
    assert command.menu // 100 == 4
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))
