import pytest

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.gpumd.model import read_model


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model.xyz").write_text(
        '4\nLattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3:group:I:2\n'
        "Li 0 0 0 0 0\nLi 1 1 1 0 1\nCl 3 3 3 1 1\nY 5 5 5 1 2\n"
    )
    return read_model(tmp_path / "model.xyz", copies=8)


def test_atoms_are_counted_with_copies(model):
    assert model.count("Li") == 16
    assert model.volume == pytest.approx(8000)
    with pytest.raises(UnknownNameError, match="no Zr in the model: known: Cl, Li, Y"):
        model.count("Zr")


def test_groups_of_elements(model):
    assert model.group_of("Li", 0) == 0
    assert model.group_of("Y", 1) == 2
    with pytest.raises(InputError, match=r"Li is spread over the groups \[0, 1\]"):
        model.group_of("Li", 1)
    with pytest.raises(InputError, match="the group 1 of Cl has Y too"):
        model.group_of("Cl", 0)
    with pytest.raises(InputError, match=r"has 2 grouping methods, run\.in uses number 2"):
        model.group_of("Cl", 2)
