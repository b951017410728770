import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.eos import birchmurnaghan, vinet

from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError, UnknownNameError
from nepkit.models.potentials import load_potential
from nepkit.properties.equation_of_state import equation_of_state, fit_equations, form_of

VOLUMES = np.linspace(18.0, 22.0, 9)


@pytest.mark.parametrize(("number", "curve"), [(0, birchmurnaghan), (1, vinet)])
def test_a_curve_of_known_parameters_is_recovered(number, curve):
    fit = fit_equations(VOLUMES, curve(VOLUMES, -3.0, 0.6, 4.5, 20.1)).fits[number]
    assert (fit.energy, fit.volume, fit.derivative) == pytest.approx((-3.0, 20.1, 4.5), rel=1e-6)
    assert fit.bulk_modulus == pytest.approx(0.6 * EV_PER_A3_IN_GPA, rel=1e-6)
    assert fit.residual < 1e-10


def test_the_pressure_is_the_slope_of_the_energy():
    fit = fit_equations(VOLUMES, birchmurnaghan(VOLUMES, -3.0, 0.6, 4.5, 20.1)).fits[0]
    assert fit.pressure(np.array([20.1]))[0] == pytest.approx(0.0, abs=1e-6)
    x = (20.1 / 18.0) ** (1 / 3)  # the pressure of Birch and Murnaghan in closed form
    expected = 1.5 * 0.6 * (x**7 - x**5) * (1 + 0.75 * 0.5 * (x**2 - 1)) * EV_PER_A3_IN_GPA
    assert fit.pressure(np.array([18.0]))[0] == pytest.approx(expected, rel=1e-5)


def test_pressures_of_the_stress_agree_with_the_fit_for_copper():
    found = equation_of_state(bulk("Cu", a=3.6), load_potential("emt"))
    np.testing.assert_allclose(found.pressures, found.fits[0].pressure(found.volumes), atol=0.05)
    values = [fit.bulk_modulus for fit in found.fits]
    assert found.bulk_modulus.error == pytest.approx(np.std(values, ddof=1))
    assert found.bulk_modulus.value == pytest.approx(134.4, abs=0.2)


def test_what_cannot_be_fitted_is_refused():
    emt = load_potential("emt")
    for words, message in (
        ({"atoms": bulk("Cu", a=4.2)}, "falls towards smaller volumes"),
        ({"atoms": bulk("Cu", a=3.2)}, "falls towards larger volumes"),
        ({"atoms": bulk("Cu"), "points": 5}, "at least 6"),
        ({"atoms": bulk("Cu"), "strain": 0.0}, "between 0 and 0.3"),
        ({"atoms": Atoms("Cu")}, "needs a crystal"),
    ):
        with pytest.raises(InputError, match=message):
            equation_of_state(potential=emt, **words)
    with pytest.raises(UnknownNameError, match="did you mean vinet"):
        form_of("vinett")
