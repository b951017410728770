import numpy as np
import pytest

from lr_correction.backend import asarray, namespace, segment_outer, segment_sum, sparse_module, to_numpy
from tests.strict_device import DeviceArray, strict_device


def test_namespace_is_that_of_the_arrays():
    assert namespace(np.ones(2), None, 1.0) is np
    assert namespace(strict_device.ones(2)) is strict_device


def test_arrays_of_two_libraries_are_refused():
    with pytest.raises(TypeError, match="different libraries"):
        namespace(np.ones(2), strict_device.ones(2))


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match="not an array of a known library"):
        namespace(object())


def test_values_move_between_libraries():
    there = asarray([1, 2], like=strict_device.ones(1), dtype=np.float32)
    assert isinstance(there, DeviceArray)
    assert there.dtype == np.float32
    back = asarray(there, like=np.ones(1))
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, to_numpy(there))


def test_unknown_library_has_no_sparse_matrices():
    class Library:
        __name__ = "somewhere"

    with pytest.raises(TypeError, match="somewhere"):
        sparse_module(Library())


@pytest.mark.parametrize("shape", [(50,), (50, 3), (50, 2, 4)])
@pytest.mark.parametrize("xp", [np, strict_device], ids=["numpy", "device"])
def test_segment_sum_adds_rows(shape, xp):
    rng = np.random.default_rng(0)
    values, index = rng.normal(size=shape), rng.integers(0, 7, shape[0])
    index[index == 3] = 4  # a segment without rows
    expected = np.zeros((7, *shape[1:]))
    np.add.at(expected, index, values)
    result = to_numpy(segment_sum(xp.asarray(values), xp.asarray(index), 7))
    np.testing.assert_allclose(result, expected, atol=1e-13)
    assert not result[3].any()


def test_segment_sum_of_nothing_is_zero():
    result = segment_sum(np.zeros((0, 3, 2), dtype=np.float32), np.zeros(0, dtype=int), 4)
    assert result.shape == (4, 3, 2)
    assert result.dtype == np.float32
    assert not result.any()


def test_segment_outer_equals_the_sum_of_products():
    rng = np.random.default_rng(1)
    left, right, index = rng.normal(size=(40, 3)), rng.normal(size=(40, 5)), rng.integers(0, 6, 40)
    expected = np.zeros((6, 3, 5))
    np.add.at(expected, index, left[:, :, None] * right[:, None, :])
    np.testing.assert_allclose(segment_outer(left, right, index, 6), expected, atol=1e-13)


def test_segment_sum_keeps_single_precision():
    assert segment_sum(np.ones((3, 2), dtype=np.float32), np.array([0, 0, 1]), 2).dtype == np.float32
