"""Every potential that the registry can make: forces, virial, and no memory of other frames."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import PropertyNotImplementedError

from lr_correction import engine
from lr_correction.correction import LongRangePotential
from lr_correction.moments import HiddenCharges
from lr_correction.nepfile import read_nep, write_nep
from lr_correction.saved import save_charges
from nepkit.core.errors import InputError, MissingExtraError, NepkitError
from nepkit.models.potentials import FAMILIES, Committee, SumPotential, as_potential, load_potential
from nepkit.models.potentials import nep as nep_module
from tests.factories import random_frame, random_nep

STEP, CLOSE = 1e-4, 2e-5  # of finite differences: A or strain, and relative to the largest component
SINGLE_STEP, SINGLE_CLOSE = 5e-3, 2e-2  # for models in single precision

CASES = [
    "nep",
    "own",
    "single",
    "calorine",
    "nep by lr_correction",
    "nep with repulsion",
    "repulsion by calorine",
    "qnep",
    "qnep by calorine",
    "qnep by lr_correction",
    "charges beside a nep",
    "emt",
    "module:callable",
    "any calculator",
    "sum",
    "committee",
    "pynep",
    "mace",
    "sevennet",
    "chgnet",
]


def lennard_jones():
    """Return a calculator whose energy and forces are smooth: what `module:callable` names."""
    from ase.calculators.lj import LennardJones

    return LennardJones(sigma=2.2, epsilon=0.2, rc=5.0, smooth=True)


@pytest.fixture(scope="module", autouse=True)
def compiled(compiled_kernel):
    with pytest.MonkeyPatch.context() as patch:
        for module in (engine, nep_module):
            patch.setattr(module, "kernel", lambda: compiled_kernel)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("models")
    write_nep(random_nep(1), made / "nep.txt")
    write_nep(random_nep(4), made / "other.txt")
    write_nep(random_nep(2, charge_mode=2), made / "qnep.txt")
    write_nep(random_nep(3, zbl=(0.7, 1.9, None)), made / "zbl.txt")
    nep = read_nep(made / "nep.txt")
    rng = np.random.default_rng(0)
    charges = HiddenCharges(0.3 * rng.normal(size=nep.w1.shape), np.array([1.0, -1.0, 3.0]))
    save_charges(LongRangePotential(nep, charges, (0.1, 0.2, 0.3), 1, 1.7), made / "charges.npz")
    return made


def potential_of(case, folder):
    nep, qnep = str(folder / "nep.txt"), str(folder / "qnep.txt")
    made = {
        "nep": lambda: load_potential(nep),
        "own": lambda: load_potential(f"own:{nep}"),
        "single": lambda: load_potential(f"single:{nep}"),
        "calorine": lambda: load_potential(f"calorine:{nep}"),
        "nep by lr_correction": lambda: load_potential(nep, backend="lr_correction"),
        "nep with repulsion": lambda: load_potential(folder / "zbl.txt"),
        "repulsion by calorine": lambda: load_potential(f"calorine:{folder / 'zbl.txt'}"),
        "qnep": lambda: load_potential(qnep),
        "qnep by calorine": lambda: load_potential(qnep, backend="calorine"),
        "qnep by lr_correction": lambda: load_potential(qnep, backend="lr_correction"),
        "charges beside a nep": lambda: load_potential(f"{nep}+{folder / 'charges.npz'}"),
        "emt": lambda: load_potential("emt"),
        "module:callable": lambda: load_potential(f"{__name__}:lennard_jones"),
        "any calculator": lambda: as_potential(lennard_jones()),
        "sum": lambda: SumPotential([load_potential(nep), as_potential(lennard_jones)]),
        "committee": lambda: Committee([load_potential(nep), load_potential(qnep)]),
        "pynep": lambda: load_potential(f"pynep:{nep}"),
        "mace": lambda: load_potential(f"mace:{tiny_mace(folder / 'tiny.model')}"),
        "sevennet": lambda: load_potential("sevennet"),
        "chgnet": lambda: load_potential("chgnet"),
    }[case]
    try:
        return made()
    except (MissingExtraError, ImportError) as error:
        pytest.skip(str(error))
    except NepkitError as error:
        if "pip install" not in str(error):
            raise
        pytest.skip(str(error))


def tiny_mace(path):
    """Write a MACE of random weights, small enough for a test."""
    if path.exists():
        return path
    torch = pytest.importorskip("torch")
    modules = pytest.importorskip("mace.modules")
    from e3nn import o3

    torch.manual_seed(0)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    model = modules.ScaleShiftMACE(
        r_max=4.0, num_bessel=4, num_polynomial_cutoff=5, max_ell=2,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2, num_elements=3, hidden_irreps=o3.Irreps("4x0e + 4x1o"), MLP_irreps=o3.Irreps("4x0e"),
        gate=torch.nn.functional.silu, atomic_energies=np.array([-1.0, -2.0, -3.0]), avg_num_neighbors=10.0,
        atomic_numbers=[3, 17, 39], correlation=2, radial_type="bessel", atomic_inter_scale=1.0, atomic_inter_shift=0.0,
    )  # fmt: skip
    torch.set_default_dtype(default)
    torch.save(model, path)
    return path


def frames_for(case):
    if case == "emt":
        copper = bulk("Cu", cubic=True).repeat((1, 1, 2))
        copper.rattle(0.1, seed=1)
        copper.symbols[0] = "Ag"
        gold = bulk("Au").repeat(2)
        gold.rattle(0.1, seed=2)
        return [copper, gold]
    return [random_frame(1), random_frame(2, grid=(2, 2, 4)), random_frame(3)]


def noisy(name):
    """Let packages built on torch use what torch calls deprecated."""
    marks = [pytest.mark.filterwarnings("ignore")] if name in ("mace", "sevennet", "chgnet") else []
    return pytest.param(name, marks=marks)


@pytest.fixture(params=[noisy(name) for name in CASES])
def case(request, folder):
    return potential_of(request.param, folder), frames_for(request.param)


@pytest.fixture
def difference(case):
    """Return step and closeness of finite differences for the model."""
    return (SINGLE_STEP, SINGLE_CLOSE) if is_single(case[0]) else (STEP, CLOSE)


def is_single(potential):
    """Return whether a model computes in single precision."""
    return potential.name.startswith(("sevennet", "chgnet")) or getattr(potential, "single", False)


def rounding(potential):
    """Return how far two evaluations of one frame may be apart."""
    return 2e-4 if is_single(potential) else 1e-9


def energy(potential, atoms):
    return potential.compute([atoms], bec=False)[0].energy


def test_forces_are_the_negative_gradient_of_the_energy(case, difference):
    step, close = difference
    potential, (atoms, *_) = case
    forces = potential.compute([atoms], bec=False)[0].forces
    scale = np.abs(forces).max()
    assert scale > 1e-3
    for index in (0, len(atoms) - 1):
        for axis in range(3):
            ends = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[index, axis] += sign * step
                ends.append(energy(potential, moved))
            assert forces[index, axis] == pytest.approx(-(ends[0] - ends[1]) / (2 * step), abs=close * scale)


def test_the_virial_is_minus_the_derivative_with_respect_to_strain(case, difference):
    step, close = difference
    potential, (atoms, *_) = case
    virial = potential.compute([atoms], bec=False)[0].virial
    np.testing.assert_allclose(virial, virial.T, atol=close * np.abs(virial).max())
    scale = np.abs(virial).max()
    for row, column in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)):
        ends = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[row, column] += 0.5 * sign * step
            strain[column, row] += 0.5 * sign * step
            strained = atoms.copy()
            strained.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            ends.append(energy(potential, strained))
        assert virial[row, column] == pytest.approx(-(ends[0] - ends[1]) / (2 * step), abs=close * scale)


def test_a_frame_does_not_remember_another(case):
    potential, frames = case
    close = rounding(potential)
    alone = [potential.compute([atoms])[0] for atoms in frames]
    together = potential.compute([*frames, *reversed(frames)])
    for one, other in zip([*alone, *reversed(alone)], together, strict=True):
        for name in ("energy", "forces", "virial", "charges", "bec"):
            values = getattr(one, name), getattr(other, name)
            assert (values[0] is None) == (values[1] is None) == (name in ("charges", "bec") and one.charges is None)
            if values[0] is not None:
                np.testing.assert_allclose(*values, rtol=close, atol=close)
    assert len({round(one.energy, 6) for one in alone}) == len(frames)


def test_calculators_agree_and_keep_their_own_results(case):
    potential, frames = case
    found = potential.compute(frames)
    for atoms in frames:
        atoms.calc = potential.calculator()
    energies = [atoms.get_potential_energy() for atoms in frames]  # all are computed before any is asked again
    close = rounding(potential)
    assert energies == pytest.approx([row.energy for row in found], rel=close)
    for atoms, row in zip(frames, found, strict=True):
        np.testing.assert_allclose(atoms.get_forces(), row.forces, rtol=close, atol=close)
        np.testing.assert_allclose(-atoms.get_volume() * atoms.get_stress(voigt=False), row.virial, atol=10 * close)
        if potential.has_charges:
            np.testing.assert_allclose(atoms.get_charges(), row.charges, atol=1e-9)
        else:
            with pytest.raises((PropertyNotImplementedError, RuntimeError)):
                atoms.get_charges()


def test_atoms_may_lie_in_any_copy_of_the_cell(case):
    potential, (atoms, *_) = case
    moved = atoms.copy()
    moved.positions += np.random.default_rng(0).integers(-3, 4, (len(atoms), 3)) @ atoms.cell.array
    here, there = (potential.compute([one], bec=False)[0] for one in (atoms, moved))
    close = rounding(potential)
    assert there.energy == pytest.approx(here.energy, rel=close)
    np.testing.assert_allclose(there.forces, here.forces, atol=100 * close * np.abs(here.forces).max())


def test_a_turned_cell_in_another_order_is_the_same(case):
    potential, (atoms, *_) = case
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    order = rng.permutation(len(atoms))
    turned = atoms[order]
    turned.set_cell(atoms.cell.array @ turn)
    turned.positions = atoms.positions[order] @ turn
    here, there = (potential.compute([one])[0] for one in (atoms, turned))
    close = 1000 * rounding(potential) * np.abs(here.forces).max()  # of forces in a polynomial of single precision too
    assert there.energy == pytest.approx(here.energy, rel=100 * rounding(potential))
    np.testing.assert_allclose(there.forces, here.forces[order] @ turn, atol=close)
    np.testing.assert_allclose(there.virial, turn.T @ here.virial @ turn, atol=close * len(atoms))
    if here.charges is not None:
        np.testing.assert_allclose(there.charges, here.charges[order], atol=1e-9)
        np.testing.assert_allclose(there.bec, turn.T @ here.bec[order] @ turn, atol=1e-8)


def test_threads_may_share_a_potential(case):
    potential, frames = case
    alone = [potential.compute([atoms])[0] for atoms in frames]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda atoms: potential.compute([atoms])[0], frames * 4))
    close = rounding(potential)
    for one, other in zip(alone * 4, together, strict=True):
        assert other.energy == pytest.approx(one.energy, rel=close)
        np.testing.assert_allclose(other.forces, one.forces, rtol=close, atol=close)


def test_an_unknown_element_is_told_before_anything_is_computed(case):
    potential, (atoms, *_) = case
    strange = atoms.copy()
    strange.symbols[1] = "Og"
    if potential.elements is None:
        pytest.skip("a model that knows no elements")
    with pytest.raises(InputError, match=r"^file\.xyz, frame 2: element Og is not in the model, which knows "):
        potential.compute([atoms, strange], source="file.xyz")


def test_the_cases_cover_the_registry():
    named = {"charges": "charges beside a nep"}
    assert {named.get(family, family) for family in FAMILIES} <= set(CASES)
