"""Which function reads which output file of GPUMD."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nepkit.core.registry import Registry

READERS: Registry[Callable[..., Any]] = Registry(
    "output file of GPUMD",
    {
        "thermo.out": "nepkit.gpumd.thermo:read_thermo",
        "observer*.out": "nepkit.gpumd.thermo:read_thermo",
        "msd*.out": "nepkit.gpumd.tables:read_msd",
        "sdc.out": "nepkit.gpumd.spectra:read_sdc",
        "ic.out": "nepkit.gpumd.spectra:read_ic",
        "rdf.out": "nepkit.gpumd.structure:read_distribution",
        "adf.out": "nepkit.gpumd.structure:read_distribution",
        "angular_rdf.out": "nepkit.gpumd.structure:read_angular_rdf",
        "hac.out": "nepkit.gpumd.heat:read_hac",
        "kappa.out": "nepkit.gpumd.heat:read_kappa",
        "shc.out": "nepkit.gpumd.heat:read_shc",
        "onsager.out": "nepkit.gpumd.heat:read_onsager",
        "heatmode.out": "nepkit.gpumd.heat:read_modes",
        "kappamode.out": "nepkit.gpumd.heat:read_modes",
        "compute.out": "nepkit.gpumd.profiles:read_compute",
        "compute_chunk.out": "nepkit.gpumd.profiles:read_chunks",
        "ttm_electron_temperature.out": "nepkit.gpumd.profiles:read_electron_temperature",
        "*_hist.txt": "nepkit.gpumd.profiles:read_shock_profile",
        "dos.out": "nepkit.gpumd.spectra:read_dos",
        "mvac.out": "nepkit.gpumd.spectra:read_mvac",
        "viscosity.out": "nepkit.gpumd.spectra:read_viscosity",
        "lsqt_*.out": "nepkit.gpumd.spectra:read_lsqt",
        "dpdt.out": "nepkit.gpumd.spectra:read_dpdt",
        "dipole.out": "nepkit.gpumd.spectra:read_dipole",
        "polarizability.out": "nepkit.gpumd.spectra:read_polarizability",
        "active.out": "nepkit.gpumd.logs:read_active",
        "neighbor.out": "nepkit.gpumd.logs:read_neighbor",
        "mcmd.out": "nepkit.gpumd.logs:read_mcmd",
        "ti*.csv": "nepkit.gpumd.logs:read_integration",
        "ti*.yaml": "nepkit.gpumd.logs:read_free_energy",
        "cohesive.out": "nepkit.gpumd.structure:read_cohesive",
        "elastic.out": "nepkit.gpumd.structure:read_elastic",
        "omega2.out": "nepkit.gpumd.structure:read_omega2",
        "D.out": "nepkit.gpumd.structure:read_dynamical_matrices",
        "orientorder.out": "nepkit.gpumd.structure:read_orientational_order",
    },
)
"""Readers by the pattern of the file's name."""


def pattern_of(path: str | Path) -> str | None:
    """Return the entry of `READERS` for a file, None where GPUMD writes no such file.

    Examples
    --------
    >>> pattern_of("run/msd_step100.out"), pattern_of("notes.txt")
    ('msd*.out', None)
    """
    name = Path(path).name
    return next((pattern for pattern in READERS if fnmatch(name, pattern)), None)
