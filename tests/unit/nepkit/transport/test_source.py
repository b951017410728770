"""What a folder of GPUMD tells, and what it must be told."""

import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.formats.files import write_frames
from nepkit.transport.source import charge_of, open_source

RUN = """ensemble {ensemble} 300 300 100
dump_thermo 100
run 1000

ensemble {ensemble} 500 500 100
compute_msd 10 50 {groups}
dump_thermo 100
run 10000
"""


@pytest.fixture
def folder(tmp_path):
    """Three groups, K Cl O, whose displacements along x are one, two and three times the time."""

    def make(groups="all_groups 0", ensemble="nvt_ber", columns=3, header="", blocks=1):
        (tmp_path / "model.xyz").write_text(
            '4\nLattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3:group:I:2\n'
            "K 0 0 0 0 0\nK 1 1 1 0 0\nCl 3 3 3 1 0\nO 5 5 5 2 1\n"
        )
        (tmp_path / "run.in").write_text(RUN.format(groups=groups, ensemble=ensemble))
        time = 0.01 * np.arange(50)
        parts = [time] + [part for n in range(1, columns + 1) for part in [n * time] * 3 + [0 * time] * 3]
        table = np.stack(parts, axis=1)
        np.savetxt(tmp_path / "msd.out", np.concatenate([table] * blocks), header=header, comments="")
        return tmp_path

    return make


def test_elements_are_found_in_their_groups(folder):
    source = open_source(folder(), ["O", "K"])
    np.testing.assert_allclose(source.curves.tensor["O"][10], 0.3 * np.eye(3))
    np.testing.assert_allclose(source.curves.tensor["K"][10], 0.1 * np.eye(3))
    assert source.curves.count == {"O": 1, "K": 2}
    assert source.curves.frames == 1000
    assert set(open_source(folder(), []).curves.tensor) == {"K", "Cl", "O"}


def test_thermo_out_of_the_run_alone_is_averaged(folder):
    path = folder()
    rows = (
        ["300 1 2 0 0 0 0 0 0 9 9 9\n"] * 10
        + ["505 1 2 0 0 0 0 0 0 10 10 11\n"] * 100
        + ["900 1 2 0 0 0 0 0 0 9 9 9\n"]
    )
    (path / "thermo.out").write_text("".join(rows))
    assert open_source(path, ["K"]).state(None, None) == pytest.approx((505, 1100))
    assert open_source(path, ["K"]).state(700.0, 1.0) == (700.0, 1.0)


def test_a_fixed_cell_is_that_of_the_model(folder):
    source = open_source(folder(), ["K"])
    assert source.state(None, None) == pytest.approx((500, 1000))
    assert any("thermostat in run.in" in note for note in source.told(None))
    assert not any("thermostat" in note for note in source.told(500.0))


def test_a_cell_that_changes_needs_thermo_out(folder):
    source = open_source(folder(ensemble="npt_scr"), ["K"])
    with pytest.raises(InputError, match=r"no thermo\.out, which the mean volume comes from; give --volume"):
        source.state(None, None)
    assert any("before August 2026" in note for note in source.notes)
    assert not any("August" in note for note in open_source(folder(ensemble="npt_scr", header="# msd"), ["K"]).notes)


def test_one_group_is_that_of_run_in(folder):
    path = folder(groups="group 0 2", columns=1)
    assert open_source(path, ["O"]).curves.count == {"O": 1}
    with pytest.raises(InputError, match="of the group 2 alone, and K is not in it"):
        open_source(path, ["K"])


def test_all_atoms_together_are_no_element(folder):
    with pytest.raises(InputError, match=r"run\.in names no group"):
        open_source(folder(groups="", columns=1), ["K"])
    path = folder(groups="", columns=1)
    (path / "run.in").unlink()
    with pytest.raises(InputError, match=r"there is no run\.in"):
        open_source(path, ["K"])


