"""Data whose charges are known: the fit finds them, finds none where there are none, and knows how well."""

import numpy as np
import pytest
from ase import Atoms
from calorine.calculators import CPUNEP

from lr_correction.batch import Batch
from lr_correction.descriptors import short_range
from lr_correction.export import write_qnep
from lr_correction.fit import fit_charges
from lr_correction.results import Ridge
from tests.factories import random_nep
from tests.truth import (
    born_mayer,
    crystals,
    ionic,
    labelled,
    lennard_jones,
    pair_nep,
    perturbed,
    potential_of,
    random_frames,
)

NOTHING = Ridge(1e-13, 1e-13, 0.0)
SALT = ("Na", "Cl")
MILLI = 1e-3


@pytest.mark.parametrize("mode", [1, 2])
def test_known_charges_come_back_and_go_through_calorine(mode, tmp_path):
    elements, formal = ("Li", "Cl", "Y"), {"Li": 1.0, "Cl": -1.0, "Y": 1.5}
    nep = random_nep(4, elements=elements, neurons=3)
    truth = potential_of(nep, formal, mode=mode, spread=0.2)
    train = labelled(truth, random_frames(10, elements=elements, grid=(2, 2, 2)), total_charges=[0.0] * 10)
    fit = fit_charges(
        perturbed(nep, 0.1),
        train,
        mode=mode,
        initial_charges={element: 0.8 * charge for element, charge in formal.items()},
        scales=(1.0,),
        prior=NOTHING,
        tolerance=1e-12,
        range_diagnosis=False,
        threads=1,
    )
    assert fit.converged
    unseen = random_frames(3, seed=300, elements=elements, grid=(2, 2, 3))
    found, expected = fit.potential.evaluate(unseen, bec=True), truth.evaluate(unseen, bec=True)
    assert np.ptp(expected.charges) > 1
    for name in ("charges", "forces", "bec", "virial", "energy"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-6, err_msg=name)
    write_qnep(fit.potential, tmp_path / "qnep.txt", trained_on=train)
    for index, atoms in enumerate(unseen):
        mine = slice(*expected.offsets[index : index + 2])
        atoms.calc = CPUNEP(str(tmp_path / "qnep.txt"))
        assert atoms.get_potential_energy() == pytest.approx(expected.energy[index], abs=1e-6 * len(atoms))
        np.testing.assert_allclose(atoms.get_forces(), expected.forces[mine], atol=1e-5)
        np.testing.assert_allclose(atoms.calc.results["charges"], expected.charges[mine], atol=2e-6)
        born = atoms.calc.results["born_effective_charges"].reshape(-1, 3, 3)
        np.testing.assert_allclose(born, expected.bec[mine], atol=1e-5)


def test_the_sign_of_all_charges_is_that_of_the_start():
    nep = random_nep(4, elements=("Li", "Cl"), neurons=3)
    frames = random_frames(6, elements=("Li", "Cl"), grid=(2, 2, 2))
    train = labelled(potential_of(nep, {"Li": 1.0, "Cl": -1.0}), frames, total_charges=[0.0] * 6)
    settings = {"prior": NOTHING, "scales": (1.0,), "range_diagnosis": False, "threads": 1}
    fits = [fit_charges(nep, train, initial_charges={"Li": q, "Cl": -q}, **settings) for q in (0.8, -0.8)]
    assert fits[0].charges["Li"].mean > 0.5
    assert fits[1].charges["Li"].mean == pytest.approx(-fits[0].charges["Li"].mean, rel=1e-4)


@pytest.mark.parametrize("held_out", [True, False], ids=["test frames", "cross-validation"])
def test_lennard_jones_has_no_charges(held_out):
    pair = lennard_jones(2.0, 2.2, 2.4)
    train = ionic(crystals(16, seed=1101), pair, noise=10 * MILLI)
    test = ionic(crystals(8, seed=1501), pair, noise=10 * MILLI, seed=1)
    nep = pair_nep(SALT, degree=11)
    fit = fit_charges(nep, train, test=test if held_out else None, scales=(0.5,), threads=1)
    assert fit.train.readout.force_mev_a < 11  # what the readout alone describes as well as the noise allows
    assert not fit.charges_help
    assert fit.verdict.startswith(("charges do not help", "cannot tell from"))


