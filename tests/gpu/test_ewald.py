"""The electrostatic sums run from the same source on arrays that are not NumPy's."""

import numpy as np
import pytest
from ase import Atoms

from lr_correction.backend import asarray, to_numpy
from lr_correction.batch import Batch
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import coulomb, gpumd, smeared_within
from tests.strict_device import cupy, strict_device

INTERACTIONS = {
    "mode 1": gpumd(1, 4.0),
    "mode 2": gpumd(2, 4.0),
    "within": smeared_within(4.0),
    "coulomb": coulomb(0.8, 8.0, 4.0),
}


@pytest.mark.parametrize("device", [lambda: strict_device, cupy], ids=["strict", "cupy"])
@pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
def test_every_result_equals_that_on_the_cpu(device, interaction):
    xp = device()
    generator = np.random.default_rng(8)
    frames = [
        Atoms(f"X{n}", scaled_positions=generator.random((n, 3)), cell=[[5, 0, 0], [1, 4.5, 0], [0, 1, 5.5]], pbc=True)
        for n in (70, 9)
    ]
    charges = generator.normal(size=(79, 3))
    here = Electrostatics(Batch.from_atoms(frames, ["X"]), None, interaction)
    batch = Batch.from_atoms(frames, ["X"], xp=xp)
    there, q = Electrostatics(batch, None, interaction, memory=20_000), asarray(charges, like=batch.positions)
    for name in ("energy", "potential", "field", "virial_matrix"):
        result = getattr(there, name)(q)
        assert type(result) is type(batch.positions)
        expected = getattr(here, name)(charges)
        np.testing.assert_allclose(to_numpy(result), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(to_numpy(there.virial(q[:, 0], q)), here.virial(charges[:, 0], charges), atol=1e-7)
