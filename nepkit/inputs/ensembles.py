"""What may follow ``ensemble`` in run.in (GPUMD: src/integrate/integrate.cu and ensemble_*.cu)."""

from __future__ import annotations

from nepkit.inputs.keywords import Argument, Form

FIXED_CELL = ("nve", "nvt_", "heat_", "rpmd", "trpmd", "ttm", "wall_")
"""How the names of ensembles begin that leave the cell as it is; ``pimd`` does so without pressures."""

LANGEVIN = ("nvt_lan", "nvt_bao", "nvt_qtb", "npt_qtb", "heat_lan", "pimd", "trpmd")
"""Ensembles whose random forces spoil heat currents and other time correlations."""


def _name(*names: str) -> Argument:
    return Argument("ensemble", "word", choices=names)


def _kelvin(name: str) -> Argument:
    return Argument(name, "number", 0, unit="K", above=True)


def _number(name: str, unit: str = "", low: float = float("-inf")) -> Argument:
    return Argument(name, "number", low, unit=unit)


def _integer(name: str, low: float = 0, high: float = float("inf")) -> Argument:
    return Argument(name, "integer", low, high)


COUPLING = _number("T_coup", "steps", 1)
THERMOSTAT = (_kelvin("T_1"), _kelvin("T_2"), COUPLING)
PRESSURE_COUPLING = _number("p_coup", "steps", 1)
COMPONENTS = ("xx", "yy", "zz", "yz", "xz", "xy")


def _pressure(count: int) -> tuple[Argument, ...]:
    """Return the pressures, the elastic moduli, and the coupling."""
    names = ("",) if count == 1 else tuple(f"_{name}" for name in COMPONENTS[:count])
    pressures = [_number(f"p{name}", "GPa") for name in names]
    moduli = [Argument(f"C{name}", "number", 0, unit="GPa", above=True) for name in names]
    return (*pressures, *moduli, PRESSURE_COUPLING)


PRESSURES = (_pressure(1), _pressure(3), _pressure(6))
TEMP = {"temp": (_kelvin("T_1"), _kelvin("T_2"))}
T_PERIOD = {"tperiod": (_number("period", "steps", 1),)}
P_PERIOD = {"pperiod": (_number("period", "steps", 200),)}
ALL_DIRECTIONS = ("iso", "aniso", "tri", "x", "y", "z", "xy", "yz", "xz")
"""Parts of the cell that a barostat of the MTTK kind can control."""
BAROSTAT = {name: (_number("p_1", "GPa"), _number("p_2", "GPa")) for name in ALL_DIRECTIONS}
QUANTUM = {"f_max": (_number("f_max", "1/ps", 0),), "N_f": (_integer("N_f", 1),)}
START = {name: (_number(name),) for name in ("p0", "v0", "e0")}
BEADS = _integer("beads", 2, 128)
HEAT = (
    _kelvin("T"),
    COUPLING,
    Argument("delta_T", "number", unit="K"),
    _integer("source group"),
    _integer("sink group"),
)
GRID = (
    *(_integer(name) for name in ("grouping method", "group")),
    *(_number(name) for name in ("Ce", "rho_e", "kappa_e", "gamma_p", "gamma_s", "v_0")),
    *(_integer(f"n{axis}", 1) for axis in "xyz"),
    _kelvin("T_e"),
)
GRID_OPTIONS = {
    "ttm_out_interval": (_integer("interval", 1),),
    "ttm_infile": (Argument("file", "file"),),
    "ttm_properties_file": (Argument("file", "file"),),
    "ttm_source": (_number("source"),),
    **{f"ttm_active_{axis}": (Argument("range", "word"),) for axis in "xyz"},
}
WORD = (Argument("word", "word"),)

ENSEMBLES: tuple[Form, ...] = (
    Form((_name("nve"),)),
    Form((_name("nvt_ber", "nvt_nhc", "nvt_bdp", "nvt_lan", "nvt_bao"), *THERMOSTAT)),
    *(Form((_name("npt_ber", "npt_scr"), *THERMOSTAT, *pressure)) for pressure in PRESSURES),
    Form((_name("nvt_mttk"),), options={**TEMP, **T_PERIOD}, must=("temp",)),
    Form((_name("npt_mttk"),), options={**TEMP, **T_PERIOD, **P_PERIOD, **BAROSTAT}, must=("temp",)),
    Form((_name("nph_mttk"),), options={**P_PERIOD, **BAROSTAT}),
    Form((_name("nvt_qtb"), *THERMOSTAT), options=QUANTUM),
    Form((_name("npt_qtb"),), options={**TEMP, **T_PERIOD, **P_PERIOD, **BAROSTAT, **QUANTUM}, must=("temp",)),
    Form((_name("heat_nhc", "heat_bdp", "heat_lan"), *HEAT)),
    Form((_name("heat_nhc_power"), *HEAT[:2], _number("power"), *HEAT[3:])),
    Form((_name("heat_hybrid"),), tail=WORD, repeats=(7, 29)),
    Form((_name("ttm"), *GRID), options=GRID_OPTIONS),
    Form((_name("heat_ttm"), *HEAT, *GRID), options=GRID_OPTIONS),
    Form((_name("pimd"), BEADS, *THERMOSTAT), options={"eco": (_number("omega_max", "1/cm", 0),)}),
    *(
        Form((_name("pimd"), BEADS, *THERMOSTAT, *pressure), options={"eco": (_number("omega_max", "1/cm", 0),)})
        for pressure in PRESSURES
    ),
    Form((_name("rpmd", "trpmd"), BEADS)),
    Form(
        (_name("msst"), Argument("direction", "word", choices=("x", "y", "z")), _number("velocity", "km/s")),
        options={name: (_number(name),) for name in ("qmass", "mu", "tscale", "p0", "v0", "e0")},
        must=("qmass", "mu"),
    ),
    Form((_name("nphug"),), options={**T_PERIOD, **P_PERIOD, **BAROSTAT, **START}),
    Form((_name("wall_piston"),), options={"vp": (_number("vp"),), "thickness": (_number("d", "A", 0),)}, must=("vp",)),
    Form((_name("wall_mirror"),), options={"vp": (_number("vp"),)}, must=("vp",)),
    Form((_name("wall_harmonic"),), options={"vp": (_number("vp"),), "k": (_number("k", "eV/A^2", 0),)}, must=("vp",)),
    *(Form((_name(name),), tail=WORD, repeats=(3, 29)) for name in ("ti", "ti_spring", "ti_as", "ti_rs", "ti_liquid")),
)
"""Every form of ``ensemble``; those of thermodynamic integration are not looked into."""
