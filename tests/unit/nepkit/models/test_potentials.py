"""What the conformance suite over the registry of potentials does not ask: names, files, isolated systems, messages."""

import copy
import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from lr_correction.correction import LongRangePotential
from lr_correction.errors import ModelError
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import keep_species, read_nep, write_nep
from lr_correction.saved import load_charges, save_charges
from nepkit.core.errors import InputError, NepkitError, UnknownNameError
from nepkit.models.potentials import (
    FAMILIES,
    CalculatorPotential,
    Committee,
    SumPotential,
    as_potential,
    load_potential,
)
from tests.factories import random_frame, random_nep


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_nep(random_nep(1), folder / "nep.txt")
    write_nep(random_nep(2, charge_mode=2), folder / "qnep.txt")
    return folder


def charged(nep, elements=None):
    cut = nep if elements is None else keep_species(nep, elements)
    rng = np.random.default_rng(0)
    types = len(cut.elements)
    charges = HiddenCharges(rng.normal(size=cut.w1.shape), rng.normal(size=types))
    return LongRangePotential(cut, charges, tuple(rng.normal(size=types)), 2, 1.0 + 1e-15)


def test_saved_charges_are_the_same_to_the_last_bit(files, tmp_path):
    nep = read_nep(files / "nep.txt")
    potential = charged(nep, ["Cl", "Li"])
    save_charges(potential, tmp_path / "charges")
    again = load_charges(nep, tmp_path / "charges")
    assert again.nep.elements == ("Cl", "Li")
    assert (again.energies, again.mode, again.sqrt_epsilon_inf) == (
        potential.energies,
        potential.mode,
        potential.sqrt_epsilon_inf,
    )
    for one, other in ((again.charges.parameters, potential.charges.parameters), (again.nep.w1, potential.nep.w1)):
        assert np.array_equal(one, other)
    frame = random_frame(3, elements=("Li", "Cl"))
    assert float(again.evaluate([frame]).energy[0]) == float(potential.evaluate([frame]).energy[0])


def test_charges_of_another_nep_or_no_charges_are_refused(files, tmp_path):
    nep = read_nep(files / "nep.txt")
    path = tmp_path / "charges.npz"
    save_charges(charged(random_nep(9)), path)
    with pytest.raises(ModelError, match="belong to another NEP"):
        load_charges(nep, path)
    with pytest.raises(ModelError, match="exists"):
        save_charges(charged(nep), path)
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ModelError, match="no charges of lr_correction"):
        load_charges(nep, tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("nothing")
    with pytest.raises(ModelError, match="not an npz file"):
        load_potential(f"{files / 'nep.txt'}+{tmp_path / 'text.npz'}")
    with pytest.raises(ModelError, match="No such file"):
        load_potential(f"{files / 'nep.txt'}+{tmp_path / 'absent.npz'}")


@pytest.mark.parametrize("pbc", [(False, False, False), (True, True, False), (False, True, False)])
def test_a_direction_that_is_not_periodic_sees_no_copies(files, pbc):
    potential = load_potential(files / "nep.txt")
    small = random_frame(5)
    small.pbc = pbc
    wide = small.copy()
    cell = wide.cell.array
    for axis in np.flatnonzero(~wide.pbc):
        cell[axis] *= 6
    wide.set_cell(cell)
    wide.pbc = True
    found, expected = potential.compute([small, wide])
    assert found.energy == pytest.approx(expected.energy, rel=1e-10)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-9)
    np.testing.assert_allclose(found.virial, expected.virial, atol=1e-8)
    assert potential.compute([Atoms("LiCl", positions=[[0, 0, 0], [0, 0, 2.0]])])[0].virial is not None


def test_charges_need_a_periodic_cell(files):
    frame = random_frame(5)
    frame.pbc = (True, True, False)
    with pytest.raises(InputError, match=r'frame 1: pbc is "T T F", but charges need "T T T"'):
        load_potential(files / "qnep.txt").compute([frame])


def test_what_would_end_the_process_is_one_line(files):
    potential = load_potential(files / "nep.txt")
    frame = random_frame(5)
    broken = frame.copy()
    broken.positions[0, 0] = np.nan
    with pytest.raises(InputError, match=r"f\.xyz, frame 2: positions and cell must be finite"):
        potential.compute([frame, broken], source="f.xyz")
    with pytest.raises(InputError, match="lattice vectors are no cell"):
        potential.compute([Atoms("Li", pbc=True)])
    thin = Atoms("Li", cell=[0.3, 0.4, 0.9], pbc=True)
    with pytest.raises(InputError, match=r"An atom has \d+ neighbors .*; is the cell too thin"):
        load_potential(files / "nep.txt", backend="calorine").compute([thin])
    if potential.engine == "own":
        assert np.isfinite(potential.compute([thin])[0].energy)
    with pytest.raises(InputError, match=r"frame 1: .*; is the cell too thin"):
        potential.compute([Atoms("Li", cell=[0.003, 0.004, 0.9], pbc=True)])
    with pytest.raises(InputError, match="no atoms"):
        potential.compute([Atoms(cell=[3, 3, 3], pbc=True)])


