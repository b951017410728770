"""The first lines of a potential file: its kind, elements and cutoffs, whatever else it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError


@dataclass(frozen=True)
class PotentialHeader:
    """What the head of a potential file says.

    Parameters
    ----------
    token : str
        First word, such as nep4_zbl or tersoff_1989.
    elements : tuple of str
        Chemical symbols; empty where the kind does not list them.
    cutoff : float or None
        Largest radial cutoff of a NEP in A.
    neighbours : int or None
        Largest number of neighbours within it that the training saw.
    layers : int
        Hidden layers of a NEP.
    lines : dict of str to tuple of str
        Words of the header lines of a NEP by their first word.
    """

    token: str
    elements: tuple[str, ...]
    cutoff: float | None
    neighbours: int | None
    layers: int
    lines: dict[str, tuple[str, ...]]

    @property
    def is_nep(self) -> bool:
        """Whether it is a neuroevolution potential."""
        return self.token.startswith("nep") and self.token[3:4].isdigit()

    @property
    def charge_mode(self) -> int:
        """1 or 2 for a qNEP, else 0."""
        kind, _, mode = self.token.rpartition("charge")
        return int(mode) if kind and mode.isdigit() else 0


def read_header(path: str | Path) -> PotentialHeader:
    """Read the head of a potential file.

    Raises
    ------
    InputError
        Where it is empty or no text.
    """
    path = Path(path)
    lines: list[list[str]] = []
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                lines.append(line.split())
                if len(lines) == 7:
                    break
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file, expected a potential") from None
    if not lines or not lines[0]:
        raise InputError(f"{path}: the first line is empty, expected the kind of a potential and its elements")
    token, *rest = lines[0]
    listed = bool(rest) and rest[0].isdigit() and len(rest) == int(rest[0]) + 1
    named = {words[0]: tuple(words[1:]) for words in lines[1:] if len(words) > 1}
    cutoff = [float(word) for word in named.get("cutoff", ())]
    neural = token.startswith("nep")
    layers = named.get("ANN", ())
    return PotentialHeader(
        token=token,
        elements=tuple(rest[1:]) if listed else (),
        cutoff=max(cutoff[0:-2:2], default=None) if neural and len(cutoff) > 2 else None,
        neighbours=int(cutoff[-2]) if neural and len(cutoff) > 2 else None,
        layers=2 if len(layers) > 1 and layers[1] != "0" else 1,
        lines=named,
    )
