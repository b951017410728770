"""Frames and steps left out are the steps of a file, and a file that was cut gives what the whole one has, or less."""

import gzip
import re
import shutil
import warnings

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import labels

# What begins, or ends, every ionic step, found without the reader.
STEPS = {
    "tests/outputs/espresso_md.out.gz": r"^!    total energy",
    "tests/outputs/espresso_vcmd.out.gz": r"^!    total energy",
    "tests/outputs/cp2k_md/h2.log.gz": r"ENERGY\| Total FORCE_EVAL",
    "tests/outputs/cp2k_cell/cellopt.log.gz": r"ENERGY\| Total FORCE_EVAL",
    "tests/outputs/cp2k_nve/nve.log.gz": r"ENERGY\| Total FORCE_EVAL",
    "tests/outputs/gpaw.txt.gz": r"^Free energy:",
    "tests/outputs/gpaw_relax.txt.gz": r"^Unit cell  #",
    "tests/cases/01_abacus_relax/running_relax.log": r"final etot is",
    "tests/cases/01_abacus_relax_old/running_relax.log": r"final etot is",
    "tests/cases/02_qe_old_header/pw.out": r"^!    total energy",
    "tests/cases/03_siesta_md/siesta.out": r"^outcoor: Atomic coordinates",
    "tests/cases/18_outcar/ok/OUTCAR": r"free  energy   TOTEN",
    "tests/cases/18_outcar/repeated_species/OUTCAR": r"free  energy   TOTEN",
    "tests/cases/26_orca/opt.out": r"^FINAL SINGLE POINT ENERGY",
    "tests/cases/26_orca/v6.out": r"^FINAL SINGLE POINT ENERGY",
    "tests/cases/26_orca/noconv.out": r"^CARTESIAN COORDINATES \(ANGSTROEM\)",
}


def frames_of(path):
    """Return the frames up to the error, if there is one, by their step, and the steps left out."""
    reading, found = Reading(), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for atoms in read_frames(path, reading=reading):
                found[int(atoms.info["source"].rpartition(":")[2])] = atoms
        except InputError:
            pass
    return found, [item.step for item in reading.dropped]


@pytest.fixture(params=STEPS)
def output(request, repository, tmp_path):
    """A plain copy of a file with its neighbours, its text, and how steps are found in it."""
    source = repository / request.param
    for beside in source.parent.iterdir():
        if beside.suffix in (".xyz", ".cell"):
            shutil.copy(beside, tmp_path)
    data = source.read_bytes()
    path = tmp_path / source.name.removesuffix(".gz")
    path.write_bytes(gzip.decompress(data) if source.suffix == ".gz" else data)
    return path, path.read_text(), STEPS[request.param]


def test_frames_and_steps_left_out_are_the_steps_in_the_file(output):
    path, text, mark = output
    found, left_out = frames_of(path)
    assert sorted([*found, *left_out]) == list(range(1, len(re.findall(mark, text, re.MULTILINE)) + 1))
    assert found


def test_a_file_that_was_cut_has_nothing_else_in_it(output):
    path, text, _ = output
    whole, _ = frames_of(path)
    lines = text.splitlines(keepends=True)
    for cut in np.linspace(0.2 * len(lines), len(lines) - 1, 25).astype(int):
        path.write_text("".join(lines[:cut]))
        part, _ = frames_of(path)
        assert set(part) <= set(whole)
        with_forces = False
        for number, atoms in sorted(part.items()):
            one, two = labels(atoms), labels(whole[number])
            np.testing.assert_array_equal(atoms.positions, whole[number].positions)
            np.testing.assert_array_equal(atoms.cell.array, whole[number].cell.array)
            assert one.energy == two.energy
            for name in ("forces", "virial"):  # whole or not at all
                if getattr(one, name) is not None:
                    np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
            assert not with_forces or one.forces is not None, f"step {number} without forces after one with them"
            with_forces = one.forces is not None
