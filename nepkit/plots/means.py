"""Means with their errors as tables and words of a plot. Light, as the plots are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nepkit.core.table import Table

if TYPE_CHECKING:
    from nepkit.core.statistics.averages import Mean
    from nepkit.core.statistics.quantity import Quantity

COLUMNS = ("file", "quantity", "value", "error", "unit", "error from")
FORMATS = ("", "", ".6g", ".3g", "", "")


def means_table(title: str, means: Mapping[str, Mapping[str, Mean]]) -> Table:
    """Return a table of means by file and quantity; a single file without a name has no column of its own."""
    rows = [
        (label, name, *value_and_error(mean.quantity), mean.quantity.unit, mean.source)
        for label, named in means.items()
        for name, mean in named.items()
    ]
    if list(means) == [""]:
        return Table(title, COLUMNS[1:], [row[1:] for row in rows], FORMATS[1:])
    return Table(title, COLUMNS, rows, FORMATS)


def value_and_error(quantity: Quantity) -> tuple[float | None, float | None]:
    """Return value and error, None where there is none, for the cells of a table."""
    value, error = quantity.value, quantity.error
    return (value if value == value else None, error if error == error else None)


def in_words(quantity: Quantity) -> str:
    """Return a quantity for a legend, rounded to two digits of its error.

    Examples
    --------
    >>> from nepkit.core.statistics.quantity import Quantity
    >>> in_words(Quantity(2652.91, 516.7, "W/m/K")), in_words(Quantity(3.0, float("nan"), "K"))
    ('2653 ± 517 W/m/K', '3 K')
    >>> in_words(Quantity(0.402495, 0.0343, "mPa s")), in_words(Quantity(1.2345e-6, 2.1e-8, "cm^2/s"))
    ('0.402 ± 0.034 mPa s', '1.234e-06 ± 2.1e-08 cm^2/s')
    """
    from math import floor, log10

    value, error = value_and_error(quantity)
    if value is None:
        return "no value"
    if error is None:
        shown = f"{value:.4g}"
    elif not error or max(abs(value), error) < 1e-3 or abs(value) >= 1e6:
        shown = f"{value:.4g} ± {error:.2g}"
    else:
        decimals = max(0, 1 - floor(log10(error)))
        shown = f"{value:.{decimals}f} ± {error:.{decimals}f}"
    return f"{shown} {quantity.unit}".rstrip()
