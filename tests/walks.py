"""Trajectories whose diffusion coefficient is known."""

import numpy as np
from scipy.signal import lfilter


def brownian(seed, frames=1000, atoms=64, d=0.01):
    """Independent walkers; d in A^2/frame."""
    rng = np.random.default_rng(seed)
    return rng.normal(scale=np.sqrt(2 * d), size=(frames, atoms, 3)).cumsum(axis=0)


def caged(seed, frames=2000, atoms=60, rate=0.01, length=2.0, amplitude=0.3, memory=3.0):
    """Jumps along the axes with rattling about the sites; d = rate length^2 / 6."""
    rng = np.random.default_rng(seed)
    jump = (rng.random((frames, atoms)) < rate) * rng.choice([-length, length], (frames, atoms))
    steps = np.zeros((frames, atoms, 3))
    np.put_along_axis(steps, rng.integers(0, 3, (frames, atoms, 1)), jump[..., None], 2)
    keep = np.exp(-1 / memory)
    noise = rng.normal(size=(frames, atoms, 3))
    return steps.cumsum(axis=0) + amplitude * lfilter([np.sqrt(1 - keep**2)], [1, -keep], noise, axis=0)


def direct_msd(positions, lag):
    """Displacement tensor by its definition."""
    moved = positions[lag:] - positions[:-lag]
    return np.einsum("fna,fnb->ab", moved, moved) / moved.shape[0] / moved.shape[1]
