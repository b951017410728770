"""Templates of nep.in, filled from the frames at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.core.registry import Registry
from nepkit.inputs.nep_files import FrameCounts, count_frames
from nepkit.inputs.potential import PotentialHeader, read_header
from nepkit.inputs.presets.script import Script

MOST_FULL_BATCH = 1000
"""Frames up to which every generation takes all of them."""


@dataclass(frozen=True)
class Training:
    """A training to be set up.

    Parameters
    ----------
    counts : FrameCounts
        What train.xyz has.
    elements : tuple of str
        Types of the model in their order.
    foundation : PotentialHeader or None
        Head of the model to start from.
    model, restart : str
        Its files as nep.in names them.
    """

    counts: FrameCounts
    elements: tuple[str, ...]
    foundation: PotentialHeader | None = None
    model: str = ""
    restart: str = ""


@dataclass(frozen=True)
class TrainingPreset:
    """A template of nep.in.

    Parameters
    ----------
    name, meaning : str
        What it is called, and what for.
    write : callable
        Given a training, returns the lines.
    """

    name: str
    meaning: str
    write: Callable[[Training], Script]


def _begin(training: Training) -> Script:
    script = Script()
    counts = training.counts
    script.part(f"{counts.frames} frames, {sum(counts.elements.values())} atoms")
    script.add(f"type {len(training.elements)} {' '.join(training.elements)}", "order of the types in the model")
    return script


def _model(script: Script, cutoff: str, why: str, *, neurons: int = 30, charge_mode: int = 0, zbl: bool = True) -> None:
    script.add("version 4")
    if charge_mode:
        script.add(f"charge_mode {charge_mode}", "charges in reciprocal space alone: smooth at short distance")
    script.add(f"cutoff {cutoff}", why)
    script.add("n_max 6 6", "radial and angular functions; 4 4 is quicker")
    script.add("basis_size 8 8", "polynomials of each of them")
    script.add("l_max 4 1 0", "three-body up to l = 4, one four-body invariant")
    script.add(f"neuron {neurons}", "hidden neurons; more for many elements")
    if zbl:
        script.add("zbl 2", "A; repulsion at short distances, which frames seldom show")


def _loss(
    script: Script, training: Training, batch: tuple[int, str], generations: int, more: Sequence[tuple[str, str]] = ()
) -> None:
    counts = training.counts
    script.part("loss")
    script.add("lambda_e 1")
    script.add("lambda_f 1")
    if counts.virials:
        script.add("lambda_v 0.1", f"{counts.virials} of {counts.frames} frames have a virial")
    else:
        script.add("lambda_v 0", "no frame has a virial: pressures are not fitted")
    for line, why in more:
        script.add(line, why)
    script.part("training")
    script.add(f"batch {batch[0]}", batch[1])
    script.add("population 50")
    script.add(f"generation {generations}", "until the test error in loss.out stops falling")


def _batch(training: Training, *, full: bool = False) -> tuple[int, str]:
    frames = training.counts.frames
    if full and training.counts.charged:
        return frames, "all frames: nep mixes up the charges of frames in smaller batches"
    if frames <= MOST_FULL_BATCH:
        return frames, "all frames in every generation"
    return MOST_FULL_BATCH, f"of {frames} frames, to save memory of the GPU"


def _neurons(training: Training) -> int:
    return 30 if len(training.elements) <= 4 else 50 if len(training.elements) <= 10 else 80


def _standard(training: Training) -> Script:
    script = _begin(training)
    _model(script, "8 5", "A; radial and angular", neurons=_neurons(training))
    _loss(script, training, _batch(training), 100000)
    return script


def _quick(training: Training) -> Script:
    script = _begin(training)
    script.add("version 4")
    script.add("cutoff 6 4", "A; short, so that it is quick")
    script.add("n_max 4 4")
    script.add("basis_size 6 6")
    script.add("l_max 4 1 0")
    script.add("neuron 20", "few: to see whether the frames are sound")
    script.add("zbl 2", "A; repulsion at short distances")
    _loss(script, training, _batch(training), 10000)
    return script


def _qnep(training: Training) -> Script:
    script = _begin(training)
    _model(script, "6 5", "A; short, since the charges reach further", neurons=_neurons(training), charge_mode=2)
    more = [("lambda_q 0.1", "total charge of every frame")]
    if training.counts.bec:
        more.append(("lambda_z 0.5", f"Born effective charges of {training.counts.bec} frames"))
    _loss(script, training, _batch(training, full=True), 100000, more)
    return script


def _architecture(script: Script, head: PotentialHeader) -> None:
    """Repeat what the head of a model says."""
    script.add("version 4")
    if "zbl" in head.lines:
        script.add(f"zbl {head.lines['zbl'][1]}")
    if head.charge_mode:
        script.add(f"charge_mode {head.charge_mode}")
    script.add(f"cutoff {' '.join(head.lines['cutoff'][:-2])}")
    for keyword in ("n_max", "basis_size", "l_max"):
        script.add(f"{keyword} {' '.join(head.lines[keyword])}")
    script.add(f"neuron {head.lines['ANN'][0]}")


def _fine_tune(training: Training) -> Script:
    if training.foundation is None or not training.restart:
        raise InputError("the preset fine-tune needs --start, the foundation model, and --restart, its restart file")
    script = Script()
    script.part(f"{training.counts.frames} frames; their energies must be of the kind that the model was fitted to")
    script.add(f"fine_tune {training.model} {training.restart}")
    script.add(f"type {len(training.elements)} {' '.join(training.elements)}", "elements that are kept")
    script.part("those of the model, which cannot be changed")
    _architecture(script, training.foundation)
    more = [("lambda_1 0", "no pull towards zero: the model is good")]
    _loss(script, training, _batch(training), 5000, more)
    return script


def _predict(training: Training) -> Script:
    if training.foundation is None:
        raise InputError("the preset predict needs --start, the model, which is then to be nep.txt")
    script = Script()
    script.part("errors of nep.txt on train.xyz")
    script.add("prediction 1")
    elements = training.foundation.elements
    script.add(f"type {len(elements)} {' '.join(elements)}", "as in nep.txt, all of them")
    _architecture(script, training.foundation)
    script.add(f"batch {min(training.counts.frames, MOST_FULL_BATCH)}")
    return script


TRAINING_PRESETS: Registry[TrainingPreset] = Registry("preset")
for _item in (
    TrainingPreset("standard", "A NEP from the start, for production.", _standard),
    TrainingPreset("quick", "A small NEP, to see whether the frames are sound.", _quick),
    TrainingPreset("qnep", "A NEP with charges.", _qnep),
    TrainingPreset("fine-tune", "A foundation model adapted to these frames.", _fine_tune),
    TrainingPreset("predict", "Errors of a model on these frames.", _predict),
):
    TRAINING_PRESETS.register(_item.name)(_item)
"""Templates of nep.in."""


def build_training(
    preset: str,
    frames: str | Path,
    folder: str | Path,
    *,
    start: str | Path | None = None,
    restart: str | Path | None = None,
    elements: tuple[str, ...] = (),
) -> str:
    """Fill a template of nep.in.

    Parameters
    ----------
    preset : str
        One of `TRAINING_PRESETS`.
    frames : str or Path
        train.xyz.
    folder : str or Path
        Where nep.in will lie.
    start, restart : str or Path, optional
        A model and its restart file.
    elements : tuple of str
        Types in their order; those of the frames, alphabetically, when empty.

    Raises
    ------
    UnknownNameError
        Where there is no such preset.
    InputError
        Where the frames have elements that are not named, or a model is needed.
    """
    chosen = TRAINING_PRESETS[preset]
    counts = count_frames(Path(frames))
    if not counts.frames:
        raise InputError(f"{frames}: no frames")
    missing = sorted(set(counts.elements) - set(elements)) if elements else []
    if missing:
        raise InputError(f"{frames} has {' and '.join(missing)}, which --elements does not name")
    head = read_header(start) if start is not None else None
    known = [element for element in head.elements if element in counts.elements] if head else sorted(counts.elements)
    if head is not None:
        absent = sorted(set(counts.elements) - set(head.elements))
        if absent:
            raise InputError(f"{start} does not know {' and '.join(absent)} of {frames}")
    names = [os.path.relpath(path, folder) if path is not None else "" for path in (start, restart)]
    return chosen.write(Training(counts, elements or tuple(known), head, *names)).text
