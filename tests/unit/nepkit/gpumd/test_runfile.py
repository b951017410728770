import pytest

from nepkit.core.errors import InputError
from nepkit.inputs.runfile import read_run_file

TEXT = """
replicate 2 2 1          # of model.xyz
potential nep.txt
velocity 300
time_step 2

ensemble npt_scr 300 600 100 0 0 0 50 50 50 1000
dump_thermo 10
run 1000

ensemble nvt_nhc 600 600 100
compute_msd 20 100 all_groups 1
dump_thermo 10
run 5000
"""


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "run.in").write_text(TEXT)
    return read_run_file(tmp_path / "run.in")


def test_runs_have_their_own_commands(runs):
    first, second = runs.runs
    assert (first.steps, second.steps) == (1000, 5000)
    assert (first.time_step, second.time_step) == (2, 2)
    assert first.find("compute_msd") is None
    assert second.find("compute_msd") == ("20", "100", "all_groups", "1")
    assert runs.with_keyword("compute_msd") is second
    assert runs.replicate == (2, 2, 1)


def test_state_of_a_run(runs):
    first, second = runs.runs
    assert (first.temperature, second.temperature) == (600, 600)
    assert (first.fixed_cell, second.fixed_cell) == (False, True)
    assert runs.rows_of(second, "dump_thermo") == slice(100, 600)
    assert runs.rows_of(first, "dump_thermo") == slice(0, 100)
    assert runs.rows_of(first, "compute_msd") == slice(0, 0)


def test_mttk_names_its_temperature(tmp_path):
    (tmp_path / "run.in").write_text("ensemble npt_mttk temp 950 960 aniso 0 0\nrun 10\n")
    run = read_run_file(tmp_path / "run.in").runs[0]
    assert run.temperature == 960
    assert not run.fixed_cell


def test_a_missing_number_is_told_with_its_line(tmp_path):
    (tmp_path / "run.in").write_text("potential nep.txt\nrun\n")
    with pytest.raises(InputError, match="line 2: 'run' lacks a number"):
        read_run_file(tmp_path / "run.in")
