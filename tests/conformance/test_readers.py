"""Whatever the format, a reader tells what is wrong with a file and where, and what is written is read back."""

import gzip
import shutil

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError, NepkitError
from nepkit.formats.catalogue import by_name, detect, formats
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import Labels, labels, set_labels

READERS = {name: made for name, made in formats().items() if made.read}
WRITERS = {name: made for name, made in formats().items() if made.read and made.write}
ELEMENTS = ("Cl", "Na")


def frames():
    made = []
    for k in range(3):
        atoms = bulk("NaCl", "rocksalt", 5.64 + 0.1 * k)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.05 * np.arange(9).reshape(3, 3) / 9), scale_atoms=True)
        atoms.rattle(0.1, seed=k)
        rng = np.random.default_rng(k)
        virial = rng.normal(size=(3, 3))
        set_labels(atoms, Labels(energy=-7.0 - k, forces=rng.normal(size=(2, 3)), virial=virial + virial.T))
        made.append(atoms)
    return made


pytestmark = pytest.mark.usefixtures("both_parsers")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"\x00\xff\xfe" * 100, b"nonsense\nmore of it\n", b"3\nonly one\nH 0 0 0\n", b""])
def test_files_of_another_kind_are_refused_with_their_name(name, content, tmp_path):
    path = tmp_path / "input"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        list(read_frames(path, name))


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_told_as_such(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        list(READERS[name].read(tmp_path / "absent", Reading()))


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_detected_and_read_back(name, tmp_path):
    made = WRITERS[name]
    atoms = frames()[:1] if made.single else frames()
    suffix = made.names[0].removeprefix("*") if made.names else ""
    path = tmp_path / (f"{'made' if suffix.startswith('.') else ''}{suffix.replace('*', '')}" or "made")
    if made.folder:
        path.mkdir()
    assert made.write(path, atoms) == len(atoms)
    if made.folder:
        (path,) = path.iterdir()
    assert detect(path) is made
    back = list(read_frames(path, reading=Reading(ELEMENTS)))
    assert len(back) == len(atoms)
    for given, found in zip(atoms, back, strict=True):
        _equal(given, found, has_labels=name in ("extxyz", "mtp", "deepmd"))


def _equal(given, found, *, has_labels):
    one, other = ([atoms.symbols.indices()[name] for name in sorted(ELEMENTS)] for atoms in (given, found))
    order = dict(zip(np.concatenate(one).tolist(), np.concatenate(other).tolist(), strict=True))
    places = [order[index] for index in range(len(given))]
    assert found.cell.cellpar() == pytest.approx(given.cell.cellpar(), abs=1e-4)
    assert found.pbc.all()
    distances = found.get_all_distances(mic=True)[np.ix_(places, places)]
    np.testing.assert_allclose(distances, given.get_all_distances(mic=True), atol=1e-4)
    if has_labels:
        one, other = labels(given), labels(found)
        assert other.energy == pytest.approx(one.energy)
        np.testing.assert_allclose(other.forces[places], one.forces)
        np.testing.assert_allclose(other.virial, one.virial)
        np.testing.assert_allclose(found.positions[places], given.positions)


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in ("deepmd", "ase-db", "ase-traj")])
def test_packed_files_are_read(name, tmp_path):
    path = tmp_path / "plain"
    WRITERS[name].write(path, frames()[:1])
    with path.open("rb") as plain, gzip.open(tmp_path / "packed", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    assert len(list(read_frames(tmp_path / "packed", name, Reading(ELEMENTS)))) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_end_in_one_line_or_in_frames(name, tmp_path):
    """Cut, shuffled or overwritten in places: never a traceback, a hang or frames that are not finite."""
    made = WRITERS[name]
    if made.folder:
        pytest.skip("a folder of arrays; see the tests of the format")
    path = tmp_path / "input"
    made.write(path, frames()[:1])
    _damage(path, name, path.read_bytes(), cases=60)


def _damage(path, name, whole, cases):
    rng = np.random.default_rng(0)
    for case in range(cases):
        data = bytearray(whole)
        if case % 4 == 0:
            data = data[: rng.integers(len(data))]
        elif case % 4 == 1:
            lines = bytes(data).split(b"\n")
            i, j = rng.integers(len(lines), size=2)
            lines[i], lines[j] = lines[j], lines[i]
            data = b"\n".join(lines)
        elif case % 4 == 2:
            for place in rng.integers(len(data), size=5):
                data[place] = rng.choice(list(b"x -.\n9\x00\xff"))
        else:
            words = bytes(data).split(b" ")
            words[rng.integers(len(words))] = rng.choice([b"nan", b"", b"1e999", b"-1", b"1e9x"])
            data = b" ".join(words)
        path.write_bytes(bytes(data))
        told = None
        try:
            for atoms in read_frames(path, name, Reading(ELEMENTS)):
                labels(atoms)
        except NepkitError as error:
            told = str(error)
        assert told is None or told.strip()


@pytest.mark.parametrize("name", ["OUTCAR.h2o.md", "vasprun.h2o.md.tribox.xml", "cp2k_2025_output", "running_scf.log"])
def test_damaged_outputs_of_calculations_end_in_one_line_or_in_frames(name, tmp_path, reference_data):
    source = reference_data / "dft_outputs" / name
    made = detect(source)
    _damage(tmp_path / "input", made.name, source.read_bytes(), cases=24)


def test_unknown_formats_are_guessed_at():
    with pytest.raises(NepkitError, match="did you mean vasp-outcar"):
        by_name("vasp-outcr")


def test_every_format_has_a_summary_and_can_be_told():
    for made in formats().values():
        assert made.summary
        assert made.names or made.marks
        assert made.read or made.write


def test_a_single_atom_survives_every_writer(tmp_path):
    for name, made in WRITERS.items():
        path = tmp_path / name
        if made.folder:
            path.mkdir()
        made.write(path, [Atoms("Na", cell=[4, 5, 6], pbc=True)])
        place = next(path.iterdir()) if made.folder else path
        (back,) = read_frames(place, name, Reading(("Na",)))
        assert back.get_chemical_formula() == "Na"
        assert back.cell.lengths() == pytest.approx([4, 5, 6])
