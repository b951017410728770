"""The fit and the model run from the same source on arrays that are not NumPy's."""

import numpy as np
import pytest

from lr_correction.backend import to_numpy
from lr_correction.calculator import LongRangeCalculator
from lr_correction.fit import fit_charges
from lr_correction.results import Ridge
from tests.factories import random_frame, random_nep
from tests.strict_device import cupy, strict_device
from tests.truth import labelled, perturbed, potential_of, random_frames

ELEMENTS, CHARGES = ("Li", "Cl", "Y"), {"Li": 1.0, "Cl": -1.0, "Y": 1.5}
NEP = random_nep(4, elements=ELEMENTS, neurons=3, zbl=(0.7, 2.0, None))
TRUTH = potential_of(NEP, CHARGES, sqrt_epsilon_inf=1.2)


every_device = pytest.mark.parametrize("device", [lambda: strict_device, cupy], ids=["strict", "cupy"])


@every_device
@pytest.mark.parametrize("mode", [1, 2])
def test_evaluation_equals_that_on_the_cpu(device, mode):
    xp = device()
    potential = potential_of(NEP, CHARGES, mode=mode)
    frames = random_frames(2, elements=ELEMENTS, grid=(2, 2, 3))
    here = potential.evaluate(frames, bec=True, total_charges=[0.0, 1.0])
    there = potential.evaluate(frames, bec=True, total_charges=[0.0, 1.0], xp=xp)
    for name in ("energy", "forces", "virial", "charges", "bec"):
        assert not isinstance(getattr(there, name), np.ndarray)
        np.testing.assert_allclose(to_numpy(getattr(there, name)), getattr(here, name), atol=1e-9, err_msg=name)


@every_device
def test_calculator_gives_arrays_of_numpy(device):
    atoms = random_frame(6, elements=ELEMENTS, grid=(2, 2, 2))
    atoms.calc = LongRangeCalculator(TRUTH, xp=device())
    here = TRUTH.evaluate([atoms], bec=True)
    assert atoms.get_potential_energy() == pytest.approx(here.energy[0], abs=1e-9)
    for name, values in (("forces", here.forces), ("charges", here.charges), ("born_effective_charges", here.bec)):
        found = atoms.calc.get_property(name, atoms)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, values, atol=1e-9)


def fit(xp, **settings):
    frames = labelled(TRUTH, random_frames(7, elements=ELEMENTS, grid=(2, 2, 2)), bec=True, total_charges=[0.0] * 7)
    frames[0].info["dipole"] = [0.0, 0.0, 0.0]
    del frames[0].arrays["bec"]
    return fit_charges(
        perturbed(NEP, 0.1),
        frames[:5],
        test=frames[5:],
        initial_charges={element: 0.8 * charge for element, charge in CHARGES.items()},
        prior=Ridge(1e-9, 1e-9, 1e-6),
        scales=(1.0,),
        threads=1,
        xp=xp,
        **settings,
    )


@every_device
def test_fit_equals_that_on_the_cpu(device):
    there, here = fit(device()), fit(np)
    assert there.iterations == here.iterations
    assert there.verdict == here.verdict
    assert there.potential.sqrt_epsilon_inf == pytest.approx(here.potential.sqrt_epsilon_inf, rel=1e-6)
    for stage in ("frozen", "readout", "charges"):
        one, two = getattr(here.test, stage), getattr(there.test, stage)
        assert two.force_mev_a == pytest.approx(one.force_mev_a, rel=1e-5, abs=1e-6)
    for element in ELEMENTS:
        assert there.charges[element].mean == pytest.approx(here.charges[element].mean, abs=1e-6)
        assert there.charges[element].error == pytest.approx(here.charges[element].error, abs=1e-6)


@every_device
def test_features_rounded_and_put_on_disk_give_the_same_fit_to_their_precision(device):
    there, here = fit(device(), memory_gb=1e-5), fit(np)
    assert there.storage == "disk"
    for element in ELEMENTS:
        assert there.charges[element].mean == pytest.approx(here.charges[element].mean, abs=2e-4)
