"""Preparing folders and collecting results on the command line."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels

POTCAR = "  PAW_PBE {name} 01Jan2001\n   TITEL  = PAW_PBE {name} 01Jan2001\n   POMASS = 1.0; ZVAL   = {valence:8.3f}\n"
RUN = """potential nep.txt
velocity {{temperature}}
ensemble nvt_bdp {{temperature}} {{temperature}} 100
time_step 1
dump_xyz 100 dump.xyz
run 1000
"""
JOB = "#!/bin/bash\n#SBATCH --time=1:00:00\n#SBATCH -p mine\nmodule load vasp\nmpirun vasp_std > out  # {{name}}\n"


def mixed(seed=0):
    """Rock salt whose elements alternate, so that a POSCAR has another order."""
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    atoms.rattle(0.05, seed=seed)
    atoms.arrays["group"] = np.arange(8)
    atoms.info["config_type"] = f"salt{seed}"
    return atoms


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Structures, a template for VASP with a library of POTCARs, and a job script."""
    monkeypatch.chdir(tmp_path)
    write_frames("salt.xyz", [mixed(0), mixed(1)])
    for folder in ("template", "library/Na_pv", "library/Cl"):
        Path(folder).mkdir(parents=True)
    Path("template/INCAR").write_text("ENCUT = 400 ! for {{name}}\nSYSTEM = {{formula}}\n")
    Path("template/KPOINTS").write_text("k\n0\nGamma\n2 2 2\n")
    Path("library/Na_pv/POTCAR").write_text(POTCAR.format(name="Na_pv", valence=7))
    Path("library/Cl/POTCAR").write_text(POTCAR.format(name="Cl", valence=7))
    Path("job.sh").write_text(JOB)
    return tmp_path


VASP = ["prepare", "scf", "salt.xyz", "--template", "template", "--potcars", "library", "--potcar", "Na=Na_pv"]


def put_results(folder="out", *, skip=()):
    """Put into every folder what a calculation of its POSCAR might give: an energy, and forces that tell the atoms."""
    for number, path in enumerate(sorted(Path(folder).glob("structure_*")), 1):
        if number in skip:
            continue
        (atoms,) = read_frames(path / "POSCAR")
        set_labels(atoms, Labels(energy=-float(number), forces=10.0 * atoms.positions))
        write_frames(path / "result.xyz", [atoms])


def test_folders_for_vasp_come_back_in_the_order_of_the_structures(work, capsys):
    assert main([*VASP, "--job", "job.sh", "-o", "out"]) == 0
    told = capsys.readouterr().out
    assert "2 folders in out" in told
    first = Path("out/structure_1")
    assert sorted(path.name for path in first.iterdir()) == ["INCAR", "KPOINTS", "POSCAR", "POTCAR", "job.sh"]
    assert (first / "INCAR").read_text() == "ENCUT = 400 ! for structure_1\nSYSTEM = Cl4Na4\n"
    assert (first / "POSCAR").read_text().split()[:2] == ["Na", "Cl"]
    titles = [line.split()[3] for line in (first / "POTCAR").read_text().splitlines() if "TITEL" in line]
    assert titles == ["Na_pv", "Cl"]
    assert (first / "job.sh").read_text().endswith("# structure_1\n")
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert [(item["folder"], item["source"], item["frame"]) for item in manifest["entries"]] == [
        ("structure_1", "salt.xyz", 1),
        ("structure_2", "salt.xyz", 2),
    ]
    assert sorted(manifest["template"]) == ["INCAR", "KPOINTS", "job.sh"]
    put_results()
    assert main(["collect", "out/manifest.json", "--result", "result.xyz", "-o", "train.xyz"]) == 0
    found = list(read_frames("train.xyz"))
    for number, atoms in enumerate(found):
        wanted = mixed(number)
        assert atoms.get_chemical_symbols() == ["Na", "Cl"] * 4
        np.testing.assert_allclose(atoms.positions, wanted.positions, atol=1e-12)
        np.testing.assert_allclose(labels(atoms).forces, 10 * wanted.positions, atol=1e-8)
        assert labels(atoms).energy == -(number + 1)
        assert atoms.arrays["group"].tolist() == list(range(8))
        assert (atoms.info["config_type"], atoms.info["structure"]) == (f"salt{number}", f"salt.xyz:{number + 1}")


