"""Did the charges help, and did the long range? A measured statement with its error."""

import numpy as np
from numpy.typing import NDArray

from .gauss_newton import Prior, Solution, cross_validate
from .objective import Objective
from .parameters import BoolArray

FloatArray = NDArray[np.float64]

#: Smallest relative gain in force error over the readout refit that counts.
LEAST_GAIN = 0.02
#: A gain must exceed this many standard errors over blocks of frames.
STANDARD_ERRORS = 2.0


def gain(reference: FloatArray, model: FloatArray) -> tuple[float, float]:
    """Return the relative gain in root mean square error and its standard error over blocks.

    Parameters
    ----------
    reference, model
        Mean square error by block, shape (K,).

    Examples
    --------
    >>> gain(np.array([4.0, 4.0]), np.array([1.0, 1.0]))
    (0.5, 0.0)
    """
    ratio = float(np.sqrt(model.mean() / reference.mean()))
    count = len(reference)
    if count < 2:
        return 1.0 - ratio, float("inf")
    without = [np.sqrt(np.delete(model, k).mean() / np.delete(reference, k).mean()) for k in range(count)]
    error = float(np.sqrt((count - 1) / count * ((without - np.mean(without)) ** 2).sum()))
    return 1.0 - ratio, error


def by_block(objective: Objective, parameters: FloatArray, kind: str = "force") -> FloatArray:
    """Return the mean square error of one kind of label by block of frames."""
    residuals = objective.residuals(parameters)
    blocks = objective.blocks
    means = []
    for block in range(int(blocks.max()) + 1):
        parts = [r[kind] for r, b in zip(residuals, blocks, strict=True) if b == block and kind in r]
        if parts:
            means.append(float(np.mean(np.concatenate(parts) ** 2)))
    return np.array(means)


def held_out_loss(solution: Solution, prior: Prior, free: BoolArray) -> FloatArray:
    """Return the cross-validated loss of a fit by block; with a single block, that of the fit itself."""
    if len(solution.normal.loss) < 2:
        return solution.normal.loss
    scores: FloatArray = cross_validate(solution, [prior], free)[0]
    return scores


def sentence(readout: tuple[float, float], cut: tuple[float, float] | None, where: str) -> tuple[bool, str]:
    """Put gains over the readout refit, and over cut charges, into words.

    Charges that are linear in the hidden layer also make the short-range model more flexible, whether there are charges
    in nature or not. Charges cut to pairs gain that as well; what the full sum gains over them is what charges are for.

    Parameters
    ----------
    readout
        Relative gain of charges over the readout refit and its standard error.
    cut
        Relative gain of the full sum over charges cut to pairs, and its standard error.
    where
        What the errors were measured on.

    Returns
    -------
    helps : bool
    text : str
    """

    def change(value: tuple[float, float]) -> str:
        error = f" +- {100 * value[1]:.1f}" if np.isfinite(value[1]) else ""
        return f"{100 * abs(value[0]):.1f}{error} % {'lower' if value[0] >= 0 else 'higher'}"

    gained = f"{change(readout)} error than the readout refit, {where}"
    if not (readout[0] > LEAST_GAIN and _significant(readout)):
        return False, f"charges do not help: {gained}"
    if cut is None:
        return True, f"charges help: {gained}"
    beyond = f"{change(cut)} than charges cut to pairs within the cutoff"
    if _significant(cut):
        return True, f"charges help: {gained}; the long range helps: {beyond}"
    return False, f"charges do not help: {gained}, but the long range has no part in it: {beyond}"


def _significant(value: tuple[float, float]) -> bool:
    return value[0] > STANDARD_ERRORS * value[1]
