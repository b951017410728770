"""From a structure and potentials to run.in and model.xyz."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.inputs.potential import read_header
from nepkit.inputs.presets.case import Case
from nepkit.inputs.presets.preset import RUN_PRESETS
from nepkit.structures.grouping import grouped


@dataclass(frozen=True)
class RunInput:
    """A filled template.

    Parameters
    ----------
    text : str
        run.in.
    model : Atoms or None
        model.xyz with its groups, where it is to be written.
    methods : tuple of str
        How its atoms are grouped.
    """

    text: str
    model: Atoms | None
    methods: tuple[str, ...]


def build_run(
    preset: str,
    structure: str | Path,
    potentials: Sequence[str | Path],
    folder: str | Path,
    *,
    with_model: bool = False,
    **settings: object,
) -> RunInput:
    """Fill a template of run.in.

    Parameters
    ----------
    preset : str
        One of `nepkit.inputs.presets.preset.RUN_PRESETS`.
    structure : str or Path
        The first frame is the cell.
    potentials : sequence of str or Path
        Potential files; several for a committee.
    folder : str or Path
        Where run.in will lie: paths in it count from there.
    with_model : bool
        Whether model.xyz is made, with groups and repetitions in it; run.in then has no ``replicate``.
    **settings
        Of `nepkit.inputs.presets.case.Case`.

    Raises
    ------
    UnknownNameError
        Where there is no such preset, or the potential lacks an element.
    InputError
        Where the preset needs groups that the structure lacks, or a file is not what it should be.
    """
    chosen = RUN_PRESETS[preset]
    if not potentials:
        raise InputError("give --potential, the file that run.in names")
    names = tuple(os.path.relpath(path, folder) for path in potentials)
    headers = tuple(read_header(path) for path in potentials)
    case = Case(next(read_frames(structure)), names, headers, grouped=with_model, **settings)  # type: ignore[arg-type]
    case = chosen.case(case)
    methods = chosen.groups(case)
    if methods and not with_model and not case.has_groups(methods):
        raise InputError(f"the preset {preset} needs groups of atoms: add --model model.xyz to have them written")
    model = (grouped(case.model, methods) if methods else case.model) if with_model else None
    return RunInput(chosen.write(case).text, model, tuple(methods))
