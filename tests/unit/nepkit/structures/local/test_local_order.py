import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import Labels, set_labels
from nepkit.models.potentials import load_potential
from nepkit.properties.polarization import E_PER_A2, polarisation
from nepkit.structures.local.average import average_structure
from nepkit.structures.local.neighbours import nearest
from nepkit.structures.local.octahedra import octahedral_tilts, rotations
from tests.perovskite import perovskite, turned

CHARGES = {"Ba": 2.7, "Ti": 7.2, "O": -3.3}


def tilts(atoms, frames=None):
    corners, network = nearest(atoms, ["Ti"], ["O"], 6), nearest(atoms, ["Ti"], ["Ti"], 6)
    return octahedral_tilts(frames or [atoms], corners, network)


@pytest.mark.parametrize("in_phase", [True, False])
@pytest.mark.parametrize("angle", [0.0, 3.0, 12.0, 25.0])
def test_tilts_of_a_constructed_perovskite_are_exact(angle, in_phase):
    found = tilts(turned(perovskite(angle=angle, in_phase=in_phase), 0))
    values = found.vectors.values[0]
    np.testing.assert_allclose(values[:, :2], 0.0, atol=1e-9)
    signs = [(-1) ** (i + j + (0 if in_phase else k)) for i, j, k in np.ndindex(2, 2, 2)]
    np.testing.assert_allclose(values[:, 2], angle * np.array(signs), atol=1e-9)
    np.testing.assert_allclose(found.axes, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(found.mean, [0, 0, angle], atol=1e-9)
    assert found.pattern == ("a0a0c" if angle else "a0a0a") + ("0" if not angle else "+" if in_phase else "-")


def test_the_axes_are_those_of_the_network_however_it_lies():
    found = tilts(turned(perovskite(angle=9.0), 37.0))
    np.testing.assert_allclose(np.abs(found.vectors.values[0]), np.tile([0, 0, 9.0], (8, 1)), atol=1e-8)
    cosine, sine = np.cos(np.radians(37)), np.sin(np.radians(37))
    np.testing.assert_allclose(found.axes, [[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], atol=1e-9)
    lying = tilts(turned(perovskite(angle=9.0), 90.0, "x"))
    np.testing.assert_allclose(lying.mean, [0, 9.0, 0], atol=1e-8)
    assert lying.pattern == "a0b+a0"


@given(st.integers(0, 10**6))
def test_any_rotation_of_an_octahedron_is_found(seed):
    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(rng.normal(size=3) * rng.uniform(0, 0.35))
    ends = np.concatenate([np.eye(3), -np.eye(3)])[rng.permutation(6)] * rng.uniform(1.8, 2.2)
    found = rotations((ends @ turn.as_matrix().T)[None], np.eye(3))[0]
    np.testing.assert_allclose(found, np.degrees(turn.as_rotvec()), atol=1e-9)


def test_what_is_no_octahedron_is_told():
    atoms = perovskite()
    broken = atoms.copy()
    broken.positions[2] = broken.positions[1] + [0.2, 0.3, 1.9]
    with pytest.raises(InputError, match=r"frame, frame 2: the 6 corners of centre 1 are no octahedron"):
        tilts(atoms, [atoms, broken])
    with pytest.raises(InputError, match="6 corners and 6 neighbours, not 5 and 6"):
        octahedral_tilts([atoms], nearest(atoms, ["Ti"], ["O"], 5), nearest(atoms, ["Ti"], ["Ti"], 6))


def shells(atoms):
    return [nearest(atoms, ["Ti"], ["O"], 6), nearest(atoms, ["Ti"], ["Ba"], 8)]


def displaced(start, seed=0, size=0.05):
    moved = start.copy()
    shift = np.random.default_rng(seed).normal(0, size, (len(moved), 3))
    moved.positions += shift
    return moved, shift


@pytest.mark.parametrize("repeat", [(1, 1, 1), (2, 3, 2)])
def test_polarisation_is_the_sum_of_charges_times_displacements(repeat):
    start = perovskite(repeat)
    moved, shift = displaced(start)
    found = polarisation([start, moved], shells(start), CHARGES)
    np.testing.assert_allclose(found.vectors.values[0], 0.0, atol=1e-12)
    charges = np.array([CHARGES[symbol] for symbol in start.symbols])
    expected = (charges[:, None] * shift).sum(axis=0) / start.get_volume() * E_PER_A2
    np.testing.assert_allclose(found.total[1], expected, atol=1e-12)
    assert found.excess == pytest.approx(0.0, abs=1e-9)


def test_local_polarisation_is_that_of_each_cell():
    """Titanium of one cell moves: that cell alone is polarised, by the charge that its neighbours see."""
    start = perovskite((3, 3, 3))
    moved = start.copy()
    index = int(np.flatnonzero(start.symbols == "Ti")[5])
    moved.positions[index] += [0.0, 0.0, 0.1]
    found = polarisation([moved], shells(start), CHARGES).vectors.values[0]
    expected = np.zeros((27, 3))
    expected[5, 2] = 7.2 * 0.1 / 64.0 * E_PER_A2
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_charges_that_do_not_add_up_do_not_move_the_origin():
    start = perovskite((2, 2, 2))
    moved = start.copy()
    moved.positions += [0.3, -0.2, 0.1]
    found = polarisation([moved], shells(start), {"Ba": 2.0, "Ti": 5.0, "O": -2.0})
    np.testing.assert_allclose(found.vectors.values, 0.0, atol=1e-12)
    assert found.excess == pytest.approx(1.0)


def test_tensors_of_a_frame_are_taken_polarisation_first():
    start = perovskite((2, 2, 2))
    moved, shift = displaced(start, 3)
    rng = np.random.default_rng(5)
    kinds = {symbol: rng.normal(size=(3, 3)) for symbol in ("Ba", "Ti")}
    kinds["O"] = -(kinds["Ba"] + kinds["Ti"]) / 3.0
    tensors = np.array([kinds[symbol] for symbol in start.symbols])
    set_labels(moved, Labels(bec=tensors))
    found = polarisation([moved], shells(start))
    expected = np.einsum("nab,nb->a", tensors, shift) / start.get_volume() * E_PER_A2
    np.testing.assert_allclose(found.total[0], expected, atol=1e-10)


def test_barium_titanate_by_its_qnep(reference_data):
    """Mean of the local polarisation against sum Z* u / V with the tensors of the model, which differ atom by atom."""
    folder = reference_data / "gpumd_fixtures"
    model = load_potential(folder / "qnep_mode2_BaTiO3.txt")
    (rattled,) = read_frames(folder / "BaTiO3-nat40-rattled.xyz")
    start = perovskite((2, 2, 2), a=rattled.cell.lengths()[0] / 2)
    tensors = model.compute([start])[0].bec
    moved, shift = displaced(start, 7, 0.01)
    set_labels(moved, Labels(bec=tensors))
    fixed = polarisation([moved], shells(start)).total[0]
    expected = np.einsum("nab,nb->a", tensors, shift) / start.get_volume() * E_PER_A2
    np.testing.assert_allclose(fixed, expected, atol=1e-3 * np.abs(expected).max())
    own = polarisation([moved], shells(start), model).total[0]
    np.testing.assert_allclose(own, expected, atol=0.05 * np.abs(expected).max())


def test_bad_charges_and_cells():
    start = perovskite()
    with pytest.raises(InputError, match="frame 1: no charge of O"):
        polarisation([start], shells(start), {"Ba": 2, "Ti": 4})
    with pytest.raises(InputError, match="the frame carries no Born effective charges"):
        polarisation([start], shells(start))
    with pytest.raises(InputError, match=r"atom 1 \(Ba\) belongs to no cell"):
        polarisation([start], shells(start)[:1], CHARGES)
    with pytest.raises(InputError, match="a centre is a neighbour too"):
        polarisation([start], [nearest(start, ["Ti"], ["O"], 6), nearest(start, ["Ti"], ["Ti"], 6),
                               nearest(start, ["Ti"], ["Ba"], 8)], CHARGES)  # fmt: skip


def test_the_average_of_a_wrapped_trajectory_in_a_changing_cell():
    start = perovskite((2, 2, 2))
    rng = np.random.default_rng(0)
    shifts = rng.normal(0, 0.05, (50, len(start), 3))
    shifts -= shifts.mean(axis=0)
    shifts[0] = 0.0
    frames = []
    for number, shift in enumerate(shifts):
        atoms = start.copy()
        atoms.positions += shift
        atoms.set_cell(start.cell.array * (1.0 + 0.02 * np.sin(number)), scale_atoms=True)
        atoms.positions += 0.1 * number  # the crystal drifts
        atoms.wrap()
        frames.append(atoms)
    found = average_structure(frames)
    scales = 1.0 + 0.02 * np.sin(np.arange(50))
    np.testing.assert_allclose(found.atoms.cell.array, start.cell.array * scales.mean(), atol=1e-12)
    np.testing.assert_allclose(found.cell_spread, start.cell.lengths() * scales.std(), atol=1e-12)
    removed = shifts - np.average(shifts, axis=1, weights=start.get_masses())[:, None]
    expected = start.positions + removed.mean(axis=0)
    difference = found.atoms.cell.scaled_positions(found.atoms.positions) - start.cell.scaled_positions(expected)
    np.testing.assert_allclose(difference - np.round(difference), 0.0, atol=1e-10)
    spread = np.sqrt(((removed - removed.mean(axis=0)) ** 2).sum(axis=-1).mean(axis=0)) * scales.mean()
    np.testing.assert_allclose(found.spread, spread, rtol=1e-10)
    assert len(found.hopping) == 0
    assert found.frames == 50


def test_an_atom_that_hops_is_told():
    start = perovskite((2, 2, 2))
    frames = [start.copy() for _ in range(10)]
    for atoms in frames[7:]:
        atoms.positions[2] += [0, 2.0, 2.0]
    assert average_structure(frames).hopping.tolist() == [2]
    with pytest.raises(InputError, match="frame 2: other atoms than in the first frame"):
        average_structure([start, start[:-1]])
    with pytest.raises(InputError, match="no frames"):
        average_structure([])
