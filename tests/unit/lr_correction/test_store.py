"""Features of many frames within a memory limit."""

import errno
import gc
import tempfile
from pathlib import Path

import numpy as np
import pytest

from lr_correction.errors import DataError, SettingsError
from lr_correction.kernels import gpumd, smeared_within
from lr_correction.objective import Objective, Weights
from lr_correction.parameters import Layout
from lr_correction.store import FEATURE_SHARE, GIGABYTE, FrameStore, size_in_bytes
from tests.factories import random_nep
from tests.truth import labelled, potential_of, random_frames

NEP = random_nep(2, neurons=3)
LAYOUT = Layout(3, 3)
TRUTH = potential_of(NEP, {"Li": 1.0, "Cl": -1.0, "Y": 0.6})
INTERACTIONS = {"full": gpumd(2, NEP.cutoff_radial), "cut": smeared_within(NEP.cutoff_radial)}


@pytest.fixture(scope="module")
def frames():
    return labelled(TRUTH, random_frames(5, grid=(2, 2, 2)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def store_of(frames, storage=None, **settings) -> FrameStore:
    """A store with memory for one kind of storage; None: no limit."""
    if storage is not None:
        whole = FrameStore(NEP, frames, INTERACTIONS)
        features, parts = zip(*(whole.load(k, "full") for k in range(len(frames))), strict=True)
        double = size_in_bytes(features) + 2 * size_in_bytes(parts)
        single = double - sum(g.values.nbytes for f in features for g in f.response.gradients) / 2
        needed = {"float64": 1.5 * double, "float32": (double + single) / 2, "disk": 0.1 * single}[storage]
        settings["memory_gb"] = needed / FEATURE_SHARE / GIGABYTE
    return FrameStore(NEP, frames, INTERACTIONS, **settings)


def normal_of(store, interaction="full"):
    point = np.random.default_rng(0).normal(size=LAYOUT.size)
    return Objective(store, LAYOUT, Weights(), interaction=interaction).normal(point)


def test_plenty_of_memory_keeps_float64(frames):
    store = store_of(frames, "float64")
    assert store.storage == "float64"
    assert len(store) == 5


def test_small_frames_first_do_not_hide_the_memory_of_large_ones():
    nep = random_nep(2, elements=("Cl",), neurons=8)
    truth = potential_of(nep, {"Cl": 0.0})
    small, large = (labelled(truth, random_frames(3, grid=grid, elements=("Cl",))) for grid in ((1, 1, 2), (3, 3, 3)))
    sizes = [size_in_bytes(FrameStore(nep, [atoms], {}).load(0, None)) for atoms in (small[0], large[0])]
    by_the_first = 27 / 2 * sizes[0] * 3
    assert by_the_first < 0.7 * 3 * sizes[1]  # an atom of a large frame takes more
    limit = 1.1 * by_the_first / FEATURE_SHARE / GIGABYTE
    assert FrameStore(nep, [*small, *large], {}, memory_gb=limit).storage != "float64"


@pytest.mark.parametrize("storage", ["float32", "disk"])
@pytest.mark.parametrize("interaction", ["full", "cut", None])
def test_less_memory_gives_the_same_numbers_to_six_digits(frames, folder, storage, interaction):
    store = store_of(frames, storage)
    assert store.storage == storage
    exact, found = normal_of(store_of(frames), interaction), normal_of(store, interaction)
    for name in ("loss", "gradient", "curvature"):
        expected = getattr(exact, name)
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_temporary_files_vanish_with_the_store(frames, folder):
    store = store_of(frames, "disk")
    assert len(list(folder.rglob("*"))) == 6  # a folder and a file for every frame
    del store
    gc.collect()
    assert not list(folder.iterdir())


def test_temporary_files_vanish_when_a_frame_is_bad(frames, folder):
    bad = frames[3].copy()
    bad.positions[1] = bad.positions[0]
    with pytest.raises(DataError, match="training frame 4: atoms 1 and 2 are at the same place"):
        FrameStore(NEP, [*frames[:3], bad], INTERACTIONS, memory_gb=1e-6, name="training frame")
    gc.collect()
    assert not list(Path(folder).iterdir())


def test_a_full_disk_is_one_line(frames, folder, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SettingsError, match="No space left on device: set TMPDIR to a larger disk or raise memory_gb"):
        FrameStore(NEP, frames, INTERACTIONS, memory_gb=1e-6)


def test_threads_keep_the_order(frames):
    one, three = store_of(frames), store_of(frames, threads=3)
    for index in range(5):
        np.testing.assert_array_equal(one.load(index, "full")[0].columns, three.load(index, "full")[0].columns)


def test_progress_counts_to_the_end(frames):
    seen = []
    store_of(frames, threads=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_counts_of_labels(frames):
    few = [frames[0], frames[1].copy()]
    few[1].info["energy"] = 1.0
    counts = store_of(few).label_counts()
    assert counts == {"energy": 2, "force": 24, "virial": 6}
