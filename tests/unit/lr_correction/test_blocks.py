import ase
import numpy as np

from lr_correction.blocks import assign_blocks


def frames(names, key="trajectory"):
    return [ase.Atoms("H", info={} if name is None else {key: name}) for name in names]


def test_without_names_blocks_are_contiguous_runs_of_like_size():
    blocks = assign_blocks(frames([None] * 23))
    assert (np.diff(blocks) >= 0).all()
    assert set(np.bincount(blocks)) == {2, 3}
    assert len(set(blocks)) == 10


def test_few_frames_make_a_block_each():
    np.testing.assert_array_equal(assign_blocks(frames([None] * 3)), [0, 1, 2])
    np.testing.assert_array_equal(assign_blocks(frames([None])), [0])


def test_frames_of_one_trajectory_share_a_block():
    names = ["a"] * 7 + ["b"] * 2 + ["c"] * 5 + ["d"] + ["e"] * 4
    blocks = assign_blocks(frames(names, "config_type"), most=4)
    for name in set(names):
        assert len({b for b, n in zip(blocks, names, strict=True) if n == name}) == 1
    assert sorted(set(blocks)) == [0, 1, 2, 3]
    assert np.bincount(blocks).max() == 7  # the smallest join each other, not the largest


def test_two_trajectories_are_too_few_to_be_the_blocks():
    blocks = assign_blocks(frames(["a"] * 10 + ["b"] * 10))
    assert len(set(blocks)) == 10


def test_the_trajectory_counts_before_the_kind_of_frame():
    atoms = frames([str(k // 2) for k in range(10)])
    for index, frame in enumerate(atoms):
        frame.info["config_type"] = "odd" if index % 2 else "even"
    np.testing.assert_array_equal(np.diff(assign_blocks(atoms).reshape(5, 2)), 0)
