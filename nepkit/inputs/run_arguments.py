"""Arguments that several keywords of run.in take."""

from __future__ import annotations

from nepkit.inputs.keywords import Argument


def integer(name: str, low: float = float("-inf"), high: float = float("inf")) -> Argument:
    """Return an argument that is an integer."""
    return Argument(name, "integer", low, high)


def number(
    name: str, unit: str = "", low: float = float("-inf"), high: float = float("inf"), *, above: bool = False
) -> Argument:
    """Return an argument that is a number; ``above`` excludes ``low`` itself."""
    return Argument(name, "number", low, high, unit, above=above)


def choice(name: str, *words: str) -> Argument:
    """Return an argument that is one of some words."""
    return Argument(name, "word", choices=words)


FILE = Argument("file", "file")
INTERVAL, SAMPLING, LAGS = integer("interval", 1), integer("sampling interval", 1), integer("correlation steps", 1)
METHOD, GROUP = integer("grouping method", 0), integer("group", 0)
OF_GROUP = {"group": (METHOD, GROUP)}

VECTOR = tuple(number(f"v{axis}", "A/fs") for axis in "xyz")
FIELD = tuple(number(f"E{axis}", "V/A") for axis in "xyz")
FORCE = tuple(number(f"F{axis}", "eV/A") for axis in "xyz")
DRIVING = tuple(number(f"Fe_{axis}", "1/A") for axis in "xyz")
PAIR = (integer("type", 0), integer("type", 0))
MODES = (integer("first mode", 1), integer("last mode", 1), choice("bin", "bin_size", "f_bin_size"), number("size"))
PROPERTIES: tuple[str, ...] = ("mass", "velocity", "force", "potential", "virial", "charge", "bec", "group_labels")
PROPERTIES = (*PROPERTIES, "unwrapped_position")
PRECISION = {"precision": (choice("precision", "single", "double"),)}
FLAGS: dict[str, tuple[Argument, ...]] = dict.fromkeys(PROPERTIES, ())
QUANTITIES = ("temperature", "potential", "force", "virial", "jp", "jk", "momentum")
CHUNK = ("temperature", "density/number", "density/mass", "vx", "vy", "vz", "fx", "fy", "fz")
ZERO_ONE = (integer("has_velocity", 0, 1), integer("has_force", 0, 1))
