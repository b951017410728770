"""Activation energies: models of how a coefficient depends on temperature, fitted with errors and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity

Array = NDArray[np.float64]
Function = Callable[[Array, Array], Array]

#: A fit whose sum of squared deviations is less probable than this is called bad.
IMPROBABLE = 0.01


@dataclass(frozen=True)
class Fit:
    """One model through all temperatures.

    Parameters
    ----------
    model : str
        ``"line"``, ``"piecewise"`` (two lines that meet) or ``"vtf"`` (Vogel, Tammann and Fulcher).
    parameters : dict of str to Quantity
        By name, with errors.
    chi2 : float
        Sum of squared deviations over squared errors.
    freedom : int
        Temperatures minus parameters.
    probability : float
        Of so large a ``chi2`` if the model is right; NaN without freedom.
    aicc : float
        Corrected Akaike information criterion; infinite where there are too few temperatures for it. Deviations are
        scaled to the errors that the best fit needs where these are larger than the ones given.
    target : Quantity
        The coefficient extrapolated to the temperature asked for.
    band : ndarray, shape (G, 4)
        Temperature (K), value, and the ends of the 95 % interval, for drawing.
    """

    model: str
    parameters: dict[str, Quantity]
    chi2: float
    freedom: int
    probability: float
    aicc: float
    target: Quantity
    band: Array


@dataclass(frozen=True)
class Arrhenius:
    """Temperature dependence of a conductivity or diffusion coefficient.

    Parameters
    ----------
    temperature, value, error : ndarray, shape (T,)
        What was fitted: K, and the coefficient with its standard error.
    unit : str
        Of the coefficient.
    fits : tuple of Fit
        Every model that the number of temperatures allows, the best first.
    unweighted : Fit
        The unweighted line, which most programs print.
    notes : tuple of str
        What the user should know.
    """

    temperature: Array
    value: Array
    error: Array
    unit: str
    fits: tuple[Fit, ...]
    unweighted: Fit
    notes: tuple[str, ...]

    @property
    def best(self) -> Fit:
        """The model of lowest AICc."""
        return self.fits[0]


# In each model x is 1/kT in 1/eV and the result is ln(value) or ln(value T).
def _line(parameters: Array, x: Array) -> Array:
    return np.asarray(parameters[0] - parameters[1] * x)


def _piecewise(parameters: Array, x: Array) -> Array:
    height, low, high, break_temperature = parameters
    away = x - 1.0 / (BOLTZMANN * break_temperature)
    return np.asarray(height - np.where(away > 0.0, low, high) * away)


def _vtf(parameters: Array, x: Array) -> Array:
    return np.asarray(parameters[0] - parameters[1] / (1.0 / x - BOLTZMANN * parameters[2]))


MODELS: dict[str, tuple[Function, tuple[tuple[str, str], ...]]] = {
    "line": (_line, (("ln_prefactor", ""), ("Ea", "eV"))),
    "vtf": (_vtf, (("ln_prefactor", ""), ("B", "eV"), ("T0", "K"))),
    "piecewise": (_piecewise, (("ln_at_break", ""), ("Ea_low", "eV"), ("Ea_high", "eV"), ("T_break", "K"))),
}
"""Models and the names and units of their parameters."""


def arrhenius(
    temperature: ArrayLike,
    value: ArrayLike,
    error: ArrayLike,
    *,
    unit: str = "mS/cm",
    times_temperature: bool = True,
    target: float = 300.0,
) -> Arrhenius:
    """Fit how a coefficient depends on temperature.

    Parameters
    ----------
    temperature : array_like, shape (T,)
        K, at least two different ones.
    value, error : array_like, shape (T,)
        Coefficients and their standard errors.
    unit : str
        Of the coefficients.
    times_temperature : bool
        Whether value times temperature is exponential, as it is for a conductivity; not for a diffusion coefficient.
    target : float
        Temperature to extrapolate to, K.

    Raises
    ------
    InputError
        Where there are fewer than two temperatures, or a value or error is not positive.

    Examples
    --------
    >>> T = np.array([500.0, 600.0, 700.0, 800.0])
    >>> sigma = 1e5 / T * np.exp(-0.3 / (BOLTZMANN * T))
    >>> fit = arrhenius(T, sigma, 0.05 * sigma)
    >>> round(fit.best.parameters["Ea"].value, 6), fit.best.model
    (0.3, 'line')
    """
    order = np.argsort(np.asarray(temperature, dtype=float))
    kelvin, found, errors = (np.asarray(item, dtype=float)[order] for item in (temperature, value, error))
    if len(np.unique(kelvin)) < 2 or not kelvin[0] > 0.0:
        raise InputError(f"{len(np.unique(kelvin))} temperature above 0 K, at least two are needed for a slope")
    if not (found > 0.0).all() or not (errors > 0.0).all():
        raise InputError("a coefficient or its error is not above zero, so that it has no logarithm")
    power = 1.0 if times_temperature else 0.0
    logs = np.log(found * kelvin**power)
    problem = _Problem(1.0 / (BOLTZMANN * kelvin), logs, errors / found, power, unit, target)
    fits = [problem.fit("line")]
    fits += [problem.fit(name) for name in ("vtf", "piecewise") if len(kelvin) >= len(MODELS[name][1]) + 2]
    # Where no model fits, the errors given are too small, and the best fit says by how much.
    excess = max([1.0, min([fit.chi2 / fit.freedom for fit in fits if fit.freedom], default=1.0)])
    fits = [replace(fit, aicc=_aicc(fit.chi2 / excess, len(kelvin), len(fit.parameters))) for fit in fits]
    fits.sort(key=lambda fit: fit.aicc)  # stable: the line stays first where none can be told
    plain = _Problem(problem.x, logs, np.ones_like(logs), power, unit, target).fit("line", by_scatter=True)
    return Arrhenius(kelvin, found, errors, unit, tuple(fits), plain, _notes(fits, kelvin, target))


@dataclass(frozen=True)
class _Problem:
    """Logarithms against 1/kT, with errors."""

    x: Array
    y: Array
    error: Array
    power: float
    unit: str
    target: float

    def fit(self, model: str, *, by_scatter: bool = False) -> Fit:
        """Fit a model; ``by_scatter`` takes the size of the errors from the deviations."""
        from scipy.optimize import least_squares
        from scipy.special import chdtrc, ndtri, stdtrit  # scipy.stats takes much longer to import

        function, names = MODELS[model]

        def deviations(parameters: Array) -> Array:
            return np.asarray((function(parameters, self.x) - self.y) / self.error)

        if model == "line":
            jacobian = np.stack([np.ones_like(self.x), -self.x], axis=1) / self.error[:, None]
            best: Array = np.asarray(np.linalg.lstsq(jacobian, self.y / self.error, rcond=None)[0], dtype=float)
        else:
            kelvin = np.sort(1.0 / (BOLTZMANN * self.x))
            last = (0.0, 0.99 * kelvin[0]) if model == "vtf" else (kelvin[1], kelvin[-2])  # of the temperature
            limits = (
                np.array([-np.inf] * (len(names) - 1) + [last[0]]),
                np.array([np.inf] * (len(names) - 1) + [last[1]]),
            )
            solved = min(
                (least_squares(deviations, start, bounds=limits, x_scale="jac") for start in self._starts(model)),
                key=lambda solution: float(solution.cost),
            )
            best, jacobian = np.asarray(solved.x), np.asarray(solved.jac)
        squares, freedom = float((deviations(best) ** 2).sum()), len(self.x) - len(names)
        covariance: Array = np.asarray(np.linalg.pinv(jacobian.T @ jacobian), dtype=float)
        probability = float(chdtrc(freedom, squares)) if freedom else float("nan")
        quantile = float(ndtri(0.975))
        if freedom and (by_scatter or probability < IMPROBABLE):  # then the scatter says how wrong the errors are
            covariance = covariance * squares / freedom
            quantile = float(stdtrit(freedom, 0.975))
        errors = np.sqrt(np.diag(covariance))
        parameters = {
            name: Quantity(float(v), float(e), unit, float(v - quantile * e), float(v + quantile * e))
            for (name, unit), v, e in zip(names, best, errors, strict=True)
        }
        ends = 1.0 / (BOLTZMANN * self.x[[-1, 0]])
        grid = np.linspace(min(self.target, ends.min()), max(self.target, ends.max()), 101)
        band = self._predict(function, best, covariance, grid, quantile)
        value, low, high, spread = self._predict(function, best, covariance, np.array([self.target]), quantile, True)[
            0, 1:
        ]
        aicc = _aicc(squares, len(self.x), len(names))
        return Fit(
            model, parameters, squares, freedom, probability, aicc,
            Quantity(float(value), float(value * spread), self.unit, float(low), float(high)), band,
        )  # fmt: skip

    def _predict(
        self, function: Function, best: Array, covariance: Array, kelvin: Array, quantile: float, spread: bool = False
    ) -> Array:
        x = 1.0 / (BOLTZMANN * kelvin)
        step = 1e-6 * np.maximum(np.abs(best), 1e-3)
        slopes = np.stack(
            [(function(best + d, x) - function(best - d, x)) / (2 * d.sum()) for d in np.diag(step)], axis=1
        )
        error = np.sqrt(np.einsum("gi,ij,gj->g", slopes, covariance, slopes))
        middle = function(best, x) - self.power * np.log(kelvin)
        columns = [kelvin, np.exp(middle), np.exp(middle - quantile * error), np.exp(middle + quantile * error)]
        return np.stack([*columns, error] if spread else columns, axis=1)

    def _starts(self, model: str) -> list[Array]:
        slope, height = np.polyfit(self.x, self.y, 1)
        kelvin = 1.0 / (BOLTZMANN * self.x)
        if model == "vtf":
            starts = []
            for share in (0.0, 0.3, 0.6, 0.8):
                zero = share * kelvin.min()
                b, a = np.polyfit(1.0 / (1.0 / self.x - BOLTZMANN * zero), self.y, 1)
                starts.append(np.array([a, -b, zero]))
            return starts
        if model == "piecewise":
            breaks = 0.5 * (kelvin[1:-2] + kelvin[2:-1])
            return [
                np.array([height + slope / (BOLTZMANN * at), -slope, -slope, at]) for at in breaks
            ]  # fmt: skip
        return [np.array([height, -slope])]


def _aicc(squares: float, points: int, parameters: int) -> float:
    if points <= parameters + 1:
        return float("inf")
    return squares + 2 * parameters + 2 * parameters * (parameters + 1) / (points - parameters - 1)


def _notes(fits: list[Fit], kelvin: Array, target: float) -> tuple[str, ...]:
    best = fits[0]
    notes = []
    if best.probability < IMPROBABLE:
        notes.append(
            f"no model fits within the errors (the best, {best.model}, has a probability of {best.probability:.1g}); "
            "the errors shown are widened by the scatter"
        )
    difference = next(fit for fit in fits if fit.model == "line").aicc - best.aicc
    if best.model != "line":
        notes.append(f"a single line is not enough: {best.model} is better by {difference:.1f} in AICc")
    elif len(fits) == 1:
        notes.append(
            f"{len(kelvin)} temperatures cannot tell a line from a curve or a break: five or more in a wide range can"
        )
    if target < kelvin.min():
        share = (1.0 / target - 1.0 / kelvin.min()) / max(1.0 / kelvin.min() - 1.0 / kelvin.max(), 1e-12)
        if share > 1.0:
            notes.append(
                f"{target:.0f} K is {share:.1f} times the fitted range of 1/T away from it; the interval holds only if "
                "the same mechanism does"
            )
    return tuple(notes)
