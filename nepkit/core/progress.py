"""Progress of long work: silent in the library, a live bar on stderr when the command line turns it on.

Library code writes ``for frame in track(frames, "Evaluating"):`` or, for iterations of unknown number,

>>> with task("Fitting") as step:
...     step.advance(note="force 87.1 meV/A")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Reporter(Protocol):
    """Where progress goes. The command line has one that draws bars; the default draws nothing."""

    def start(self, description: str, total: int | None) -> int:
        """Begin a piece of work and return its handle."""

    def advance(self, handle: int, steps: int, note: str) -> None:
        """Say that some steps are done, with a short note such as the present error."""

    def finish(self, handle: int) -> None:
        """End the work, whether it succeeded or not."""


class Silent:
    """The reporter that does nothing."""

    def start(self, description: str, total: int | None) -> int:
        """Begin nothing."""
        return 0

    def advance(self, handle: int, steps: int, note: str) -> None:
        """Show nothing."""

    def finish(self, handle: int) -> None:
        """End nothing."""


_reporter: ContextVar[Reporter] = ContextVar("reporter", default=Silent())  # noqa: B039 - Silent has no state


@contextmanager
def reporting(reporter: Reporter) -> Iterator[None]:
    """Send the progress of everything inside the block to ``reporter``."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)


class Task:
    """One piece of work under way; made by `task`."""

    def __init__(self, reporter: Reporter, handle: int) -> None:
        self._reporter = reporter
        self._handle = handle

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Say that ``steps`` more steps are done; ``steps=0`` changes the note alone."""
        self._reporter.advance(self._handle, steps, note)


@contextmanager
def task(description: str, total: int | None = None) -> Iterator[Task]:
    """Report one piece of work; ``total`` is its number of steps where that is known."""
    reporter = _reporter.get()
    handle = reporter.start(description, total)
    try:
        yield Task(reporter, handle)
    finally:
        reporter.finish(handle)


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yield the items and report each as one step.

    Examples
    --------
    >>> list(track([1, 2], "Counting"))
    [1, 2]
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with task(description, total) as step:
        for item in items:
            yield item
            step.advance()


@contextmanager
def stages() -> Iterator[Callable[[str, int, int, str], None]]:
    """Yield a callback ``report(stage, done, total, note)``; every stage is one piece of work.

    Examples
    --------
    >>> with stages() as report:
    ...     report("features", 1, 20, "")
    """
    reporter = _reporter.get()
    under_way: tuple[str, int, int] | None = None  # name, handle, steps done

    def report(stage: str, done: int, total: int, note: str) -> None:
        nonlocal under_way
        if under_way is None or under_way[0] != stage:
            handle = reporter.start(stage, total)
            if under_way is not None:
                reporter.finish(under_way[1])
            under_way = (stage, handle, 0)
        _, handle, before = under_way
        reporter.advance(handle, done - before, note)
        under_way = (stage, handle, done)

    try:
        yield report
    finally:
        if under_way is not None:
            reporter.finish(under_way[1])
