"""Independent pieces of a property: done by processes or on a cluster, and remembered on disk when asked to.

A workflow that was killed goes on where it ended: a piece whose result is in the folder is not done again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lr_correction.packing import PackError, fingerprint, pack, unpack
from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError, MissingExtraError, ProgramError
from nepkit.core.parallel import mapped
from nepkit.core.progress import track

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

EXECUTORS = ("local", "slurm")
"""Where pieces are done: by processes of this machine, or each as a job of Slurm."""

NUMBERS = ("cores", "run_time_max", "memory_max")
"""Resources of a job of Slurm that are whole numbers: cores, seconds, GB."""

_FORMAT = 2  # raised when results of an older nepkit must not be taken


@dataclass(frozen=True)
class Work:
    """How independent pieces are done.

    Parameters
    ----------
    jobs : int
        Processes; Slurm decides itself how many of its jobs run at a time.
    folder : Path, optional
        Where results are kept as they are done. A piece is taken from there where function, settings, input and the
        files of the model are the same.
    executor : str
        One of `EXECUTORS`; Slurm needs a folder that all nodes see.
    resources : mapping of str to str or int
        For jobs of Slurm, as executorlib names them: ``partition``, ``run_time_max`` (s), ``memory_max`` (GB) ...

    Examples
    --------
    >>> list(Work().map(pow, 2, [1, 2, 3], "Powers"))
    [2, 4, 8]
    """

    jobs: int = 1
    folder: Path | None = None
    executor: str = "local"
    resources: Mapping[str, str | int] = field(default_factory=dict)

    def map(self, function: Callable[[S, T], R], shared: S, items: Iterable[T], what: str) -> Iterator[R]:
        """Yield ``function(shared, item)`` for every item, in order.

        Parameters
        ----------
        function : callable
            Defined at the top of a module, as are the things that it gets and returns.
        shared : object
            The same for all pieces, for instance a potential.
        items : iterable
            One per piece.
        what : str
            What progress calls the work.

        Raises
        ------
        InputError
            Where Slurm is asked for without a folder.
        MissingExtraError
            Where executorlib is not installed.
        Exception
            Whatever the function raises; the pieces done before it are kept.
        """
        pieces = list(items)
        yield from track(self._results(function, shared, pieces), what, len(pieces))

    def _results(self, function: Callable[[S, T], R], shared: S, pieces: Sequence[T]) -> Iterator[R]:
        if self.executor not in EXECUTORS:
            raise InputError(f"unknown executor {self.executor!r}; known: {', '.join(EXECUTORS)}")
        if self.folder is None:
            if self.executor == "slurm":
                raise InputError(
                    "jobs of Slurm need a folder that all nodes see, for their results; give --work FOLDER"
                )
            yield from mapped(function, shared, pieces, self.jobs)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        files = [self.folder / f"{_key(function, shared, piece)}.pack" for piece in pieces]
        missing = [place for place, file in enumerate(files) if not file.exists()]
        todo = [pieces[place] for place in missing]
        fresh = iter(
            self._submitted(function, shared, todo)
            if self.executor == "slurm"
            else mapped(function, shared, todo, self.jobs)
        )
        waiting = set(missing)
        for place, file in enumerate(files):
            if place not in waiting:
                yield _load(file)
                continue
            result = next(fresh)
            with atomic_path(file, overwrite=True) as temporary:
                temporary.write_bytes(pack(result))
            yield result

    def _submitted(self, function: Callable[[S, T], R], shared: S, pieces: Sequence[T]) -> Iterator[R]:
        try:
            from executorlib import SlurmClusterExecutor
        except ImportError:
            raise MissingExtraError("executorlib", "cluster") from None
        if not pieces:
            return
        for name in NUMBERS:
            if not isinstance(self.resources.get(name, 1), int):
                raise InputError(f"{name} of Slurm's jobs is {self.resources[name]!r}, expected a whole number")
        assert self.folder is not None
        cache = str((self.folder / "slurm").resolve())
        settings: dict[str, Any] = {"cores": 1, **self.resources}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*cannot be validated")  # pysqa knows more than executorlib
            with SlurmClusterExecutor(cache_directory=cache, resource_dict=settings) as pool:
                futures = [pool.submit(function, shared, piece) for piece in pieces]
                try:
                    for future in futures:
                        yield future.result()
                except FileNotFoundError as error:
                    raise ProgramError(f"Slurm cannot be asked: {error}; is sbatch on this machine's PATH?") from None


def _key(function: Callable[..., Any], shared: Any, piece: Any) -> str:
    """Return what a piece is known by: everything that its result depends on."""
    return fingerprint(_FORMAT, function, shared, piece, *(file.read_bytes() for file in files_of(shared)))


def files_of(shared: Any) -> list[Path]:
    """Return the files of the models among the shared things: their names stay the same when they change."""
    found = []
    for thing in shared if isinstance(shared, tuple) else (shared,):
        for part in str(getattr(thing, "name", "")).replace("+", ", ").split(", "):
            file = Path(part.rpartition(":")[2])
            if part and file.is_file():
                found.append(file)
    return found


def _load(file: Path) -> Any:
    try:
        return unpack(file.read_bytes())
    except PackError as error:
        raise InputError(
            f"{file}: a result that cannot be read ({error}); remove the file to have it done again"
        ) from None
