"""Whatever stands in an input file, the check ends with findings or one line of error."""

from contextlib import suppress

import pytest
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from nepkit.core.errors import InputError
from nepkit.formats.files import write_frames
from nepkit.inputs.check import check_file
from nepkit.inputs.ensembles import ENSEMBLES
from nepkit.inputs.nep import check_nep_file
from nepkit.inputs.nep_keywords import NEP_KEYWORDS
from nepkit.inputs.run import check_run_file
from nepkit.inputs.run_keywords import RUN_KEYWORDS

NUMBERS = st.one_of(st.integers(-2, 400).map(str), st.floats(-2, 1000).map(lambda value: f"{value:g}"))
NAMES = [choice for form in ENSEMBLES for choice in form.arguments[0].choices]
OPTIONS = sorted({name for entry in RUN_KEYWORDS.values() for form in entry.forms for name in form.options})
WORDS = st.one_of(NUMBERS, NUMBERS, st.sampled_from([*NAMES, *OPTIONS, "Li", "x", "nep.txt", "lower", "sd", "#"]))


def lines(keywords):
    line = st.tuples(st.sampled_from(sorted(keywords)), st.lists(WORDS, max_size=12))
    return st.lists(line.map(lambda item: " ".join([item[0], *item[1]])), min_size=1, max_size=12)


HEAD = "nep4_zbl_charge2 2 Li Cl\nzbl 1 2\ncutoff 6 4 50 20\nn_max 4 4\nbasis_size 4 4\nl_max 4 2 0\nANN 10 0\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the inputs may name."""
    path = tmp_path_factory.mktemp("inputs")
    atoms = bulk("LiCl", "rocksalt", 5.1, cubic=True)
    atoms.arrays["group"] = (atoms.numbers == 17).astype(int)
    write_frames(path / "model.xyz", [atoms])
    write_frames(path / "train.xyz", [atoms])
    (path / "nep.txt").write_text(HEAD)
    (path / "nep.restart").write_text("0 0.1\n")
    return path


@given(text=lines(RUN_KEYWORDS))
def test_any_run_file(folder, text):
    path = folder / "run.in"
    path.write_text("\n".join(["potential nep.txt", *text, "run 100"]))
    for finding in check_run_file(path):
        assert finding.message
        assert finding.remedy
        assert finding.line is None or 1 <= finding.line <= len(text) + 2


@given(text=lines(NEP_KEYWORDS))
def test_any_training_file(folder, text):
    path = folder / "nep.in"
    path.write_text("\n".join(["type 2 Li Cl", *text]))
    for finding in check_nep_file(path):
        assert finding.message
        assert finding.remedy


@given(content=st.binary(max_size=200))
def test_any_bytes(folder, content):
    path = folder / "some.in"
    path.write_bytes(content)
    with suppress(InputError):
        check_file(path)
