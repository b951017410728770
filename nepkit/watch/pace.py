"""How fast something goes, from how far it was at several times."""

from __future__ import annotations

from collections import deque

WINDOW = 120.0
"""s; the speed is that of the last two minutes."""


class Pace:
    """Speed over the last while.

    Examples
    --------
    >>> pace = Pace()
    >>> for second in range(3):
    ...     pace.add(float(second), 100.0 * second)
    >>> pace.speed
    100.0
    """

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, seconds: float, reached: float) -> None:
        """Say how far it is at a time; a step back starts anew."""
        if self._points and reached < self._points[-1][1]:
            self._points.clear()
        if self._points and reached == self._points[-1][1]:
            return
        self._points.append((seconds, reached))
        while len(self._points) > 2 and seconds - self._points[1][0] > WINDOW:
            self._points.popleft()

    @property
    def speed(self) -> float | None:
        """Units per second; None as long as it was seen at one point only."""
        if len(self._points) < 2:
            return None
        (first, start), (last, end) = self._points[0], self._points[-1]
        return (end - start) / (last - first) if last > first else None
