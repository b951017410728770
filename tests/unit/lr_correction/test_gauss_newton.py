"""Gauss-Newton, cross-validation and rank on problems whose answer is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from lr_correction.gauss_newton import (
    Prior,
    cross_validate,
    minimise,
    rank_and_condition,
    solve_spd,
    without_block,
)
from lr_correction.objective import Normal


@dataclass
class Toy:
    """Residuals ``label - f(x)`` in blocks, f given with its Jacobian; counts what it is asked for."""

    model: callable
    labels: np.ndarray
    blocks: np.ndarray
    linearisations: int = 0

    def normal(self, x) -> Normal:
        self.linearisations += 1
        value, table = self.model(x)
        residual = self.labels - value
        parts = []
        for block in range(self.blocks.max() + 1):
            mine = self.blocks == block
            parts.append((residual[mine] @ residual[mine], table[mine].T @ residual[mine], table[mine].T @ table[mine]))
        return Normal(*(np.array(column) for column in zip(*parts, strict=True)))

    def loss(self, x) -> float:
        return float(((self.labels - self.model(x)[0]) ** 2).sum())


def linear(seed=0, rows=24, size=5, noise=0.3) -> tuple[Toy, np.ndarray]:
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(rows, size))
    labels = table @ generator.normal(size=size) + noise * generator.normal(size=rows)
    return Toy(lambda x: (table @ x, table), labels, np.arange(rows) * 4 // rows), table


def ridge_solution(table, labels, prior) -> np.ndarray:
    matrix = table.T @ table + np.diag(prior.strength)
    return np.linalg.solve(matrix, table.T @ labels + prior.strength * prior.centre)


FREE = np.ones(5, dtype=bool)
PRIOR = Prior(np.linspace(-1, 1, 5), np.full(5, 0.7))


def test_a_linear_problem_with_a_ridge_has_the_closed_solution():
    toy, table = linear()
    found = minimise(toy, np.zeros(5), PRIOR, FREE, tolerance=1e-14)
    expected = ridge_solution(table, toy.labels, PRIOR)
    np.testing.assert_allclose(found.parameters, expected, rtol=1e-6)
    assert found.converged
    assert found.objective == pytest.approx(toy.loss(expected) + PRIOR.value(expected), rel=1e-10)


def test_parameters_that_are_not_free_stay():
    toy, table = linear()
    free = np.array([True, False, True, True, False])
    start = np.array([0.0, 3.0, 0.0, 0.0, -2.0])
    found = minimise(toy, start, Prior(start, np.full(5, 0.1)), free, tolerance=1e-14).parameters
    assert found[1] == 3.0
    assert found[4] == -2.0
    weak = Prior(np.zeros(3), np.full(3, 0.1))
    rest = ridge_solution(table[:, free], toy.labels - table[:, ~free] @ start[~free], weak)
    np.testing.assert_allclose(found[free], rest, rtol=1e-6)


def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), x[0]]), np.array([[-20 * x[0], 10.0], [1.0, 0.0]])


def test_a_curved_valley_is_followed_to_its_end():
    toy = Toy(rosenbrock, np.array([0.0, 1.0]), np.array([0, 1]))
    none = Prior(np.zeros(2), np.zeros(2))
    values = []
    found = minimise(
        toy, np.array([-1.9, 2.0]), none, np.ones(2, dtype=bool), tolerance=1e-12, report=lambda _, v: values.append(v)
    )
    np.testing.assert_allclose(found.parameters, [1.0, 1.0], atol=1e-5)
    assert toy.linearisations <= found.iterations < 60
    assert values == sorted(values, reverse=True)
    assert len(values) > 3


def test_too_few_iterations_are_not_called_converged():
    toy = Toy(rosenbrock, np.array([0.0, 1.0]), np.array([0, 1]))
    none = Prior(np.zeros(2), np.zeros(2))
    found = minimise(toy, np.array([-1.9, 2.0]), none, np.ones(2, dtype=bool), tolerance=1e-12, most_iterations=3)
    assert not found.converged
    assert found.iterations <= 3
    assert toy.linearisations <= 3


def test_data_without_error_are_met_exactly():
    toy, table = linear(noise=0.0)
    truth = np.linalg.lstsq(table, toy.labels)[0]
    found = minimise(toy, np.zeros(5), Prior(np.zeros(5), np.full(5, 1e-14)), FREE, tolerance=1e-10)
    np.testing.assert_allclose(found.parameters, truth, rtol=1e-8)
    assert found.converged


def test_leaving_a_block_out_is_a_refit_to_the_others():
    toy, table = linear()
    solution = minimise(toy, np.zeros(5), PRIOR, FREE, tolerance=1e-14)
    for block in range(4):
        keep = toy.blocks != block
        # The remaining blocks count 4/3, which is the same as a prior of three quarters.
        expected = ridge_solution(table[keep], toy.labels[keep], Prior(PRIOR.centre, 0.75 * PRIOR.strength))
        np.testing.assert_allclose(without_block(solution, PRIOR, FREE, block), expected, rtol=1e-8)


def test_cross_validation_of_a_linear_problem_equals_refits():
    toy, table = linear()
    solution = minimise(toy, np.zeros(5), PRIOR, FREE, tolerance=1e-14)
    priors = [Prior(PRIOR.centre, np.full(5, strength)) for strength in (1e-3, 0.7, 50.0)]
    scores = cross_validate(solution, priors, FREE)
    for row, prior in zip(scores, priors, strict=True):
        for block in range(4):
            keep = toy.blocks != block
            x = ridge_solution(table[keep], toy.labels[keep], Prior(prior.centre, 0.75 * prior.strength))
            missed = toy.labels[~keep] - table[~keep] @ x
            assert row[block] == pytest.approx(missed @ missed, rel=1e-8)


def test_cross_validation_moves_free_parameters_alone():
    toy, _ = linear()
    free = np.array([True, True, False, False, False])
    solution = minimise(toy, np.zeros(5), PRIOR, free, tolerance=1e-14)
    np.testing.assert_array_equal(without_block(solution, PRIOR, free, 0)[2:], 0.0)


def test_solving_ignores_directions_without_curvature():
    generator = np.random.default_rng(1)
    basis = np.linalg.qr(generator.normal(size=(4, 4)))[0]
    matrix = basis[:, :3] @ np.diag([1.0, 2.0, 5.0]) @ basis[:, :3].T
    right = matrix @ generator.normal(size=(4, 2))
    np.testing.assert_allclose(matrix @ solve_spd(matrix, right), right, atol=1e-10)


def test_solving_is_exact_for_badly_scaled_columns():
    generator = np.random.default_rng(2)
    table = generator.normal(size=(20, 4)) * [1e-6, 1.0, 1e3, 1e6]
    truth = np.array([1e6, 1.0, 1e-3, 1e-6])
    np.testing.assert_allclose(solve_spd(table.T @ table, table.T @ (table @ truth)), truth, rtol=1e-9)


def test_rank_and_condition_do_not_depend_on_units():
    generator = np.random.default_rng(3)
    table = generator.normal(size=(20, 4))
    table[:, 3] = table[:, 0] + table[:, 1]
    rank, condition = rank_and_condition(table.T @ table)
    assert rank == 3
    units = np.array([1e-3, 1.0, 1e2, 1e4])
    again = rank_and_condition((table * units).T @ (table * units))
    assert again[0] == 3
    assert again[1] == pytest.approx(condition, rel=1e-6)
