"""What is trained and how: the settings behind ``nep.in``, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nepkit.core.errors import InputError
from nepkit.inputs.nep_keywords import LARGEST_ANGULAR_DIMENSION, NEP_KEYWORDS

MOST = 10**7
"""Steps or frames, where ``nep`` itself sets no limit."""


def _limits(keyword: str, place: int = 0) -> tuple[float, float]:
    """Return the smallest and largest value of an argument of nep.in that trains something."""
    form = NEP_KEYWORDS[keyword].forms[0]
    argument = (*form.arguments, *form.tail)[place]
    return argument.low, min(argument.high, MOST)


#: Smallest and largest value the ``nep`` executable accepts, and at least one generation.
LIMITS: dict[str, tuple[float, float]] = {
    "cutoff": _limits("cutoff"),
    "n_max_radial": _limits("n_max"),
    "n_max_angular": _limits("n_max", 1),
    "basis_size_radial": _limits("basis_size"),
    "basis_size_angular": _limits("basis_size", 1),
    "l_max": _limits("l_max"),
    "neurons": _limits("neuron"),
    "zbl": _limits("zbl"),
    "charge_mode": _limits("charge_mode"),
    "batch": _limits("batch"),
    "generations": (1, MOST),
    "population": _limits("population"),
    "interval": _limits("output_interval"),
}


@dataclass(frozen=True)
class Settings:
    """Settings of one training run; the defaults suit a solid with a few elements and tens to hundreds of frames.

    Parameters
    ----------
    cutoff : tuple of float
        Radial and angular cutoff in A, or one such pair per element (2 T numbers), 3 <= angular <= radial <= 100.
    n_max : tuple of int
        Largest index n of the radial and of the angular descriptor functions.
    basis_size : tuple of int
        Largest index k of their radial bases.
    l_max : tuple of int
        Largest angular momentum, then up to six flags of the invariants 222, 1111, 112, 123, 233, 134.
    neurons : int
        Width of the one hidden layer.
    zbl : float or None
        Outer cutoff in A of the universal ZBL repulsion; None leaves it out.
    charge_mode : int
        0 for a NEP, 1 or 2 for a qNEP.
    lambda_e, lambda_f, lambda_v : float
        Weights of the errors of energy (eV/atom), force (eV/A) and virial (eV/atom).
    lambda_1, lambda_2 : float or None
        Weights of the regularisation; None is the engine's default.
    batch, generations : int or None
        Frames per step and number of steps; None is the engine's default.
    seed : int
        Seed of the initial parameters and of the order of frames (neppo; ``nep`` seeds itself).
    interval : int
        Steps between two lines of ``loss.out``.
    learning_rate : tuple of float
        First and last learning rate of the cosine decay (neppo).
    population : int
        Population of the evolution strategy (``nep``).

    Raises
    ------
    InputError
        A value is outside the limits of the ``nep`` executable.

    Examples
    --------
    >>> print(Settings(zbl=2.0).nep_in(["Li", "Cl"]))
    type 2 Li Cl
    version 4
    cutoff 8 4
    n_max 4 4
    basis_size 8 8
    l_max 4 2 1
    neuron 30
    zbl 2
    lambda_e 1
    lambda_f 1
    lambda_v 0.1
    output_interval 100
    """

    cutoff: tuple[float, ...] = (8.0, 4.0)
    n_max: tuple[int, int] = (4, 4)
    basis_size: tuple[int, int] = (8, 8)
    l_max: tuple[int, ...] = (4, 2, 1)
    neurons: int = 30
    zbl: float | None = None
    charge_mode: int = 0
    lambda_e: float = 1.0
    lambda_f: float = 1.0
    lambda_v: float = 0.1
    lambda_1: float | None = None
    lambda_2: float | None = None
    batch: int | None = None
    generations: int | None = None
    seed: int = 42
    interval: int = 100
    learning_rate: tuple[float, float] = (1e-2, 1e-4)
    population: int = 50

    def __post_init__(self) -> None:
        for name, count in (("n_max", 2), ("basis_size", 2), ("learning_rate", 2)):
            if len(getattr(self, name)) != count:
                raise InputError(f"{name} takes {count} numbers, not {_words(getattr(self, name))}")
        for name in ("neurons", "zbl", "charge_mode", "batch", "generations", "population", "interval"):
            _check(name, getattr(self, name))
        for name in ("n_max", "basis_size"):
            for part, value in zip(("radial", "angular"), getattr(self, name), strict=True):
                _check(f"{name}_{part}", value)
        self._check_cutoff()
        self._check_l_max()
        for name in ("lambda_e", "lambda_f", "lambda_v", "lambda_1", "lambda_2"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{name} is a weight and cannot be {value:g}; give a number >= 0")
        first, last = self.learning_rate
        if not 0 < last <= first <= 1:
            raise InputError(f"learning_rate takes 1 >= first >= last > 0, not {_words(self.learning_rate)}")

    def _check_cutoff(self) -> None:
        if len(self.cutoff) < 2 or len(self.cutoff) % 2:
            raise InputError(f"cutoff takes radial and angular, or such a pair per element, not {_words(self.cutoff)}")
        for radial, angular in zip(self.cutoff[0::2], self.cutoff[1::2], strict=True):
            _check("cutoff", radial)
            _check("cutoff", angular)
            if angular > radial:
                raise InputError(f"angular cutoff {angular:g} A exceeds the radial {radial:g} A; give radial first")
        if self.charge_mode and len(self.cutoff) > 2:
            raise InputError("a qNEP (charge_mode 1 or 2) has the same cutoffs for all elements; give two numbers")

    def _check_l_max(self) -> None:
        if not 1 <= len(self.l_max) <= 7:
            raise InputError(f"l_max takes l and up to 6 flags (222 1111 112 123 233 134), not {_words(self.l_max)}")
        _check("l_max", self.l_max[0])
        # GPUMD's default includes the invariant 222 where its flag is not given.
        flags = self.l_max[1:] or (1,)
        dimension = (self.n_max[1] + 1) * (self.l_max[0] + sum(flag != 0 for flag in flags))
        if dimension > LARGEST_ANGULAR_DIMENSION:
            raise InputError(
                f"n_max and l_max give {dimension} angular descriptors, above {LARGEST_ANGULAR_DIMENSION}; lower one"
            )

    def nep_in(self, elements: Sequence[str], extra: dict[str, str] | None = None) -> str:
        """Return the text of ``nep.in``.

        Parameters
        ----------
        elements : sequence of str
            Chemical symbols in the order of the model's types.
        extra : dict of str to str, optional
            Keywords of one engine alone, and their values.

        Raises
        ------
        InputError
            The cutoffs are given per element and their number does not fit.
        """
        if len(self.cutoff) not in (2, 2 * len(elements)):
            raise InputError(
                f"cutoff has {len(self.cutoff)} numbers; for {_words(elements)} give 2 or {2 * len(elements)}"
            )
        lines: dict[str, object] = {
            "type": f"{len(elements)} {_words(elements)}",
            "version": 4,
            "charge_mode": self.charge_mode or None,
            "cutoff": _words(self.cutoff),
            "n_max": _words(self.n_max),
            "basis_size": _words(self.basis_size),
            "l_max": _words(self.l_max),
            "neuron": self.neurons,
            "zbl": None if self.zbl is None else f"{self.zbl:g}",
            "lambda_1": self.lambda_1,
            "lambda_2": self.lambda_2,
            "lambda_e": f"{self.lambda_e:g}",
            "lambda_f": f"{self.lambda_f:g}",
            "lambda_v": f"{self.lambda_v:g}",
            "output_interval": self.interval,
            **(extra or {}),
        }
        return "\n".join(f"{keyword} {value}" for keyword, value in lines.items() if value is not None)


def _words(values: Sequence[object]) -> str:
    return " ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _check(name: str, value: float | None) -> None:
    low, high = LIMITS[name]
    if value is not None and not low <= value <= high:
        words = name.replace("_radial", " (radial)").replace("_angular", " (angular)")
        raise InputError(f"{words} must be between {low:g} and {high:g}, not {value:g}")