@pytest.mark.parametrize("mode", [1, 2])
def test_ions_come_back_within_their_error_bars(mode):
    # Point charges and a repulsion with some noise: mode 2 has to put the difference between points and Gaussians,
    # which is short-ranged, into the readout.
    train = ionic(crystals(20, seed=101), born_mayer, charge=1.0, noise=5 * MILLI)
    test = ionic(crystals(8, seed=501), born_mayer, charge=1.0, noise=5 * MILLI, seed=1)
    start = {"Na": 0.7, "Cl": -0.7}  # off by a third, so that it is the data that speak
    fit = fit_charges(pair_nep(SALT), train, test=test, mode=mode, initial_charges=start, scales=(1.0,), threads=1)
    assert fit.charges_help
    assert "from beyond the cutoff" in fit.verdict  # whether it is 1/r, cells of 5.4 A do not tell
    assert "these cells are too small" in fit.verdict
    assert fit.test.charges.force_mev_a < 9  # the noise is 5
    for element, charge in (("Na", 1.0), ("Cl", -1.0)):
        found = fit.charges[element]
        assert 1e-4 < found.error < 0.01
        assert abs(found.mean - charge) < 3 * found.error
        assert found.std < 0.01
        assert found.start == pytest.approx(0.7 * charge)


def two_groups(separation: float, cell: list[float], generator) -> Atoms:
    """Na2Cl with one positive and NaCl2 with one negative charge, bonds near 2.5 A, their middles a distance apart."""
    groups = []
    for symbols in ("NaClNa", "ClNaCl"):
        along = generator.normal(size=3)
        along *= generator.uniform(2.4, 2.6) / np.linalg.norm(along)
        group = Atoms(symbols, positions=[-along, [0, 0, 0], along])
        group.positions += 0.08 * generator.normal(size=(3, 3))
        groups.append(group)
    groups[1].positions += [separation, 0, 0]
    atoms = groups[0] + groups[1]
    atoms.set_cell(cell)
    atoms.pbc = True
    return atoms


def test_two_groups_pulled_apart_beyond_the_cutoff():
    generator = np.random.default_rng(3)
    near = [two_groups(generator.uniform(5.5, 8.0), [14.0] * 3, generator) for _ in range(20)]
    middle, far = two_groups(0.0, [32.0, 18.0, 18.0], generator), []
    for separation in np.arange(10.0, 15.1, 1.0):  # no atom of one group is within the cutoff, 4.5 A, of the other
        far.append(middle.copy())
        far[-1].positions[3:] += [separation, 0, 0]
    train = ionic(near, born_mayer, charge=1.0)
    test = ionic(far, born_mayer, charge=1.0, ewald=(0.35, 4.2, 14.0))
    fit = fit_charges(
        pair_nep(SALT), train, test=test, initial_charges={"Na": 0.8, "Cl": -0.8}, scales=(1.0,), threads=1
    )
    truth = np.array([atoms.get_potential_energy() for atoms in test])
    alone = short_range(fit.potential.nep, Batch.from_atoms(test, SALT)).energy
    found = fit.potential.evaluate(test)
    assert np.ptp(truth) > 0.2
    assert np.ptp(alone) < 1e-9  # whatever its readout
    np.testing.assert_allclose(found.energy - found.energy[0], truth - truth[0], atol=0.05 * np.ptp(truth))
    pull = np.array([atoms.get_forces()[3:, 0].sum() for atoms in test])
    found_pull = found.forces.reshape(-1, 6, 3)[:, 3:, 0].sum(axis=1)
    np.testing.assert_allclose(found_pull, pull, atol=0.05 * np.abs(pull).max())
    assert fit.charges_help
    assert "the long range helps" in fit.verdict
