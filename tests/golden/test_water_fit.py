"""A small fit to real data, superionic water: forces of unseen frames, and Born effective charges never shown."""

import numpy as np
import pytest
from ase.io import read

from lr_correction.fit import fit_charges
from lr_correction.nepfile import read_nep


@pytest.fixture(scope="module")
def water(reference_data):
    folder = reference_data / "superionic_water"
    nep, train, test = (
        read_nep(folder / "nep.txt"),
        read(folder / "train20.xyz", ":8"),
        read(folder / "test.xyz", "::3"),
    )
    born = np.concatenate([atoms.arrays["bec"] for atoms in test]).reshape(-1, 3, 3)
    for atoms in (*train, *test):
        del atoms.arrays["bec"]
    settings = {"initial_charges": {"H": 0.4, "O": -0.8}, "scales": (1.0,), "range_diagnosis": False, "threads": 1}
    fit = fit_charges(nep, train, test=test, **settings)
    return fit, fit.potential.evaluate(test, bec=True).bec, born


def test_charges_from_eight_frames_lower_the_force_error_of_unseen_ones(water):
    fit, _, _ = water
    assert fit.converged
    assert 130 < fit.test.frozen.force_mev_a < 140
    assert fit.test.charges.force_mev_a < 0.95 * fit.test.readout.force_mev_a
    assert fit.charges["H"].mean > 2 * fit.charges["H"].error > 0
    assert fit.charges["O"].mean == pytest.approx(-2 * fit.charges["H"].mean, abs=1e-9)


def test_born_effective_charges_that_the_fit_never_saw(water):
    _, found, born = water
    scale = (found * born).sum() / (found**2).sum()
    explained = 1 - ((born - scale * found) ** 2).sum() / ((born - born.mean()) ** 2).sum()
    assert explained > 0.95  # constant formal charges: 0.82
    off = ~np.eye(3, dtype=bool)
    assert np.corrcoef(found[:, off].ravel(), born[:, off].ravel())[0, 1] > 0.96  # constant charges have none
