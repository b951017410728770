"""Conditions on frames as text, such as ``energy < -3 and force < 20``; nothing but comparisons and arithmetic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


class Missing(Exception):
    """A frame lacks a quantity that the condition is about."""


class Condition:
    """A condition that was read once and is asked of many frames.

    Parameters
    ----------
    text : str
        Comparisons of names and numbers with ``+ - * /``, ``and``, ``or``, ``not`` and brackets.

    Raises
    ------
    InputError
        Where the text is anything else.

    Examples
    --------
    >>> Condition("energy < -3 and not 2 * force > 10").holds({"energy": -3.5, "force": 4.0})
    True
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree: ast.AST = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise InputError(
                f"cannot read the condition {text!r}; write one such as 'energy < -3 and force < 20'"
            ) from None
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
                continue
            known = (ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Load, *_OPERATORS)
            if not isinstance(node, known):
                raise InputError(
                    f"{text!r} holds more than comparisons, arithmetic, and, or, not: {ast.unparse(node)!r}"
                )

    @property
    def names(self) -> set[str]:
        """The names that it is about."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}

    def holds(self, values: Mapping[str, object]) -> bool:
        """Return whether the condition holds.

        Raises
        ------
        Missing
            Where a value that it needs is None.
        InputError
            Where it names something unknown or compares what cannot be compared.
        """
        try:
            return bool(self._value(self._tree, values))
        except (TypeError, ZeroDivisionError, OverflowError) as error:
            raise InputError(f"the condition {self.text!r} cannot be worked out: {error}") from None

    def _value(self, node: Any, values: Mapping[str, object]) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id not in values:
                raise UnknownNameError(f"unknown quantity {node.id!r}: {did_you_mean(node.id, values)}")
            if values[node.id] is None:
                raise Missing(node.id)
            return values[node.id]
        if isinstance(node, ast.BoolOp):
            parts = (self._value(part, values) for part in node.values)
            return all(parts) if isinstance(node.op, ast.And) else any(parts)
        if isinstance(node, ast.UnaryOp):
            return _OPERATORS[type(node.op)](self._value(node.operand, values))
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](self._value(node.left, values), self._value(node.right, values))
        left = self._value(node.left, values)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self._value(part, values)
            if not _OPERATORS[type(sign)](left, right):
                return False
            left = right
        return True
