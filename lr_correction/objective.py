"""The weighted least-squares objective over all frames, its normal equations by block, and the errors of a model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .backend import Array, asarray, namespace, to_numpy
from .equations import FrameFeatures, Prediction, predict, six
from .parameters import Layout
from .store import FrameStore

FloatArray = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Weights:
    """Weight of every kind of label: each multiplies a root mean square error in the unit given.

    Charges are left to energies, forces and virials by default. Other labels enter when they are given a weight:
    charges and dipoles in a file may be of any kind, and Born effective charges pull charges from what forces want.

    Attributes
    ----------
    energy
        Of the error in eV/atom.
    force
        Of the error in eV/angstrom.
    virial
        Of the error in eV/atom.
    bec, charges
        Of the error in e.
    dipole
        Of the error in e angstrom per atom.
    """

    energy: float = 3.0
    force: float = 1.0
    virial: float = 1.0
    bec: float = 0.0
    charges: float = 0.0
    dipole: float = 0.0


@dataclass(frozen=True)
class Errors:
    """Root mean square errors of a model; None for labels that no frame has.

    Attributes
    ----------
    energy_mev_atom, force_mev_a, virial_mev_atom
        In meV/atom, meV/angstrom and meV/atom.
    bec_e, charges_e
        In e.
    frames
        Number of frames.
    """

    energy_mev_atom: float | None
    force_mev_a: float | None
    virial_mev_atom: float | None
    bec_e: float | None
    charges_e: float | None
    frames: int


@dataclass(frozen=True)
class Normal:
    """Normal equations by block at one point: loss (K,), gradient -1/2 dL/dx (K, n), curvature (K, n, n)."""

    loss: FloatArray
    gradient: FloatArray
    curvature: FloatArray

    @cached_property
    def total_gradient(self) -> FloatArray:
        """Gradient of all blocks, shape (n,)."""
        total: FloatArray = self.gradient.sum(axis=0)
        return total

    @cached_property
    def total_curvature(self) -> FloatArray:
        """Curvature of all blocks, shape (n, n)."""
        total: FloatArray = self.curvature.sum(axis=0)
        return total


@dataclass(frozen=True)
class _Rows:
    """Residuals of one kind of label in one frame: label minus model, and the model's Jacobian."""

    kind: str
    residual: Array
    jacobian: Array | None


def _rows(features: FrameFeatures, model: Prediction, parameters: Array, layout: Layout) -> Iterator[_Rows]:
    """Yield residuals per kind in the units of `Weights`."""
    labels, count = features.labels, features.atoms
    size = layout.size

    def flat(jacobian: Array | None, factor: float = 1.0) -> Array | None:
        return None if jacobian is None else factor * jacobian.reshape(-1, size)

    def like(values: FloatArray) -> Array:
        return asarray(values, like=features.columns)

    if labels.energy is not None:
        residual = (labels.energy - model.energy).reshape(1) / count
        yield _Rows("energy", residual, flat(model.energy_jacobian, 1.0 / count))
    if labels.forces is not None:
        yield _Rows("force", (like(labels.forces) - model.forces).ravel(), flat(model.forces_jacobian))
    if labels.virial is not None:
        residual = (like(six(labels.virial)) - model.virial) / count
        yield _Rows("virial", residual, flat(model.virial_jacobian, 1.0 / count))
    if labels.bec is not None and model.bec is not None:
        yield _Rows("bec", (like(labels.bec.reshape(count, 9)) - model.bec).ravel(), flat(model.bec_jacobian))
    wants_jacobian = model.energy_jacobian is not None
    if labels.charges is not None:
        yield _Rows(
            "charges", like(labels.charges) - model.charges, _charge_table(features, layout) if wants_jacobian else None
        )
    if labels.dipole is not None:
        positions, scale = features.response.batch.positions, parameters[layout.scale]
        unscaled = positions.T @ model.charges
        table = None
        if wants_jacobian:
            table = scale * (positions.T @ _charge_table(features, layout)) / count
            table[:, layout.scale] = unscaled / count
        yield _Rows("dipole", (like(labels.dipole) - scale * unscaled) / count, table)


def _charge_table(features: FrameFeatures, layout: Layout) -> Array:
    table = namespace(features.columns).zeros((features.atoms, layout.size))
    table[:, layout.charges] = features.columns[:, :-1]
    return table


