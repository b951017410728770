"""Operations on nep.txt and nep.restart: energies by CPUNEP before and after, and calorine's own operations."""

import numpy as np
import pytest
from ase.io import read as ase_read
from calorine.calculators import CPUNEP
from calorine.nep import read_model

from lr_correction.nep import keep_species
from lr_correction.nepfile import read_nep, trained_numbers, with_trained_numbers, write_nep
from nepkit.core.errors import InputError, UnknownNameError
from nepkit.inputs.inputfile import parse_input
from nepkit.inputs.nepin import parse_nep_in
from nepkit.models.prediction import predict
from nepkit.models.surgery.heads import charged, to_nep4, uncharged
from nepkit.models.surgery.nepin import agreeing
from nepkit.models.surgery.size import important_neurons, resized, widened, with_neurons
from nepkit.models.surgery.species import kept, with_species
from nepkit.models.surgery.trainable import Trainable, read_trainable
from tests.factories import random_frame, random_nep

EXACT = {"rtol": 0, "atol": 1e-10}

GROW = {
    "neurons": lambda nep, fill: widened(nep, fill, nep.neurons + 5),
    "n_max": lambda nep, fill: resized(nep, fill, n_max=(nep.n_max[0] + 2, nep.n_max[1] + 1)),
    "basis_size": lambda nep, fill: resized(nep, fill, basis_size=(8, 7)),
    "l_max": lambda nep, fill: resized(nep, fill, l_max=6),
    "invariants": lambda nep, fill: resized(nep, fill, invariants=("222", "1111", "112", "123", "233", "134")),
    "charges of mode 1": lambda nep, fill: charged(nep, fill, 1),
    "charges of mode 2": lambda nep, fill: charged(nep, fill, 2),
    "an element": lambda nep, fill: with_species(nep, fill, ["Na", "Br"]),
    "an element like another": lambda nep, fill: with_species(nep, fill, ["Na"], like={"Na": "Li"}),
    "everything": lambda nep, fill: charged(
        widened(resized(with_species(nep, fill, ["K"]), fill, n_max=(5, 4), basis_size=(6, 6), l_max=5), fill, 12),
        fill,
        2,
    ),
}


def by_calorine(nep, path, atoms):
    """Energy and forces by calorine, of the file that is written."""
    write_nep(nep, path)
    atoms = atoms.copy()
    atoms.calc = CPUNEP(str(path))
    return atoms.get_potential_energy(), atoms.get_forces()


def state_of(nep, seed=0):
    """Return a model with a state of training whose numbers are all different."""
    random = np.random.default_rng(seed)
    size = trained_numbers(nep).size
    return Trainable(nep, *(with_trained_numbers(nep, 1e-4 * random.integers(1000, 10000, size)) for _ in range(2)))


@pytest.fixture
def nep(tmp_path):
    write_nep(random_nep(3, invariants=("222",), zbl=(0.7, 1.4, None)), tmp_path / "start.txt")
    return read_nep(tmp_path / "start.txt")


@pytest.mark.parametrize("name", GROW)
def test_growing_leaves_energies_and_forces(name, nep, tmp_path):
    atoms = random_frame(5)
    energy, forces = by_calorine(nep, tmp_path / "before.txt", atoms)
    after = Trainable(nep).changed(GROW[name]).model
    new_energy, new_forces = by_calorine(after, tmp_path / "after.txt", atoms)
    assert new_energy == pytest.approx(energy, abs=1e-10)
    np.testing.assert_allclose(new_forces, forces, **EXACT)
    (ours,) = predict(_potential(after), [atoms], bec=False)
    assert ours.energy == pytest.approx(energy, abs=1e-9)


def _potential(nep):
    from lr_correction.correction import LongRangePotential

    return LongRangePotential.from_nep(nep) if nep.charge_mode else nep


