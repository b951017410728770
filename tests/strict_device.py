"""A stand-in for a GPU: arrays that refuse NumPy's functions, and a namespace that refuses NumPy's arrays.

What runs on it uses nothing but the array's own namespace, moves data by name (`asarray`, `get`) and never walks over
atoms or pairs in Python: it then runs on CuPy arrays too. Names that CuPy lacks are not offered.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
import scipy.special

from lr_correction import backend

LONGEST_LOOP = 64  # rows that may be walked over in Python: types, systems, degrees, but not atoms
# What CuPy has too, and no ufunc methods such as add.at.
# fmt: off
FUNCTIONS = frozenset((
    "abs", "absolute", "all", "amax", "amin", "any", "arange", "arccos", "arcsin", "arctan2", "argmax", "argmin",
    "argsort", "array_equal", "atleast_1d", "atleast_2d", "bincount", "broadcast_to", "ceil", "clip", "concatenate",
    "conj", "copy", "cos", "cosh", "cross", "cumsum", "diag", "diff", "divide", "dot", "einsum", "empty",
    "empty_like", "equal", "exp", "eye", "flatnonzero", "floor", "full", "full_like", "greater", "imag", "isfinite",
    "isnan", "less", "linspace", "log", "logical_and", "logical_not", "logical_or", "matmul", "max", "maximum",
    "mean", "meshgrid", "min", "minimum", "mod", "moveaxis", "multiply", "nonzero", "ones", "ones_like", "outer",
    "power", "prod", "ravel", "real", "repeat", "reshape", "rint", "round", "searchsorted", "sign", "sin", "sinh",
    "sort", "split", "sqrt", "square", "squeeze", "stack", "subtract", "sum", "swapaxes", "take", "tanh",
    "tensordot", "tile", "trace", "transpose", "tril", "triu", "unique", "where", "zeros", "zeros_like",
))
CONSTANTS = frozenset((
    "bool_", "complex128", "complex64", "float32", "float64", "inf", "int32", "int64", "nan", "newaxis", "pi",
))
METHODS = frozenset((
    "all", "any", "argmax", "argmin", "argsort", "astype", "conj", "copy", "cumsum", "diagonal", "dot", "fill",
    "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "sort", "std", "sum",
    "swapaxes", "take", "trace", "transpose",
))
PROPERTIES = frozenset((
    "T", "dtype", "flags", "imag", "itemsize", "nbytes", "ndim", "real", "shape", "size", "strides",
))
# fmt: on
SCALARS = (bool, int, float, complex, str, np.generic, np.dtype, type, type(None), slice, type(Ellipsis))


def unwrap(value):
    """Return what NumPy can work on; refuse arrays that are not on the device."""
    if isinstance(value, DeviceArray):
        return value._host
    if isinstance(value, tuple | list):
        return type(value)(unwrap(v) for v in value)
    if isinstance(value, SCALARS):
        return value
    raise TypeError(f"{type(value).__name__} given to a function of the device")


def wrap(value):
    if isinstance(value, tuple | list):
        return type(value)(wrap(v) for v in value)
    if isinstance(value, np.ndarray | np.generic):
        return DeviceArray(np.asarray(value))
    return value


class DeviceArray:
    """An array whose values only leave by `get`."""

    __array_ufunc__ = None  # NumPy's ufuncs raise, its operators defer to ours
    __hash__ = None

    def __init__(self, host):
        self._host = host

    def __array__(self, dtype=None, copy=None):
        raise TypeError("implicit conversion of a device array to NumPy")

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} called with a device array")

    def __array_namespace__(self, api_version=None):
        return strict_device

    def get(self):
        return self._host.copy()

    def __getattr__(self, name):
        if name in PROPERTIES:
            return wrap(getattr(self._host, name)) if name in ("T", "real", "imag") else getattr(self._host, name)
        if name in METHODS:
            method = getattr(self._host, name)
            return lambda *args, **kwargs: wrap(method(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()}))
        raise AttributeError(f"device arrays have no {name}")

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        if len(self) > LONGEST_LOOP:
            raise TypeError(f"Python loop over {len(self)} rows of a device array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        return wrap(self._host[unwrap(key)])

    def __setitem__(self, key, value):
        self._host[unwrap(key)] = unwrap(value)

    def __bool__(self):
        return bool(self._host)

    def __int__(self):
        return int(self._host)

    def __float__(self):
        return float(self._host)

    def __index__(self):
        return self._host.__index__()

    def __repr__(self):
        return f"DeviceArray({self._host!r})"


def _operator(name):
    def apply(self, *others):
        if any(isinstance(other, np.ndarray) for other in others):
            raise TypeError("NumPy array combined with a device array")
        result = getattr(self._host, name)(*unwrap(others))
        if result is NotImplemented:
            return result
        if name.startswith("__i") and name not in ("__invert__",):
            return self
        return wrap(result)

    return apply


for _name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"]:
    for _prefix in ("", "r", "i"):
        setattr(DeviceArray, f"__{_prefix}{_name}__", _operator(f"__{_prefix}{_name}__"))
for _name in ["neg", "pos", "abs", "invert", "eq", "ne", "lt", "le", "gt", "ge"]:
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))


class _Namespace:
    """The device's counterpart of the numpy module."""

    __name__ = "strict_device"
    ndarray = DeviceArray

    def __init__(self):
        names = ("cholesky", "det", "eigh", "inv", "lstsq", "norm", "pinv", "qr", "solve", "svd")
        self.fft = SimpleNamespace(rfft=self._lift(np.fft.rfft), irfft=self._lift(np.fft.irfft))
        self.linalg = SimpleNamespace(**{name: self._lift(getattr(np.linalg, name)) for name in names})

    def __getattr__(self, name):
        if name in CONSTANTS:
            return getattr(np, name)
        if name in FUNCTIONS:
            return self._lift(getattr(np, name))
        raise AttributeError(f"the device has no function {name}")

    @staticmethod
    def _lift(function):
        return lambda *args, **kwargs: wrap(function(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()}))

    @staticmethod
    def asarray(values, dtype=None):
        """Move data to the device: the one function that takes NumPy arrays."""
        if isinstance(values, DeviceArray):
            return values if dtype in (None, values.dtype) else values.astype(dtype)
        if isinstance(values, list | tuple) and any(isinstance(v, DeviceArray) for v in values):
            raise TypeError("sequence of device arrays given to asarray: use stack")
        return DeviceArray(np.array(values, dtype=dtype))

    array = asarray


strict_device = _Namespace()


class SparseMatrix:
    """A sparse matrix on the device."""

    def __init__(self, host):
        self._host = host

    @property
    def T(self):
        return SparseMatrix(self._host.T)

    @property
    def shape(self):
        return self._host.shape

    def __matmul__(self, dense):
        return wrap(self._host @ unwrap(dense))


def csr_matrix(parts, shape):
    """Return a matrix from device arrays: (data, indices, indptr) or (data, (rows, columns))."""
    return SparseMatrix(scipy.sparse.csr_matrix(unwrap(parts), shape=shape))


def erf(x):
    return wrap(scipy.special.erf(unwrap(x)))


def erfc(x):
    return wrap(scipy.special.erfc(unwrap(x)))


backend.SPARSE["strict_device"] = __name__
backend.SPECIAL["strict_device"] = __name__


def cupy():
    """Return CuPy, or skip the test where it or a GPU is missing."""
    module = pytest.importorskip("cupy")
    try:
        count = module.cuda.runtime.getDeviceCount()
    except module.cuda.runtime.CUDARuntimeError:
        count = 0
    if not count:
        pytest.skip("no GPU")
    return module
