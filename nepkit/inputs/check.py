"""Finding out which input files there are, and checking them."""

from __future__ import annotations

from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.inputs.finding import InputFinding
from nepkit.inputs.inputfile import read_input
from nepkit.inputs.nep import check_nep_file
from nepkit.inputs.nep_keywords import GNEP_KEYWORDS, NEP_KEYWORDS
from nepkit.inputs.run import check_run_file
from nepkit.inputs.run_keywords import RUN_KEYWORDS

NAMES = ("run.in", "nep.in", "gnep.in")
"""Files that are looked for in a folder."""


def input_files(path: str | Path) -> list[Path]:
    """Return the input files of a folder, or the file itself.

    Raises
    ------
    InputError
        Where a folder has none.
    """
    path = Path(path)
    if not path.is_dir():
        return [path]
    found = [path / name for name in NAMES if (path / name).exists()]
    if not found:
        raise InputError(f"{path}: no {' or '.join(NAMES)} in it; name the file")
    return found


def kind_of(path: str | Path) -> str:
    """Return "gpumd" or "nep": by the name, else by the keywords.

    Raises
    ------
    InputError
        Where a file has keywords of neither.
    """
    path = Path(path)
    if path.name in NAMES:
        return "gpumd" if path.name == "run.in" else "nep"
    words = {line.words[0] for line in read_input(path).commands()}
    scores = {"gpumd": len(words & set(RUN_KEYWORDS)), "nep": len(words & {*NEP_KEYWORDS, *GNEP_KEYWORDS})}
    best = max(scores, key=lambda name: scores[name])
    if not scores[best]:
        raise InputError(f"{path}: no keyword of run.in or nep.in in it; is it another kind of file?")
    return best


def check_file(path: str | Path) -> list[InputFinding]:
    """Return what is wrong with a run.in, nep.in or gnep.in.

    Parameters
    ----------
    path : str or Path
        The file; what lies beside it is compared with it.
    """
    return check_run_file(path) if kind_of(path) == "gpumd" else check_nep_file(path)