def test_nothing_is_collected_while_something_is_missing(work, capsys):
    assert main([*VASP, "-o", "out"]) == 0
    put_results(skip=[2])
    words = ["collect", "out", "--result", "result.xyz", "-o", "train.xyz"]
    assert main(words) == 1
    told = capsys.readouterr().out
    assert "structure_2" in told
    assert "1 complete, 1 missing; nothing written" in told
    assert not Path("train.xyz").exists()
    assert main([*words, "--partial", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["frames"], data["counts"]) == (1, {"complete": 1, "missing": 1})
    assert [atoms.info["structure"] for atoms in read_frames("train.xyz")] == ["salt.xyz:1"]


def test_results_of_another_structure_are_not_taken(work, capsys):
    assert main([*VASP, "-o", "out"]) == 0
    put_results()
    Path("out/structure_1/result.xyz").write_bytes(Path("out/structure_2/result.xyz").read_bytes())
    Path("out/structure_2/result.xyz").write_text("8\ncut short\n")
    capsys.readouterr()
    assert main(["collect", "out", "--result", "result.xyz", "-o", "train.xyz", "--json"]) == 1
    folders = {item["folder"]: item for item in json.loads(capsys.readouterr().out)["folders"]}
    assert folders["structure_1"]["status"] == "different"
    assert "A from where it was put" in folders["structure_1"]["detail"]
    assert folders["structure_2"]["status"] == "failed"


def test_an_array_job_is_the_job_script_of_the_user(work):
    assert main([*VASP, "-o", "out", "--array", "job.sh", "--at-once", "5"]) == 0
    script = Path("out/array.sh").read_text()
    assert script.splitlines()[:4] == [*JOB.splitlines()[:3], "#SBATCH --array=1-2%5"]
    script = script.replace("module load vasp", "").replace("mpirun vasp_std > out", "pwd; true")
    ran = subprocess.run(["bash", "-c", script], cwd="out", env={"SLURM_ARRAY_TASK_ID": "2", "PATH": "/usr/bin:/bin"},
                         capture_output=True, text=True, check=True)  # fmt: skip
    assert ran.stdout.strip().endswith("out/structure_2")


@pytest.fixture
def dynamics(tmp_path, monkeypatch):
    """Structures of the bundled model's elements, its NEP, and a run.in."""
    monkeypatch.chdir(tmp_path)
    data = Path(__file__).parents[2] / "nepkit" / "data" / "li3ycl6"
    frames = list(read_frames(data / "train.xyz"))[:2]
    write_frames("cells.xyz", [atoms.repeat((2, 2, 3)) for atoms in frames])
    Path("nep.txt").write_bytes((data / "nep.txt").read_bytes())
    Path("run.in").write_text(RUN)
    return tmp_path


def test_folders_for_gpumd_at_several_temperatures(dynamics, capsys):
    words = ["prepare", "md", "cells.xyz", "--run", "run.in", "--potential", "nep.txt", "--temperature", "300,600"]
    assert main([*words, "-o", "md"]) == 0
    names = sorted(path.name for path in Path("md").iterdir() if path.is_dir())
    assert names == ["structure_1_300K", "structure_1_600K", "structure_2_300K", "structure_2_600K"]
    folder = Path("md/structure_2_600K")
    assert (folder / "run.in").read_text() == RUN.replace("{{temperature}}", "600")
    assert (folder / "nep.txt").read_bytes() == Path("nep.txt").read_bytes()
    (model,), cells = read_frames(folder / "model.xyz"), list(read_frames("cells.xyz"))
    np.testing.assert_array_equal(model.positions, cells[1].positions)
    assert labels(model) == Labels()
    for path in Path("md").glob("structure_*"):
        (model,) = read_frames(path / "model.xyz")
        model.info.clear()
        write_frames(path / "dump.xyz", [model] * 5)
    capsys.readouterr()
    assert main(["collect", "md", "--stride", "2", "-o", "all.xyz"]) == 0
    assert "4 folders: 4 complete; wrote 12 frames" in capsys.readouterr().out
    found = list(read_frames("all.xyz"))
    assert found[-1].info["source"] == "structure_2_600K/dump.xyz:5"
    assert (found[-1].info["temperature"], found[-1].info["structure"]) == (600, "cells.xyz:2")
    Path("md/structure_1_300K/dump.xyz").unlink()
    assert main(["collect", "md", "-o", "part.xyz"]) == 1
    assert not Path("part.xyz").exists()


def test_run_files_are_variants_and_the_potential_can_be_linked(dynamics):
    Path("heat.in").write_text(RUN.replace("{{temperature}}", "900"))
    Path("rest.in").write_text(RUN.replace("{{temperature}}", "300"))
    words = ["prepare", "md", "cells.xyz", "--run", "heat.in", "--run", "rest.in", "--potential", "nep.txt", "--link"]
    assert main([*words, "-o", "md"]) == 0
    folder = Path("md/structure_1_heat")
    assert "nvt_bdp 900 900" in (folder / "run.in").read_text()
    assert (folder / "nep.txt").is_symlink()
    assert (folder / "nep.txt").read_bytes() == Path("nep.txt").read_bytes()


def test_folders_for_lammps_and_their_dumps(dynamics, capsys):
    lines = ["read_data {{data}}", "pair_style nep", "pair_coeff * * nep.txt {{elements}}"]
    Path("in.nvt").write_text("\n".join([*lines, "fix 1 all nvt temp {{t}} {{t}} 0.1", ""]))
    words = ["prepare", "md", "cells.xyz", "--program", "lammps", "--run", "in.nvt", "--potential", "nep.txt"]
    assert main([*words, "--set", "t=300", "-o", "md"]) == 0
    folder = Path("md/structure_1_t300")
    assert "pair_coeff * * nep.txt Cl Li Y" in (folder / "in.nvt").read_text()
    (data,), (wanted, _) = read_frames(folder / "structure.data"), read_frames("cells.xyz")
    assert data.get_chemical_symbols() == wanted.get_chemical_symbols()
    np.testing.assert_allclose(data.cell.cellpar(), wanted.cell.cellpar(), atol=1e-6)
    for path in Path("md").glob("structure_*"):
        (data,) = read_frames(path / "structure.data")
        later = data.copy()
        later.positions += [3, 0, 0]
        (path / "run.lammpstrj").write_text(lammps_dump([data, later]))
    assert main(["collect", "md", "-o", "all.xyz"]) == 0
    found, cells = list(read_frames("all.xyz")), list(read_frames("cells.xyz"))
    assert [len(atoms) for atoms in found] == [len(atoms) for atoms in cells for _ in range(2)]
    for atoms, wanted in zip(found[::2], cells, strict=True):
        assert atoms.get_chemical_symbols() == wanted.get_chemical_symbols()
        np.testing.assert_allclose(
            atoms.get_all_distances(mic=True)[0], wanted.get_all_distances(mic=True)[0], atol=1e-5
        )
    (moved,) = read_frames(folder / "structure.data")
    moved.positions += [3, 0, 0]
    (folder / "run.lammpstrj").write_text(lammps_dump([moved]))
    capsys.readouterr()
    assert main(["collect", "md", "-o", "more.xyz"]) == 1
    assert "different        0   run.lammpstrj: at step 0 atom" in capsys.readouterr().out


def lammps_dump(frames):
    """Return a dump from step 0 on; cells have the first vector along x."""
    made = []
    for step, atoms in enumerate(frames):
        (lx, _, _), (xy, ly, _), (xz, yz, lz) = atoms.cell.array
        x, y = (0, xy, xz, xy + xz), (0, yz)
        bounds = f"{min(x)} {lx + max(x)} {xy}\n{min(y)} {ly + max(y)} {xz}\n0 {lz} {yz}"
        kinds = sorted(set(atoms.symbols))
        rows = [
            f"{i} {kinds.index(s) + 1} {x} {y} {z}"
            for i, (s, (x, y, z)) in enumerate(zip(atoms.symbols, atoms.positions, strict=True), 1)
        ]
        made += [
            "ITEM: TIMESTEP",
            f"{step}",
            "ITEM: NUMBER OF ATOMS",
            f"{len(atoms)}",
            "ITEM: BOX BOUNDS xy xz yz pp pp pp",
        ]
        made += [bounds, "ITEM: ATOMS id type x y z", *rows]
    return "\n".join(made) + "\n"


def test_a_real_output_of_vasp_comes_back_by_the_frame_that_was_prepared(work, reference_data, capsys):
    """Of the steps of a run the one with the structure as prepared is taken; an unconverged one is named."""
    outputs = reference_data / "dft_outputs"
    for number, (element, kind) in enumerate({"H": "H", "O": "O", "C": "C"}.items()):
        (work / "library" / kind).mkdir()
        Path(f"library/{kind}/POTCAR").write_text(POTCAR.format(name=element, valence=number + 1))
    water = list(read_frames(outputs / "OUTCAR.h2o.md"))
    write_frames("water.xyz", [water[-1]])
    words = ["prepare", "scf", "water.xyz", "--template", "template", "--potcars", "library"]
    assert main([*words, "-o", "water"]) == 0
    Path("water/structure_1/OUTCAR").write_bytes((outputs / "OUTCAR.h2o.md").read_bytes())
    assert main(["collect", "water", "-o", "train.xyz"]) == 0
    (found,) = read_frames("train.xyz")
    assert labels(found).energy == labels(water[-1]).energy
    np.testing.assert_allclose(labels(found).forces, labels(water[-1]).forces, atol=1e-9)
    assert found.info["source"] == f"structure_1/OUTCAR:{len(water)}"
    methane = next(read_frames(outputs / "OUTCAR.ch4.unconverged"))
    methane.positions[0] += 0.5  # a structure whose only calculation did not converge
    write_frames("methane.xyz", [methane])
    words[2] = "methane.xyz"
    assert main([*words, "-o", "methane"]) == 0
    Path("methane/structure_1/OUTCAR").write_bytes((outputs / "OUTCAR.ch4.unconverged").read_bytes())
    capsys.readouterr()
    assert main(["collect", "methane", "-o", "none.xyz", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"unconverged": 1}


BAD_SCF = [
    ("rm template/INCAR", [], "no INCAR"),
    ("rm template/KPOINTS", [], "no KPOINTS"),
    ("rm -r library/Na_pv", [], "salt.xyz, frame 1: no POTCAR of Na_pv in library"),
    ("mv library/Na_pv library/Na", [], "no POTCAR of Na_pv"),
    ("cp library/Cl/POTCAR library/Na_pv/", [], "is of Cl, expected Na alone"),
    ("sed -i s/PAW_PBE/PAW/ library/Cl/POTCAR", [], "POTCARs of different functionals"),
    ("echo 'X = {{temprature}}' >> template/INCAR", [], "{{temprature}} in the template has no value"),
    ("true", ["--set", "encut=300"], "no file of the template has {{encut}}"),
    ("mkdir out", [], "out already exists"),
    ("touch template/POSCAR", [], "remove it from the template"),
    ("echo MAGMOM = 4*1 >> template/INCAR", [], "names 4 moments"),
    ("cp library/Cl/POTCAR template/", [], "both a POTCAR and a library"),
    ("sed -i s/config_type/charge=1\\ config_type/ salt.xyz", [], "no NELECT in the INCAR"),
    ("sed -i 2s/Lattice/Old/ salt.xyz", [], "no cell"),
    ("echo >> salt.xyz; echo 3 >> salt.xyz", [], "salt.xyz"),
    ("sed -i 1d job.sh", ["--array", "job.sh"], "begins with a line such as"),
    ("echo '#SBATCH --array=1-3' >> job.sh", ["--array", "job.sh"], "an --array of its own"),
    ("true", ["--job", "template/INCAR"], "would get the same name"),
]


@pytest.mark.parametrize(("change", "more", "message"), BAD_SCF)
def test_incomplete_inputs_are_refused_before_anything_is_made(work, capsys, change, more, message):
    subprocess.run(change, shell=True, check=True)
    before = sorted(path for path in work.rglob("*"))
    assert main([*VASP, *more, "-o", "out"]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert sorted(path for path in work.rglob("*")) == before


BAD_MD = [
    ("sed -i s/Li/Na/ cells.xyz", [], "Na is not in nep.txt"),
    ("sed -i /potential/d run.in", [], "no line potential"),
    ("sed -i '/^run/d' run.in", [], "run"),
    ("sed -i s/nvt_bdp/nvt_bpd/ run.in", [], "nvt_bpd"),
    ("sed -i s/temperature/temp/g run.in", [], "{{temp}} in the template has no value"),
    ("sed -i 's/ensemble.*/ensemble nvt_bdp 300 300 100/; s/velocity.*/velocity 300/' run.in", [],
     "no file of the template has {{temperature}}"),
    ("true", ["--temperature", "-5"], "more than 0"),
    ("true", ["--set", "temperature=5"], "twice"),
    ("sed -i s,nep.txt,../nep.txt, run.in", [], "is not in the folder of the run"),
    ("true", ["--program", "lammps"], "no line read_data"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "more", "message"), BAD_MD)
def test_simulations_that_could_not_run_are_refused(dynamics, capsys, change, more, message):
    subprocess.run(change, shell=True, check=True)
    words = ["prepare", "md", "cells.xyz", "--run", "run.in", "--potential", "nep.txt", "--temperature", "300"]
    assert main([*words, *more, "-o", "md"]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert sorted(path.name for path in dynamics.iterdir()) == ["cells.xyz", "nep.txt", "run.in"]


def test_a_changed_record_is_not_trusted(work, capsys):
    assert main([*VASP, "-o", "out"]) == 0
    put_results()
    write_frames("out/structures.xyz", [Atoms("H", cell=[3, 3, 3], pbc=True)], overwrite=True)
    assert main(["collect", "out", "-o", "train.xyz"]) == 1
    assert "not what it was" in capsys.readouterr().err
    Path("out/manifest.json").write_text("{}")
    assert main(["collect", "out", "-o", "train.xyz"]) == 1
    assert "not a manifest" in capsys.readouterr().err