@pytest.mark.parametrize("name", GROW)
def test_the_restart_file_grows_alike(name, nep, tmp_path):
    before = state_of(nep)
    after = before.changed(GROW[name], sigma=0.07)
    after.write(tmp_path / "new.txt", tmp_path / "new.restart")
    rows = np.loadtxt(tmp_path / "new.restart")
    settings = parse_nep_in(agreeing(parse_input("type 1 Li  # elements\nbatch 5\n"), after.model), "nep.in")
    assert len(rows) == settings.parameters
    again = read_trainable(tmp_path / "new.txt", tmp_path / "new.restart")
    assert again.width is not None
    # Old widths are where they were, and what is new has the width that was asked for.
    old = set(np.round(trained_numbers(before.width), 6))
    new = set(np.round(trained_numbers(again.width), 6))
    assert new - old == {0.07}
    assert old <= new
    read_model(str(tmp_path / "new.txt"), str(tmp_path / "new.restart"))  # calorine counts the rows too


def test_copies_of_an_element_behave_like_it(nep, tmp_path):
    after = Trainable(nep).changed(lambda model, fill: with_species(model, fill, ["Na"], like={"Na": "Li"})).model
    atoms = random_frame(5)
    energy, forces = by_calorine(nep.__class__(**{**vars(nep), "zbl": None}), tmp_path / "a.txt", atoms)
    atoms.symbols[[i for i, symbol in enumerate(atoms.symbols) if symbol == "Li"][::2]] = "Na"
    assert "Na" in atoms.get_chemical_symbols()
    # without the repulsion, which knows nuclear charges
    new_energy, new_forces = by_calorine(after.__class__(**{**vars(after), "zbl": None}), tmp_path / "b.txt", atoms)
    assert new_energy == pytest.approx(energy, abs=1e-10)
    np.testing.assert_allclose(new_forces, forces, **EXACT)


@pytest.mark.parametrize(("version", "equal"), [(3, False), (5, False), (5, True)])
def test_old_versions_become_nep4(version, equal, tmp_path):
    old = random_nep(4, version=version)
    if equal:
        old = old.__class__(**{**vars(old), "type_bias": np.full(3, 0.3)})
    atoms = random_frame(6)
    (before,) = predict(old, [atoms])
    after = Trainable(old).changed(to_nep4).model
    assert after.version == 4
    assert after.neurons == old.neurons + (version == 5 and not equal)
    energy, forces = by_calorine(after, tmp_path / "new.txt", atoms)
    # the file has eight digits
    assert energy == pytest.approx(before.energy, abs=1e-6)
    np.testing.assert_allclose(forces, before.forces, atol=1e-6)


def test_kept_elements_equal_calorines(nep, tmp_path):
    state_of(nep).write(tmp_path / "old.txt", tmp_path / "old.restart")
    theirs = read_model(str(tmp_path / "old.txt"), str(tmp_path / "old.restart")).keep_species(["Li", "Y"])
    theirs.write(str(tmp_path / "theirs.txt"), str(tmp_path / "theirs.restart"))
    ours = read_trainable(tmp_path / "old.txt", tmp_path / "old.restart")
    left = kept(ours.model, [], ["Cl"])
    ours.changed(lambda model, fill: keep_species(model, left)).write(tmp_path / "ours.txt", tmp_path / "ours.restart")
    for suffix in ("txt", "restart"):
        text = (tmp_path / f"ours.{suffix}").read_text().split()
        assert text == (tmp_path / f"theirs.{suffix}").read_text().split()


def test_pruned_neurons_equal_calorines(nep, tmp_path):
    state_of(nep).write(tmp_path / "old.txt", tmp_path / "old.restart")
    theirs = read_model(str(tmp_path / "old.txt"), str(tmp_path / "old.restart")).prune(n_neuron=4, l_max_4b=0)
    theirs.write(str(tmp_path / "theirs.txt"), str(tmp_path / "theirs.restart"))
    ours = read_trainable(tmp_path / "old.txt", tmp_path / "old.restart")
    chosen = important_neurons(ours.model, 4)
    pruned = ours.changed(lambda model, fill: resized(with_neurons(model, chosen), fill, invariants=()))
    pruned.write(tmp_path / "ours.txt", tmp_path / "ours.restart")
    for suffix in ("txt", "restart"):
        text = (tmp_path / f"ours.{suffix}").read_text().split()
        assert text == (tmp_path / f"theirs.{suffix}").read_text().split()


def test_a_charge_head_goes_and_comes(nep, tmp_path):
    after = Trainable(nep).changed(lambda model, fill: charged(model, fill, 2)).model
    assert np.all(after.w1_charge == 0)
    back = uncharged(after)
    np.testing.assert_array_equal(trained_numbers(back), trained_numbers(nep))
    with pytest.raises(InputError, match="charges already"):
        Trainable(after).changed(lambda model, fill: charged(model, fill, 1))
    with pytest.raises(InputError, match="no charges to take away"):
        uncharged(nep)


