"""nep.in made to agree with a model."""

from __future__ import annotations

from lr_correction.nep import INVARIANTS, NEP
from nepkit.inputs.inputfile import InputFile


def agreeing(file: InputFile, nep: NEP) -> InputFile:
    """Return a nep.in whose lines about the model say what the model is; all other lines and comments stay.

    Examples
    --------
    >>> agreeing(parse_input("neuron 30"), read_nep("nep.txt")).find("neuron")  # doctest: +SKIP
    ('80',)
    """
    cutoffs = nep.typewise_cutoffs or ((nep.cutoff_radial, nep.cutoff_angular),)
    flags = ["1" if name in nep.invariants else "0" for name in INVARIANTS]
    last = max((place for place, flag in enumerate(flags) if flag == "1"), default=0)
    lines: dict[str, list[str] | None] = {
        "type": [str(len(nep.elements)), *nep.elements],
        "version": ["4"],
        "charge_mode": [str(nep.charge_mode)] if nep.charge_mode else None,
        "cutoff": [f"{value:g}" for pair in cutoffs for value in pair],
        "n_max": [str(value) for value in nep.n_max],
        "basis_size": [str(value) for value in nep.basis_size],
        "l_max": [str(nep.l_max), *flags[: last + 1]],
        "neuron": [str(nep.neurons)],
        "zbl": None if nep.zbl is None else [f"{nep.zbl[1]:g}"] if nep.zbl[1] else _zbl_of(file),
    }
    if nep.zbl is not None and nep.zbl[2] is not None:
        lines["use_typewise_cutoff_zbl"] = [f"{nep.zbl[2]:g}"]
    if len(file.find("type_weight") or ()) != len(nep.elements):
        lines["type_weight"] = None
    for keyword, arguments in lines.items():
        if arguments is None:
            file = file.without(keyword)
        elif keyword != "version" or file.find("version") is not None:
            file = file.with_arguments(keyword, arguments)
    return file


def _zbl_of(file: InputFile) -> list[str]:
    """Return the ZBL line of the file: a flexible one has its numbers in zbl.in, and the line any cutoff."""
    return list(file.find("zbl") or ("2",))
