"""Projections, site energies, net forces, compositions, hulls and committees on small made data."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.accuracy.committee import committee_spread
from nepkit.core.conventions import EV_PER_A3_IN_GPA
from nepkit.core.errors import InputError, MissingExtraError
from nepkit.datasets.composition import compositions, energy_volume_hulls
from nepkit.datasets.net_force import net_forces
from nepkit.formats.files import write_frames
from nepkit.frames import Labels
from nepkit.models.potentials.combine import Committee
from nepkit.models.potentials.potential import Potential
from nepkit.properties.site_energies import density_of_states, read_site_energies
from nepkit.sampling.projection import pca, umap


class TestProjection:
    def test_is_the_eigenvectors_of_the_covariance(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(200, 4)) @ np.diag([3.0, 2.0, 0.5, 0.1])
        found = pca(values)
        variance = np.sort(np.linalg.eigvalsh(np.cov(values.T)))[::-1]
        np.testing.assert_allclose(found.explained, variance / variance.sum())
        np.testing.assert_allclose(found.points.var(axis=0, ddof=1), variance[:2])

    def test_scaling(self):
        values = np.random.default_rng(0).normal(size=(500, 3)) * [1e6, 1.0, 1.0]
        assert pca(values).explained[0] > 0.999
        assert pca(values, standardize=True).explained[0] < 0.45

    @pytest.mark.parametrize("values", [np.zeros((2, 4)), np.ones((9, 3)), np.full((5, 2), np.nan), np.zeros(7)])
    def test_nothing_to_project(self, values):
        with pytest.raises(InputError):
            pca(values)

    def test_umap_is_an_extra(self, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "umap", None)
        with pytest.raises(MissingExtraError, match=r"\[umap\]"):
            umap(np.random.default_rng(0).normal(size=(20, 3)))


class TestSiteEnergies:
    def test_both_forms_hold_the_same(self, tmp_path):
        atoms = Atoms("LiClLi", positions=np.eye(3), cell=np.eye(3) * 9, pbc=True)
        atoms.arrays["site_energy"] = np.array([-1.0, -3.0, -1.5])
        write_frames(tmp_path / "doas.xyz", [atoms, atoms])
        (tmp_path / "doas.out").write_text("# Li\n-1.0\n-1.5 -1.0\n-1.5\n# Cl\n-3.0\n-3.0\n")
        one, other = read_site_energies(tmp_path / "doas.xyz"), read_site_energies(tmp_path / "doas.out")
        assert {name: sorted(values) for name, values in one.values.items()} == {
            name: sorted(values) for name, values in other.values.items()
        }
        assert (one.frames, other.frames) == (2, None)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("-1.0\n", "line 1: expected '# El' before the energies"),
            ("# Li\n-1.0\nnothing\n", "line 3"),
            ("# Li\n", "no site energies"),
            ("# Xx\n-1.0\n", "line 1"),
        ],
    )
    def test_bad_text(self, tmp_path, text, message):
        (tmp_path / "doas.out").write_text(text)
        with pytest.raises(InputError, match=message):
            read_site_energies(tmp_path / "doas.out")

    def test_frames_without_the_column(self, tmp_path):
        write_frames(tmp_path / "a.xyz", [Atoms("H", cell=np.eye(3), pbc=True)])
        with pytest.raises(InputError, match="no column site_energy"):
            read_site_energies(tmp_path / "a.xyz")

    def test_density_is_the_sum_of_normal_distributions(self):
        from scipy.stats import norm

        values = np.array([-1.0, -0.2, 0.3])
        found = density_of_states(values, 0.1)
        exact = np.mean([norm.pdf(found.energy, value, 0.1) for value in values], axis=0)
        np.testing.assert_allclose(found.density, exact, atol=0.02 * exact.max())
        assert np.trapezoid(found.density, found.energy) == pytest.approx(1.0, abs=1e-3)

    def test_energies_that_do_not_differ(self):
        with pytest.raises(InputError, match="--width"):
            density_of_states(np.array([1.0, 1.0]))
        assert density_of_states(np.array([1.0]), 0.1).density.max() == pytest.approx(3.989, rel=0.01)


def test_net_forces_of_frames_in_any_spelling():
    frames = []
    for key in ("force", "forces"):
        atoms = Atoms("H2", positions=np.eye(3)[:2])
        atoms.arrays[key] = np.array([[1.0, 0, 0], [0.0, 2.0, 0]])
        frames.append(atoms)
    found = net_forces([Atoms("H"), *frames])
    assert found.without == 1
    assert found.frame.tolist() == [2, 3]
    np.testing.assert_allclose(found.net, [[0.5, 1.0, 0.0]] * 2)
    with pytest.raises(InputError, match="no frame has forces"):
        net_forces([Atoms("H")])


class TestComposition:
    def test_fractions(self):
        found = compositions([Atoms("Na2Cl2"), Atoms("NaCl3"), Atoms("H2", cell=np.eye(3) * 2, pbc=True)])
        assert found.elements == ("Na", "Cl", "H")
        np.testing.assert_allclose(found.fractions, [[0.5, 0.5, 0], [0.25, 0.75, 0], [0, 0, 1]])
        assert found.formulas == ["NaCl", "NaCl3", "H2"] or found.formulas[:2] == ["NaCl", "NaCl3"]
        np.testing.assert_allclose(found.volume, [np.nan, np.nan, 4.0])

    def test_hull_and_its_pressures(self):
        frames = []
        for volume, energy in ((10.0, 0.0), (11.0, -1.0), (12.0, -1.2), (13.0, -1.5), (13.0, -0.5), (14.0, -1.0)):
            atoms = Atoms("Al", cell=np.eye(3) * np.cbrt(volume), pbc=True)
            atoms.info["energy"] = energy
            frames.append(atoms)
        hull = energy_volume_hulls(compositions(frames))["Al"]
        assert hull.vertices.tolist() == [0, 1, 3, 5]
        np.testing.assert_allclose(hull.pressures, np.array([1.0, 0.25, -0.5]) * EV_PER_A3_IN_GPA)
        np.testing.assert_allclose(hull.above, [0, 0, 0.05, 0, 1.0, 0], atol=1e-12)

    def test_no_energies(self):
        with pytest.raises(InputError, match="energy and a cell"):
            energy_volume_hulls(compositions([bulk("Al")]))


class Fixed(Potential):
    """Gives the same forces whatever the frame."""

    def __init__(self, force):
        self.name, self.force = "fixed", force

    def compute(self, frames, *, source="frame", bec=True, first=1):
        return [Labels(energy=self.force * 2.0, forces=np.full((len(atoms), 3), self.force)) for atoms in frames]


def test_spread_of_a_committee_is_that_of_samples():
    labelled, bare = Atoms("H2", positions=np.eye(3)[:2]), Atoms("H", positions=[[0, 0, 0]])
    labelled.arrays["forces"] = np.full((2, 3), 2.0)
    found = committee_spread([labelled, bare], Committee([Fixed(1.0), Fixed(2.0), Fixed(6.0)]))
    std = np.std([1, 2, 6], ddof=1)
    np.testing.assert_allclose(found.spread, np.sqrt(3) * std)
    np.testing.assert_allclose(found.largest, np.sqrt(3) * std)
    np.testing.assert_allclose(found.error, [np.sqrt(3), np.sqrt(3), np.nan])
    np.testing.assert_allclose(found.energy, [2 * std / 2, 2 * std])
    assert found.calibration == pytest.approx(1.0 / std)
    assert found.rank_correlation is None
