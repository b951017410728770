"""Make run folders in GPUMD's formats for the gallery: a short molecular dynamics of the bundled Li3YCl6 model.

``python docs/gallery_run.py FOLDER`` writes model.xyz, run.in, thermo.out, msd.out, sdc.out, rdf.out, adf.out, mvac.out
and dos.out, all computed from one trajectory by calorine (two minutes on one core), and, in ``FOLDER/synthetic``, heat
currents of made-up runs whose conductivity is known, because a real one takes a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

import nepkit
from nepkit.formats.files import read_frames
from nepkit.inputs.runfile import read_run_file
from nepkit.properties.dynamics import Trajectory, run_md
from nepkit.transport import msd

Array = NDArray[np.float64]

DATA = Path(nepkit.__file__).parent / "data" / "li3ycl6"
TEMPERATURE, TIMESTEP, INTERVAL, DURATION = 800.0, 2.0, 5, 12.0
LAGS = 400
REACH, BINS = 5.5, 110
PAIRS = (("Li", "Cl"), ("Y", "Cl"), ("Li", "Li"))


def make(folder: Path) -> None:
    """Write the real run and the made-up ones."""
    from calorine.calculators import CPUNEP

    folder.mkdir(parents=True, exist_ok=True)
    atoms = next(read_frames(DATA / "train.xyz")).repeat((1, 1, 2))
    run = run_md(
        atoms, CPUNEP(str(DATA / "nep.txt")), temperature=TEMPERATURE, timestep=TIMESTEP, interval=INTERVAL,
        warm_up=1.0, duration=DURATION,
    )  # fmt: skip
    free = run.positions[run.nve]
    write_inputs(folder, atoms, run)
    write_thermo(folder, atoms, run)
    write_motion(folder, atoms, free)
    write_structure(folder, atoms, free[::10])
    write_statics(folder)
    write_bands(folder / "statics")
    write_heat(folder / "synthetic")
    write_viscosity(folder / "synthetic")
    write_source_and_sink(folder / "synthetic")
    write_walks(folder / "synthetic" / "walks")


def write_inputs(folder: Path, atoms: Atoms, run: Trajectory) -> None:
    """Write model.xyz, where every element is a group, and a run.in of both stages."""
    write_xyz(folder / "model.xyz", atoms)
    warm, free = int((~run.nve).sum()), int(run.nve.sum())
    (folder / "run.in").write_text(
        f"potential nep.txt\nvelocity {TEMPERATURE:g}\ntime_step {TIMESTEP:g}\n\n"
        f"ensemble nvt_lan {TEMPERATURE:g} {TEMPERATURE:g} 100\ndump_thermo {INTERVAL}\nrun {warm * INTERVAL}\n\n"
        f"ensemble nve\ndump_thermo {INTERVAL}\ncompute_msd {INTERVAL} {LAGS} all_groups 0\n"
        f"compute_sdc {INTERVAL} {LAGS} group 0 0\ncompute_rdf {REACH} {BINS} {10 * INTERVAL}\n"
        f"compute_dos {INTERVAL} {LAGS} 300\nrun {free * INTERVAL}\n"
    )
    read_run_file(folder / "run.in")


def write_xyz(path: Path, atoms: Atoms) -> None:
    """Write a model.xyz."""
    symbols = atoms.get_chemical_symbols()
    elements = list(dict.fromkeys(symbols))
    lattice = " ".join(f"{value:.8f}" for value in atoms.cell.array.ravel())
    rows = [
        f"{symbol} {x:.8f} {y:.8f} {z:.8f} {mass:.4f} {elements.index(symbol)}"
        for symbol, (x, y, z), mass in zip(symbols, atoms.positions, atoms.get_masses(), strict=True)
    ]
    head = f'pbc="T T T" Lattice="{lattice}" Properties=species:S:1:pos:R:3:mass:R:1:group:I:1'
    path.write_text("\n".join([str(len(rows)), head, *rows]) + "\n")


def write_thermo(folder: Path, atoms: Atoms, run: Trajectory) -> None:
    """Write thermo.out with 18 columns; pressures of every frame are computed anew."""
    from calorine.calculators import CPUNEP

    work = atoms.copy()
    work.calc = CPUNEP(str(DATA / "nep.txt"))
    rows = []
    for positions, kelvin, energy in zip(run.positions, run.temperature, run.energy, strict=True):
        work.set_positions(positions)
        kinetic = 1.5 * len(work) * units.kB * kelvin
        pressure = -work.get_stress() / units.GPa
        pressure[:3] += 2.0 / 3.0 * kinetic / work.get_volume() / units.GPa
        rows.append([kelvin, kinetic, energy * len(work) - kinetic, *pressure, *work.cell.array.ravel()])
    np.savetxt(folder / "thermo.out", np.array(rows), fmt="%20.10e")


def write_motion(folder: Path, atoms: Atoms, positions: Array) -> None:
    """Write msd.out, sdc.out, mvac.out and dos.out."""
    symbols = np.array(atoms.get_chemical_symbols())
    elements = list(dict.fromkeys(symbols.tolist()))
    step = 1e-3 * TIMESTEP * INTERVAL
    curves = msd(positions, step, labels=symbols.tolist())
    columns = [curves.time[:LAGS]]
    for element in elements:
        values = curves.directions(element)[:LAGS]
        columns += [*values.T, *(0.5 * np.gradient(values, step, axis=0)).T]
    np.savetxt(folder / "msd.out", np.column_stack(columns), fmt="%.8g")

    velocity = np.gradient(positions, step, axis=0)
    write_current(folder, symbols, velocity, step)
    ion = autocorrelation(velocity[:, symbols == elements[0]]).mean(axis=1)
    diffusion = step * (np.cumsum(ion, axis=0) - 0.5 * (ion + ion[0]))
    np.savetxt(folder / "sdc.out", np.column_stack([step * np.arange(LAGS), ion, diffusion]), fmt="%.8g")

    heavy = (autocorrelation(velocity) * atoms.get_masses()[None, :, None]).sum(axis=1)
    heavy /= heavy[0]
    time = step * np.arange(LAGS)
    np.savetxt(folder / "mvac.out", np.column_stack([time, heavy]), fmt="%.8g")
    omega = np.arange(1, LAGS + 1) * 300.0 / LAGS
    window = 0.5 * (1.0 + np.cos(np.pi * np.arange(LAGS) / LAGS))
    weights = window * np.where(np.arange(LAGS) == 0, 1.0, 2.0)
    states = 2.0 * len(symbols) * step * (np.cos(np.outer(omega, time)) * weights) @ heavy
    np.savetxt(folder / "dos.out", np.column_stack([omega, states]), fmt="%.8g")


def write_current(folder: Path, symbols: NDArray[np.str_], velocity: Array, step: float) -> None:
    """Write dpdt.out of formal charges."""
    charge = np.array([{"Li": 1.0, "Y": 3.0, "Cl": -1.0}[symbol] for symbol in symbols.tolist()])
    current = 1e-3 * np.einsum("n,fnd->fd", charge, velocity)  # e A/fs
    time = 1e3 * step * np.arange(len(current))
    dipole = np.cumsum(current, axis=0) * 1e3 * step
    np.savetxt(folder / "dpdt.out", np.column_stack([time, current, dipole]), fmt="%.8e")


def write_statics(folder: Path) -> None:
    """Write cohesive.out of scaled cells, and elastic.out of strained ones, the atoms moving with the cell."""
    from calorine.calculators import CPUNEP

    place = folder / "statics"
    place.mkdir(exist_ok=True)
    atoms = next(read_frames(DATA / "train.xyz"))
    model = CPUNEP(str(DATA / "nep.txt"))
    write_xyz(place / "model.xyz", atoms)

    def strained(strain: Array) -> Atoms:
        work = atoms.copy()
        work.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        work.calc = model
        return work

    scales = np.arange(0.94, 1.0605, 0.001)
    energies = [strained((scale - 1.0) * np.eye(3)).get_potential_energy() for scale in scales]
    np.savetxt(place / "cohesive.out", np.column_stack([scales, energies]), fmt="%.8f")
    (place / "run.in").write_text("potential nep.txt\ncompute_cohesive 0.94 1.06 6\ncompute_elastic 0.002\n")
    stiffness = np.zeros((6, 6))
    for column, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        half = np.zeros((3, 3))
        half[i, j] = half[j, i] = 0.002 if i == j else 0.001
        stiffness[:, column] = (strained(half).get_stress() - strained(-half).get_stress()) / 0.004 / units.GPa
    np.savetxt(place / "elastic.out", stiffness, fmt="%.4f", header="elastic constants (GPa)")


def write_bands(folder: Path) -> None:
    """Write omega2.out of aluminium by the effective medium theory of ASE, whose phonons take seconds."""
    from tempfile import TemporaryDirectory

    from ase.build import bulk
    from ase.calculators.emt import EMT
    from ase.phonons import Phonons

    atoms = bulk("Al", "fcc", a=3.995)
    with TemporaryDirectory() as cache:
        phonons = Phonons(atoms, EMT(), supercell=(5, 5, 5), delta=0.01, name=f"{cache}/phonons")
        phonons.run()
        phonons.read(acoustic=True)
    path = atoms.cell.bandpath("GXWKGL", npoints=200)
    distance, places, names = path.get_linear_kpoint_axis()
    terahertz = phonons.band_structure(path.kpts, verbose=False) / units._hplanck * units._e * 1e-12  # energies in eV
    squares = np.sign(terahertz) * (2.0 * np.pi * terahertz) ** 2
    head = "# " + " ".join(f"{name} {place:.6f}" for name, place in zip(names, places, strict=True))
    np.savetxt(folder / "omega2.out", np.column_stack([distance, squares]), fmt="%.6e", header=head[2:])


def autocorrelation(values: Array) -> Array:
    """Return the mean over origins of products of values (F, N, 3) at a lag, shape (LAGS, N, 3)."""
    frames = len(values)
    power = np.abs(np.fft.rfft(values, 2 * frames, axis=0)) ** 2
    products = np.fft.irfft(power, axis=0)[:LAGS]
    return np.asarray(products / (frames - np.arange(LAGS))[:, None, None])


def write_structure(folder: Path, atoms: Atoms, positions: Array) -> None:
    """Write rdf.out, and adf.out of the angles at Y between neighbours within 3.4 A."""
    symbols = np.array(atoms.get_chemical_symbols())
    edges = np.linspace(0.0, REACH, BINS + 1)
    angles = np.zeros(60)
    counts = {"total": np.zeros(BINS), **{"-".join(pair): np.zeros(BINS) for pair in PAIRS}}
    work = atoms.copy()
    for frame in positions:
        work.set_positions(frame)
        work.wrap()
        first, second, distance, vector = neighbor_list("ijdD", work, REACH)
        counts["total"] += np.histogram(distance, edges)[0]
        for one, other in PAIRS:
            chosen = (symbols[first] == one) & (symbols[second] == other)
            counts[f"{one}-{other}"] += np.histogram(distance[chosen], edges)[0]
        close = (symbols[first] == "Y") & (symbols[second] == "Cl") & (distance < 3.4)
        for centre in np.unique(first[close]):
            unit = vector[close & (first == centre)] / distance[close & (first == centre)][:, None]
            cosines = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
            angles += np.histogram(np.degrees(np.arccos(np.clip(cosines, -1, 1))), 60, (0, 180))[0]
    middles = 0.5 * (edges[1:] + edges[:-1])
    shells = 4.0 * np.pi / 3.0 * np.diff(edges**3) * len(positions) / atoms.get_volume()
    columns = [middles]
    for name, found in counts.items():
        one, _, other = name.partition("-")
        number = [len(symbols) if part in ("total", "") else int((symbols == part).sum()) for part in (one, other)]
        columns.append(found / (shells * number[0] * number[1]))
    header = " ".join(["radius", *counts])
    np.savetxt(folder / "rdf.out", np.column_stack(columns), fmt="%.5f", header=header, comments="#")
    grid = np.column_stack([np.arange(60) * 3.0 + 1.5, angles / (3.0 * angles.sum())])
    np.savetxt(folder / "adf.out", grid, fmt="%g", header="angles Y-Cl-Cl step = 0", comments="#")


def write_heat(folder: Path, runs: int = 4) -> None:
    """Write hac.out and kappa.out of made-up runs: a conductivity of 10 W/m/K that is approached in 1 ps."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    time = 0.02 * np.arange(1, 501)
    blocks, driven = [], []
    for _ in range(runs):
        noise = rng.normal(0.0, 0.15, (len(time), 5))
        correlation = np.array([5.0, 5.0, 5.0, 5.0, 10.0]) * np.exp(-time / 1.0)[:, None] + noise
        blocks.append(np.column_stack([time, correlation, 0.02 * np.cumsum(correlation, axis=0)]))
        driven.append(np.array([0.0, 0.0, 5.0, 5.0, 0.0]) + rng.normal(0.0, 8.0, (1000, 5)))
    np.savetxt(folder / "hac.out", np.concatenate(blocks), fmt="%.8e")
    np.savetxt(folder / "kappa.out", np.concatenate(driven), fmt="%.8e")
    (folder / "run.in").write_text(
        "time_step 1\nensemble nvt_nhc 300 300 100\ncompute_hnemd 1000 0 0.00001 0\nrun 1000000\n"
    )