class Objective:
    """Sum over kinds of labels of (weight times root mean square error) squared.

    Parameters
    ----------
    store
        Frames with their features and electrostatics.
    layout
        Order of the parameters.
    weights
        Weight of every kind of label.
    interaction
        Name of the electrostatics in the store to use; None for a model without charges.
    blocks
        Block of every frame, for cross-validation and the jackknife.
    threads
        Frames worked on at the same time.
    """

    def __init__(
        self,
        store: FrameStore,
        layout: Layout,
        weights: Weights,
        *,
        interaction: str | None,
        blocks: Sequence[int] | NDArray[np.int64] | None = None,
        threads: int = 1,
    ) -> None:
        self.store, self.layout, self.weights = store, layout, weights
        self.interaction, self.threads = interaction, threads
        self.blocks = np.asarray(blocks if blocks is not None else np.zeros(len(store), dtype=int))
        self._scale = {k: getattr(weights, k) ** 2 / n for k, n in store.label_counts().items() if getattr(weights, k)}

    def _each(self, work: Callable[[int], Result], frames: Iterable[int] | None = None) -> Iterator[Result]:
        """Do something for every frame, in order, on several threads with single-threaded linear algebra."""
        indices = range(len(self.store)) if frames is None else [int(index) for index in frames]
        with threadpool_limits(limits=1):
            if self.threads == 1:
                yield from map(work, indices)
                return
            with ThreadPoolExecutor(self.threads) as pool:
                waves = [indices[k : k + 2 * self.threads] for k in range(0, len(indices), 2 * self.threads)]
                for wave in waves:  # bounded: results of at most one wave wait
                    yield from pool.map(work, wave)

    def _predict(
        self, index: int, parameters: FloatArray, *, jacobian: bool
    ) -> tuple[FrameFeatures, Prediction, Array]:
        features, electrostatics = self.store.load(index, self.interaction)
        vector = asarray(parameters, like=features.columns)
        return features, predict(features, electrostatics, vector, self.layout, jacobian=jacobian), vector

    def normal(self, parameters: FloatArray) -> Normal:
        """Linearise at a point."""
        count, size = int(self.blocks.max()) + 1, self.layout.size
        loss, gradient, curvature = np.zeros(count), np.zeros((count, size)), np.zeros((count, size, size))

        def work(index: int) -> tuple[float, FloatArray, FloatArray]:
            features, model, vector = self._predict(index, parameters, jacobian=True)
            rows = [row for row in _rows(features, model, vector, self.layout) if row.kind in self._scale]
            factors = [self._scale[row.kind] ** 0.5 for row in rows]
            xp = namespace(vector)
            residual = xp.concatenate([f * row.residual for f, row in zip(factors, rows, strict=True)])
            table = xp.concatenate([f * row.jacobian for f, row in zip(factors, rows, strict=True)])
            return float(residual @ residual), to_numpy(table.T @ residual), to_numpy(table.T @ table)

        for index, (value, slope, matrix) in enumerate(self._each(work)):
            block = self.blocks[index]
            loss[block] += value
            gradient[block] += slope
            curvature[block] += matrix
        return Normal(loss, gradient, curvature)

    def loss(self, parameters: FloatArray) -> float:
        """Return the objective at a point."""

        def work(index: int) -> float:
            features, model, vector = self._predict(index, parameters, jacobian=False)
            rows = (row for row in _rows(features, model, vector, self.layout) if row.kind in self._scale)
            return float(sum(self._scale[row.kind] * float(row.residual @ row.residual) for row in rows))

        return float(sum(self._each(work)))

    def residuals(self, parameters: FloatArray, frames: Iterable[int] | None = None) -> list[dict[str, FloatArray]]:
        """Return label minus model of every frame (or those given) by kind of label, in the units of `Weights`."""

        def work(index: int) -> dict[str, FloatArray]:
            features, model, vector = self._predict(index, parameters, jacobian=False)
            return {row.kind: to_numpy(row.residual) for row in _rows(features, model, vector, self.layout)}

        return list(self._each(work, frames))

    def charges(self, parameters: FloatArray) -> list[FloatArray]:
        """Return the charges of every frame, e."""
        return list(self._each(lambda index: to_numpy(self._predict(index, parameters, jacobian=False)[1].charges)))


def errors(residuals: Sequence[dict[str, FloatArray]]) -> Errors:
    """Summarise residuals as root mean square errors."""

    def rmse(kind: str, factor: float) -> float | None:
        parts = [frame[kind] for frame in residuals if kind in frame]
        return factor * float(np.sqrt(np.mean(np.concatenate(parts) ** 2))) if parts else None

    return Errors(
        energy_mev_atom=rmse("energy", 1e3),
        force_mev_a=rmse("force", 1e3),
        virial_mev_atom=rmse("virial", 1e3),
        bec_e=rmse("bec", 1.0),
        charges_e=rmse("charges", 1.0),
        frames=len(residuals),
    )
