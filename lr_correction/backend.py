"""The arrays decide the device: one source for NumPy and CuPy arrays."""

import importlib
import sys
from math import prod
from typing import Any

import numpy as np

# An array of NumPy, CuPy, or of any library that follows the array API and is registered in SPARSE.
Array = Any
Namespace = Any

#: Sparse-matrix module of every array library, by the name of the module that `namespace` returns.
SPARSE: dict[str, str] = {"numpy": "scipy.sparse", "cupy": "cupyx.scipy.sparse"}

#: Module of the special functions (erf, erfc) of every array library.
SPECIAL: dict[str, str] = {"numpy": "scipy.special", "cupy": "cupyx.scipy.special"}


def _module_of(array: Array) -> Namespace:
    """Return the module of one array; plain sequences and numbers count as NumPy's."""
    if isinstance(array, np.ndarray | np.generic | int | float | complex | list | tuple):
        return np
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    module = type(array).__module__.partition(".")[0]  # CuPy before version 14 lacks __array_namespace__
    if module not in SPARSE:
        raise TypeError(f"{type(array).__name__} is not an array of a known library ({', '.join(SPARSE)})")
    return sys.modules[module]


def namespace(*arrays: Array) -> Namespace:
    """Return the module whose functions work on the given arrays.

    Parameters
    ----------
    *arrays
        Arrays of one library. ``None`` is skipped; sequences and numbers count as NumPy's.

    Returns
    -------
    module
        ``numpy``, ``cupy``, or what the arrays' ``__array_namespace__`` returns.

    Raises
    ------
    TypeError
        If the arrays belong to different libraries, or to none that is known.

    Examples
    --------
    >>> import numpy
    >>> namespace(numpy.ones(3), numpy.zeros(2)) is numpy
    True
    """
    modules = {id(module): module for module in (_module_of(a) for a in arrays if a is not None)}
    if len(modules) > 1:
        names = ", ".join(sorted(module.__name__ for module in modules.values()))
        raise TypeError(f"arrays of different libraries ({names}): move them to one device first")
    return next(iter(modules.values()), np)


def is_on_device(thing: Any) -> bool:
    """Return whether something is an array of another library than NumPy.

    Examples
    --------
    >>> is_on_device(np.zeros(3)), is_on_device("text")
    (False, False)
    """
    return not isinstance(thing, np.ndarray | np.generic) and (
        hasattr(thing, "__array_namespace__") or type(thing).__module__.partition(".")[0] == "cupy"
    )


def to_numpy(array: Array) -> np.ndarray[Any, np.dtype[Any]]:
    """Return a NumPy array with the same values, copied from the device where necessary.

    Examples
    --------
    >>> to_numpy([1, 2])
    array([1, 2])
    """
    if hasattr(array, "get") and not isinstance(array, np.ndarray):
        array = array.get()
    return np.asarray(array)


def asarray(values: Any, like: Array, dtype: Any = None) -> Array:
    """Return `values` as an array on the device of `like`.

    Parameters
    ----------
    values
        Numbers, sequences or an array of any library.
    like
        The array whose library and device are wanted.
    dtype
        Element type; by default that of `values`.

    Examples
    --------
    >>> import numpy
    >>> asarray([1, 2], like=numpy.zeros(3), dtype=float)
    array([1., 2.])
    """
    xp = namespace(like)
    if not isinstance(values, np.ndarray) and type(values) is type(like):
        return xp.asarray(values, dtype=dtype)
    return xp.asarray(to_numpy(values), dtype=dtype)


def sparse_module(xp: Namespace) -> Any:
    """Return the sparse-matrix module that goes with an array module.

    Examples
    --------
    >>> import numpy
    >>> sparse_module(numpy).__name__
    'scipy.sparse'
    """
    name = xp.__name__.partition(".")[0]
    if name not in SPARSE:
        raise TypeError(f"no sparse matrices are known for arrays of {name}")
    return importlib.import_module(SPARSE[name])


def special_module(xp: Namespace) -> Any:
    """Return the module of special functions that goes with an array module.

    Examples
    --------
    >>> import numpy
    >>> special_module(numpy).__name__
    'scipy.special'
    """
    name = xp.__name__.partition(".")[0]
    if name not in SPECIAL:
        raise TypeError(f"no special functions are known for arrays of {name}")
    return importlib.import_module(SPECIAL[name])


def segment_sum(values: Array, index: Array, size: int) -> Array:
    """Sum the rows of `values` that share an index.

    Parameters
    ----------
    values
        Shape (P, ...).
    index
        Target row of every row of `values`, shape (P,), in any order.
    size
        Number of target rows.

    Returns
    -------
    Array
        Shape (size, ...): row s is the sum of all ``values[p]`` with ``index[p] == s``; zero where there is none.

    Examples
    --------
    >>> import numpy
    >>> segment_sum(numpy.array([1.0, 2.0, 4.0]), numpy.array([1, 0, 1]), 3)
    array([2., 5., 0.])
    """
    xp = namespace(values, index)
    rows = len(index)
    columns = values.reshape(rows, -1) if rows else xp.zeros((0, prod(values.shape[1:])), dtype=values.dtype)
    ones = xp.ones((rows, 1), dtype=values.dtype)
    return segment_outer(ones, columns, index, size).reshape((size, *values.shape[1:]))


def segment_outer(left: Array, right: Array, index: Array, size: int) -> Array:
    """Sum the outer products of the rows of `left` and `right` that share an index, without forming them.

    Parameters
    ----------
    left, right
        Shapes (P, m) and (P, n).
    index
        Target of every row, shape (P,), in any order.
    size
        Number of targets.

    Returns
    -------
    Array
        Shape (size, m, n).

    Examples
    --------
    >>> import numpy
    >>> segment_outer(numpy.array([[1.0], [2.0]]), numpy.array([[3.0, 5.0], [1.0, 1.0]]), numpy.array([0, 0]), 1)
    array([[[5., 7.]]])
    """
    xp = namespace(left, right, index)
    rows, width = left.shape
    if not rows or not width or not right.shape[1]:
        return xp.zeros((size, width, right.shape[1]), dtype=right.dtype)
    # `width` entries in every row need no sorting; the transpose does the sum.
    targets = (index[:, None] * width + xp.arange(width)[None, :]).reshape(-1)
    matrix = sparse_module(xp).csr_matrix(
        (left.reshape(-1), targets, xp.arange(rows + 1) * width), shape=(rows, size * width)
    )
    return (matrix.T @ right).reshape((size, width, right.shape[1]))
