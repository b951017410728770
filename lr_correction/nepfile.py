"""NEP model files (nep.txt): read and write.

The grammar is that of GPUMD (`src/main_nep/fitness.cu` writes it, `src/force/nep.cu` reads it).
"""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from .errors import ModelError
from .nep import INVARIANTS, NEP, Floats, keep_species

__all__ = ["INVARIANTS", "NEP", "keep_species", "read_nep", "trained_numbers", "with_trained_numbers", "write_nep"]


TOKEN = re.compile(r"nep(?P<version>\d)(?P<zbl>_zbl)?(?P<kind>_[a-z_]+)?(?P<mode>\d)?")
SUPPORTED = "nep3, nep4 and nep5 with or without _zbl, and nep4[_zbl]_charge1 or _charge2"
HEADER_LINES = ("zbl", "cutoff", "n_max", "basis_size", "l_max", "ANN")
LARGEST_L = 8


def read_nep(path: str | os.PathLike[str]) -> NEP:
    """Read a NEP model file.

    Parameters
    ----------
    path
        A nep.txt of the kinds in `SUPPORTED`.

    Raises
    ------
    ModelError
        If the file is missing, truncated, malformed, or of a kind that is not supported.

    Examples
    --------
    >>> nep = read_nep("nep.txt")  # doctest: +SKIP
    >>> nep.elements, nep.dimension  # doctest: +SKIP
    (('H', 'O'), 32)
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ModelError(f"{path}: cannot read the NEP model: {reason}") from None
    try:
        header, used = _read_header(lines)
        return _read_numbers(header, _numbers(lines, used))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _read_header(lines: list[str]) -> tuple[dict[str, Any], int]:
    """Return the header's values and how many lines it takes."""
    if not any(lines):
        raise ModelError("the file is empty, expected a NEP model")
    header = _read_token(lines[0].split())
    wanted = HEADER_LINES if header["has_zbl"] else HEADER_LINES[1:]
    readers = {"zbl": _read_zbl, "cutoff": _read_cutoff, "l_max": _read_l_max, "ANN": _read_ann}
    for number, name in enumerate(wanted, start=2):
        words = lines[number - 1].split() if number <= len(lines) else []
        if not words:
            raise ModelError(f"truncated: expected the {name} line as line {number}")
        if words[0] != name:
            raise ModelError(f'line {number}: expected "{name}", found "{words[0]}"')
        try:
            values = [float(word) for word in words[1:]]
        except ValueError:
            raise ModelError(f'line {number}: expected numbers after "{name}", found "{lines[number - 1]}"') from None
        if name in readers:
            header |= readers[name](values, number, len(header["elements"]))
        else:
            header[name] = _integers(values, 2, number, name)
    return header, len(wanted) + 1


def _read_token(words: list[str]) -> dict[str, Any]:
    """Read the first line: kind of model and elements."""
    match = TOKEN.fullmatch(words[0]) if words else None
    if match is None:
        raise ModelError(f'not a NEP model: line 1 starts with "{" ".join(words[:1])}", expected a token like nep4')
    version, kind, mode = int(match["version"]), match["kind"] or "", int(match["mode"] or 0)
    charged = kind == "_charge"
    if version not in (3, 4, 5) or (kind and not (charged and mode in (1, 2) and version == 4)) or (mode and not kind):
        raise ModelError(f"models of the kind {words[0]} are not supported; {SUPPORTED} are")
    elements = tuple(words[2:])
    if len(words) < 2 or not words[1].isdigit() or int(words[1]) != len(elements) or not elements:
        raise ModelError("line 1: expected the token, the number of elements and that many chemical symbols")
    for symbol in elements:
        if symbol not in atomic_numbers or elements.count(symbol) > 1:
            raise ModelError(f"line 1: {symbol} is no chemical symbol or appears twice")
    return {"version": version, "charge_mode": mode, "has_zbl": bool(match["zbl"]), "zbl": None, "elements": elements}


def _integers(values: list[float], count: int, number: int, name: str) -> tuple[int, ...]:
    """Return exactly `count` integers >= 0."""
    if len(values) != count or any(v != int(v) or v < 0 for v in values):
        raise ModelError(f'line {number}: expected {count} integers >= 0 after "{name}"')
    return tuple(int(v) for v in values)


def _read_zbl(values: list[float], number: int, types: int) -> dict[str, Any]:
    """Read the cutoffs of the universal repulsion."""
    if len(values) not in (2, 3):
        raise ModelError(f"line {number}: expected two cutoffs and perhaps a factor after zbl")
    return {"zbl": (values[0], values[1], values[2] if len(values) == 3 else None)}