def test_a_group_by_hand(folder):
    source = open_source(folder(groups="all_groups 1", columns=2), ["K"], group=0)
    assert source.curves.count == {"K": 2}
    with pytest.raises(InputError, match="the group 0 of K has Cl too"):
        open_source(folder(groups="all_groups 1", columns=2), ["K"])
    with pytest.raises(InputError, match="has the groups 0 to 1, not 5"):
        open_source(folder(groups="all_groups 1", columns=2), ["K"], group=5)


def test_several_blocks_are_told(folder):
    source = open_source(folder(blocks=2), ["K"])
    assert any("2 blocks of runs, the last is used" in note for note in source.notes)
    assert len(source.curves.time) == 50


def test_what_is_missing_is_named(folder, tmp_path_factory):
    path = folder()
    with pytest.raises(UnknownNameError, match="no Na in the model"):
        open_source(path, ["Na"])
    (path / "model.xyz").unlink()
    with pytest.raises(InputError, match="give --model"):
        open_source(path, ["K"])
    with pytest.raises(InputError, match=r"no msd\.out in this folder"):
        open_source(tmp_path_factory.mktemp("empty"), ["K"])
    with pytest.raises(InputError, match="off the diagonal"):
        open_source(path, ["K"], tensor=True)


def test_usual_charges():
    assert (charge_of("Mg"), charge_of("F")) == (2.0, -1.0)
    with pytest.raises(InputError, match="the charge of Fe is not known; give --charge"):
        charge_of("Fe")


def test_running_diffusion_of_sdc_out_becomes_a_displacement(folder):
    path = folder(groups="group 0 0")
    (path / "msd.out").unlink()
    (path / "run.in").write_text("ensemble nvt_ber 500 500 100\ncompute_sdc 10 50 group 0 0\nrun 10000\n")
    time = 0.01 * np.arange(50)
    # D(t) = D (1 - exp(-t / tau)): the displacement is 2 D (t - tau (1 - exp(-t / tau))).
    running = 0.3 * (1.0 - np.exp(-time / 0.05))
    np.savetxt(path / "sdc.out", np.stack([time, *[0 * time] * 3, *[running] * 3], axis=1))
    found = open_source(path, ["K"])
    expected = 2 * 0.3 * (time - 0.05 * (1.0 - np.exp(-time / 0.05)))
    np.testing.assert_allclose(found.curves.tensor["K"][:, 1, 1], expected, atol=5e-4)
    assert found.curves.frames == 1000


def trajectory(folder, name="dump.xyz"):
    frames = [
        Atoms("K2ClO", positions=np.full((4, 3), 0.5 * step) + np.arange(4)[:, None], cell=np.eye(3) * 9, pbc=True)
        for step in range(4)
    ]
    write_frames(folder / name, frames)
    return folder / name


def test_the_time_between_frames_is_that_of_run_in(folder):
    path = trajectory(folder())
    (path.parent / "run.in").write_text("time_step 2\nensemble nvt_ber 500 500 100\ndump_exyz 50\nrun 200\n")
    found = open_source(path, ["K"])
    assert found.interval == pytest.approx(0.1)
    assert "by dump_exyz in run.in" in found.notes[0]


def test_the_incar_tells_time_and_temperature_of_an_xdatcar(tmp_path):
    head = "K2\n1.0\n9 0 0\n0 9 0\n0 0 9\nK\n2\n"
    rows = "".join(f"Direct configuration= {n}\n0.{n} 0 0\n0.5 0.{n} 0.5\n" for n in range(1, 6))
    (tmp_path / "XDATCAR").write_text(head + rows)
    (tmp_path / "INCAR").write_text("POTIM = 2 ! fs\nNBLOCK=5; TEBEG = 700\nALGO = Fast\n")
    found = open_source(tmp_path / "XDATCAR", ["K"])
    assert (found.interval, found.temperature) == (pytest.approx(0.01), 700.0)
    assert found.volume == pytest.approx(729.0)


def test_half_the_memory_gives_the_same_displacements(folder):
    path = trajectory(folder())
    one, half = (open_source(path, ["K"], interval=1.0, single=single) for single in (False, True))
    assert half.paths["K"].dtype == np.float32
    np.testing.assert_allclose(half.curves.tensor["K"], one.curves.tensor["K"], atol=1e-5)
