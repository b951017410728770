"""Work on many frames by several processes, in order, with a bounded number in flight."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4  # items per process that wait or are under way: enough to keep all busy, few in memory
_shared: Any = None


def mapped(function: Callable[[S, T], R], shared: S, items: Iterable[T], jobs: int = 1) -> Iterator[R]:
    """Yield ``function(shared, item)`` for every item, in order; items are taken only as results are consumed.

    Parameters
    ----------
    function : callable
        Defined at the top of a module where ``jobs`` is above 1, as are the things it gets and returns.
    shared : object
        Sent once to every process, for instance a potential.
    items : iterable
        May be endless.
    jobs : int
        Processes; 1 works in this one. Every process uses one thread for arrays.

    Raises
    ------
    Exception
        Whatever the function raises, after the results of the items before it.

    Examples
    --------
    >>> list(mapped(pow, 2, [1, 2, 3]))
    [2, 4, 8]
    """
    if jobs <= 1:
        for item in items:
            yield function(shared, item)
        return
    from concurrent.futures import Future, ProcessPoolExecutor

    pool = ProcessPoolExecutor(jobs, process_context(), initializer=_start, initargs=(shared,))
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(_call, function, item))
            if len(pending) > jobs * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def process_context() -> BaseContext:
    """Return how processes are made: from a small one that has imported what is slow to import.

    Not by a fork of this one, which may have threads (progress, torch) that a fork leaves in an undefined state.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["nepkit.models.evaluation"])
    return context


def _start(shared: Any) -> None:
    from threadpoolctl import threadpool_limits

    global _shared
    _shared = shared
    os.environ["OMP_NUM_THREADS"] = "1"  # for our own engine, and for libraries that are loaded later
    threadpool_limits(limits=1)


def _call(function: Callable[[Any, T], R], item: T) -> R:
    return function(_shared, item)
