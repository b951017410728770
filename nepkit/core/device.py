"""Where arrays live: main memory or a GPU."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nepkit.core.errors import MissingExtraError, NepkitError

DEVICES = ("cpu", "cuda")
"""Names of devices."""


def array_module(device: str) -> Any:
    """Return ``numpy`` for ``"cpu"`` and ``cupy`` for ``"cuda"``.

    Raises
    ------
    MissingExtraError
        If CuPy is not installed.
    NepkitError
        If there is no GPU that CuPy can use.

    Examples
    --------
    >>> array_module("cpu").__name__
    'numpy'
    """
    if device == "cpu":
        return import_module("numpy")
    try:
        cupy = import_module("cupy")
    except ImportError:
        raise MissingExtraError("cupy", "cuda12") from None
    try:
        cupy.ones(1).sum()
    except Exception as error:  # whatever the driver says
        raise NepkitError(f"no usable GPU: {error}; use --device cpu") from error
    return cupy
