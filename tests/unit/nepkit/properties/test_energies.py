import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.models.potentials import load_potential
from nepkit.properties.cohesion import cohesion
from nepkit.properties.defect_energy import defect_energies, dilute
from nepkit.properties.dimer import dimer
from nepkit.properties.hops import hop_barriers, vacancy_hops
from nepkit.properties.landscape.minima import Relaxation
from nepkit.properties.surface_energy import J_PER_M2, surface_energies

EMT = load_potential("emt")
COPPER = bulk("Cu", a=3.58985, cubic=True)


class Bonds:
    """Ising's crystal: every bond shorter than 3 A is worth -1 eV, so all energies are counts of bonds."""

    name, elements, cutoff, has_charges, sqrt_epsilon_inf = "bonds", ("Cu",), 3.0, False, None

    def compute(self, frames, *, source="frame", bec=True):
        from ase.neighborlist import neighbor_list

        from nepkit.frames import Labels

        found = []
        for atoms in frames:
            count = len(neighbor_list("i", atoms, 3.0)) / 2
            found.append(Labels(energy=-count, forces=np.zeros((len(atoms), 3)), virial=np.zeros((3, 3))))
        return found


@pytest.mark.parametrize(("miller", "broken"), [((1, 1, 1), 3), ((1, 0, 0), 4)])
def test_surface_energies_count_broken_bonds(miller, broken):
    """A (111) plane of fcc cuts three bonds per atom, a (100) plane four; half of each belongs to either side."""
    (found,) = surface_energies(COPPER, Bonds(), miller)
    per_atom = {(1, 1, 1): np.sqrt(3) / 4, (1, 0, 0): 0.5}[miller] * 3.58985**2
    expected = J_PER_M2 * 0.5 * broken / per_atom
    assert found.energy.value == pytest.approx(expected, rel=1e-6)
    assert found.unrelaxed == pytest.approx(expected, rel=1e-6)
    assert found.energy.error == pytest.approx(0.0, abs=1e-6)
    assert found.bulk == pytest.approx(-6.0)
    assert found.symmetric


def test_relaxation_lowers_a_surface_and_polar_cuts_are_told():
    (found,) = surface_energies(COPPER, EMT, (1, 1, 0), thicknesses=(8, 12, 16), relax=Relaxation(fmax=0.02))
    assert found.energy.value < found.unrelaxed
    assert found.energy.value == pytest.approx(1.229, abs=0.005)
    with pytest.raises(InputError, match="three thicknesses"):
        surface_energies(COPPER, EMT, (1, 1, 1), thicknesses=(12, 18))
    with pytest.raises(InputError, match="not three different ones"):
        surface_energies(COPPER, EMT, (1, 1, 1), thicknesses=(12, 12.1, 12.2))


def test_a_vacancy_of_counted_bonds_costs_half_of_them():
    (found,) = defect_energies(bulk("Cu", a=3.59), Bonds(), vacancies=["Cu"], sizes=(27, 64, 125))
    assert found.energy.value == pytest.approx(6.0)  # 12 bonds lost, less the 6 of an atom in the bulk
    assert found.exchanged == {"Cu": -1}
    assert found.reference == {"Cu": -6.0}
    assert found.by_size.tolist() == pytest.approx([6.0] * 3)


def test_the_dilute_limit_is_that_of_a_line():
    counts = np.array([50, 100, 200, 400])
    found = dilute(counts, 1.3 + 8.0 / counts)
    assert found.value == pytest.approx(1.3)
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(dilute([50, 100], [1.2, 1.1]).error)
    assert np.isnan(dilute([50], [1.2]).error)
    noisy = dilute(counts, 1.3 + 8.0 / counts + np.array([0.01, -0.01, 0.01, -0.01]))
    assert abs(noisy.value - 1.3) < 3 * noisy.error


def test_a_chemical_potential_that_is_needed_is_asked_for():
    alloy = bulk("Cu", cubic=True, a=3.7)
    alloy.symbols[0] = "Au"
    with pytest.raises(InputError, match=r"V_Au: the chemical potential of Au is needed.*--mu Au="):
        defect_energies(alloy, EMT, vacancies=["Au"], sizes=(32,))
    (found,) = defect_energies(
        alloy, EMT, substitutions=[("Au", "Cu")], sizes=(32,), references={"Au": -0.1, "Cu": 0.2}
    )
    assert found.name == "Cu_Au"
    assert found.exchanged == {"Au": -1, "Cu": 1}


def test_distinct_hops_are_those_of_the_crystal_whatever_the_supercell():
    for atoms in (64, 100, 108):
        hops = vacancy_hops(bulk("Cu", a=3.59), "Cu", reach=2.6, atoms=atoms)
        assert [(round(hop.length, 3), hop.multiplicity, hop.sites) for hop in hops] == [(2.539, 12, (1, 1))]
    two = Atoms("Cu2Au", cell=[3, 3, 7], scaled_positions=[[0, 0, 0], [0, 0, 0.3], [0.5, 0.5, 0.6]], pbc=True)
    hops = vacancy_hops(two, "Cu", reach=3.1, atoms=200)
    assert [(round(hop.length, 3), hop.multiplicity, hop.sites) for hop in hops] == [
        (2.1, 1, (1, 2)),
        (3.0, 4, (1, 1)),
        (3.0, 4, (2, 2)),
    ]
    for hop in hops:
        moved = np.linalg.norm(hop.final.positions - hop.initial.positions, axis=1)
        assert moved.max() == pytest.approx(hop.length)
        assert (moved > 1e-9).sum() == 1
        assert len(hop.initial) == len(hop.final)


def test_the_barrier_of_a_vacancy_in_copper_is_symmetric():
    (found,) = hop_barriers(vacancy_hops(COPPER, "Cu", reach=2.6, atoms=64), EMT, images=3, fmax=0.05)
    assert found.band.converged
    assert found.band.barrier == pytest.approx(found.band.reverse_barrier, abs=2e-3)
    assert 0.6 < found.band.barrier < 1.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"element": "Ag"}, "no Ag in the crystal"),
        ({"element": "Cu", "reach": 2.0}, "no two sites of Cu are within 2 A"),
        ({"element": "Cu", "reach": 9.0}, "take more atoms"),
    ],
)
def test_hops_that_cannot_be_built_are_refused(words, message):
    with pytest.raises(InputError, match=message):
        vacancy_hops(COPPER, atoms=64, **words)


def test_cohesion_is_what_is_lost_by_taking_all_apart():
    found = cohesion(COPPER, Bonds(), scales=(0.98, 1.0, 1.3))
    assert found.energy == pytest.approx(6.0)
    assert found.atoms == {"Cu": 0.0}
    assert found.curve.tolist() == [-24.0, -24.0, 0.0]
    assert cohesion(COPPER, Bonds(), free={"Cu": 1.0}).energy == pytest.approx(7.0)
    with pytest.raises(InputError, match="above 0"):
        cohesion(COPPER, EMT, scales=(0.0,))


def test_two_atoms_by_any_potential():
    found = dimer(EMT, ("Cu", "Cu"), low=1.5, high=5.0, step=0.05)
    place, depth = found.minimum
    assert (place, depth) == (pytest.approx(2.15, abs=0.06), pytest.approx(-3.84, abs=0.05))
    np.testing.assert_allclose(
        found.force[1:-1], -np.gradient(found.energy, found.distance)[1:-1], atol=0.02 * np.abs(found.force).max()
    )
    with pytest.raises(UnknownNameError, match="emt has no element Fe"):
        dimer("emt", ("Cu", "Fe"))
