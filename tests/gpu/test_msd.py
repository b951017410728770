"""Mean squared displacements on arrays that are not NumPy's."""

import numpy as np
import pytest

from nepkit.transport import msd
from tests.strict_device import cupy, strict_device


@pytest.mark.parametrize("device", [lambda: strict_device, cupy], ids=["strict", "cupy"])
def test_displacements_equal_those_on_the_cpu(device):
    paths = np.random.default_rng(0).normal(size=(50, 9, 3)).cumsum(axis=0)
    options = {
        "labels": ["Li"] * 3 + ["O", "Li", "O"] * 2,
        "framework": [0.0] * 5 + [1.0] * 4,
        "charges": [1.0] * 5 + [-2.0] * 4,
        "tensor": True,
    }
    there, here = msd(device().asarray(paths), 0.1, **options), msd(paths, 0.1, **options)
    assert there.count == here.count
    for label, expected in here.tensor.items():
        np.testing.assert_allclose(there.tensor[label], expected, atol=1e-9)
    np.testing.assert_allclose(there.collective, here.collective, atol=1e-7)
