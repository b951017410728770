"""Blocks of frames that belong together, for cross-validation and the jackknife."""

from collections.abc import Sequence

import ase
import numpy as np
from numpy.typing import NDArray

#: Blocks at most: enough for a jackknife, few enough to keep correlated neighbours together.
MOST_BLOCKS = 10
#: Keys in `info` that name the trajectory a frame comes from.
TRAJECTORY_KEYS = ("trajectory", "source", "config_type")


def assign_blocks(frames: Sequence[ase.Atoms], most: int = MOST_BLOCKS) -> NDArray[np.int64]:
    """Return a block for every frame, so that correlated frames share one.

    Frames are grouped by trajectory where they name at least four, else cut into contiguous runs.

    Examples
    --------
    >>> assign_blocks([ase.Atoms("H")] * 4, most=2)
    array([0, 0, 1, 1])
    """
    count = len(frames)
    blocks = min(most, count)
    for key in TRAJECTORY_KEYS:
        names = [str(atoms.info.get(key, "")) for atoms in frames]
        distinct = sorted(set(names), key=lambda name: (-names.count(name), name))
        if 4 <= len(distinct) < count or (len(distinct) == count and count >= 4):
            blocks = min(blocks, len(distinct))
            load, block_of = np.zeros(blocks), {}
            for name in distinct:  # largest first onto the emptiest block
                block_of[name] = int(load.argmin())
                load[block_of[name]] += names.count(name)
            return np.array([block_of[name] for name in names])
    return np.arange(count) * blocks // max(count, 1)
