"""Long series drawn with few points: what a line covers stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POINTS = 2000
"""More intervals than this are not told apart on an image."""


def thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Any, Any]:
    """Return a series for a line: as it is, or the lowest and highest point of every one of `POINTS` intervals.

    Parameters
    ----------
    x : ndarray, shape (R,)
        Growing.
    y : ndarray, shape (R,)
        Values.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(10_000.0)
    >>> few, values = thinned(x, np.where(x == 1234, 5.0, 0.0))
    >>> len(few), float(values.max())
    (4000, 5.0)
    """
    import numpy as np

    if len(x) <= 2 * POINTS:
        return x, y
    edges = np.linspace(0, len(x), POINTS + 1).astype(int)
    places = [sorted((start + int(y[start:stop].argmin()), start + int(y[start:stop].argmax())))
              for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]  # fmt: skip
    chosen = np.array(places).ravel()
    return x[chosen], y[chosen]
