"""What is installed, what is missing, and whether it computes the right number."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Literal

from nepkit import __version__
from nepkit.core.errors import ProgramError
from nepkit.core.programs import PROGRAMS, find_program

DISTRIBUTION = "gpumd-nepkit"
MADELUNG_NACL = 1.7475645946
"""Madelung constant of rock salt, doi:10.1063/1.1747182 and later; the self-test computes it."""

COMPILED = {"nepkit.formats._rows": "frames of extended xyz", "lr_correction._kernel": "energies and forces of a NEP"}
"""Parts that are compiled at installation where there is a compiler, and what they make quick; as in setup.py."""

State = Literal["ok", "absent", "failed"]


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Parameters
    ----------
    area : str
        Python, package, extra, compiler, program, GPU or self-test.
    name : str
        What was looked for.
    found : str
        Version or path, or what went wrong.
    state : str
        ``"ok"``; ``"absent"`` for something optional; ``"failed"`` for something that must work.
    remedy : str
        How to get it, where it is not there.
    """

    area: str
    name: str
    found: str
    state: State = "ok"
    remedy: str = ""


def examine() -> list[Check]:
    """Return every check, the self-test last."""
    return [
        Check("Python", "nepkit", __version__),
        Check("Python", "python", f"{platform.python_version()} ({sys.executable})"),
        Check("Python", "platform", f"{platform.system()} {platform.machine()}, {_cores()} CPU cores"),
        *_packages(),
        *_compiled(),
        _nep_engine(),
        *_compilers(),
        *_programs(),
        *_gpu(),
        self_test(),
    ]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _packages() -> Iterator[Check]:
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Check("Package", DISTRIBUTION, "not installed", "absent", "pip install . in the folder of the project")
        requirements = []
    for requirement in requirements:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        version = _version(name)
        if extra is None:
            if version is None:
                yield Check("Package", name, "not installed", "failed", f"pip install {name}")
            else:
                yield Check("Package", name, version)
        elif extra[1] not in ("test", "dev"):
            remedy = "" if version else f"pip install {name}"
            yield Check(f"Extra {extra[1]}", name, version or "not installed", "ok" if version else "absent", remedy)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compiled() -> Iterator[Check]:
    for module, what in COMPILED.items():
        try:
            import_module(module)
        except ImportError:
            remedy = "apt install g++; pip install . again in the folder of the project"
            yield Check("Compiled", module, f"not there: {what} go the slower way", "absent", remedy)
        else:
            yield Check("Compiled", module, what)


def _nep_engine() -> Check:
    """Say who evaluates a NEP on a CPU here."""
    from lr_correction.engine import kernel, usable_threads

    module = kernel()
    if module is None:
        remedy = "apt install g++; pip install . again in the folder of the project"
        return Check("Engine", "NEP on a CPU", "calorine: our own engine was not compiled", "absent", remedy)
    width = module.__name__.partition("_kernel")[2].strip("_").upper().replace("AVX512", "AVX-512") or "plain"
    threads = usable_threads(10**9)
    return Check("Engine", "NEP on a CPU", f"own, {width} vectors, {threads} thread{'s' * (threads != 1)}")


def _compilers() -> Iterator[Check]:
    for name, remedy in (
        ("c++", "apt install g++; builds calorine and parts of nepkit"),
        ("nvcc", "CUDA toolkit; builds GPUMD"),
    ):
        path = shutil.which(name)
        if path is None:
            yield Check("Compiler", name, "not found", "absent", remedy)
        else:
            yield Check("Compiler", name, _first_version(path))


def _first_version(path: str) -> str:
    lines = _output([path, "--version"]).splitlines()
    # nvcc says its release in the fourth line, the others in the first.
    line = next((line for line in lines if "release" in line), lines[0] if lines else "")
    return f"{line.strip()} ({path})" if line else path


def _output(words: list[str]) -> str:
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _programs() -> Iterator[Check]:
    for program in PROGRAMS.values():
        remedy = program.remedy.format(program.variable)
        try:
            path = find_program(program.name)
        except ProgramError as error:
            yield Check("Program", program.name, str(error), "failed", f"unset {program.variable}")
            continue
        if path is None:
            yield Check("Program", program.name, "not found", "absent", remedy)
        else:
            yield Check("Program", program.name, str(path))


def _gpu() -> Iterator[Check]:
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    cards = [line.strip() for line in _output(query).splitlines() if line.strip()]
    if not cards:
        yield Check("GPU", "nvidia-smi", "no NVIDIA GPU", "absent", "everything of nepkit also runs on the CPU")
    for card in cards:
        yield Check("GPU", "nvidia-smi", card)
    if _version("cupy-cuda12x") is None and _version("cupy-cuda13x") is None:
        return
    try:
        cupy = import_module("cupy")
        yield Check("GPU", "cupy", f"sum of 3 ones on the device: {float(cupy.ones(3).sum()):g}")
    except Exception as error:  # whatever the driver or the wheel has to complain about
        reason = " ".join(str(error).split()) or type(error).__name__
        yield Check("GPU", "cupy", reason, "failed" if cards else "absent", "install the extra of your CUDA version")


def self_test() -> Check:
    """Compute the Madelung constant of rock salt with the electrostatics of the package."""
    name = "Madelung constant of NaCl"
    try:
        found = madelung_constant()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Check("Self-test", name, reason, "failed", "install nepkit again; if it stays, report it")
    if not abs(found - MADELUNG_NACL) <= 1e-8:  # also not a number fails
        return Check("Self-test", name, f"{found:.10f}, not {MADELUNG_NACL}", "failed", "please report this")
    return Check("Self-test", name, f"{found:.10f}")


def madelung_constant() -> float:
    """Return the Madelung constant of rock salt, from the Ewald sum of `lr_correction`."""
    import numpy as np
    from ase.build import bulk

    from lr_correction.batch import Batch
    from lr_correction.ewald import Electrostatics
    from lr_correction.kernels import COULOMB_CONSTANT, coulomb

    salt = Batch.from_atoms([bulk("NaCl", "rocksalt", a=2.0)], ["Na", "Cl"])  # nearest neighbours 1 A apart
    energy = Electrostatics(salt, None, coulomb(3.0, 36.0, 2.2)).energy(np.array([1.0, -1.0]))
    return float(-energy[0] / COULOMB_CONSTANT)