def test_numbers_that_are_not_finite_are_told():
    class Broken(EMT):
        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            self.results["forces"][0, 0] = np.nan

    with pytest.raises(InputError, match=r"^frame 1: Broken gives an energy or forces that are not finite"):
        as_potential(Broken()).compute([bulk("Cu")])


def test_names(files, tmp_path, monkeypatch):
    with pytest.raises(UnknownNameError, match=r"no model 'mce': no such file.*did you mean mace"):
        load_potential("mce")
    with pytest.raises(InputError, match=r"absent\.txt: no such file; expected a NEP, or one of .*mace"):
        load_potential(tmp_path / "absent.txt")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mymodel.py").write_text(
        "from ase.calculators.emt import EMT\n\ndef make():\n    return EMT()\n\nX = dict\n"
    )
    assert load_potential("mymodel:make").compute([bulk("Cu")])[0].energy == pytest.approx(-0.005681511358588409)
    with pytest.raises(InputError, match="returns dict, expected an ASE calculator"):
        load_potential("mymodel:X")
    with pytest.raises(InputError, match="cannot import nothing from mymodel"):
        load_potential("mymodel:nothing")
    assert isinstance(load_potential([files / "nep.txt", files / "qnep.txt"]), Committee)
    assert load_potential([files / "nep.txt"]).name == str(files / "nep.txt")
    total = load_potential("emt+emt")
    assert isinstance(total, SumPotential)
    assert total.name == "emt+emt"
    with pytest.raises(ModelError, match="misreads models with charges"):
        load_potential(f"pynep:{files / 'qnep.txt'}")
    with pytest.raises(InputError, match="is no potential"):
        as_potential(3)


def test_spread_of_a_committee(files):
    frame = random_frame(7)
    members = [load_potential(files / "nep.txt"), load_potential(files / "qnep.txt")]
    (spread,) = Committee(members).spread([frame])
    one, other = (member.compute([frame])[0] for member in members)
    assert spread.mean.energy == pytest.approx(0.5 * (one.energy + other.energy))
    assert spread.deviation.energy == pytest.approx(abs(one.energy - other.energy) / np.sqrt(2))
    np.testing.assert_allclose(spread.force, np.linalg.norm(one.forces - other.forces, axis=1) / np.sqrt(2))
    assert spread.mean.charges is None
    with pytest.raises(InputError, match="at least two"):
        Committee(members[:1])


def test_site_energies_add_up(files):
    frame = random_frame(7)
    for name in ("nep.txt", "qnep.txt"):
        potential = load_potential(files / name)
        assert potential.site_energies(frame).sum() == pytest.approx(potential.compute([frame])[0].energy)
    with pytest.raises(InputError, match="does not divide its energy"):
        load_potential(files / "nep.txt", backend="lr_correction").site_energies(frame)


def test_potentials_travel_to_other_processes_and_are_copied_without_their_engines(files):
    frame = random_frame(7)
    for name in (str(files / "qnep.txt"), "emt"):
        potential = load_potential(name)
        atoms = bulk("Cu") if name == "emt" else frame
        expected = potential.compute([atoms])[0].energy
        assert pickle.loads(pickle.dumps(potential)).compute([atoms])[0].energy == pytest.approx(expected)
        assert copy.copy(potential).compute([atoms])[0].energy == pytest.approx(expected)


def test_a_family_whose_factory_cannot_be_sent_is_made_anew_in_another_process(monkeypatch):
    def family(text, device, backend):
        return CalculatorPotential(lambda: EMT(), "closure", ("Cu",))

    monkeypatch.setitem(FAMILIES._loaded, "emt", family)
    again = pickle.loads(pickle.dumps(load_potential("emt")))
    assert again.name == "closure"
    assert again.compute([bulk("Cu")])[0].energy == pytest.approx(EMT().get_potential_energy(bulk("Cu")))


def test_a_dipole_model_is_no_potential(reference_data):
    with pytest.raises((ModelError, NepkitError)):
        load_potential(reference_data / "gpumd_fixtures" / "tnep-water-polarization.txt")
