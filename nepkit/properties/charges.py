"""Charges of a model by element and by environment: the ions of the other sign in the first shell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lr_correction.batch import Batch, neighbour_pairs
from nepkit.core.errors import InputError

Array = NDArray[np.float64]

#: Pairs are sought up to this distance, A: beyond every first shell of ions.
REACH = 6.0
#: Bin of the pair distances and width of their smoothing, A.
BIN, SMOOTHING = 0.02, 0.08


@dataclass(frozen=True)
class ChargeStatistics:
    """Charges of the atoms of one kind, e.

    Parameters
    ----------
    element : str
        Chemical symbol.
    environment : str
        First shell of ions of the other sign such as ``"Li3Y1"``; empty for all atoms of the element.
    count : int
        Number of atoms, over all frames.
    mean, std, lowest, highest : float
        Mean, standard deviation, minimum and maximum.
    """

    element: str
    environment: str
    count: int
    mean: float
    std: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class ChargeDistribution:
    """Charges of all atoms of some frames.

    Parameters
    ----------
    values : dict of str to ndarray
        By element, every atom's charge, e.
    environments : dict of str to list of str
        By element, every atom's first shell.
    shells : dict of (str, str) to float
        Radius of the first shell, A, of the pairs of elements of opposite sign.
    """

    values: dict[str, Array]
    environments: dict[str, list[str]]
    shells: dict[tuple[str, str], float]

    def by_element(self) -> list[ChargeStatistics]:
        """Return one row per element."""
        return [_statistics(element, "", values) for element, values in self.values.items()]

    def by_environment(self, least: float = 0.01) -> list[ChargeStatistics]:
        """Return one row per element and environment with more than a share ``least`` of its atoms, the most first."""
        rows = []
        for element, values in self.values.items():
            found = np.array(self.environments[element])
            kinds, counts = np.unique(found, return_counts=True)
            kept = [kind for kind, count in sorted(zip(kinds, counts, strict=True), key=lambda item: -item[1])
                    if count > least * len(values)]  # fmt: skip
            rows += [_statistics(element, str(kind), values[found == kind]) for kind in kept]
            rest = ~np.isin(found, kept)
            if rest.any():
                rows.append(_statistics(element, "other", values[rest]))
        return rows


def _statistics(element: str, environment: str, values: Array) -> ChargeStatistics:
    return ChargeStatistics(
        element,
        environment,
        len(values),
        *(float(number) for number in (values.mean(), values.std(), values.min(), values.max())),
    )


def charge_distribution(frames: Sequence[Atoms], charges: Sequence[Array | None]) -> ChargeDistribution:
    """Sort charges by element and by the ions of the other sign around every atom.

    The first shell of a pair of elements ends at the first minimum of its pair distribution over all frames.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Periodic frames.
    charges : sequence of ndarray
        Charges of the atoms of every frame, e.

    Raises
    ------
    InputError
        If a frame has no charges.

    Examples
    --------
    >>> salt = Atoms("NaCl", positions=[[0, 0, 0], [2.8, 0, 0]], cell=[5.6, 5.6, 5.6], pbc=True)
    >>> found = charge_distribution([salt], [np.array([0.9, -0.9])])
    >>> [(row.element, row.environment, row.mean) for row in found.by_environment()]
    [('Na', 'Cl2', 0.9), ('Cl', 'Na2', -0.9)]
    """
    if any(values is None for values in charges) or not frames:
        raise InputError("no charges to sort, expected those of at least one frame: use a model with charges")
    elements = list(dict.fromkeys(symbol for atoms in frames for symbol in atoms.symbols))
    flat = np.concatenate([np.asarray(values, dtype=float) for values in charges])
    symbols = np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in frames])
    means = {element: float(flat[symbols == element].mean()) for element in elements}
    batch = Batch.from_atoms(frames, elements)
    pairs = neighbour_pairs(batch, REACH)
    distances = np.linalg.norm(pairs.vector, axis=1)
    first, second = batch.types[pairs.centre], batch.types[pairs.neighbour]
    shells: dict[tuple[str, str], float] = {}
    counts = np.zeros((len(flat), len(elements)), dtype=int)
    for a, one in enumerate(elements):
        for b, other in enumerate(elements):
            if means[one] * means[other] >= 0.0:
                continue
            of_pair = (first == a) & (second == b)
            shells[one, other] = radius = first_minimum(distances[of_pair])
            close = pairs.centre[of_pair & (distances < radius)]
            counts[:, b] += np.bincount(close, minlength=len(flat))
    formulas = np.array(["".join(f"{e}{n}" for e, n in zip(elements, row, strict=True) if n) or "none"
                         for row in counts])  # fmt: skip
    ordered = sorted(elements, key=lambda element: -means[element])
    return ChargeDistribution(
        values={element: flat[symbols == element] for element in ordered},
        environments={element: formulas[symbols == element].tolist() for element in ordered},
        shells=shells,
    )


def first_minimum(distances: Array, reach: float = REACH) -> float:
    """Return the distance, A, of the first minimum of a pair distribution after its first peak.

    Parameters
    ----------
    distances : ndarray, shape (P,)
        Distances of all pairs below ``reach``, A.
    reach : float
        A; returned where there is no minimum.

    Examples
    --------
    >>> first_minimum(np.repeat([2.5, 4.5], 10))
    3.5
    """
    if not len(distances):
        return reach
    edges = np.arange(0.0, reach + BIN, BIN)
    middle = 0.5 * (edges[1:] + edges[:-1])
    histogram = np.histogram(distances, edges)[0] / middle**2
    offsets = np.arange(-4 * SMOOTHING, 4 * SMOOTHING + BIN, BIN)
    smooth = np.convolve(histogram, np.exp(-0.5 * (offsets / SMOOTHING) ** 2), mode="same")
    peak = int(np.argmax(smooth > 0.5 * smooth.max()))  # the rise of the first peak of any weight
    while peak + 1 < len(smooth) and smooth[peak + 1] >= smooth[peak]:
        peak += 1
    deep = smooth[peak:] < 0.7 * smooth[peak]  # ripples near the top are noise
    if not deep.any():
        return reach
    start = peak + int(np.argmax(deep))
    end = start
    while end + 1 < len(smooth) and smooth[end + 1] < smooth[end]:
        end += 1
    flat = end
    while flat + 1 < len(smooth) and smooth[flat + 1] <= smooth[end] + 1e-12 * smooth[peak]:
        flat += 1
    return round(float(0.5 * (middle[end] + middle[flat])), 1)
