"""Levenberg-damped Gauss-Newton on a least-squares objective with a ridge prior, and what its normal equations tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .objective import Normal, Objective
from .parameters import BoolArray

FloatArray = NDArray[np.float64]

#: Eigenvalues of the scaled normal matrix below this share of the largest count as zero.
RANK_TOLERANCE = 1e-13
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-12, 1e8
#: Accepted steps in a row that gain less than the tolerance, after which the fit counts as converged.
STALLED_STEPS = 3


@dataclass(frozen=True)
class Prior:
    """Ridge towards a centre: adds ``sum_n strength[n] d[n]^2 + |anchors d|^2``, ``d = x - centre``, to the objective.

    Attributes
    ----------
    centre, strength
        Shape (n,), over all parameters.
    anchors
        Linear combinations of parameters that are held as well, shape (r, n); none by default.
    """

    centre: FloatArray
    strength: FloatArray
    anchors: FloatArray | None = None

    def value(self, parameters: FloatArray) -> float:
        """Return the penalty at a point."""
        away = parameters - self.centre
        held = 0.0 if self.anchors is None else float(((self.anchors @ away) ** 2).sum())
        return float(self.strength @ away**2) + held

    def pull(self, parameters: FloatArray) -> FloatArray:
        """Return minus half the gradient of the penalty, shape (n,)."""
        away = self.centre - parameters
        pull: FloatArray = self.strength * away
        return pull if self.anchors is None else pull + self.anchors.T @ (self.anchors @ away)

    def curvature(self, free: BoolArray) -> FloatArray:
        """Return half the second derivative of the penalty over the free parameters."""
        matrix: FloatArray = np.diag(self.strength[free])
        return matrix if self.anchors is None else matrix + self.anchors[:, free].T @ self.anchors[:, free]


@dataclass(frozen=True)
class Solution:
    """Where Gauss-Newton ended.

    Attributes
    ----------
    parameters
        Shape (n,).
    objective
        Loss plus penalty.
    normal
        Normal equations at the end, by block.
    iterations
        Linearisations computed.
    converged
        Whether the undamped step would lower the objective by less than the tolerance.
    """

    parameters: FloatArray
    objective: float
    normal: Normal
    iterations: int
    converged: bool


def solve_spd(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve with a symmetric positive (semi)definite matrix; directions without curvature get zero.

    Examples
    --------
    >>> solve_spd(np.diag([2.0, 0.0]), np.array([4.0, 0.0]))
    array([2., 0.])
    """
    scale = np.sqrt(np.maximum(np.diagonal(matrix), np.finfo(float).tiny))
    scaled = matrix / np.outer(scale, scale)
    rhs = (right.T / scale).T
    try:
        factor = scipy.linalg.cho_factor(scaled, lower=True)
        if np.diagonal(factor[0]).min() > 1e-7:
            return np.asarray((scipy.linalg.cho_solve(factor, rhs).T / scale).T)
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(scaled)
    keep = values > RANK_TOLERANCE * values[-1]
    inner = vectors[:, keep] @ ((vectors[:, keep].T @ rhs).T / values[keep]).T
    return np.asarray((inner.T / scale).T)


def minimise(
    objective: Objective,
    start: FloatArray,
    prior: Prior,
    free: BoolArray,
    *,
    tolerance: float = 1e-5,
    most_iterations: int = 60,
    report: Callable[[int, float], None] | None = None,
) -> Solution:
    """Minimise ``objective + prior`` over the free parameters.

    Parameters
    ----------
    objective
        Gives loss and normal equations.
    start
        Starting point, shape (n,).
    prior
        Ridge over all parameters.
    free
        Which parameters move, shape (n,).
    tolerance
        Converged when the undamped Gauss-Newton step predicts a relative decrease below this, or when three accepted
        steps in a row gained less (the quadratic model promises what the objective does not hold).
    most_iterations
        Linearisations at most.
    report
        Called with the iteration and the objective after every accepted step.
    """
    with threadpool_limits(limits=1):  # small systems between passes over the frames, which have threads of their own
        return _minimise(objective, start, prior, free, tolerance, most_iterations, report)


