"""What a plot of ``nepkit plot NAME`` declares.

To add a plot, write the file ``nepkit/plots/named/<name>.py``; it is found because it exists, and becomes the command
``nepkit plot <name>`` with a number in the menu, its options, ``--help``, completion and a row of the generated page::

    \"\"\"Mean energy of every run.\"\"\"

    from __future__ import annotations

    from collections.abc import Mapping
    from typing import TYPE_CHECKING, Any

    from nepkit.plots.plot import File, Option, Plot, Source, named
    from nepkit.plots.style import styled
    from nepkit.core.table import Table, stacked, table_of_columns

    if TYPE_CHECKING:  # NumPy and matplotlib are imported inside the functions: `nepkit plot` lists all plots at once
        from nepkit.gpumd.tables import Thermo


    def read(source: Source) -> Thermo:
        from nepkit.gpumd.tables import read_thermo

        return read_thermo(source.path("thermo.out"))  # a missing file is told with who writes it


    @styled
    def plot_energy(results: Thermo | Mapping[str, Thermo], *, shift: float = 0.0, ax: Any = None) -> Any:
        \"\"\"Draw ... (numpydoc).\"\"\"
        for label, result in named(results).items():
            ax.plot(result.potential - shift, label=label or "potential")
        ax.set_ylabel("energy (eV)")
        ax.legend()
        return ax


    def numbers(results: Mapping[str, Thermo]) -> list[Table]:  # what the plot shows, printed always
        rows = [(label, result.potential.mean()) for label, result in results.items()]
        return [Table("Mean energy", ["file", "eV"], rows, ["", ".4f"])]


    def series(results: Mapping[str, Thermo]) -> Table:  # the curves, for --csv and --json
        parts = {label: table_of_columns("", {"energy (eV)": one.potential}) for label, one in results.items()}
        return stacked("Energy", parts)


    PLOT = Plot(
        name="energy",
        summary="Mean energy of every run.",
        menu=699,
        files=(File("thermo.out", "dump_thermo of gpumd"), File("run.in", "you", needed=False)),
        options=(Option("shift", "Energy taken off (eV).", type=float, default=0.0),),
        read=read,
        draw=plot_energy,
        numbers=numbers,
        series=series,
    )

Physics and readers stay in the rooms of their subjects; a plot module turns their result into axes and tables.
An option reaches those of the functions that have a parameter of its name. A plot of several panels gives ``panels``
instead of ``draw``: a function from the results to panels by name, each a callable that takes ``ax``, for instance
``functools.partial(plot_energy, results)``. The terminal form, the layout, titles, limits, styles and files are common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.table import Table
from nepkit.plots.labels import distinct

R = TypeVar("R")

Panel = Callable[..., Any]
"""Draws on the axes given as ``ax`` and returns them."""


def named(results: R | Mapping[str, R]) -> Mapping[str, R]:
    """Return results by their name in the legend; a single result has the empty name.

    Examples
    --------
    >>> named(3.0)
    {'': 3.0}
    >>> named({"a": 3.0})
    {'a': 3.0}
    """
    return results if isinstance(results, Mapping) else {"": results}


@dataclass(frozen=True)
class File:
    """A file that a plot reads.

    Parameters
    ----------
    name : str
        What it is called in a run folder; may be a pattern such as ``msd_step*.out``.
    writer : str
        Who writes it, for the message where it is missing: ``compute_rdf of gpumd``.
    needed : bool
        Whether the plot cannot do without it.
    """

    name: str
    writer: str
    needed: bool = True


@dataclass(frozen=True)
class Option:
    """An option of one plot, on the command line as ``--name``.

    Parameters
    ----------
    name : str
        A Python name; underscores become hyphens on the command line.
    help : str
        One sentence, with the unit.
    type : type
        ``str``, ``int``, ``float``, ``bool`` for a flag, or ``Path`` for an existing file.
    default : object
        Its value where it is not given; several values have ``()``.
    choices : tuple of str
        The only values, where there are few.
    several : bool
        Whether it may be given again; the functions get a tuple.
    count : int
        Values each time, as ``--window 2 10``.
    minimum : float, optional
        The least number.
    """

    name: str
    help: str
    type: type = str
    default: Any = None
    choices: tuple[str, ...] = ()
    several: bool = False
    count: int = 1
    minimum: float | None = None


@dataclass(frozen=True)
class Source:
    """One FILE of the command line: a file, or a folder with the files of a run.

    Parameters
    ----------
    given : Path
        As typed.
    files : tuple of File
        What the plot looks for.
    """

    given: Path
    files: tuple[File, ...]

    @property
    def folder(self) -> Path:
        """The folder where the other files are looked for."""
        return self.given if self.given.is_dir() else self.given.parent

    @property
    def role(self) -> str | None:
        """Which of the declared files the given one is: by its name, else the first; None for a folder."""
        if self.given.is_dir():
            return None
        return next((file.name for file in self.files if self.given.match(file.name)), self.files[0].name)

    def find(self, name: str) -> Path | None:
        """Return the path of a declared file, None where there is none; the first one by name of a pattern."""
        if self.role == name:
            return self.given
        return next(iter(self.find_all(name)), None)

    def find_all(self, name: str) -> list[Path]:
        """Return all files of a pattern, by name."""
        return [self.given] if self.role == name else sorted(item for item in self.folder.glob(name) if item.is_file())

    def path(self, name: str) -> Path:
        """Return the path of a declared file.

        Raises
        ------
        InputError
            Where there is none, with who writes it.
        """
        found = self.find(name)
        if found is None:
            file = next(file for file in self.files if file.name == name)
            raise InputError(f"{self.folder}: no {name} in this folder; it comes from {file.writer}")
        return found


@dataclass(frozen=True)
class Plot:
    """A plot of the files of a run.

    Parameters
    ----------
    name : str
        The word on the command line.
    summary : str
        One line: what is drawn.
    menu : int
        Its number in the menu, 601 to 699.
    files : tuple of File
        What it looks for in a run folder; a file whose name is none of them is taken for the first.
    read : callable
        ``read(source, **options) -> result``, a dataclass; for ``takes="all"`` it gets a list of sources.
    numbers : callable
        ``numbers(results, **options) -> list of Table``: the numbers that the plot shows.
    series : callable
        ``series(results, **options) -> Table``: what is drawn, for ``--csv`` and ``--json``.
    draw : callable, optional
        ``plot_x(results, *, ax=None, **options) -> Axes`` of a plot with one panel.
    panels : callable, optional
        ``panels(results, **options) -> mapping of str to Panel`` of a plot with several.
    notes : callable, optional
        ``notes(results, **options) -> sequence of str``: what the reader should know, such as frames left out.
    options : tuple of Option
        Its own options.
    takes : str
        ``each``: every FILE is read by itself and they are drawn over each other, the functions get a mapping from
        label to result; ``all``: the FILES make one result together; ``one``: a single FILE.
    help : str
        More than the summary, shown by ``--help``.
    example : tuple of str
        Words of the command line that it cannot do without, such as ``("--element", "Li")``.
    size : (float, float)
        Of one panel, inches.
    also : mapping of str to tuple of str
        Other names on the command line, those of GPUMDkit, and the options that each stands for.
    in_report : bool
        Whether ``nepkit report`` draws it where its files are found: not where it repeats others or cannot do without
        an option.
    """

    name: str
    summary: str
    menu: int
    files: tuple[File, ...]
    read: Callable[..., Any]
    numbers: Callable[..., Sequence[Table]]
    series: Callable[..., Table]
    draw: Panel | None = None
    panels: Callable[..., Mapping[str, Panel]] | None = None
    notes: Callable[..., Sequence[str]] | None = None
    options: tuple[Option, ...] = ()
    takes: str = "each"
    help: str = ""
    example: tuple[str, ...] = ()
    size: tuple[float, float] = (4.6, 3.4)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_report: bool = True

    def __post_init__(self) -> None:
        if (self.draw is None) == (self.panels is None):
            raise ValueError(f"plot {self.name}: give either draw or panels")
        if self.takes not in ("one", "each", "all"):
            raise ValueError(f"plot {self.name}: takes is one, each or all, not {self.takes!r}")

    def source(self, given: Path) -> Source:
        """Return a file or folder as a source of this plot."""
        return Source(given, self.files)

    def found_in(self, folder: Path) -> bool:
        """Return whether a folder has every needed file, or any where none is needed by itself."""
        source = self.source(folder)
        needed = [file for file in self.files if file.needed]
        found = [source.find(file.name) is not None for file in needed or self.files]
        return all(found) if needed else any(found)

    def load(self, given: Sequence[Path], options: Mapping[str, Any], labels: Sequence[str] = ()) -> Loaded:
        """Read the files.

        Parameters
        ----------
        given : sequence of Path
            Files or run folders, at least one.
        options : mapping
            Values of the plot's own options; defaults hold for those left out.
        labels : sequence of str
            Names in the legend, one for each; made from the paths when left out.

        Raises
        ------
        InputError
            Where a file is missing or unreadable, or the number of labels is another.
        """
        defaults = {option.name: () if option.several and option.default is None else option.default
                    for option in self.options}  # fmt: skip
        values = defaults | dict(options)
        sources = [self.source(path) for path in given]
        if self.takes != "each":
            if labels:
                raise InputError(f"--label names files drawn over each other; {self.name} does not do that")
            result = call(self.read, sources if self.takes == "all" else sources[0], options=values)
            return Loaded(self, result, values)
        if labels and len(set(labels)) != len(sources):
            raise InputError(f"{len(sources)} files need as many --label that differ, {len(set(labels))} given")
        names = labels or distinct(given)
        return Loaded(
            self,
            {name: call(self.read, one, options=values) for name, one in zip(names, sources, strict=True)},
            values,
        )


@dataclass(frozen=True)
class Loaded:
    """A plot with its results, ready to be drawn and told.

    Parameters
    ----------
    plot : Plot
        The declaration.
    results : object
        What its functions get: a result, or results by label.
    options : dict
        Values of its own options.
    """

    plot: Plot
    results: Any = field(repr=False)
    options: dict[str, Any]

    def numbers(self) -> list[Table]:
        """Return the numbers that the plot shows."""
        return list(call(self.plot.numbers, self.results, options=self.options))

    def series(self) -> Table:
        """Return what is drawn as one table."""
        made: Table = call(self.plot.series, self.results, options=self.options)
        return made

    def notes(self) -> list[str]:
        """Return what the reader should know."""
        return [] if self.plot.notes is None else list(call(self.plot.notes, self.results, options=self.options))

    def panels(self, only: str = "") -> dict[str, Panel]:
        """Return what draws each panel, by name; with ``only`` that one.

        Raises
        ------
        UnknownNameError
            Where there is no panel of that name.
        """
        if self.plot.panels is not None:
            found = dict(call(self.plot.panels, self.results, options=self.options))
            if only and only not in found:
                raise UnknownNameError(f"no panel {only!r} in this plot: {did_you_mean(only, found)}")
            return {only: found[only]} if only else found

        def draw(ax: Any) -> Any:
            return call(self.plot.draw, self.results, options=self.options, ax=ax)

        return {self.plot.name: draw}


def call(function: Any, *args: Any, options: Mapping[str, Any], **others: Any) -> Any:
    """Call a function of a plot with those options that it has parameters for."""
    known = signature(function).parameters
    return function(*args, **others, **{name: value for name, value in options.items() if name in known})
