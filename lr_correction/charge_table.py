"""Mean charge of every element with its jackknife error."""

from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from .backend import to_numpy
from .gauss_newton import without_block
from .problem import Fitted, Problem
from .results import ElementCharge


def element_charges(problem: Problem, fitted: Fitted, start: Mapping[str, float]) -> dict[str, ElementCharge]:
    """Return mean, spread and error of the charges of every element over the training frames.

    The error is a block jackknife: every block of frames is left out in turn, in one linearised step from the solution.

    Parameters
    ----------
    problem, fitted
        The fit.
    start
        Starting charge of every element, e.
    """
    layout, count = problem.layout, len(fitted.solution.normal.loss)
    points = [fitted.solution.parameters]
    if count > 1:
        with threadpool_limits(limits=1):
            points += [without_block(fitted.solution, fitted.prior, fitted.free, block) for block in range(count)]
    vectors = np.stack([np.append(point[layout.charges], 1.0) for point in points], axis=1)
    sums = np.zeros((len(points), layout.types))
    squares, atoms = np.zeros(layout.types), np.zeros(layout.types)
    for index in range(len(problem.train)):
        features, _ = problem.train.load(index, None)
        values = to_numpy(features.columns) @ vectors
        types = to_numpy(features.response.batch.types)
        for t in np.unique(types):
            mine = values[types == t]
            sums[:, t] += mine.sum(axis=0)
            squares[t] += (mine[:, 0] ** 2).sum()
            atoms[t] += len(mine)
    result = {}
    for t in np.flatnonzero(atoms):
        means = sums[:, t] / atoms[t]
        spread = float(np.sqrt(max(squares[t] / atoms[t] - means[0] ** 2, 0.0)))
        error = float("nan")
        if count > 1:
            error = float(np.sqrt((count - 1) / count * ((means[1:] - means[1:].mean()) ** 2).sum()))
        element = problem.nep.elements[t]
        result[element] = ElementCharge(float(means[0]), spread, error, float(start[element]))
    return result
