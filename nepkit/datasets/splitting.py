"""Which frames of a set are for testing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError


def size_of_test(share: str, frames: int) -> int:
    """Return how many of the frames are for testing, from a fraction such as ``0.1`` or a number such as ``20``.

    Raises
    ------
    InputError
        Where it is neither, or leaves no frame for training or testing.

    Examples
    --------
    >>> size_of_test("0.1", 25), size_of_test("20", 25)
    (2, 20)
    """
    try:
        count = int(share) if share.strip().isdigit() else max(1, round(_fraction(share) * frames))
    except ValueError:
        raise InputError(f"{share!r} is neither a fraction such as 0.1 nor a number of frames such as 20") from None
    if not 0 < count < frames:
        raise InputError(f"{count} of {frames} frames for testing leave none for {'training' if count else 'testing'}")
    return count


def _fraction(text: str) -> float:
    value = float(text)
    if not 0.0 < value < 1.0:
        raise ValueError(text)
    return value


def key_of(atoms: Atoms, key: str, where: str = "frame") -> str:
    """Return what a frame is stratified or grouped by.

    Parameters
    ----------
    atoms : ase.Atoms
        The frame.
    key : str
        ``formula``, ``source`` (the file that it came from, without the step), or any key of ``info``.
    where : str
        What messages call the frame.

    Raises
    ------
    InputError
        Where the frame has no such key.

    Examples
    --------
    >>> from ase import Atoms
    >>> key_of(Atoms("H2", info={"source": "run/OUTCAR:17"}), "source")
    'run/OUTCAR'
    """
    if key == "formula":
        return str(atoms.get_chemical_formula(mode="metal"))
    if key not in atoms.info:
        raise InputError(f"{where}: it has no key {key!r}; its keys are {', '.join(sorted(atoms.info)) or 'none'}")
    value = str(atoms.info[key])
    name, _, step = value.rpartition(":")
    return name if key == "source" and name and step.isdigit() else value


def split_stratified(strata: Sequence[Hashable], count: int, seed: int = 0) -> list[int]:
    """Return the sorted indices of test frames, random with the same share of every stratum as near as can be.

    Parameters
    ----------
    strata : sequence
        Stratum of every frame, such as its formula.
    count : int
        Number of test frames.
    seed : int
        Of the random numbers.

    Examples
    --------
    >>> chosen = split_stratified(["NaCl"] * 30 + ["LiF"] * 10, 4)
    >>> sum(index < 30 for index in chosen)
    3
    """
    rng = np.random.default_rng(seed)
    members: dict[Hashable, list[int]] = {}
    for index, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(index)
    shares = np.array([len(group) * count / len(strata) for group in members.values()])
    quotas = np.floor(shares).astype(int)
    order = np.lexsort((rng.random(len(shares)), quotas - shares))  # the largest remainders first, ties at random
    quotas[order[: count - int(quotas.sum())]] += 1
    chosen: list[int] = []
    for group, quota in zip(members.values(), quotas.tolist(), strict=True):
        chosen += rng.choice(group, quota, replace=False).tolist()
    return sorted(chosen)


def split_groups(groups: Sequence[Hashable], count: int, seed: int = 0) -> list[int]:
    """Return the sorted indices of test frames such that a group is whole on one side.

    Groups are taken in random order as long as they fit into ``count``; where none fits, the smallest one is taken.

    Raises
    ------
    InputError
        Where there is one group alone.

    Examples
    --------
    >>> split_groups(["a", "a", "b", "b", "c", "c"], 2) in ([0, 1], [2, 3], [4, 5])
    True
    """
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    if len(members) < 2:
        raise InputError("all frames are of one group, so they cannot be split by groups; use another method")
    chosen: list[int] = []
    sets = list(members.values())
    for place in np.random.default_rng(seed).permutation(len(sets)).tolist():
        if len(chosen) + len(sets[place]) <= count:
            chosen += sets[place]
    smallest: list[int] = min(sets, key=len)
    return sorted(chosen or smallest)