def _read_cutoff(values: list[float], number: int, types: int) -> dict[str, Any]:
    """Read uniform or type-wise cutoffs and the largest numbers of neighbours."""
    if len(values) not in (4, 2 * types + 2):
        raise ModelError(
            f"line {number}: expected 2 cutoffs (or {2 * types}, two per element) and 2 numbers of neighbours after "
            f'"cutoff", found {len(values)} numbers'
        )
    *cutoffs, most_radial, most_angular = values
    radial, angular = cutoffs[::2], cutoffs[1::2]
    if any(not 0 < a <= r for r, a in zip(radial, angular, strict=True)):
        raise ModelError(f"line {number}: cutoffs must be positive, the angular one not above the radial one")
    return {
        "cutoff_radial": max(radial),
        "cutoff_angular": max(angular),
        "typewise_cutoffs": tuple(zip(radial, angular, strict=True)) if len(radial) > 1 else None,
        "max_neighbours_radial": int(most_radial),
        "max_neighbours_angular": int(most_angular),
    }


def _read_l_max(values: list[float], number: int, types: int) -> dict[str, Any]:
    """Read l_max and the flags of the invariants."""
    if not 1 <= len(values) <= 1 + len(INVARIANTS) or not 1 <= values[0] <= LARGEST_L or values[0] != int(values[0]):
        raise ModelError(f"line {number}: expected l_max (1 to {LARGEST_L}) and up to {len(INVARIANTS)} flags")
    flags = dict(zip(INVARIANTS, values[1:], strict=False))
    return {"l_max": int(values[0]), "invariants": tuple(name for name, flag in flags.items() if flag)}


def _read_ann(values: list[float], number: int, types: int) -> dict[str, Any]:
    """Read the number of neurons."""
    neurons, second = _integers(values, 2, number, "ANN")
    if second or not neurons:
        raise ModelError(f"line {number}: expected one hidden layer (ANN N 0), found {neurons} and {second} neurons")
    return {"neurons": neurons}


def _numbers(lines: list[str], used: int) -> Floats:
    """Return the numbers below the header."""
    words = " ".join(lines[used:]).split()
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        numbers = np.array([np.nan])
    if np.isfinite(numbers).all():
        return numbers
    for number, line in enumerate(lines[used:], start=used + 1):
        for word in line.split():
            if not _is_finite(word):
                raise ModelError(f'line {number}: expected a finite number, found "{word}"')
    return numbers


