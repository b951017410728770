"""A NEP model as data, and its cut to fewer elements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import ModelError, SettingsError

Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Invariants of more than three bodies, in the order of their flags and of their descriptors.
INVARIANTS = ("222", "1111", "112", "123", "233", "134")


@dataclass(frozen=True, eq=False)
class NEP:
    """A neuroevolution potential with one hidden layer.

    Sizes: T elements, M neurons, D descriptors.

    Attributes
    ----------
    elements
        Chemical symbols; their order defines the types.
    version
        3, 4 or 5. The shared network of version 3 is stored once per element.
    charge_mode
        0 without charges, 1 or 2 for qNEP.
    zbl
        Inner and outer cutoff (angstrom) of the universal repulsion and the factor of type-wise outer cutoffs or None;
        None without repulsion.
    zbl_flexible
        Rows of (inner, outer, a1, b1, ... a4, b4) for every pair of types t1 <= t2, shape (T (T + 1) / 2, 10), or None.
    cutoff_radial, cutoff_angular
        Largest cutoffs, angstrom.
    typewise_cutoffs
        (radial, angular) of every element, or None when all are the same.
    max_neighbours_radial, max_neighbours_angular
        Largest numbers of neighbours seen in training; GPUMD sizes its lists by them.
    n_max, basis_size
        Radial and angular: number of functions g_n and of Chebyshev polynomials, both less one.
    l_max
        Highest l of the three-body descriptors.
    invariants
        Enabled names among `INVARIANTS`, in that order.
    w0, b0, w1
        Network: shapes (T, M, D), (T, M), (T, M), eV.
    w1_charge
        Output weights of the raw charge, shape (T, M), e; None without charges.
    sqrt_epsilon_inf
        Scale of the Born effective charges; None without charges.
    b1
        Common bias, subtracted from every atom's energy, eV.
    type_bias
        Bias of every element (version 5), subtracted, shape (T,), eV.
    c_radial, c_angular
        Expansion coefficients (n, k, centre type, neighbour type).
    q_scaler
        Scale of every descriptor, shape (D,).

    Raises
    ------
    ModelError
        If the shape of an array does not fit the header, or an invariant needs moments beyond l_max.
    """

    elements: tuple[str, ...]
    version: int
    charge_mode: int
    zbl: tuple[float, float, float | None] | None
    zbl_flexible: Floats | None
    cutoff_radial: float
    cutoff_angular: float
    typewise_cutoffs: tuple[tuple[float, float], ...] | None
    max_neighbours_radial: int
    max_neighbours_angular: int
    n_max: tuple[int, int]
    basis_size: tuple[int, int]
    l_max: int
    invariants: tuple[str, ...]
    w0: Floats
    b0: Floats
    w1: Floats
    w1_charge: Floats | None
    sqrt_epsilon_inf: float | None
    b1: float
    type_bias: Floats | None
    c_radial: Floats
    c_angular: Floats
    q_scaler: Floats

    def __post_init__(self) -> None:
        """Check invariants and every shape."""
        for name in self.invariants:
            if name not in INVARIANTS or int(max(name)) > self.l_max:
                raise ModelError(f"the invariant {name} needs l_max of {max(name)} or more, the model has {self.l_max}")
        types, neurons = len(self.elements), self.b0.shape[-1]
        (n_radial, n_angular), (k_radial, k_angular) = self.n_max, self.basis_size
        shapes = {
            "w0": (types, neurons, self.dimension),
            "b0": (types, neurons),
            "w1": (types, neurons),
            "w1_charge": (types, neurons),
            "type_bias": (types,),
            "c_radial": (n_radial + 1, k_radial + 1, types, types),
            "c_angular": (n_angular + 1, k_angular + 1, types, types),
            "q_scaler": (self.dimension,),
            "zbl_flexible": (types * (types + 1) // 2, 10),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ModelError(f"{name} of the NEP has shape {array.shape}, expected {shape}")

    @property
    def dimension(self) -> int:
        """Number of descriptors D."""
        return self.n_max[0] + 1 + (self.n_max[1] + 1) * (self.l_max + len(self.invariants))

    @property
    def neurons(self) -> int:
        """Number of hidden neurons M."""
        return int(self.b0.shape[1])


def keep_species(nep: NEP, elements: Sequence[str]) -> NEP:
    """Cut a model to some of its elements, in the order given; what they do is unchanged.

    Parameters
    ----------
    nep
        The model.
    elements
        Chemical symbols to keep.

    Raises
    ------
    SettingsError
        If an element is not in the model or is named twice, or none is named.

    Examples
    --------
    >>> keep_species(nep, ["Li", "Cl"]).elements  # doctest: +SKIP
    ('Li', 'Cl')
    """
    missing = [symbol for symbol in elements if symbol not in nep.elements]
    if missing or not elements or len(set(elements)) < len(elements):
        wrong = f"{missing[0]} is not among them" if missing else "name each element to keep once"
        raise SettingsError(f"the model knows {' '.join(nep.elements)}: {wrong}")
    old = np.array([nep.elements.index(symbol) for symbol in elements])
    cutoffs = nep.typewise_cutoffs and tuple(nep.typewise_cutoffs[t] for t in old)
    return replace(
        nep,
        elements=tuple(elements),
        typewise_cutoffs=cutoffs if len(old) > 1 else None,
        cutoff_radial=max(c[0] for c in cutoffs) if cutoffs else nep.cutoff_radial,
        cutoff_angular=max(c[1] for c in cutoffs) if cutoffs else nep.cutoff_angular,
        zbl_flexible=None if nep.zbl_flexible is None else nep.zbl_flexible[_type_pairs(old, len(nep.elements))],
        w0=nep.w0[old],
        b0=nep.b0[old],
        w1=nep.w1[old],
        w1_charge=None if nep.w1_charge is None else nep.w1_charge[old],
        type_bias=None if nep.type_bias is None else nep.type_bias[old],
        c_radial=nep.c_radial[:, :, old][:, :, :, old],
        c_angular=nep.c_angular[:, :, old][:, :, :, old],
    )


def _type_pairs(old: Any, types: int) -> Any:
    """Return the rows of the pair table that the kept types use, in their new order."""
    first, second = np.triu_indices(len(old))
    low, high = np.minimum(old[first], old[second]), np.maximum(old[first], old[second])
    return low * types - low * (low - 1) // 2 + high - low