def _minimise(
    objective: Objective,
    start: FloatArray,
    prior: Prior,
    free: BoolArray,
    tolerance: float,
    most_iterations: int,
    report: Callable[[int, float], None] | None,
) -> Solution:
    point, normal = start.copy(), objective.normal(start)
    value = float(normal.loss.sum()) + prior.value(point)
    damping, growth, stalled = FIRST_DAMPING, 2.0, 0
    for iteration in range(1, most_iterations):
        slope = (normal.total_gradient + prior.pull(point))[free]
        matrix = normal.total_curvature[np.ix_(free, free)] + prior.curvature(free)
        if slope @ solve_spd(matrix, slope) <= tolerance * value or stalled == STALLED_STEPS:
            return Solution(point, value, normal, iteration, converged=True)
        step = solve_spd(matrix + damping * np.diag(np.diagonal(matrix)), slope)
        trial = point.copy()
        trial[free] += step
        rejected_before = growth > 2.0
        # After a rejection the plain value is asked first: cheaper than a linearisation in vain.
        if rejected_before and objective.loss(trial) + prior.value(trial) >= value:
            decrease = 0.0
        else:
            trial_normal = objective.normal(trial)
            decrease = value - float(trial_normal.loss.sum()) - prior.value(trial)
        if decrease > 0:
            stalled = stalled + 1 if decrease < tolerance * value else 0
            ratio = float(decrease / (2 * slope @ step - step @ matrix @ step))
            point, normal, value = trial, trial_normal, value - decrease
            # Nielsen's rule: damping follows how well the quadratic model predicted the decrease.
            damping, growth = max(damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), LEAST_DAMPING), 2.0
            if report is not None:
                report(iteration, value)
        else:
            damping, growth = damping * growth, 2 * growth
            if damping > MOST_DAMPING:
                break
    return Solution(point, value, normal, iteration, converged=False)


def without_block(solution: Solution, prior: Prior, free: BoolArray, block: int) -> FloatArray:
    """Return the parameters after one linearised step without one block of frames.

    The remaining blocks are weighted up, so that the prior keeps its share.
    """
    normal, count = solution.normal, len(solution.normal.loss)
    share = count / (count - 1)
    gradient = share * (normal.total_gradient - normal.gradient[block])
    rows = np.ix_(free, free)
    slope = (gradient + prior.pull(solution.parameters))[free]
    matrix = share * (normal.total_curvature[rows] - normal.curvature[block][rows]) + prior.curvature(free)
    result = solution.parameters.copy()
    result[free] += solve_spd(matrix, slope)
    return result


def cross_validate(solution: Solution, priors: Sequence[Prior], free: BoolArray) -> FloatArray:
    """Return the held-out loss of every prior by block, shape (priors, K), from the linearisation at a solution.

    Every block is predicted, to second order, from a linearised fit to the others; no frame is evaluated again.
    """
    normal = solution.normal
    scores = np.zeros((len(priors), len(normal.loss)))
    with threadpool_limits(limits=1):  # many small systems: threads would wait for each other
        for k, prior in enumerate(priors):
            for block in range(len(normal.loss)):
                step = without_block(solution, prior, free, block) - solution.parameters
                curved = step @ normal.curvature[block] @ step
                scores[k, block] = normal.loss[block] - 2 * step @ normal.gradient[block] + curved
    return scores


def rank_and_condition(matrix: FloatArray) -> tuple[int, float]:
    """Return the numerical rank of a normal matrix and the condition number of its columns (both after scaling).

    Examples
    --------
    >>> rank_and_condition(np.diag([4.0, 9.0]))
    (2, 1.0)
    """
    scale = np.sqrt(np.maximum(np.diagonal(matrix), np.finfo(float).tiny))
    values = np.linalg.eigvalsh(matrix / np.outer(scale, scale))
    rank = int((values > RANK_TOLERANCE * values[-1]).sum())
    smallest = values[values > RANK_TOLERANCE * values[-1]][0]
    return rank, float(np.sqrt(values[-1] / smallest))
