"""Keywords of run.in: all that GPUMD reads today, and those that it no longer has.

Facts from GPUMD 5 (src/main_gpumd/run.cu, src/measure/measure.cu, src/integrate/integrate.cu and its manual).
"""

from __future__ import annotations

from nepkit.inputs.ensembles import ENSEMBLES
from nepkit.inputs.keywords import Argument, Form, Keyword
from nepkit.inputs.run_arguments import (
    FIELD,
    FILE,
    FORCE,
    GROUP,
    INTERVAL,
    METHOD,
    OF_GROUP,
    VECTOR,
    ZERO_ONE,
    choice,
    integer,
    number,
)
from nepkit.inputs.run_measurements import COMPUTE, DUMP

SETUP = (
    Keyword(
        "potential",
        "File of the potential; several only where all are NEPs.",
        (Form((FILE, Argument("direction", "word")), needed=1),),
        lasting=True,
        several=True,
    ),
    Keyword(
        "replicate",
        "Repeats model.xyz along its cell vectors; the first line of run.in.",
        (Form((integer("a", 1), integer("b", 1), integer("c", 1))),),
        lasting=True,
        default="1 1 1",
    ),
    Keyword(
        "velocity",
        "Draws velocities, unless model.xyz has them.",
        (Form((number("temperature", "K", 0, above=True),), options={"seed": (integer("seed", 1),)}),),
        lasting=True,
        default="300",
    ),
    Keyword(
        "time_step",
        "Time step, and the largest way an atom may go in one.",
        (Form((number("step", "fs", 0), number("distance", "A", 0, above=True)), needed=1),),
        lasting=True,
        several=True,
        default="1",
    ),
    Keyword(
        "change_box",
        "Stretches the cell.",
        (
            Form((number("d", "A"),)),
            Form(tuple(number(f"d_{i}", "A") for i in ("xx", "yy", "zz"))),
            Form(
                (
                    *(number(f"d_{i}", "A") for i in ("xx", "yy", "zz")),
                    *(number(f"e_{i}") for i in ("yz", "xz", "xy")),
                )
            ),
        ),
        several=True,
    ),
    Keyword(
        "correct_velocity",
        "Removes linear and angular momentum, of all atoms or of every group.",
        (Form((integer("interval", 10), METHOD), needed=1),),
        lasting=True,
    ),
    Keyword(
        "kspace",
        "How the reciprocal part of a qNEP is summed.",
        (
            Form((choice("method", "ewald"),)),
            Form((choice("method", "pppm"), number("spacing", "A", 0.2, 2.0)), needed=1),
        ),
        lasting=True,
        default="pppm",
    ),
    Keyword(
        "dftd3",
        "Adds DFT-D3 dispersion to a NEP.",
        (Form((Argument("functional", "word"), number("cutoff", "A", 0), number("coordination cutoff", "A", 0))),),
        lasting=True,
    ),
    Keyword(
        "plumed", "Couples to PLUMED (needs a build with it).", (Form((FILE, INTERVAL, integer("restart", 0, 1))),)
    ),
    Keyword(
        "lincs",
        "Keeps bonds at their lengths.",
        (
            Form(
                (choice("mode", "H", "all", "off"),),
                needed=0,
                options={
                    "order": (integer("order", 1),),
                    "iter": (integer("iterations", 1),),
                    "factor": (number("factor", "", 0),),
                },
            ),
            Form(
                (choice("mode", "file"), FILE),
                options={"order": (integer("order", 1),), "iter": (integer("iterations", 1),)},
            ),
        ),
        lasting=True,
        since="2026",
    ),
)

STATIC = (
    Keyword(
        "minimize",
        "Minimises the energy; FIRE can change the cell too.",
        (
            Form(
                (
                    choice("method", "sd", "fire"),
                    number("force tolerance", "eV/A"),
                    integer("steps", 1),
                    integer("box_change", 0, 1),
                    integer("hydrostatic", 0, 1),
                ),
                needed=3,
            ),
        ),
        several=True,
    ),
    Keyword(
        "compute_cohesive",
        "Energy against the size of the cell.",
        (Form((number("from", "", 0, above=True), number("to", "", 0, above=True), integer("direction", 0, 6))),),
        several=True,
    ),
    Keyword(
        "compute_elastic",
        "Elastic constants by small strains.",
        (Form((number("strain", "", 0, above=True),)),),
        several=True,
    ),
    Keyword(
        "compute_phonon",
        "Phonons by displacements; needs replicate and kpoints.in.",
        (Form((number("displacement", "A", 0, above=True),)),),
    ),
)

