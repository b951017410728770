"""Numbers of frames and atoms as a person writes them."""

from __future__ import annotations

from nepkit.core.errors import InputError


def parse_numbers(text: str, frames: int, what: str = "frame") -> list[int]:
    """Return the indices that ``1,5,10-20,-3`` means, where ``10-`` goes to the end and ``-3`` is the third last.

    ``what`` is how messages call the things that are numbered.

    Raises
    ------
    InputError
        For anything else, or a number outside of 1 to ``frames``.

    Examples
    --------
    >>> parse_numbers("1,3-5,9-,-1", 10)
    [0, 2, 3, 4, 8, 9]
    """
    chosen: dict[int, None] = {}
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not (first + last).isascii() or not (first + last).isdigit() or (first and last and not last.isdigit()):
            raise InputError(f"{part!r} is no {what}; write numbers such as 1,5,10-20 or 10- or -1")
        if not first:
            start = stop = frames + 1 - int(last)
        else:
            start, stop = int(first), int(last or (frames if dash else first))
        if not 1 <= start <= stop <= frames:
            raise InputError(f"{part!r} is outside of the {frames} {what}s, which count from 1 to {frames}")
        chosen.update(dict.fromkeys(range(start - 1, stop)))
    return list(chosen)
