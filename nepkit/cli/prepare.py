"""``nepkit prepare``: one folder per structure from a template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from nepkit.prepare.manifest import Manifest

F = TypeVar("F", bound=Callable[..., Any])

group(
    "prepare",
    "Folders of calculations or simulations from a template.",
    example="prepare scf structures.xyz --program vasp --template inputs -o runs",
)


def _common(function: F) -> F:
    for option in reversed((
        click.option("--set", "sets", multiple=True, metavar="NAME=V1,V2",
                     help="Values of {{NAME}} in the template; several values make one folder each."),
        click.option("--job", type=options.FILE, multiple=True, help="Job script copied to every folder."),
        click.option("--array", type=options.FILE, help="Job script for one folder, turned into a Slurm job array."),
        click.option("--at-once", type=click.IntRange(1),
                     help="Maximum number of array tasks running at the same time."),
        click.option("--prefix", default="structure", show_default=True, help="Prefix of the folder names."),
        click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Output folder."),
    )):  # fmt: skip
        function = option(function)
    return function


@command("prepare scf", menu=301)
@click.argument("files", nargs=-1, required=True, type=options.FILE)
@click.option("--program", type=click.Choice(["vasp", "cp2k", "abacus", "any"]), default="vasp", show_default=True,
              help="Program that runs the calculations; \"any\" is a script of yours that reads the "
                   "structure from a file.")  # fmt: skip
@click.option(
    "--template", type=options.FOLDER, required=True, help="Folder with the input files common to all calculations."
)
@click.option(
    "--potcars",
    type=options.FOLDER,
    help="VASP: potential library containing Li/POTCAR or POTCAR.Li for every element.",
)
@click.option(
    "--potcar", multiple=True, metavar="LI=LI_SV", help="VASP: data set of an element where it differs from the symbol."
)
@click.option("--input", "input_name", help="CP2K: name of the input file where the template contains several.")
@click.option("--structure", default="structure.xyz", show_default=True,
              help="any: name of the structure file; it sets the format.")  # fmt: skip
@_common
def scf(
    files: tuple[Path, ...],
    program: str,
    template: Path,
    potcars: Path | None,
    potcar: tuple[str, ...],
    input_name: str | None,
    structure: str,
    sets: tuple[str, ...],
    job: tuple[Path, ...],
    array: Path | None,
    at_once: int | None,
    prefix: str,
    output: Path,
) -> Output:
    """Make folders for single points of a DFT code.

    One folder for every frame of FILES with the files of the template, the structure, and for VASP a POTCAR put
    together in the order of the POSCAR. {{name}}, {{charge}}, {{atoms}}, {{nelect}} (VASP) and those of --set are
    filled in. Everything is checked first, and nothing of yours is moved. manifest.json keeps which structure went
    where, for nepkit collect.
    """
    from nepkit.prepare.abacus import abacus
    from nepkit.prepare.cp2k import cp2k
    from nepkit.prepare.layout import lay_out, read_structures, variants_of
    from nepkit.prepare.scripts import any_program
    from nepkit.prepare.template import read_template
    from nepkit.prepare.vasp import vasp

    if program != "vasp" and (potcars or potcar):
        raise InputError("--potcars and --potcar are for --program vasp")
    given = read_template([template])
    makers = {
        "vasp": lambda: vasp(given, potcars, dict(_pair(text, "--potcar Li=Li_sv") for text in potcar)),
        "cp2k": lambda: cp2k(given, input_name),
        "abacus": lambda: abacus(given),
        "any": lambda: any_program(given, structure),
    }
    manifest = lay_out(
        read_structures(files),
        makers[program](),
        given,
        output,
        kind="scf",
        program_name=program,
        prefix=prefix,
        variants=variants_of(_sets(sets)),
        jobs=read_template(job) if job else None,
        more_places=("nelect",) if program == "vasp" else (),
        array=_array(array, at_once),
    )
    return _told(manifest, output, array is not None)


@command("prepare md", menu=302, also=(303,))
@click.argument("files", nargs=-1, required=True, type=options.FILE)
@click.option("--program", type=click.Choice(["gpumd", "lammps"]), default="gpumd", show_default=True,
              help="Program that runs the input given by --run.")  # fmt: skip
@click.option(
    "--run",
    type=options.FILE,
    multiple=True,
    required=True,
    help="Input file: run.in, or in.* of LAMMPS; several make one folder each.",
)
@click.option("--potential", type=options.FILE, help="Potential file nep.txt; required for GPUMD.")
@click.option(
    "--temperature", default="", metavar="LIST", help="Values of {{temperature}}, K, e.g. 300,600; one folder each."
)
@click.option("--link", is_flag=True, help="Link the potential instead of copying it.")
@_common
def md(
    files: tuple[Path, ...],
    program: str,
    run: tuple[Path, ...],
    potential: Path | None,
    temperature: str,
    link: bool,
    sets: tuple[str, ...],
    job: tuple[Path, ...],
    array: Path | None,
    at_once: int | None,
    prefix: str,
    output: Path,
) -> Output:
    """Make folders for molecular dynamics.

    One folder for every frame of FILES, every --run and every value: model.xyz, run.in and the potential for GPUMD
    (checked as nepkit check does), or the input, a data file and the potential for LAMMPS. {{temperature}}, {{name}},
    {{elements}} (in the order of the types, LAMMPS), {{data}} and those of --set are filled in. manifest.json keeps
    which structure went where for nepkit collect.
    """
    from nepkit.prepare.dynamics import gpumd, lammps
    from nepkit.prepare.layout import lay_out, linked, read_structures, variants_of
    from nepkit.prepare.template import read_template

    if program == "gpumd" and potential is None:
        raise InputError("GPUMD needs a potential: --potential nep.txt")
    values = _sets([*([f"temperature={temperature}"] if temperature else []), *sets])
    for value in values.get("temperature", []):
        if not _positive(value):
            raise InputError(f"--temperature {value}: expected kelvin, more than 0")
    names = {path.stem if program == "gpumd" else path.name: path for path in run}
    if len(names) < len(run):
        raise InputError("two files of --run have the same name; folders are named after them")
    runs = {name if len(run) > 1 else "": read_template([path]) for name, path in names.items()}
    variants = variants_of({**({"run": list(runs)} if len(run) > 1 else {}), **values})
    place = linked if link else _itself
    maker = gpumd(runs, potential, place) if program == "gpumd" and potential else lammps(runs, potential, place)
    manifest = lay_out(
        read_structures(files),
        maker,
        read_template(run),
        output,
        kind="md",
        program_name=program,
        prefix=prefix,
        variants=variants,
        jobs=read_template(job) if job else None,
        more_places=("data",) if program == "lammps" else (),
        array=_array(array, at_once),
        hashed={} if potential is None else {str(potential): potential},
    )
    return _told(manifest, output, array is not None)


def _itself(path: Path) -> Path:
    return path


def _positive(value: str) -> bool:
    try:
        return 0.0 < float(value) < float("inf")
    except ValueError:
        return False


def _pair(text: str, example: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name.strip() and sign and value.strip()):
        raise InputError(f"{text!r} is no name and value; write {example}")
    return name.strip(), value.strip()


def _sets(texts: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, values = _pair(text, "--set pressure=0,5")
        if name in found or not name.isidentifier() or name == "run":
            raise InputError(f"--set {text}: {'twice' if name in found else 'not a name that can be used'}")
        found[name] = [value.strip() for value in values.split(",") if value.strip()]
        if len(set(found[name])) < len(found[name]) or not found[name]:
            raise InputError(f"--set {text}: values have to be there and differ")
    return found


def _array(script: Path | None, at_once: int | None) -> Any:
    from nepkit.prepare.slurm import array_job

    if script is None and at_once is not None:
        raise InputError("--at-once is for --array")
    return None if script is None else array_job(script, at_once)


def _told(manifest: Manifest, output: Path, array: bool) -> Output:
    rows = []
    for entry in manifest.entries:
        values = " ".join(f"{name}={value}" for name, value in entry.values.items())
        rows.append((entry.folder, f"{entry.source}:{entry.frame}", entry.formula, values or None))
    shown = rows if len(rows) <= 20 else [*rows[:10], ("...", "...", "...", None), *rows[-9:]]
    lines = [f"{len(rows)} folder{'s' if len(rows) != 1 else ''} in {output}"]
    if array:
        lines.append(f"submit: cd {output} && sbatch array.sh")
    lines.append(f"later: nepkit collect {output}/manifest.json -o train.xyz")
    return Output(
        data={"output": output, "manifest": output / "manifest.json", "entries": manifest.entries},
        tables=[Table("", ["folder", "structure", "formula", "values"], shown)],
        text="\n".join(lines),
    )
