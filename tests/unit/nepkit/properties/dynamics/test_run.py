"""Runs against what mechanics and statistics say of them, and against themselves after an interruption."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from nepkit.core.errors import InputError, OutputError
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels
from nepkit.gpumd.thermo import read_thermo
from nepkit.models.potentials import as_potential, load_potential
from nepkit.properties.dynamics import Simulation
from nepkit.properties.dynamics.integrators import integrator
from nepkit.properties.dynamics.run import run_simulation
from nepkit.properties.dynamics.simulation import start_velocities
from nepkit.properties.dynamics.watch import ExplosionError

RUNS = [
    {"ensemble": "nve"},
    {"ensemble": "nvt"},
    {"ensemble": "nvt", "thermostat": "langevin"},
    {"ensemble": "npt"},
    {"ensemble": "npt", "cell": "isotropic"},
]
FILES = ("dump.xyz", "thermo.out", "restart.xyz", "model.xyz")


class Springs(Calculator):
    """Every atom on a spring of its own."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, places, constant=5.0):
        super().__init__()
        self.places, self.constant = places, constant

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        away = atoms.positions - self.places
        self.results = {"energy": 0.5 * self.constant * (away**2).sum(), "forces": -self.constant * away}


class Hole(Calculator):
    """Springs that turn into a fall when an atom has gone far enough."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        away = atoms.positions - copper().positions
        sign = np.where(np.abs(away) > 0.05, 400.0, -1.0)
        self.results = {"energy": float(-0.5 * (sign * away**2).sum()), "forces": sign * away}


def copper():
    return bulk("Cu", cubic=True).repeat(2)


def springs(run, kelvin=300.0, count=9):
    rng = np.random.default_rng(3)
    atoms = Atoms(["Si"] * count, positions=rng.uniform(0.0, 9.0, (count, 3)), cell=[9.0] * 3, pbc=True)
    atoms.calc = Springs(atoms.positions.copy())
    atoms.set_velocities(start_velocities(atoms, kelvin, rng))
    return atoms, integrator(atoms, run, rng)


def test_the_error_of_the_energy_goes_with_the_square_of_the_time_step():
    widths = []
    for timestep in (1.0, 2.0, 4.0):
        atoms, dynamics = springs(Simulation("nve", 1000, timestep=timestep))
        energies = []
        for _ in range(round(1000 / timestep)):
            dynamics.run(1)
            energies.append(atoms.get_total_energy())
        widths.append(np.std(energies))
    assert widths[1] / widths[0] == pytest.approx(4.0, rel=0.1)
    assert widths[2] / widths[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("thermostat", ["bussi", "langevin"])
def test_a_thermostat_gives_the_canonical_mean_and_width_of_the_kinetic_energy(thermostat):
    run = Simulation("nvt", 5000, temperature=400.0, timestep=4.0, thermostat=thermostat, coupling=20.0)
    atoms, dynamics = springs(run, kelvin=400.0)
    kinetic = []
    for _ in range(2500):
        dynamics.run(2)
        kinetic.append(atoms.get_kinetic_energy())
    degrees = 3 * len(atoms)
    blocks = np.array_split(np.array(kinetic) / (0.5 * degrees * units.kB * 400.0), 20)
    means = np.array([block.mean() for block in blocks])
    widths = np.array([((block - 1.0) ** 2).mean() for block in blocks]) * degrees / 2.0
    # Velocity Verlet makes the kinetic energy of springs too small by (omega dt / 2)^2 = 0.7 %.
    assert abs(means.mean() - 1.0) < 4.0 * means.std() / np.sqrt(20) + 0.01
    assert abs(widths.mean() - 1.0) < 4.0 * widths.std() / np.sqrt(20) + 0.02
    assert means.std() / np.sqrt(20) < 0.03


@pytest.mark.parametrize("cell", ["full", "isotropic"])
def test_the_pressure_is_the_one_asked_for(tmp_path, cell):
    run = Simulation("npt", 500, pressure=4.0, timestep=4.0, cell=cell, coupling=50.0, cell_coupling=200.0, thermo=2)
    run_simulation(copper(), load_potential("emt"), run, tmp_path / "run")
    thermo = read_thermo(tmp_path / "run" / "thermo.out")
    blocks = np.array([part.mean() for part in np.array_split(thermo.mean_pressure[100:], 8)])
    error = blocks.std(ddof=1) / np.sqrt(8)
    assert error < 0.35
    assert abs(blocks.mean() - 4.0) < 4.0 * error
    assert thermo.volume[100:].mean() < 0.985 * copper().cell.volume
    right = np.abs(thermo.angles - 90.0).max()
    assert (right < 1e-6) == (cell == "isotropic")


@pytest.mark.parametrize("how", RUNS, ids=lambda how: "-".join(how.values()))
def test_a_run_that_goes_on_is_the_run_that_was_never_stopped(tmp_path, how):
    atoms, potential = copper(), load_potential("emt")
    whole, part = (Simulation(steps=steps, dump=10, thermo=5, **how) for steps in (35, 20))
    run_simulation(atoms, potential, whole, tmp_path / "whole")
    run_simulation(atoms, potential, part, tmp_path / "parts")
    with (tmp_path / "parts" / "thermo.out").open("a") as file:
        file.write("1 2 3\n")  # what a killed run wrote after its last state
    run_simulation(atoms, potential, whole, tmp_path / "parts", resume=True)
    for name in FILES:
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_a_killed_run_goes_on(tmp_path):
    words = [sys.executable, "-m", "nepkit", "calc", "md", "model.xyz", "-m", "emt", "--dump", "10", "--steps"]
    folder = tmp_path / "md"
    write_frames(tmp_path / "model.xyz", [copper()])
    process = subprocess.Popen([*words, "100000"], cwd=tmp_path, stderr=subprocess.DEVNULL, env=os.environ)
    while not (folder / "state.pack").exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = (folder / "dump.xyz").read_text().count("Lattice")
    assert done >= 1
    steps = 10 * done + 30
    again = [*words, str(steps), "--resume"]
    subprocess.run(again, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run_simulation(copper(), load_potential("emt"), Simulation("nvt", steps, dump=10), tmp_path / "other")
    for name in ("dump.xyz", "thermo.out"):
        assert (folder / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_frames_and_rows_say_the_same(tmp_path):
    folder = run_simulation(
        copper(), load_potential("emt"), Simulation("nve", 40, timestep=2.0, dump=20, thermo=20), tmp_path / "run"
    )
    thermo, frames = read_thermo(folder / "thermo.out"), list(read_frames(folder / "dump.xyz"))
    assert [frame.info["Time"] for frame in frames] == [40.0, 80.0]
    assert thermo.interval == (0.04,)
    assert thermo.atoms == 32
    for row, frame in enumerate(frames):
        known = labels(frame)
        assert known.energy == pytest.approx(thermo.potential[row], abs=1e-8)
        velocity = frame.arrays["vel"] / units.fs
        kinetic = 0.5 * (frame.get_masses()[:, None] * velocity**2).sum()
        assert kinetic == pytest.approx(thermo.kinetic[row], rel=1e-8)
        pressure = (np.trace(known.virial) + 2.0 * kinetic) / 3.0 / frame.cell.volume / units.GPa
        assert pressure == pytest.approx(thermo.mean_pressure[row], abs=1e-6)
    (last,) = read_frames(folder / "restart.xyz")
    np.testing.assert_allclose(last.positions, frames[-1].positions, atol=1e-12)
    start = start_velocities(copper(), 300.0, np.random.default_rng([0, 0]))
    np.testing.assert_allclose((copper().get_masses()[:, None] * start).sum(axis=0), 0.0, atol=1e-12)


def test_a_run_starts_with_the_velocities_of_the_structure(tmp_path):
    potential = load_potential("emt")
    run_simulation(copper(), potential, Simulation("nve", 40, dump=20), tmp_path / "one")
    (middle,) = [frame for frame in read_frames(tmp_path / "one" / "dump.xyz") if frame.info["Time"] == 20.0]
    run_simulation(middle, potential, Simulation("nve", 20, dump=20), tmp_path / "two")
    (one,), (two,) = (read_frames(tmp_path / name / "restart.xyz") for name in ("one", "two"))
    np.testing.assert_allclose(one.positions, two.positions, atol=1e-9)


def test_an_explosion_is_told_with_its_step_and_what_was_done_is_kept(tmp_path):
    run = Simulation("nvt", 2000, temperature=40.0, dump=2, thermo=1)
    with pytest.raises(ExplosionError, match=r"exploded at step \d+ .*until step \d+ is kept") as caught:
        run_simulation(copper(), as_potential(Hole()), run, tmp_path / "run")
    kept = int(str(caught.value).partition("until step ")[2].split()[0])
    assert len(list(read_frames(tmp_path / "run" / "dump.xyz"))) * 2 >= kept > 0
    assert len(read_thermo(tmp_path / "run" / "thermo.out").temperature) >= kept


def test_another_run_is_not_gone_on_with(tmp_path):
    potential, run = load_potential("emt"), Simulation("nve", 20, dump=10)
    run_simulation(copper(), potential, run, tmp_path / "run")
    with pytest.raises(OutputError, match="already exists; go on with it by --resume"):
        run_simulation(copper(), potential, run, tmp_path / "run")
    for other, what in (
        (Simulation("nve", 20, dump=10, temperature=500.0), "temperature 500.0 instead of 300.0"),
        (Simulation("nve", 10, dump=10), "20 steps already, 10 are asked for"),
    ):
        with pytest.raises(InputError, match=what):
            run_simulation(copper(), potential, other, tmp_path / "run", resume=True)
    Path(tmp_path / "run" / "state.pack").write_bytes(b"no state")
    with pytest.raises(InputError, match="no state of a run"):
        run_simulation(copper(), potential, run, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps is 0, expected more than zero"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"dump": 300}, "dump every 300 steps in a run of 200 writes nothing"),
        ({"ensemble": "nph"}, "unknown ensemble 'nph'"),
        ({"pressure": float("inf")}, "pressure is inf"),
    ],
)
def test_runs_that_are_none(settings, message):
    with pytest.raises(InputError, match=message):
        Simulation(**{"ensemble": "nve", "steps": 200, **settings})


def test_structures_that_cannot_be_run(tmp_path):
    potential = load_potential("emt")
    molecule = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.4]])
    with pytest.raises(InputError, match="periodic in all directions"):
        run_simulation(molecule, potential, Simulation("npt", 10, dump=10), tmp_path / "run")
    with pytest.raises(InputError, match="gives no stress"):
        run_simulation(copper(), as_potential(Hole()), Simulation("npt", 10, dump=10), tmp_path / "run")
    still = copper()
    still.set_array("vel", np.zeros((32, 3)))
    with pytest.raises(InputError, match="all zero"):
        run_simulation(still, potential, Simulation("nvt", 10, dump=10), tmp_path / "other")
    run_simulation(molecule, potential, Simulation("nve", 20, dump=10), tmp_path / "molecule")
    assert len(list(read_frames(tmp_path / "molecule" / "dump.xyz"))) == 2


def test_a_run_is_gone_on_with_by_content_and_not_by_name(tmp_path, repository):
    """Another model of the same name, another structure, and a shortened trajectory were once taken in silence."""
    model, run = tmp_path / "nep.txt", Simulation("nve", 20, dump=10)
    longer = Simulation("nve", 40, dump=10)
    data = repository / "nepkit" / "data" / "li3ycl6"
    frame = next(iter(read_frames(data / "train.xyz")))
    text = (data / "nep.txt").read_text()
    model.write_text(text)
    run_simulation(frame, load_potential(model), run, tmp_path / "run")
    kept = {name: (tmp_path / "run" / name).read_bytes() for name in ("dump.xyz", "thermo.out", "state.pack")}
    lines = text.splitlines()
    model.write_text("\n".join([*lines[:-1], f"{1.01 * float(lines[-1]):.7e}"]) + "\n")
    with pytest.raises(InputError, match="has another content now"):
        run_simulation(frame, load_potential(model), longer, tmp_path / "run", resume=True)
    model.write_text(text)
    moved = frame.copy()
    moved.positions[0, 0] += 0.1
    with pytest.raises(InputError, match="another structure"):
        run_simulation(moved, load_potential(model), longer, tmp_path / "run", resume=True)
    (tmp_path / "run" / "dump.xyz").write_bytes(kept["dump.xyz"][:100])
    with pytest.raises(InputError, match=r"dump\.xyz: 100 bytes, but the run had written"):
        run_simulation(frame, load_potential(model), longer, tmp_path / "run", resume=True)
    (tmp_path / "run" / "dump.xyz").write_bytes(kept["dump.xyz"].replace(b"0", b"1"))
    with pytest.raises(InputError, match="not the file that the run wrote"):
        run_simulation(frame, load_potential(model), longer, tmp_path / "run", resume=True)
    (tmp_path / "run" / "dump.xyz").write_bytes(kept["dump.xyz"])
    damaged = bytearray(kept["state.pack"])
    damaged[200] ^= 1
    (tmp_path / "run" / "state.pack").write_bytes(bytes(damaged))
    with pytest.raises(InputError, match="damaged"):
        run_simulation(frame, load_potential(model), longer, tmp_path / "run", resume=True)
    (tmp_path / "run" / "state.pack").write_bytes(kept["state.pack"])
    run_simulation(frame, load_potential(model), longer, tmp_path / "run", resume=True)
    assert len(list(read_frames(tmp_path / "run" / "dump.xyz"))) == 4