def test_shrinking_undoes_growing(nep):
    def grow(model, fill):
        return resized(model, fill, n_max=(5, 4), basis_size=(7, 7), l_max=6)

    big = Trainable(nep).changed(grow)
    small = big.changed(lambda model, fill: resized(model, fill, n_max=(3, 2), basis_size=(5, 4), l_max=4)).model
    np.testing.assert_array_equal(trained_numbers(small), trained_numbers(nep))
    np.testing.assert_array_equal(small.q_scaler, nep.q_scaler)


def test_what_calorine_writes_is_what_it_read(nep, tmp_path):
    write_nep(nep, tmp_path / "ours.txt")
    read_model(str(tmp_path / "ours.txt")).write(str(tmp_path / "theirs.txt"))
    one, other = read_nep(tmp_path / "ours.txt"), read_nep(tmp_path / "theirs.txt")
    np.testing.assert_array_equal(trained_numbers(one), trained_numbers(other))
    np.testing.assert_array_equal(one.q_scaler, other.q_scaler)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda nep, fill: widened(nep, fill, 3), "has 6 neurons already"),
        (lambda nep, fill: widened(nep, fill, 130), "more than GPUMD's 120"),
        (lambda nep, fill: resized(nep, fill, n_max=(3, 8), l_max=8, invariants=("222", "1111", "112")), "room for"),
        (lambda nep, fill: with_species(nep, fill, ["Li"]), "in the model already"),
        (lambda nep, fill: with_species(nep, fill, ["Qq"]), "no chemical symbol"),
        (lambda nep, fill: with_species(nep, fill, ["K"], like={"Na": "Li"}), "not among the elements to add"),
        (lambda nep, fill: charged(nep, fill, 3), "charge modes are 1 and 2"),
    ],
)
def test_what_cannot_be_done(nep, operation, message):
    with pytest.raises(InputError, match=message):
        Trainable(nep).changed(operation)


def test_elements_that_are_not_there(nep):
    with pytest.raises(UnknownNameError, match="no Na in the model"):
        kept(nep, ["Na"], [])
    with pytest.raises(UnknownNameError, match="no Na in the model"):
        Trainable(nep).changed(lambda model, fill: with_species(model, fill, ["K"], like={"K": "Na"}))
    with pytest.raises(InputError, match="no element would be left"):
        kept(nep, ["Li"], ["Li"])


def test_a_restart_file_of_another_model(nep, tmp_path):
    state_of(nep).write(tmp_path / "a.txt", tmp_path / "a.restart")
    write_nep(widen(nep), tmp_path / "b.txt")
    with pytest.raises(InputError, match=r"rows, .*b\.txt has"):
        read_trainable(tmp_path / "b.txt", tmp_path / "a.restart")
    (tmp_path / "c.restart").write_text("1\n2\n")
    with pytest.raises(InputError, match="1 numbers per line, expected 2"):
        read_trainable(tmp_path / "a.txt", tmp_path / "c.restart")


def widen(nep):
    return Trainable(nep).changed(lambda model, fill: widened(model, fill, 8)).model


def test_a_real_training_goes_on(reference_data, tmp_path):
    """The files of a training by nep, grown: energies of its frames stay, and nep.in counts the same parameters."""
    folder = reference_data / "pbte_nep_train"
    before = read_trainable(folder / "nep.txt", folder / "nep.restart")
    after = before.changed(lambda model, fill: charged(widened(model, fill, 40), fill, 2))
    atoms = ase_read(folder / "train.xyz", index=0)
    atoms.calc = None
    energy, forces = by_calorine(before.model, tmp_path / "a.txt", atoms)
    new_energy, new_forces = by_calorine(after.model, tmp_path / "b.txt", atoms)
    assert new_energy == pytest.approx(energy, abs=1e-9)
    np.testing.assert_allclose(new_forces, forces, atol=1e-9)
    file = agreeing(parse_input((folder / "nep.in").read_text()), after.model)
    assert file.find("generation") == ("20000",)
    assert parse_nep_in(file, "nep.in").parameters == trained_numbers(after.mean).size
