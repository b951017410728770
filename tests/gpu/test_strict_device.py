import numpy as np
import pytest

from tests.strict_device import csr_matrix, strict_device

HERE, THERE = np.ones((70, 3)), strict_device.ones((70, 3))
FORBIDDEN = {
    "function": lambda: np.sum(THERE),
    "ufunc": lambda: np.sqrt(THERE),
    "conversion": lambda: np.asarray(THERE),
    "sum of both": lambda: HERE + THERE,
    "sum of both, turned": lambda: THERE + HERE,
    "assignment": lambda: THERE.__setitem__(0, HERE[0]),
    "index": lambda: THERE[np.array([0, 1])],
    "host array": lambda: strict_device.sqrt(HERE),
    "host arrays in a list": lambda: strict_device.stack([THERE, HERE]),
    "loop over atoms": lambda: list(THERE),
    "sparse matrix of host arrays": lambda: csr_matrix((HERE[0], ([0, 1, 2], [0, 1, 2])), shape=(3, 3)),
}


@pytest.mark.parametrize("use", FORBIDDEN)
def test_stand_in_refuses(use):
    with pytest.raises(TypeError):
        FORBIDDEN[use]()


def test_stand_in_lacks_what_cupy_lacks():
    with pytest.raises(AttributeError, match="no function fromiter"):
        strict_device.fromiter(range(3))
    with pytest.raises(AttributeError):
        strict_device.add.at(THERE, 0, 1)


def test_stand_in_computes():
    result = strict_device.asarray(HERE) * 2 + THERE[:, :1]
    np.testing.assert_array_equal(result.get(), np.full((70, 3), 3.0))
