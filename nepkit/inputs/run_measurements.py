"""Keywords of run.in that write something during a run (GPUMD: src/measure)."""

from __future__ import annotations

from nepkit.inputs.keywords import Argument, Form, Keyword
from nepkit.inputs.run_arguments import (
    CHUNK,
    DRIVING,
    FILE,
    FLAGS,
    INTERVAL,
    LAGS,
    METHOD,
    MODES,
    OF_GROUP,
    PAIR,
    PRECISION,
    QUANTITIES,
    SAMPLING,
    ZERO_ONE,
    choice,
    integer,
    number,
)


def _chunks(count: int) -> Form:
    bins = [
        argument
        for index in range(count)
        for argument in (
            choice(f"axis {index + 1}", "x", "y", "z"),
            choice(f"origin {index + 1}", "lower"),
            number(f"width {index + 1}", "A", 0, above=True),
        )
    ]
    style = choice("style", f"bin/{count}d")
    return Form((SAMPLING, integer("samples", 1), style, *bins), options=dict.fromkeys(CHUNK, ()))


DUMP = (
    Keyword("dump_thermo", "Temperature, energies, pressure and cell to thermo.out.", (Form((INTERVAL,)),)),
    Keyword(
        "dump_xyz",
        "Frames as extended xyz.",
        (Form((INTERVAL, FILE), options={**OF_GROUP, **PRECISION, **FLAGS}),),
        several=True,
        since="replaces dump_exyz",
    ),
    Keyword(
        "dump_netcdf",
        "Frames as AMBER NetCDF (needs a build with it).",
        (
            Form(
                (INTERVAL, FILE),
                options={**OF_GROUP, **PRECISION, **FLAGS, "compression": (choice("kind", "none", "deflate"),)},
            ),
            Form(
                (INTERVAL, FILE),
                options={
                    **OF_GROUP,
                    **PRECISION,
                    **FLAGS,
                    "compression": (choice("kind", "deflate"), integer("level", 0, 9)),
                },
            ),
        ),
        several=True,
    ),
    Keyword("dump_restart", "Positions and velocities to restart.xyz, replaced every time.", (Form((INTERVAL,)),)),
    Keyword("dump_beads", "Every bead of a path-integral run.", (Form((INTERVAL, *ZERO_ONE)),)),
    Keyword(
        "dump_cg",
        "Training frames for a coarse-grained NEP.",
        (Form((INTERVAL, METHOD), tail=(Argument("word", "word"),), repeats=(0, 20)),),
    ),
    Keyword(
        "dump_observer",
        "Energies and frames of all NEPs that are given.",
        (
            Form(
                (
                    choice("mode", "observe", "average"),
                    integer("thermo interval", 1),
                    integer("xyz interval", 1),
                    *ZERO_ONE,
                )
            ),
        ),
    ),
    Keyword("dump_dipole", "Dipole by a second model.", (Form((INTERVAL, FILE), needed=1),)),
    Keyword("dump_polarizability", "Polarizability by a second model.", (Form((INTERVAL, FILE), needed=1),)),
    Keyword(
        "dump_shock_nemd",
        "Profile along x of a shock wave.",
        (
            Form(
                (),
                options={"interval": (INTERVAL,), "bin_size": (number("width", "A", 0, above=True),)},
                must=("interval",),
            ),
        ),
    ),
)