def _is_finite(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


def _read_numbers(header: dict[str, Any], numbers: Floats) -> NEP:
    """Distribute the numbers below the header over the arrays."""
    types, neurons, version = len(header["elements"]), header.pop("neurons"), header["version"]
    charged, flexible = header["charge_mode"] > 0, header.pop("has_zbl") and header["zbl"][:2] == (0.0, 0.0)
    if charged and header["typewise_cutoffs"]:
        raise ModelError("line 2 or 3: models with charges have one radial and one angular cutoff for all elements")
    (n_radial, n_angular), (k_radial, k_angular) = header["n_max"], header["basis_size"]
    dimension = n_radial + 1 + (n_angular + 1) * (header["l_max"] + len(header["invariants"]))
    block = (dimension + 2 + charged) * neurons + (version == 5)
    sizes = {
        "network": block * (1 if version == 3 else types),
        "sqrt_epsilon_inf": int(charged),
        "b1": 1,
        "c_radial": (n_radial + 1) * (k_radial + 1) * types**2,
        "c_angular": (n_angular + 1) * (k_angular + 1) * types**2,
        "q_scaler": dimension,
        "zbl_flexible": 5 * types * (types + 1) if flexible else 0,
    }
    expected = sum(sizes.values())
    if len(numbers) != expected:
        kind = "truncated" if len(numbers) < expected else "too long"
        raise ModelError(f"{kind}: expected {expected} numbers after the header, found {len(numbers)}")
    part = dict(zip(sizes, np.split(numbers, np.cumsum(list(sizes.values()))[:-1]), strict=True))
    network = np.broadcast_to(part["network"].reshape(-1, block), (types, block)).copy()
    weights, rest = network[:, : neurons * dimension], network[:, neurons * dimension :]
    return NEP(
        **header,
        w0=weights.reshape(types, neurons, dimension),
        b0=rest[:, :neurons],
        w1=rest[:, neurons : 2 * neurons],
        w1_charge=rest[:, 2 * neurons : 3 * neurons] if charged else None,
        type_bias=rest[:, -1] if version == 5 else None,
        sqrt_epsilon_inf=float(part["sqrt_epsilon_inf"][0]) if charged else None,
        b1=float(part["b1"][0]),
        c_radial=part["c_radial"].reshape(n_radial + 1, k_radial + 1, types, types),
        c_angular=part["c_angular"].reshape(n_angular + 1, k_angular + 1, types, types),
        q_scaler=part["q_scaler"],
        zbl_flexible=part["zbl_flexible"].reshape(-1, 10) if flexible else None,
    )


def write_nep(nep: NEP, path: str | os.PathLike[str]) -> None:
    """Write a NEP model file in GPUMD's layout, with the precision GPUMD uses (8 digits); the file appears at once.

    Parameters
    ----------
    nep
        The model.
    path
        File to create or replace.

    Raises
    ------
    ModelError
        If the model cannot be said in the file format: a version 3 whose elements have different networks.

    Examples
    --------
    >>> write_nep(nep, "nep.txt")  # doctest: +SKIP
    """
    text = "\n".join([*_header_lines(nep), *(f"{value:15.7e}" for value in _all_numbers(nep)), ""])
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _header_lines(nep: NEP) -> list[str]:
    """Return the header as GPUMD writes it."""
    charge = f"_charge{nep.charge_mode}" if nep.charge_mode else ""
    token = f"nep{nep.version}{'_zbl' if nep.zbl else ''}{charge}"
    lines = [f"{token} {len(nep.elements)} {' '.join(nep.elements)}"]
    if nep.zbl:
        lines.append("zbl " + " ".join(f"{value:.9g}" for value in nep.zbl if value is not None))
    cutoffs = nep.typewise_cutoffs or ((nep.cutoff_radial, nep.cutoff_angular),)
    values = " ".join(f"{radial:.9g} {angular:.9g}" for radial, angular in cutoffs)
    # GPUMD demands the first two flags and stops at the last one that is on.
    shown = max([2, *(INVARIANTS.index(name) + 1 for name in nep.invariants)])
    flags = [("2" if name == "222" else "1") if name in nep.invariants else "0" for name in INVARIANTS[:shown]]
    return [
        *lines,
        f"cutoff {values} {nep.max_neighbours_radial} {nep.max_neighbours_angular}",
        f"n_max {nep.n_max[0]} {nep.n_max[1]}",
        f"basis_size {nep.basis_size[0]} {nep.basis_size[1]}",
        f"l_max {nep.l_max} {' '.join(flags)}",
        f"ANN {nep.neurons} 0",
    ]


def _all_numbers(nep: NEP) -> Floats:
    """Return the numbers below the header."""
    if nep.version == 3 and any(np.any(a != a[:1]) for a in (nep.w0, nep.b0, nep.w1)):
        raise ModelError("elements with different networks cannot be written as nep3: use version 4")
    types = len(nep.elements)
    blocks = [nep.w0.reshape(types, -1), nep.b0, nep.w1]
    blocks += [nep.w1_charge] if nep.w1_charge is not None else []
    blocks += [nep.type_bias[:, None]] if nep.type_bias is not None else []
    network = np.concatenate(blocks, axis=1)
    parts = [network[:1] if nep.version == 3 else network]
    parts += [np.array([nep.sqrt_epsilon_inf])] if nep.sqrt_epsilon_inf is not None else []
    parts += [np.array([nep.b1]), nep.c_radial, nep.c_angular, nep.q_scaler]
    parts += [nep.zbl_flexible] if nep.zbl_flexible is not None else []
    return np.concatenate([np.ravel(part) for part in parts])


def trained_numbers(nep: NEP) -> Floats:
    """Return the numbers that a training changes, in the order of nep.txt and of the rows of nep.restart.

    Those are all but the scales of the descriptors and the table of a flexible repulsion.

    Examples
    --------
    >>> trained_numbers(nep).size  # doctest: +SKIP
    3033
    """
    numbers = _all_numbers(nep)
    return numbers[: numbers.size - _untrained(nep).size]


def with_trained_numbers(nep: NEP, numbers: Floats) -> NEP:
    """Return a model with other trained numbers, in the order of `trained_numbers`.

    Raises
    ------
    ModelError
        If there are too few or too many.
    """
    names = "elements version charge_mode zbl cutoff_radial cutoff_angular typewise_cutoffs n_max basis_size l_max"
    names += " invariants max_neighbours_radial max_neighbours_angular"
    header = {name: getattr(nep, name) for name in names.split()}
    header |= {"neurons": nep.neurons, "has_zbl": nep.zbl is not None}
    return _read_numbers(header, np.concatenate([numbers, _untrained(nep)]))


def _untrained(nep: NEP) -> Floats:
    table = np.zeros(0) if nep.zbl_flexible is None else np.ravel(nep.zbl_flexible)
    return np.concatenate([nep.q_scaler, table])
