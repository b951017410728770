import numpy as np
import pytest

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.transport import arrhenius

T = np.linspace(400.0, 900.0, 9)


def line(kelvin, energy=0.3):
    return 1e6 / kelvin * np.exp(-energy / (BOLTZMANN * kelvin))


def broken(kelvin):
    x = 1 / (BOLTZMANN * kelvin) - 1 / (BOLTZMANN * 600.0)
    return 100.0 / kelvin * np.exp(-np.where(x > 0, 0.5, 0.2) * x)


def vtf(kelvin):
    return 1e5 / kelvin * np.exp(-0.06 / (BOLTZMANN * (kelvin - 250.0)))


@pytest.mark.parametrize(("law", "model"), [(line, "line"), (broken, "piecewise"), (vtf, "vtf")])
def test_the_law_behind_the_data_is_chosen(law, model):
    noise = 1.0 + 0.03 * np.random.default_rng(1).normal(size=len(T))
    found = arrhenius(T, law(T) * noise, 0.03 * law(T))
    assert found.best.model == model
    assert found.best.probability > 0.01
    target = found.best.target
    assert target.low < law(np.array([300.0]))[0] < target.high


def test_parameters_are_found_again():
    found = arrhenius(T, broken(T), 0.02 * broken(T)).best.parameters
    assert found["Ea_low"].value == pytest.approx(0.5, abs=0.02)
    assert found["Ea_high"].value == pytest.approx(0.2, abs=0.02)
    assert found["T_break"].value == pytest.approx(600.0, abs=15)
    assert arrhenius(T, vtf(T), 0.02 * vtf(T)).best.parameters["T0"].value == pytest.approx(250.0, abs=5)


def test_errors_are_those_of_repeated_measurements():
    rng = np.random.default_rng(0)
    z, inside = [], 0
    truth = line(np.array([300.0]))[0]
    kelvin = T[::2][:4]  # too few for other models than the line, which is quick
    for _ in range(200):
        noisy = line(kelvin) * np.exp(0.05 * rng.normal(size=len(kelvin)))
        found = arrhenius(kelvin, noisy, 0.05 * noisy)
        fit = next(item for item in found.fits if item.model == "line")
        z.append((fit.parameters["Ea"].value - 0.3) / fit.parameters["Ea"].error)
        inside += fit.target.low < truth < fit.target.high
    assert np.std(z) == pytest.approx(1.0, abs=0.15)
    assert inside / 200 == pytest.approx(0.95, abs=0.04)


def test_diffusion_coefficients_are_not_multiplied_by_temperature():
    d = 1e-3 * np.exp(-0.25 / (BOLTZMANN * T))
    found = arrhenius(T, d, 0.01 * d, unit="cm^2/s", times_temperature=False)
    assert found.best.parameters["Ea"].value == pytest.approx(0.25)
    assert found.best.target.value == pytest.approx(1e-3 * np.exp(-0.25 / (BOLTZMANN * 300.0)))
    assert found.best.target.unit == "cm^2/s"


def test_weights_matter():
    values = line(T)
    values[0] *= 2.0
    errors = 0.01 * values
    errors[0] = values[0]
    found = arrhenius(T, values, errors)
    fit = next(item for item in found.fits if item.model == "line")
    assert fit.parameters["Ea"].value == pytest.approx(0.3, abs=1e-3)
    assert abs(found.unweighted.parameters["Ea"].value - 0.3) > 0.02


def test_a_bad_fit_widens_the_errors_and_says_so():
    values = line(T) * (1 + 0.2 * (-1.0) ** np.arange(len(T)))
    found = arrhenius(T, values, 0.001 * values)
    assert any("no model fits within the errors" in note for note in found.notes)
    assert found.best.parameters["Ea"].error > 0.005


def test_few_temperatures_are_said_to_be_few():
    found = arrhenius(T[-4:], line(T[-4:]), 0.02 * line(T[-4:]))
    assert [fit.model for fit in found.fits] == ["line"]
    assert any("cannot tell a line from a curve" in note for note in found.notes)
    assert any("the interval holds only if" in note for note in found.notes)


@pytest.mark.parametrize(
    ("kelvin", "value", "error", "message"),
    [
        ([300.0], [1.0], [0.1], "1 temperature above 0 K, at least two"),
        ([300.0, 300.0], [1.0, 1.0], [0.1, 0.1], "1 temperature"),
        ([300.0, 400.0], [0.0, 1.0], [0.1, 0.1], "no logarithm"),
        ([300.0, 400.0], [1.0, 1.0], [0.0, 0.1], "no logarithm"),
    ],
)
def test_bad_input_gets_one_line(kelvin, value, error, message):
    with pytest.raises(InputError, match=message):
        arrhenius(kelvin, value, error)
