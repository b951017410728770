import os
import stat
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from lr_correction.nepfile import write_nep
from nepkit.core.errors import InputError, ProgramError
from nepkit.models.potentials import load_potential
from nepkit.models.work import Work
from tests.factories import random_frame, random_nep


def noted(folder, item):
    """Leave a mark that it was called, and fail for 3 as long as there is no permission."""
    (folder / f"{item}.{len(list(folder.glob('*')))}").touch()
    if item == 3 and not (folder / "permission").exists():
        raise InputError("three")
    return item * 10


def energy(potential, atoms):
    return potential.compute([atoms])[0].energy


def calls(folder):
    return len([file for file in folder.glob("*") if file.name != "permission"])


def test_pieces_that_were_done_are_not_done_again(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    work = Work(folder=tmp_path / "work")
    with pytest.raises(InputError, match="three"):
        list(work.map(noted, marks, [1, 2, 3, 4], "Pieces"))
    before = calls(marks)
    (marks / "permission").touch()
    assert list(work.map(noted, marks, [1, 2, 3, 4], "Pieces")) == [10, 20, 30, 40]
    assert calls(marks) - before == 2
    assert list(work.map(noted, marks, [4, 1], "Pieces")) == [40, 10]
    assert calls(marks) - before == 2


def test_processes_keep_what_they_did(tmp_path):
    assert list(Work(2, tmp_path).map(pow, 2, [1, 2, 3], "Powers")) == [2, 4, 8]
    assert len(list(tmp_path.glob("*.pack"))) == 3


def test_without_a_folder_nothing_is_kept(tmp_path):
    assert list(Work().map(pow, 2, [3, 4], "Powers")) == [8, 16]
    assert list(tmp_path.iterdir()) == []


def test_another_model_under_the_same_name_is_computed_anew(tmp_path):
    model, frame = tmp_path / "nep.txt", random_frame()
    found = []
    for seed in (0, 1, 1):
        write_nep(random_nep(seed), model)
        found += Work(folder=tmp_path / "work").map(energy, load_potential(model), [frame], "Energies")
    assert found[0] != found[1]
    assert found[1] == found[2]
    assert len(list((tmp_path / "work").glob("*.pack"))) == 2


def test_a_result_that_cannot_be_read_is_told(tmp_path):
    work = Work(folder=tmp_path)
    list(work.map(pow, 2, [3], "Powers"))
    (file,) = tmp_path.glob("*.pack")
    file.write_bytes(b"")
    with pytest.raises(InputError, match="remove the file to have it done again"):
        list(work.map(pow, 2, [3], "Powers"))


def test_unknown_executors_and_slurm_without_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="known: local, slurm"):
        list(Work(executor="pbs", folder=tmp_path).map(pow, 2, [3], "Powers"))
    with pytest.raises(InputError, match="give --work FOLDER"):
        list(Work(executor="slurm").map(pow, 2, [3], "Powers"))


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A Slurm that starts every job at once, and notes what it was asked."""
    pytest.importorskip("executorlib", reason="executorlib is not installed (extra: cluster)")
    pytest.importorskip("pysqa", reason="pysqa is not installed (extra: cluster)")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sbatch").write_text(
        f'#!/bin/bash\nscript="${{@: -1}}"\ncat "$script" >> {tmp_path}/asked\n'
        '( cd "$(dirname "$script")" && bash "$script" > /dev/null 2>&1 ) &\necho 17\n'
    )
    (programs / "squeue").write_text("#!/bin/bash\n")
    for program in programs.iterdir():
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    return tmp_path / "asked"


def test_jobs_of_slurm_give_the_same_and_are_kept(slurm, tmp_path):
    frames = [bulk("Cu", a=3.5), bulk("Cu", a=3.7)]
    emt = load_potential("emt")
    work = Work(2, tmp_path / "work", "slurm", {"partition": "cpu"})
    np.testing.assert_allclose(list(work.map(energy, emt, frames, "Energies")), [energy(emt, one) for one in frames])
    asked = slurm.read_text()
    assert asked.count("--partition=cpu") == 2
    assert len(list(work.map(energy, emt, frames, "Energies"))) == 2
    assert slurm.read_text() == asked


def test_no_slurm_on_this_machine_is_told(tmp_path, monkeypatch):
    pytest.importorskip("executorlib", reason="executorlib is not installed (extra: cluster)")
    pytest.importorskip("pysqa", reason="pysqa is not installed (extra: cluster)")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramError, match="is sbatch on this machine's PATH"):
        list(Work(folder=tmp_path / "work", executor="slurm").map(pow, 2, [3], "Powers"))


def test_resources_that_cannot_be_are_told(tmp_path):
    pytest.importorskip("executorlib", reason="executorlib is not installed (extra: cluster)")
    with pytest.raises(InputError, match="run_time_max of Slurm's jobs is 'soon', expected a whole number"):
        list(Work(1, tmp_path / "work", "slurm", {"run_time_max": "soon"}).map(pow, 2, [3], "Powers"))
