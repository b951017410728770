"""The particle mesh against the exact sum over the same waves, and against finite differences of itself."""

import numpy as np
import pytest

from lr_correction import mesh as mesh_module
from lr_correction.errors import SettingsError
from lr_correction.ewald import ReciprocalSum
from lr_correction.kernels import Interaction, coulomb, gpumd, screened, smeared_within
from lr_correction.mesh import Mesh, MeshWaves, Spline, worthwhile
from lr_correction.plane_waves import PlaneWaves, half_space

CELLS = {
    "cubic": 14.0 * np.eye(3),
    "triclinic": np.array([[14.0, 0, 0], [6, 13, 0], [-5, 4, 15]]),
    "left-handed": np.array([[0, 11.0, 0], [12.0, 1, 0], [2, -3, 13]]),
    "thin": np.diag([5.0, 40.0, 12.0]),
    "small": np.array([[4.0, 0, 0], [1.5, 4.2, 0], [0.7, -0.9, 4.5]]),
}
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def way(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(mesh_module, "_compiled", lambda: None)
    elif mesh_module._compiled() is None:
        pytest.skip("the compiled part is not there")


def charged(cell: np.ndarray, total: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    count = max(4, int(0.08 * abs(np.linalg.det(cell))))
    charges = rng.normal(size=count)
    return rng.uniform(-1, 2, (count, 3)) @ cell, charges + total / count - charges.mean()


def exact(positions: np.ndarray, cell: np.ndarray, charges: np.ndarray, interaction: Interaction):
    integers, volume = half_space(cell, interaction.k_cutoff), abs(np.linalg.det(cell))
    sums = ReciprocalSum(positions, cell, volume, interaction, integers, 2**22)
    density, total = sums.density(charges[:, None]), charges.sum()[None]
    virial = sums.virial(density, density, total, total)[:, :, 0, 0]
    return sums.potential(density, total)[:, 0], sums.field(density)[:, :, 0], virial


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@every_cell
@pytest.mark.parametrize("accuracy", [1e-3, 1e-4, 1e-6])
def test_the_error_is_what_was_asked_for(cell, accuracy):
    positions, charges = charged(cell, total=1.5)
    for interaction in (gpumd(2, 6.0), coulomb(0.35, 2.2, 9.0), screened(5.0, 9.0)):
        made = Mesh(cell, interaction, atoms=len(charges), accuracy=accuracy)
        assert made.error <= accuracy
        found = made.evaluate(positions, charges)
        potential, field, virial = exact(positions, cell, charges, interaction)
        assert relative(found.field, field) < accuracy
        assert relative(found.potential, potential) < accuracy
        assert relative(found.virial, virial) < accuracy
        assert found.energy == pytest.approx(0.5 * charges @ potential, rel=accuracy)


def test_the_estimate_is_near_the_error():
    cell = CELLS["triclinic"]
    positions, charges = charged(cell)
    made = Mesh(cell, gpumd(2, 6.0), atoms=len(charges))
    measured = relative(made.evaluate(positions, charges).field, exact(positions, cell, charges, gpumd(2, 6.0))[1])
    assert 0.05 * made.error < measured < made.error


def test_forces_and_virial_are_derivatives_of_the_mesh_energy():
    cell = CELLS["triclinic"]
    positions, charges = charged(cell)
    made = Mesh(cell, gpumd(2, 6.0), atoms=len(charges), accuracy=1e-3)  # coarse: what is wrong is wrong alike
    found, step = made.evaluate(positions, charges), 1e-4
    for axis in range(3):
        energies = []
        for sign in (1, -1):
            moved = positions.copy()
            moved[3, axis] += sign * step
            energies.append(made.evaluate(moved, charges).energy)
        assert (energies[1] - energies[0]) / (2 * step) == pytest.approx(charges[3] * found.field[3, axis], abs=1e-6)


@every_cell
def test_waves_stand_in_for_plane_waves(cell):
    positions, _ = charged(cell)
    integers = half_space(cell, 2.4)
    plain = PlaneWaves(positions, cell, integers, 2**22)
    waves = MeshWaves(positions, cell, integers)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(len(positions), 2))
    amplitudes = rng.normal(size=(len(integers), 2)) + 1j * rng.normal(size=(len(integers), 2))
    np.testing.assert_array_equal(waves.k, plain.k)
    assert relative(waves.sum_atoms(values), plain.sum_atoms(values)) < 1e-3
    assert relative(waves.sum_waves(amplitudes), plain.sum_waves(amplitudes)) < 1e-3
    fine = MeshWaves(positions, cell, integers, fineness=4.0)
    assert relative(fine.sum_waves(amplitudes), plain.sum_waves(amplitudes)) < 1e-6


def test_both_ways_spread_and_gather_the_same(monkeypatch):
    if mesh_module._compiled() is None:
        pytest.skip("one way is as good as the other here")
    cell, shape = CELLS["thin"], (6, 45, 16)
    positions, charges = charged(cell)
    for order in mesh_module.ORDERS:
        compiled = Spline(positions, np.linalg.inv(cell), shape, order)
        with monkeypatch.context() as patch:
            patch.setattr(mesh_module, "_compiled", lambda: None)
            plain = Spline(positions, np.linalg.inv(cell), shape, order)
        on_mesh = compiled.spread(charges[:, None])
        np.testing.assert_allclose(plain.spread(charges[:, None]), on_mesh, atol=1e-13)
        np.testing.assert_allclose(plain.gather(on_mesh[0]), compiled.gather(on_mesh[0]), atol=1e-12)


def test_a_mesh_is_taken_again_for_a_cell_a_little_different():
    cell = CELLS["triclinic"]
    first = Mesh(cell, gpumd(2, 6.0), atoms=200, accuracy=1e-4)
    second = Mesh(cell * 0.999, gpumd(2, 6.0), atoms=200, accuracy=1e-4, like=first)
    third = Mesh(cell * 1.5, gpumd(2, 6.0), atoms=200, accuracy=1e-4, like=first)
    assert (second.shape, second.order) == (first.shape, first.order)
    assert third.error <= 1e-4
    assert third.shape != first.shape


def test_what_a_mesh_cannot_do_is_told():
    with pytest.raises(SettingsError, match="no reciprocal part"):
        Mesh(np.eye(3), smeared_within(4.0), atoms=1)
    with pytest.raises(SettingsError, match="finer than the meshes reach"):
        Mesh(10 * np.eye(3), gpumd(2, 5.0), atoms=1, accuracy=1e-15)
    with pytest.raises(SettingsError, match="positive"):
        Mesh(10 * np.eye(3), gpumd(2, 5.0), atoms=1, accuracy=0.0)
    with pytest.raises(SettingsError, match="number of atoms"):
        Mesh(10 * np.eye(3), gpumd(2, 5.0), atoms=0)


def test_only_large_cells_are_worth_a_mesh():
    assert not worthwhile(200, 13.0 * np.eye(3), 2.5)
    assert worthwhile(50_000, 80.0 * np.eye(3), 2.5)
