import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.gpumd.tables import read_blocks, read_correlations, read_msd, read_rows

ROW = "0.1 1 2 3 5 10 15"


def write(tmp_path, text, name="msd.out"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


@pytest.mark.parametrize("header", ["", "# msd\n# format_version 1\n#columns t x y z\n"])
def test_one_group_with_and_without_headers(tmp_path, header):
    [(time, msd, sdc)] = read_msd(write(tmp_path, f"{header}0 0 0 0 0 0 0\n\n{ROW}\n"))
    np.testing.assert_array_equal(time, [0, 0.1])
    np.testing.assert_array_equal(msd, [[[0, 0, 0], [1, 2, 3]]])
    np.testing.assert_array_equal(sdc[0, 1], [5, 10, 15])


def test_groups_stand_side_by_side(tmp_path):
    [(_, msd, _)] = read_msd(write(tmp_path, "0.1 1 2 3 0 0 0 4 5 6 0 0 0\n0.2 2 4 6 0 0 0 8 10 12 0 0 0\n"))
    assert msd.shape == (2, 2, 3)
    np.testing.assert_array_equal(msd[1], [[4, 5, 6], [8, 10, 12]])


def test_appended_runs_are_blocks(tmp_path):
    blocks = read_msd(write(tmp_path, f"0 0 0 0 0 0 0\n{ROW}\n# again\n0 0 0 0 0 0 0\n0.1 9 9 9 0 0 0\n"))
    assert len(blocks) == 2
    assert blocks[1][1][0, 1, 0] == 9


def test_conductivities_of_ic_out_and_sdc_out(tmp_path):
    [block] = read_correlations(write(tmp_path, "0 1 2 3\n1 4 5 6\n", "ic.out"), 3)
    np.testing.assert_array_equal(block.values, [[1, 2, 3], [4, 5, 6]])
    [block] = read_correlations(write(tmp_path, "0 1 2 3 0 0 0\n1 4 5 6 1 1 1\n", "sdc.out"), 6)
    assert block.values.shape == (2, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows of numbers"),
        ("# only\n", "no rows of numbers"),
        ("0 0 0 0 0 0 0\n0.1 1 2\n", "line 2: 3 numbers, the first row has 7"),
        ("0 0 a 0 0 0 0\n", "line 1: expected numbers"),
        ("0 0 0 0\n1 1 1 1\n", "4 columns, expected time and 6 per group"),
        ("0 0 0 nan 0 0 0\n", "row 1 is not finite"),
        ("0 0 0 0 0 0 0\n1 0 0 0 0 0 0\n3 0 0 0 0 0 0\n", "not equally spaced"),
    ],
)
def test_bad_tables_get_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_msd(write(tmp_path, text))


def test_rows_read_back_what_numpy_wrote(tmp_path):
    table = np.random.default_rng(0).normal(size=(5, 3))
    np.savetxt(tmp_path / "a.out", table, fmt="%.17g", header="made by numpy")
    np.testing.assert_array_equal(read_rows(tmp_path / "a.out"), table)


HEADER = "# format_version 1\n# num_atoms 8\n# dt_output 0.5 ps\n# columns a b\n"


def test_headers_make_blocks_and_tell_intervals(tmp_path):
    file = write(tmp_path, f"{HEADER}1 2\n\n3 4\n{HEADER}# num_atoms 9\n5 6\n")
    first, second = read_blocks(file)
    np.testing.assert_array_equal(first.values, [[1, 2], [3, 4]])
    assert (first.number("num_atoms"), first.interval) == (8, 0.5)
    assert (second.number("num_atoms"), second.number("columns"), len(second.values)) == (9, None, 1)
    [plain] = read_blocks(write(tmp_path, "1 2 # remark\n3 4\n"))
    assert (plain.interval, len(plain.values)) == (None, 2)


@pytest.mark.parametrize("tail", ["5", "5 6", "5 6.0e", "5 x"])
def test_a_half_written_last_line_is_told_and_left_out(tmp_path, tail):
    file = write(tmp_path, f"# a\n1 2\n\n3 4\n{tail}")
    with pytest.warns(UserWarning, match=r"msd.out: the last line has no end.*left out"):
        rows = read_rows(file)
    np.testing.assert_array_equal(rows, [[1, 2], [3, 4]])


def test_a_line_broken_in_the_middle_is_no_killed_run(tmp_path):
    with pytest.raises(InputError, match="line 2: 4 numbers, the first row has 3"):
        read_rows(write(tmp_path, "1 2 3\n1 2 1 2\n1 2 3\n"))
