"""Lists by species or atom in inputs were copied to structures of another order without a word."""

from pathlib import Path

import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.prepare.abacus import abacus
from nepkit.prepare.cp2k import cp2k
from nepkit.prepare.layout import Structure
from nepkit.prepare.template import read_template
from nepkit.prepare.vasp import read_incar, vasp

POTCAR = "  TITEL  = PAW_PBE {0} 10Sep2004\n POMASS = 7.0; ZVAL   =    6.000\n"
VALUES = {"name": "x", "charge": "0"}


def structure(symbols, frame=1):
    positions = [[0.0, 0.0, 2.0 * number] for number in range(len(symbols))]
    return Structure(Atoms(symbols, positions=positions, cell=[5.0, 5.0, 20.0], pbc=True), Path("in.xyz"), frame)


def program(folder, incar):
    folder.joinpath("template").mkdir()
    folder.joinpath("template", "INCAR").write_text("KSPACING = 0.2\n" + incar)
    for element in ("Fe", "O", "Li"):
        folder.joinpath("library", element).mkdir(parents=True)
        folder.joinpath("library", element, "POTCAR").write_text(POTCAR.format(element))
    return vasp(read_template([folder / "template"]), folder / "library", {})


def incar(made):
    return read_incar(made.files["INCAR"])


def test_lists_per_element_are_those_of_each_poscar(tmp_path):
    make = program(tmp_path, "LDAUL = Fe:2 O:-1 ! d\nLDAUU = Fe:4.0 \\\n O:0; MAGMOM = O:0.6 Fe:5\n")
    first = incar(make(structure(["Fe", "O", "Fe"]), VALUES))
    assert first | {"LDAUL": "2 -1", "LDAUU": "4.0 0", "MAGMOM": "5 5 0.6"} == first
    second = incar(make(structure(["O", "Fe", "O"], 2), VALUES))
    assert second | {"LDAUL": "-1 2", "LDAUU": "0 4.0", "MAGMOM": "0.6 0.6 5"} == second
    with pytest.raises(InputError, match=r"LDAUL: no value of Li; add Li:VALUE"):
        make(structure(["Li", "O"], 3), VALUES)


@pytest.mark.parametrize(
    "tag", ["LDAUU = 4 0", "LDAUL = 2 -1", "LDAUJ = 1 0", "ROPT = 1E-3 1E-4", "LANGEVIN_GAMMA = 10 5", "magmom = 5 0.6"]
)
def test_plain_lists_are_for_one_order_alone(tmp_path, tag):
    make = program(tmp_path, tag + "\n")
    make(structure(["Fe", "O"]), VALUES)
    make(structure(["Fe", "O"], 2), VALUES)
    name = tag.split()[0].upper()
    with pytest.raises(InputError, match=rf"{name} is a list for Fe O \(in.xyz, frame 1\), but .*frame 3 has O Fe; "):
        make(structure(["O", "Fe"], 3), VALUES)


def test_lists_that_fit_any_order_are_copied(tmp_path):
    make = program(tmp_path, "MAGMOM = 2*1.0\nLDAUJ = 0 0\n")
    for symbols in (["Fe", "O"], ["O", "Fe"]):
        made = make(structure(symbols), VALUES)
        assert isinstance(made.files["INCAR"], Path)  # the user's own file, byte by byte
    with pytest.raises(InputError, match="LDAUJ in the INCAR names 2 values, but there are 1 species"):
        make(structure(["O", "O"]), VALUES)


def test_vectors_of_atoms(tmp_path):
    make = program(tmp_path, "LSORBIT = .TRUE.\nMAGMOM = 0 0 2 0 0 2\n")
    make(structure(["Fe", "O"]), VALUES)
    make(structure(["O", "Fe"]), VALUES)
    with pytest.raises(InputError, match="6 moments, but there are 3 atoms"):
        make(structure(["O", "Fe", "O"]), VALUES)
    other = tmp_path / "other"
    other.mkdir()
    make = program(other, "LNONCOLLINEAR = T\nMAGMOM = Fe:0,0,5 O:0,0,0\n")
    assert incar(make(structure(["O", "Fe"]), VALUES))["MAGMOM"] == "0 0 0 0 0 5"


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ("&MOTION\n&FIXED_ATOMS\nLIST 1..2\n&END\n&END\n", "LIST of &MOTION &FIXED_ATOMS"),
        ("", None),
    ],
)
def test_atoms_of_cp2k_by_their_number(tmp_path, section, named):
    kinds = "&KIND Fe\n MAGNETIZATION 5\n&END\n&KIND O\n&END\n"
    (tmp_path / "run.inp").write_text(f"{section}&FORCE_EVAL\n&SUBSYS\n{kinds}&END SUBSYS\n&END FORCE_EVAL\n")
    make = cp2k(read_template([tmp_path]))
    make(structure(["Fe", "O"]), VALUES)
    if named is None:
        make(structure(["O", "Fe"], 2), VALUES)
    else:
        with pytest.raises(InputError, match=f"{named} is a list for Fe O"):
            make(structure(["O", "Fe"], 2), VALUES)


STRU = """ATOMIC_SPECIES
Fe 55.8 Fe.upf
O 16.0 O.upf

ATOMIC_POSITIONS
Direct
Fe
5.0
1
0 0 0 1 1 1
O
0.6
1
0.5 0.5 0.5 1 1 1
"""


def test_lists_of_abacus_follow_the_species(tmp_path):
    (tmp_path / "STRU").write_text(STRU)
    (tmp_path / "INPUT").write_text("INPUT_PARAMETERS\nkspacing 0.1\norbital_corr 2 -1\nhubbard_u 4.0 0.0 # eV\n")
    make = abacus(read_template([tmp_path]))
    made = make(structure(["O", "Fe"]), VALUES)
    assert "orbital_corr -1 2\nhubbard_u 0.0 4.0" in made.files["INPUT"]
    stru = made.files["STRU"].split("ATOMIC_POSITIONS")[1].split()
    assert (stru[1:4], stru[stru.index("Fe") + 1]) == (["O", "0.6", "1"], "5.0")
    assert isinstance(make(structure(["Fe", "O"]), VALUES).files["INPUT"], Path)
    (tmp_path / "STRU").write_text(STRU.replace("0 0 0 1 1 1", "0 0 0 1 1 1 mag 3.0"))
    with pytest.raises(InputError, match="gives one atom a moment"):
        abacus(read_template([tmp_path]))(structure(["O", "Fe"]), VALUES)