EVOLVE = (
    Keyword("ensemble", "Integrator, thermostat and barostat of the next run.", ENSEMBLES),
    Keyword("fix", "Keeps a group where it is.", (Form((GROUP,)), Form((METHOD, GROUP)))),
    Keyword("move", "Moves a group at constant velocity.", (Form((GROUP, *VECTOR)), Form((METHOD, GROUP, *VECTOR)))),
    Keyword(
        "deform",
        "Stretches the cell during a run in an NPT ensemble.",
        (
            Form((number("rate", "A/step"), *(integer(f"deform {axis}", 0, 1) for axis in "xyz"))),
            Form(
                (
                    *(number(f"rate {axis}", "A/step") for axis in "xyz"),
                    *(integer(f"deform {axis}", 0, 1) for axis in "xyz"),
                )
            ),
        ),
    ),
    Keyword(
        "deposit",
        "Adds atoms during a run.",
        (
            Form(
                (INTERVAL, integer("direction", -1, 2), Argument("height", "word")),
                tail=(Argument("more", "word"),),
                repeats=(1, 28),
            ),
        ),
    ),
    Keyword(
        "mc",
        "Monte Carlo exchanges between MD steps (NEP only).",
        tuple(
            Form(
                (
                    choice("kind", kind),
                    integer("MD steps", 1),
                    integer("trials", 1),
                    number("T_i", "K", 0, above=True),
                    number("T_f", "K", 0, above=True),
                    *more,
                ),
                tail=tail,
                repeats=repeats,
                options=OF_GROUP,
            )
            for kind, more, tail, repeats in (
                ("canonical", (), (), (0, 0)),
                ("sgc", (integer("species", 2, 4),), (Argument("element", "element"), number("mu", "eV")), (2, 4)),
                ("vcsgc", (integer("species", 2, 4),), (Argument("word", "word"),), (5, 9)),
            )
        ),
    ),
    Keyword("electron_stop", "Electronic stopping of fast atoms.", (Form((FILE,)),)),
    Keyword(
        "add_force",
        "Adds a force to a group.",
        (Form((METHOD, GROUP, *FORCE)), Form((METHOD, GROUP, FILE))),
        several=True,
    ),
    Keyword("add_random_force", "Adds random forces.", (Form((number("variance", "", 0),)),)),
    Keyword(
        "add_efield",
        "Adds a force by an electric field, on charges or on Born effective charges.",
        tuple(
            Form((METHOD, GROUP, *way, choice("mode", "charge", "bec")), needed=2 + len(way))
            for way in (FIELD, (FILE,))
        ),
        several=True,
    ),
    Keyword(
        "add_spring",
        "Adds springs to groups.",
        (
            Form(
                (choice("mode", "ghost_com", "ghost_atom", "com_com"), METHOD, GROUP),
                tail=(Argument("word", "word"),),
                repeats=(3, 12),
            ),
        ),
        several=True,
    ),
    Keyword(
        "active",
        "Stores frames on whose forces several NEPs disagree.",
        (Form((INTERVAL, *ZERO_ONE, number("threshold", "eV/A", 0))),),
    ),
    Keyword("run", "Runs this many steps.", (Form((integer("steps", 1),)),), lasting=True, several=True),
)

REMOVED = (
    Keyword("dump_exyz", "Frames to dump.xyz.", removed="dump_xyz <interval> dump.xyz [velocity] [force] ..."),
    Keyword("dump_position", "Positions to movie.xyz.", removed="dump_xyz <interval> movie.xyz"),
    Keyword("dump_velocity", "Velocities.", removed="dump_xyz <interval> <file> velocity"),
    Keyword("dump_force", "Forces.", removed="dump_xyz <interval> <file> force"),
    Keyword("dump_piston", "Profile of a shock wave.", removed="dump_shock_nemd interval <interval>"),
    Keyword("compute_hessian", "Phonons.", removed="compute_phonon <displacement>, with replicate as the first line"),
    Keyword("neighbor", "Skin of the neighbour list.", removed="nothing: GPUMD chooses the skin itself"),
)

_SECTIONS = {
    "setup": SETUP,
    "static": STATIC,
    "motion": EVOLVE,
    "output": DUMP,
    "measurement": COMPUTE,
    "removed": REMOVED,
}
RUN_KEYWORDS: dict[str, Keyword] = {item.name: item for group in _SECTIONS.values() for item in group}
"""Every keyword of run.in by name, removed ones too."""

RUN_SECTIONS: dict[str, str] = {item.name: section for section, group in _SECTIONS.items() for item in group}
"""In which part of the table a keyword stands."""

LASTING = tuple(name for name, item in RUN_KEYWORDS.items() if item.lasting and name != "run")
"""Keywords whose effect lasts after the ``run`` that follows; all others are forgotten after it."""
