"""The look of all plots, and how they are made and saved without any global state of matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec

from nepkit.core.atomic import refuse_existing, write_or_keep
from nepkit.core.errors import OutputError, UnknownNameError, did_you_mean

P = ParamSpec("P")

SUFFIXES = (".png", ".pdf", ".svg")
"""Formats of images."""

SHEET = Path(__file__).with_name("nepkit.mplstyle")

#: Models, from colour-blind safe tones (doi:10.1038/nmeth.1618); the same in every plot.
MODELS = {
    "frozen": ("#9aa0ac", "frozen NEP"),
    "readout": ("#e69f00", "readout refit"),
    "short_range_charges": ("#56b4e9", "charges, ending at the cutoff"),
    "charges": ("#0072b2", "with charges"),
}
#: Elements in the order in which they appear.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b6a58", "#8a8f98")

ANGSTROM = "Å"


_ADDED: ContextVar[tuple[str, ...]] = ContextVar("added", default=())


@contextmanager
def style() -> Iterator[None]:
    """Apply the style sheet inside the block, and over it those of `with_sheets`."""
    from matplotlib import rc_context

    with rc_context(fname=str(SHEET)):
        if _ADDED.get():
            from matplotlib.style import use

            use(list(_ADDED.get()))
        yield


@contextmanager
def with_sheets(*sheets: str) -> Iterator[None]:
    """Apply more style sheets over the one of nepkit inside the block.

    Parameters
    ----------
    *sheets : str
        Names that matplotlib knows, such as ``dark_background``, or files.

    Raises
    ------
    UnknownNameError
        Where a sheet is neither.
    """
    from matplotlib.style import available

    for sheet in sheets:
        if sheet not in (*available, "default") and not Path(sheet).is_file():
            raise UnknownNameError(f"no style {sheet!r}, neither a file nor a name: {did_you_mean(sheet, available)}")
    token = _ADDED.set(sheets)
    try:
        yield
    finally:
        _ADDED.reset(token)


def new_figure(width: float = 4.6, height: float = 3.4) -> Any:
    """Return an empty figure, sizes in inches; needs no screen and no pyplot."""
    from matplotlib.figure import Figure

    with style():
        return Figure(figsize=(width, height))


def styled(plot: Callable[P, Any]) -> Callable[P, Any]:
    """Run a function ``plot(result, ..., ax=None)`` in the style, with axes of its own where none are given."""

    @wraps(plot)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        with style():
            if kwargs.get("ax") is None:
                kwargs["ax"] = new_figure().add_subplot()
            return plot(*args, **kwargs)

    return run


def element_colors(elements: Sequence[str]) -> dict[str, str]:
    """Return a colour per element, by its place in the sequence."""
    return {element: PALETTE[index % len(PALETTE)] for index, element in enumerate(elements)}


def check_image(path: str | Path, overwrite: bool = False, *, also: tuple[str, ...] = ()) -> None:
    """Raise `OutputError` where an image could not be saved: unknown suffix, or the file exists already.

    Parameters
    ----------
    path : str or Path
        The image.
    overwrite : bool
        Whether it may exist.
    also : tuple of str
        Other suffixes that the caller takes, for the message.
    """
    suffix, known = Path(path).suffix.lower(), (*also, *SUFFIXES)
    if suffix not in SUFFIXES:
        raise OutputError(f"{path}: cannot write {suffix or 'a file without a suffix'}, {did_you_mean(suffix, known)}")
    refuse_existing(path, overwrite)


def save_image(figure: Any, path: str | Path, *, overwrite: bool = False, dpi: float = 150) -> None:
    """Save a figure, or the figure of axes, in the format of the suffix, whole or not at all."""
    check_image(path, overwrite)
    with style():
        write_or_keep(
            path, lambda place: getattr(figure, "figure", figure).savefig(place, dpi=dpi), overwrite=overwrite
        )


def svg(figure: Any) -> bytes:
    """Return a figure, or the figure of axes, as SVG text that is the same for the same figure."""
    from matplotlib import rc_context

    buffer = BytesIO()
    with style(), rc_context({"svg.hashsalt": "nepkit"}):
        getattr(figure, "figure", figure).savefig(buffer, format="svg", dpi=200, metadata={"Date": None})
    return buffer.getvalue()