COMPUTE = (
    Keyword(
        "compute",
        "Averages of groups to compute.out.",
        (Form((METHOD, SAMPLING, integer("samples", 1)), options=dict.fromkeys(QUANTITIES, ())),),
        several=True,
    ),
    Keyword(
        "compute_chunk",
        "Averages of slabs, columns or boxes.",
        (_chunks(1), _chunks(2), _chunks(3)),
        several=True,
        since="2026",
    ),
    Keyword(
        "compute_msd",
        "Mean square displacement to msd.out.",
        (Form((SAMPLING, LAGS), options={**OF_GROUP, "all_groups": (METHOD,), "save_every": (INTERVAL,)}),),
        several=True,
    ),
    Keyword(
        "compute_sdc",
        "Velocity autocorrelation and self-diffusion to sdc.out.",
        (Form((SAMPLING, LAGS), options=OF_GROUP),),
    ),
    Keyword(
        "compute_ic",
        "Ionic conductivity of one type with a fixed charge to ic.out.",
        (Form((SAMPLING, LAGS, integer("type", 0), number("charge", "e"))),),
        since="2026",
    ),
    Keyword(
        "compute_rdf",
        "Radial distribution to rdf.out.",
        (
            Form(
                (number("cutoff", "A", 0, above=True), integer("bins", 1), INTERVAL),
                tail=(choice("atom", "atom"), *PAIR),
                repeats=(0, 6),
            ),
        ),
    ),
    Keyword(
        "compute_adf",
        "Distribution of angles to adf.out.",
        (
            Form((INTERVAL, integer("bins", 1), number("from", "A", 0), number("to", "A", 0))),
            Form(
                (INTERVAL, integer("bins", 1)),
                tail=(*(integer("type", 0) for _ in range(3)), *(number("distance", "A", 0) for _ in range(4))),
                repeats=(1, 4),
            ),
        ),
        several=True,
    ),
    Keyword(
        "compute_angular_rdf",
        "Distribution of distances and angles.",
        (
            Form(
                (number("cutoff", "A", 0, above=True), integer("bins", 1), integer("angular bins", 1), INTERVAL),
                tail=(choice("atom", "atom"), *PAIR),
                repeats=(0, 6),
            ),
        ),
    ),
    Keyword(
        "compute_orientorder",
        "Steinhardt order parameters.",
        (
            Form(
                (
                    INTERVAL,
                    choice("mode", "cutoff", "nnn"),
                    number("parameter", "", 0, above=True),
                    integer("degrees", 1),
                ),
                tail=(integer("degree or flag", 0),),
                repeats=(1, 20),
            ),
        ),
    ),
    Keyword(
        "compute_dos",
        "Phonon density of states to dos.out and mvac.out.",
        (
            Form(
                (SAMPLING, LAGS, number("omega_max", "THz", 0, above=True)),
                options={**OF_GROUP, "num_dos_points": (integer("points", 1),)},
            ),
        ),
    ),
    Keyword(
        "compute_dpdt", "Time derivative of the polarisation (qNEP) to dpdt.out.", (Form((SAMPLING,)),), since="2026"
    ),
    Keyword("compute_es", "Electrostatic energy and force of fixed charges.", (Form((integer("interval", 1, 1),)),)),
    Keyword(
        "compute_hac",
        "Heat current autocorrelation and conductivity to hac.out.",
        (Form((SAMPLING, LAGS, integer("averaged rows", 1))),),
    ),
    Keyword("compute_viscosity", "Stress autocorrelation and viscosity to viscosity.out.", (Form((SAMPLING, LAGS)),)),
    Keyword("compute_hnemd", "Conductivity by a driving force to kappa.out.", (Form((INTERVAL, *DRIVING)),)),
    Keyword(
        "compute_hnemdec",
        "Onsager coefficients by a driving force to onsager.out.",
        (Form((integer("driven species", 0), INTERVAL, *DRIVING)),),
    ),
    Keyword(
        "compute_shc",
        "Spectral heat current to shc.out.",
        (
            Form(
                (
                    integer("sampling interval", 1, 10),
                    integer("correlation steps", 100, 1000),
                    integer("direction", 0, 2),
                    integer("frequencies", 1),
                    number("omega_max", "THz", 0, above=True),
                ),
                options={"group": (METHOD, integer("group", -1))},
            ),
        ),
        several=True,
    ),
    Keyword("compute_gkma", "Modal heat current by Green-Kubo.", (Form((SAMPLING, *MODES)),)),
    Keyword("compute_hnema", "Modal conductivity by a driving force.", (Form((SAMPLING, INTERVAL, *DRIVING, *MODES)),)),
    Keyword(
        "compute_lsqt",
        "Electronic transport of carbon.",
        (
            Form(
                (
                    choice("direction", "x", "y", "z"),
                    integer("moments", 1),
                    integer("energies", 1),
                    number("E_1", "eV"),
                    number("E_2", "eV"),
                    number("E_max", "eV", 0, above=True),
                )
            ),
        ),
    ),
    Keyword(
        "compute_extrapolation",
        "Extrapolation grade of a NEP.",
        (
            Form(
                (),
                options={
                    "nep_file": (FILE,),
                    "asi_file": (FILE,),
                    "gamma_low": (number("gamma", "", 0),),
                    "gamma_high": (number("gamma", "", 0),),
                    "check_interval": (INTERVAL,),
                    "dump_interval": (INTERVAL,),
                },
                must=("asi_file",),
            ),
        ),
    ),
)
