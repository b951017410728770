"""Defects of other tool kits that nepkit must not have."""

import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read, write

from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels, strip_labels


@pytest.mark.parametrize("key", ["energy", "Energy", "free_energy"])
def test_energies_are_found_where_ase_put_them(tmp_path, key):
    """A filter on info["energy"] silently wrote an empty file, because ASE keeps energy in the calculator."""
    (tmp_path / "a.xyz").write_text(
        f'1\nLattice="4 0 0 0 4 0 0 0 4" {key}=-1.5 Properties=species:S:1:pos:R:3\nH 0 0 0\n'
    )
    assert labels(read(tmp_path / "a.xyz")).energy == -1.5
    assert [labels(atoms).energy for atoms in read_frames(tmp_path / "a.xyz")] == [-1.5]


def test_frames_that_share_a_calculator_keep_their_own_results(tmp_path):
    """One calculator for all frames and writing at the end gave every frame the results of the last one."""
    from ase.calculators.emt import EMT

    calculator = EMT()
    frames = []
    for strain in (0.98, 1.0, 1.02):
        atoms = bulk("Cu", cubic=True)
        atoms.set_cell(atoms.cell * strain, scale_atoms=True)
        atoms.calc = calculator
        set_labels(atoms, Labels(energy=atoms.get_potential_energy(), forces=atoms.get_forces()))
        frames.append(atoms)
    write_frames(tmp_path / "out.xyz", frames)
    energies = [labels(atoms).energy for atoms in read_frames(tmp_path / "out.xyz")]
    assert len(set(energies)) == 3
    assert energies == [labels(atoms).energy for atoms in frames]


def test_virials_are_written_with_nine_numbers(tmp_path):
    """Six Voigt numbers in a virial make a data set that the trainer cannot use."""
    atoms = bulk("Cu")
    set_labels(atoms, Labels(energy=0.0, virial=np.diag([1.0, 2.0, 3.0])))
    write_frames(tmp_path / "out.xyz", [atoms])
    assert 'virial="1.0 0.0 0.0 0.0 2.0 0.0 0.0 0.0 3.0"' in (tmp_path / "out.xyz").read_text()


def test_a_cleaned_frame_has_no_label_under_any_spelling(tmp_path):
    """A cleaned file kept the force column and the Energy key."""
    atoms = bulk("Cu")
    atoms.info.update(Energy=1.0, Virial=np.eye(3))
    atoms.arrays["force"] = np.zeros((1, 3))
    strip_labels(atoms)
    write(tmp_path / "clean.xyz", atoms, format="extxyz")
    text = (tmp_path / "clean.xyz").read_text().lower()
    assert not [word for word in ("energy", "virial", "force") if word in text]


def test_several_codes_and_patterns_are_no_choice_and_failures_are_told(tmp_path):
    """The menu took "." and "101 102" for choices, did nothing, and always ended with status 0."""
    environment = {"PATH": "/usr/bin:/bin", "NEPKIT_GPUMD": str(tmp_path / "absent")}
    done = subprocess.run(
        [sys.executable, "-m", "nepkit"],
        input=".\n101 102\n717\n",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "'.' is not a choice" in done.stdout
    assert "'101 102' is not a choice" in done.stdout
    assert done.returncode == 1