def write_viscosity(folder: Path, runs: int = 4) -> None:
    """Write viscosity.out of made-up runs: 1 mPa s, approached in 0.2 ps."""
    rng = np.random.default_rng(1)
    time = 0.005 * np.arange(400)
    blocks = []
    for _ in range(runs):
        correlation = np.exp(-time / 0.2)[:, None] * np.array([5.0] * 3 + [1.0] * 6) + rng.normal(0, 0.03, (400, 9))
        correlation[:, 6:] = correlation[:, 3:6]
        integral = 1e-3 / 0.2 * 0.005 * np.cumsum(correlation, axis=0)
        blocks.append(np.column_stack([time, 1e4 * correlation, integral]))
    np.savetxt(folder / "viscosity.out", np.concatenate(blocks), fmt="%.8e")


def write_source_and_sink(folder: Path) -> None:
    """Write compute.out and what belongs to it: a bar of ten slabs with 0.05 eV/ps between 330 and 270 K."""
    place = folder / "nemd"
    place.mkdir(exist_ok=True)
    rng = np.random.default_rng(2)
    kelvin = np.array([0.0, 330.0, 325.0, 317.5, 310.0, 302.5, 295.0, 287.5, 280.0, 275.0, 270.0])
    noisy = kelvin + rng.normal(0, 2.0, (400, len(kelvin))) * (kelvin > 0)
    given = 0.05 * 0.5 * np.arange(1, 401)
    np.savetxt(place / "compute.out", np.column_stack([noisy, -given + rng.normal(0, 0.2, 400), given]), fmt="%.6e")
    (place / "run.in").write_text(
        "time_step 0.5\nensemble heat_lan 300 100 30 1 10\ncompute 0 10 100 temperature\nrun 400000\n"
    )
    rows = "".join(f"C {5 + 10 * group} 1 1 {group}\n" for group in range(len(kelvin)))
    head = f'Lattice="{10 * len(kelvin)} 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:3:group:I:1'
    (place / "model.xyz").write_text(f"{len(kelvin)}\n{head}\n{rows}")


def write_walks(folder: Path) -> None:
    """Write msd.out of random walks at four temperatures, with an activation energy of 0.3 eV."""
    for kelvin in (500, 600, 700, 900):
        place = folder / f"{kelvin}K"
        place.mkdir(parents=True, exist_ok=True)
        rate = 100.0 * np.exp(-0.3 / (units.kB * kelvin))  # A^2/ps
        steps = np.random.default_rng(kelvin).normal(0.0, np.sqrt(2.0 * rate * 0.1), (4000, 32, 3))
        values = msd(np.cumsum(steps, axis=0), 0.1).directions("all")[:400]
        slope = 0.5 * np.gradient(values, 0.1, axis=0)
        np.savetxt(place / "msd.out", np.column_stack([0.1 * np.arange(400), values, slope]), fmt="%.8g")
        (place / "run.in").write_text(f"ensemble nvt_bdp {kelvin} {kelvin} 100\ncompute_msd 100 400\nrun 400000\n")
        write_xyz(place / "model.xyz", Atoms("Li32", positions=np.zeros((32, 3)), cell=[20, 20, 20], pbc=True))


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else "gallery-run"))
