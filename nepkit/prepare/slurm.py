"""An array job of Slurm over all folders, from the user's own job script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.prepare.template import read_text

FOLDERS = "folders.txt"
SCRIPT = "array.sh"


def array_job(script: Path, at_once: int | None = None) -> Callable[[list[str]], dict[str, str]]:
    """Return what makes ``array.sh`` and ``folders.txt`` from the list of folders.

    The lines ``#SBATCH`` of the script come first, then ``--array``, then a line that goes to the folder of the task,
    then all the rest: the same script that does one folder does all of them.

    Parameters
    ----------
    script : Path
        A job script for one folder, with partition, time, modules and the command.
    at_once : int, optional
        Most tasks that run at the same time.

    Raises
    ------
    InputError
        Where the script has no first line ``#!``, or an ``--array`` of its own.
    """
    lines = read_text(script).splitlines()
    if not lines or not lines[0].startswith("#!"):
        raise InputError(f"{script}: a job script begins with a line such as #!/bin/bash")
    for number, line in enumerate(lines, 1):
        words = line.split()
        if words[:1] == ["#SBATCH"] and any(word == "-a" or word.startswith("--array") for word in words[1:]):
            raise InputError(f"{script}, line {number}: an --array of its own; leave it out, it is made here")
    options = [line for line in lines[1:] if line.startswith("#SBATCH")]
    rest = [line for line in lines[1:] if not line.startswith("#SBATCH")]

    def make(folders: list[str]) -> dict[str, str]:
        limit = f"%{at_once}" if at_once else ""
        text = [
            lines[0],
            *options,
            f"#SBATCH --array=1-{len(folders)}{limit}",
            "# Submit from the folder of this file: sbatch array.sh",
            f'cd "$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {FOLDERS})" || exit 1',
            *rest,
        ]
        return {SCRIPT: "\n".join(text) + "\n", FOLDERS: "".join(f"{folder}\n" for folder in folders)}

    return make
