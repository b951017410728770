import numpy as np
import pytest

from lr_correction.backend import to_numpy
from lr_correction.batch import Batch, forces_and_virial, neighbour_pairs
from lr_correction.descriptors import backward, forward, hidden_gradient, short_range
from lr_correction.zbl import zbl
from tests.factories import random_frame, random_nep
from tests.strict_device import cupy, strict_device


@pytest.fixture(params=["strict stand-in", "cupy"])
def device(request):
    return cupy() if request.param == "cupy" else strict_device


SETTINGS = {
    "all invariants": {"zbl": (0.8, 2.2, None)},
    "typewise": {"zbl": (0.8, 2.2, 0.7), "typewise": ((4.5, 3.0), (4.0, 3.5), (3.5, 3.5)), "l_max": 6},
    "flexible, biases": {"flexible": True, "version": 5, "invariants": ()},
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_device_gives_what_numpy_gives(kind, dtype, device):
    nep = random_nep(3, **SETTINGS[kind])
    frames = [random_frame(1), random_frame(2, grid=(1, 2, 2))]

    def everything(xp):
        batch = Batch.from_atoms(frames, nep.elements, xp=xp, dtype=dtype)
        pairs = neighbour_pairs(batch, nep.cutoff_radial)
        state = forward(nep, batch, pairs)
        gradient = backward(nep, state, state.hidden)
        result = short_range(nep, batch)
        arrays = [batch.volumes, pairs.vector, state.descriptors, state.hidden, state.moments, gradient]
        arrays += [hidden_gradient(nep, state), *forces_and_virial(batch, pairs, gradient), *zbl(nep, batch, pairs)]
        return [*arrays, result.energy, result.atom_energy, result.forces, result.virial]

    tolerance = 1e-10 if dtype == np.float64 else 2e-4
    for there, here in zip(everything(device), everything(np), strict=True):
        assert type(there) is device.ndarray
        assert there.dtype == here.dtype == dtype
        np.testing.assert_allclose(to_numpy(there), here, atol=tolerance * np.abs(here).max())
