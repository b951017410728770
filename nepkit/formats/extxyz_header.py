"""The comment line of extended xyz: pairs of key and value, and what the columns are."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from nepkit.core.errors import InputError

_PAIR = re.compile(
    r"""\s*(?P<key>"(?:[^"\\]|\\.)*"|[^\s="']+)
        (?:\s*=\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|\{(?P<braces>[^}]*)\}
           |(?P<array>\[[^\s=]*?(?:\s[^=\]]*)*\])|(?P<bare>[^\s"']+)))?(?=\s|$)""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"[+-]?\d+\Z")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?\Z")
_BOOLEANS = {
    **dict.fromkeys(("T", "True", "true", "TRUE"), True),
    **dict.fromkeys(("F", "False", "false", "FALSE"), False),
}
_COLUMN = re.compile(r"([^:\s]+):([SRIL]):([1-9]\d*)(?::|\Z)", re.IGNORECASE)
PLAIN = "species:S:1:pos:R:3"


def parse_header(text: str, where: str = "header") -> tuple[dict[str, Any], str]:
    """Return the key-value pairs of a comment line, and its Properties.

    Examples
    --------
    >>> parse_header('Energy = -1.5 pbc="T T F" note="two words" Properties=species:S:1:pos:R:3')
    ({'Energy': -1.5, 'pbc': array([ True,  True, False]), 'note': 'two words'}, 'species:S:1:pos:R:3')
    """
    if "=" not in text:  # free text of a plain xyz file
        return ({"comment": text} if text else {}), PLAIN
    info: dict[str, Any] = {}
    columns = PLAIN
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None or found.end() == position:
            raise InputError(f"{where}: cannot read the comment line at {text[position : position + 30].strip()!r}")
        position = found.end()
        key = _unescape(found["key"].strip('"'))
        if key.lower() == "properties":
            columns = _check_columns(found["bare"] or found["double"] or "", where)
        else:
            info[key] = _value(found)
    return info, columns


def _check_columns(text: str, where: str) -> str:
    found = list(_COLUMN.finditer(text))
    if not found or "".join(item[0] for item in found) != text:
        raise InputError(f"{where}: Properties={text!r} is not a list of name:type:count with types S R I L")
    names = [item[1] for item in found]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: Properties names a column twice: {text}")
    return ":".join(f"{item[1]}:{item[2].upper()}:{item[3]}" for item in found)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def _value(found: re.Match[str]) -> Any:
    if found["bare"] is not None:
        return _scalar(found["bare"])
    if found["array"] is not None:
        return _array(found["array"])
    quoted = next((found[name] for name in ("double", "single", "braces") if found[name] is not None), None)
    if quoted is None:
        return True  # a key alone is a flag
    items = [_scalar(item) for item in quoted.replace(",", " ").split()]
    if items and not any(isinstance(item, str) for item in items):
        return items[0] if len(items) == 1 else np.array(items)
    return _unescape(quoted)


def _scalar(text: str) -> bool | int | float | str:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.match(text):
        return int(text)
    if _REAL.match(text):
        return float(text.replace("d", "e").replace("D", "e"))
    return text


def _array(text: str) -> Any:
    try:
        values = json.loads(re.sub(r"\bT\b", "true", re.sub(r"\bF\b", "false", text)))
        return np.array(values)
    except ValueError:
        return text


def format_header(header: Mapping[str, Any]) -> str:
    pairs = []
    for key, value in header.items():
        text = _format_value(value)
        if text is None:
            what = f"{key!r} of type {type(value).__name__}"
            warnings.warn(f"{what} has no extended xyz form and is left out", stacklevel=3)
            continue
        name = key if re.fullmatch(r"[^\s=\"']+", key) else _quote(key)
        pairs.append(f"{name}={text}")
    return " ".join(pairs)


def _format_value(value: Any) -> str | None:
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z0-9_.:+/-]+", value) else _quote(value)
    if isinstance(value, (bool, np.bool_)):
        return "T" if value else "F"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, (list, tuple, np.ndarray)):
        array = np.asarray(value)
        if array.size and array.dtype.kind in "fiub":
            return '"' + " ".join(str(_format_value(item)) for item in array.ravel().tolist()) + '"'
    return None


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
