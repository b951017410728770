"""How a diffusion coefficient settles as a run gets longer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.transport.diffusion import Diffusion, diffusion
from nepkit.transport.msd import msd
from nepkit.transport.source import open_source
from nepkit.transport.window import NotDiffusiveError

Array = NDArray[np.float64]

SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
"""Parts of a trajectory, from its beginning."""

_SAVED = re.compile(r"msd_step(\d+)\.out")


@dataclass(frozen=True)
class Stage:
    """What the beginning of a run tells.

    Parameters
    ----------
    duration : float
        ps.
    found : Diffusion or None
        None where so short a run has no diffusive regime.
    reason : str
        Then the reason.
    """

    duration: float
    found: Diffusion | None
    reason: str = ""


def convergence(
    positions: Array,
    interval: float,
    label: str = "all",
    *,
    shares: Sequence[float] = SHARES,
    window: tuple[float, float] | None = None,
    axes: Sequence[int] = (0, 1, 2),
) -> tuple[Stage, ...]:
    """Fit the diffusion coefficient of growing parts of a trajectory.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped paths of the ions, the motion of the framework removed, A.
    interval : float
        Time between frames, ps.
    label : str
        What messages call the ions.
    shares : sequence of float
        Parts of the trajectory.
    window : pair of float, optional
        Part of the lag range to fit; found when left out.
    axes : sequence of int
        Directions to average over.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(scale=0.2, size=(800, 50, 3))
    >>> stages = convergence(steps.cumsum(axis=0), 1.0, shares=(0.5, 1.0))
    >>> [stage.duration for stage in stages], bool(stages[1].found.D.error < stages[0].found.D.error)
    ([399.0, 799.0], True)
    """
    stages = []
    for share in shares:
        part = positions[: max(2, round(share * len(positions)))]
        labels = [label] * part.shape[1]
        stages.append(_stage(interval * (len(part) - 1), lambda part=part, labels=labels: diffusion(  # type: ignore[misc]
            msd(part, interval, labels=labels), label, positions=part, window=window, axes=axes
        )))  # fmt: skip
    return tuple(stages)


def saved_stages(
    folder: str | Path,
    ion: str,
    *,
    window: tuple[float, float] | None = None,
    axes: Sequence[int] = (0, 1, 2),
    model: str | Path | None = None,
    group: int | None = None,
) -> tuple[Stage, ...]:
    """Fit the files msd_step*.out that ``save_every`` of compute_msd leaves, the shortest first.

    Parameters
    ----------
    folder : str or Path
        Of the run.
    ion : str
        Element.
    window, axes
        As for `convergence`.
    model, group
        As for `source.open_source`.

    Raises
    ------
    InputError
        Where the folder has none, or no run.in, which tells the time step.
    """
    folder = Path(folder)
    files = sorted((int(match[1]), file) for file in folder.iterdir() if (match := _SAVED.fullmatch(file.name)))
    if not files:
        raise InputError(f"{folder}: no msd_step*.out; use save_every of compute_msd, or give a trajectory")
    stages = []
    for step, file in files:
        source = open_source(file, [ion], model=model, group=group)
        frames = _frames(folder, step)
        curves = replace(source.curves, frames=max(frames, len(source.curves.time) + 1))
        duration = source.interval * frames
        stages.append(_stage(duration, lambda curves=curves: diffusion(  # type: ignore[misc]
            curves, ion, window=window, axes=axes
        )))  # fmt: skip
    return tuple(stages)


def _frames(folder: Path, step: int) -> int:
    from nepkit.inputs.runfile import read_run_file

    if not (folder / "run.in").exists():
        raise InputError(f"{folder}: no run.in, which tells how many steps apart the positions are")
    run = read_run_file(folder / "run.in").with_keyword("compute_msd")
    words = run.find("compute_msd") if run else None
    if not words:
        raise InputError(f"{folder / 'run.in'}: no compute_msd")
    return step // int(words[0])


def _stage(duration: float, fit: Callable[[], Diffusion]) -> Stage:
    try:
        return Stage(duration, fit())
    except NotDiffusiveError as error:
        return Stage(duration, None, str(error))
