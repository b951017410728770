"""Features of all frames, in memory or, when they do not fit, in float32 in memory or on disk."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import ase
import numpy as np
from threadpoolctl import threadpool_limits

from .backend import Namespace
from .equations import FrameElectrostatics, FrameFeatures, frame_electrostatics, frame_features
from .errors import DataError, SettingsError
from .features import as_float32
from .kernels import Interaction
from .labels import labels_of
from .nepfile import NEP
from .packing import pack, unpack

GIGABYTE = 1e9
#: Share of the memory limit that may hold features; the rest is for the work on single frames and normal equations.
FEATURE_SHARE = 0.6


@dataclass(frozen=True)
class StoredFrame:
    """Features of one frame with the electrostatics of every interaction asked for."""

    features: FrameFeatures
    electrostatics: dict[str, FrameElectrostatics]


def size_in_bytes(item: Any) -> int:
    """Return the bytes of all arrays inside nested dataclasses, tuples and dictionaries."""
    if hasattr(item, "nbytes"):
        return int(item.nbytes)
    if isinstance(item, dict):
        return sum(size_in_bytes(value) for value in item.values())
    if isinstance(item, list | tuple):
        return sum(size_in_bytes(value) for value in item)
    if hasattr(item, "__dataclass_fields__"):
        return sum(size_in_bytes(getattr(item, field.name)) for field in fields(item))
    return 0


class FrameStore:
    """Features of many frames within a memory limit.

    Parameters
    ----------
    nep
        The frozen network.
    frames
        Labelled frames.
    interactions
        Electrostatic interactions by name.
    xp
        Array module: ``numpy`` or ``cupy``.
    memory_gb
        Limit for everything, in units of 1e9 bytes. What does not fit in float64 is kept in float32, and what does not
        fit then goes to temporary files (in TMPDIR, which should be a disk) that vanish with the store.
    threads
        Frames worked on at the same time.
    name
        What the frames are called in messages.
    progress
        Called with the number of frames done and their total.
    """

    def __init__(
        self,
        nep: NEP,
        frames: Sequence[ase.Atoms],
        interactions: dict[str, Interaction],
        *,
        xp: Namespace = np,
        memory_gb: float = 4.0,
        threads: int = 1,
        name: str = "frame",
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._nep, self._interactions, self._xp, self._name = nep, interactions, xp, name
        self._frames = list(frames)
        self._items: list[StoredFrame | Path] = []
        self.storage = self._plan(memory_gb)
        self._folder = Path()
        if self.storage == "disk":
            self._folder = Path(tempfile.mkdtemp(prefix="lr_correction-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        make = self._make_and_keep
        with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self._frames), threads):
                wave = range(start, min(start + threads, len(self._frames)))
                self._items.extend(pool.map(make, wave))
                if progress is not None:
                    progress(len(self._items), len(self._frames))

    @property
    def atoms(self) -> list[int]:
        """Number of atoms of every frame."""
        return [len(atoms) for atoms in self._frames]

    @property
    def heights(self) -> list[float]:
        """Shortest distance between two faces of the cell of every frame, angstrom."""
        return [float(1.0 / np.linalg.norm(atoms.cell.reciprocal(), axis=1).max()) for atoms in self._frames]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._items)

    def _plan(self, memory_gb: float) -> str:
        """Choose how features are kept, from the smallest, the middle and the largest frame.

        An atom takes more memory in a large frame than in one of few atoms, which are its own and only neighbours.
        """
        counts = np.array([len(atoms) for atoms in self._frames])
        order = np.argsort(counts, kind="stable")
        samples = {int(counts[k]): int(k) for k in (order[0], order[len(order) // 2], order[-1])}
        made = {count: self._make(index, single=False) for count, index in samples.items()}
        double = np.interp(counts, list(made), [size_in_bytes(item) for item in made.values()]).sum()
        single = np.interp(counts, list(made), [size_in_bytes(_rounded(item)) for item in made.values()]).sum()
        allowed = FEATURE_SHARE * memory_gb * GIGABYTE
        return "float64" if double <= allowed else "float32" if single <= allowed else "disk"

    def _make(self, index: int, *, single: bool) -> StoredFrame:
        try:
            features = frame_features(self._nep, self._frames[index], xp=self._xp)
            virial = features.labels.virial is not None
            tables = {
                key: frame_electrostatics(features, value, virial=virial) for key, value in self._interactions.items()
            }
        except DataError as error:
            raise DataError(error.reason, index, self._name) from None
        stored = StoredFrame(_without_pairs(features), tables)
        return _rounded(stored) if single else stored

    def _make_and_keep(self, index: int) -> StoredFrame | Path:
        stored = self._make(index, single=self.storage != "float64")
        if self.storage != "disk":
            return stored
        path = self._folder / f"{index}.pack"
        try:
            path.write_bytes(pack(stored))
        except OSError as error:
            remedy = "set TMPDIR to a larger disk or raise memory_gb"
            raise SettingsError(f"cannot keep features in {self._folder}: {error.strerror}: {remedy}") from None
        return path

    def load(self, index: int, interaction: str | None) -> tuple[FrameFeatures, FrameElectrostatics | None]:
        """Return a frame's features and the electrostatics of one interaction."""
        item = self._items[index]
        if isinstance(item, Path):
            item = unpack(item.read_bytes(), self._xp)
        assert isinstance(item, StoredFrame)
        return item.features, None if interaction is None else item.electrostatics[interaction]

    def label_counts(self) -> dict[str, int]:
        """Return how many numbers of every kind of label the frames carry."""
        counts = dict.fromkeys(("energy", "force", "virial", "bec", "charges", "dipole"), 0)
        for atoms in self._frames:
            labels = labels_of(atoms)
            counts["energy"] += labels.energy is not None
            counts["force"] += 3 * len(atoms) * (labels.forces is not None)
            counts["virial"] += 6 * (labels.virial is not None)
            counts["bec"] += 9 * len(atoms) * (labels.bec is not None)
            counts["charges"] += len(atoms) * (labels.charges is not None)
            counts["dipole"] += 3 * (labels.dipole is not None)
        return {kind: number for kind, number in counts.items() if number}


def _without_pairs(features: FrameFeatures) -> FrameFeatures:
    """Drop what only the set-up needs."""
    response = features.response
    empty = replace(
        response.pairs,
        centre=response.pairs.centre[:0],
        neighbour=response.pairs.neighbour[:0],
        vector=response.pairs.vector[:0],
    )
    return replace(features, response=replace(response, pairs=empty, neighbour_strain=None))


def _rounded(stored: StoredFrame) -> StoredFrame:
    return replace(stored, features=replace(stored.features, response=as_float32(stored.features.response)))
