"""The command tree and the decorator that adds to it.

To add a command, write the file ``nepkit/cli/<first word of its path>.py``, or a package of that name where it would
be long; it is found because it exists::

    from pathlib import Path

    import click

    from nepkit.cli import options
    from nepkit.cli.command import command, group
    from nepkit.cli.output import Output, Table

    group("lr", "Long-range charges atop a NEP.")          # only for commands of two words


    @command("lr charges", menu=803)
    @click.argument("model", type=options.FILE)             # an existing file, as a Path
    @click.argument("frames", type=options.FILE)
    @options.save("Plot of the charges (png, pdf or svg).")  # -o and --overwrite, served by the presenter
    def charges(model: Path, frames: Path) -> Output:
        \"\"\"Charges of every element and environment.\"\"\"
        from lr_correction.calculator import LongRangeCalculator  # heavy imports stay in here

        rows = [("Li", 0.91, 0.02)]
        return Output(
            data={"Li": {"mean": 0.91, "std": 0.02}},
            tables=[Table("Charges (e)", ["element", "mean", "std"], rows, ["", ".3f", ".3f"])],
        )

Every command has ``--json``; one that returns tables also has ``--csv`` when declared with ``csv=True``. A command that
writes its own file takes ``@options.output("The model.")`` instead of ``save`` and gets ``output`` and ``overwrite``
as arguments (that the file may be written is checked before the function runs). Work is reported with
`nepkit.progress.task` or `track`; a bad input is raised as a `NepkitError`; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from nepkit import __version__
from nepkit.errors import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

SECTIONS = {
    1: "Format conversion",
    2: "Sampling",
    3: "Workflow",
    4: "Calculators",
    5: "Analyzer",
    6: "Plots",
    7: "Utilities",
    8: "Long range",
    9: "Compare",
}
"""Menu sections, 1 to 7 as in GPUMDkit; the first digit of a menu number is its section."""

_HERE = Path(__file__).parent
_FRAME = {"__init__", "command", "main", "menu", "options", "output", "parameters", "presenter", "prompts", "reference"}


class Tree(click.Group):
    """A group that imports the modules of its commands on demand and guesses at mistyped names."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; only the module of that name is imported."""
        if self is ROOT and cmd_name not in self.commands and cmd_name in _modules():
            import_module(f"nepkit.cli.{cmd_name}")
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        if self is ROOT:
            load_all()
        return super().list_commands(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first argument, or say which one may be meant."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"no command {name!r} in {ctx.command_path}: {did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the menu sections that they belong to."""
        entries: dict[int, list[tuple[str, str]]] = {}
        children = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        limit = formatter.width - 6 - max(map(len, children), default=0)
        for name, child in children.items():
            if child is None or child.hidden:
                continue
            first = min((leaf.menu or 1000 for leaf in leaves(child)), default=1000)
            entries.setdefault(first // 100, []).append((name, child.get_short_help_str(limit)))
        for section in sorted(entries):
            with formatter.section(SECTIONS.get(section, "Commands") if self is ROOT else "Commands"):
                formatter.write_dl(entries[section])


class NepkitCommand(click.Command):
    """A click command that knows its path and menu number and hands its value to the presenter."""

    path: str = ""
    menu: int | None = None
    also: tuple[int, ...] = ()

    def invoke(self, ctx: click.Context) -> int:
        """Run the function, show its value, and return the exit status."""
        from nepkit.cli.presenter import present, progress_on_terminal

        form = {name: ctx.params.pop(name, None) for name in ("as_json", "as_csv")}
        with progress_on_terminal():
            value = super().invoke(ctx)
            return present(value, **form, save=ctx.meta.get("nepkit.save"), overwrite=ctx.meta.get("nepkit.overwrite"))


def command(
    path: str, *, menu: int | None = None, also: tuple[int, ...] = (), csv: bool = False
) -> Callable[[F], NepkitCommand]:
    """Declare a command.

    Parameters
    ----------
    path : str
        Its words on the command line, for instance ``"lr fit"``.
    menu : int, optional
        Its number in the menu, 101 to 999; the first digit is the section. Equal to GPUMDkit's where the function is.
    also : tuple of int
        Other numbers that open it, where it does what GPUMDkit has several functions for.
    csv : bool
        Whether it has ``--csv``; for commands whose first table is the result.

    Returns
    -------
    callable
        A decorator; the function's docstring is the help and its value is an `Output`, a `Table`, a dataclass or text.
    """

    def declare(function: F) -> NepkitCommand:
        from nepkit.cli import options

        *parents, name = path.split()
        made = click.command(name, cls=NepkitCommand)(function)
        made.params += [options.as_csv()] * csv + [options.as_json()]
        made.path, made.menu, made.also = path, menu, also
        numbers = [*([] if menu is None else [menu]), *also]
        for number in numbers:
            if number // 100 not in SECTIONS:
                raise ValueError(f"{path}: menu number {number} is outside 101 to 999")
            for other in leaves(ROOT):
                if number in (other.menu, *other.also):
                    raise ValueError(f"{path} and {other.path} both have menu number {number}")
        if numbers:
            made.epilog = f"Menu number{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}."
        parent: click.Group = ROOT
        for word in parents:
            child = parent.commands.get(word)
            if not isinstance(child, click.Group):
                raise ValueError(f"{path}: declare group({word!r}, help) first")
            parent = child
        parent.add_command(made)
        return made

    return declare


def group(name: str, help: str) -> click.Group:
    """Declare the first word of two-word commands, with one sentence of help."""
    made = Tree(name, help=help, invoke_without_command=True, callback=click.pass_context(_show_help))
    ROOT.add_command(made)
    return made


def _show_help(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def leaves(node: click.Command) -> Iterator[NepkitCommand]:
    """Yield every command below a node of the tree, in the order of declaration."""
    if isinstance(node, click.Group):
        for child in node.commands.values():
            yield from leaves(child)
    elif isinstance(node, NepkitCommand):
        yield node


def _modules() -> list[str]:
    names = {file.stem for file in _HERE.glob("*.py")} | {file.parent.name for file in _HERE.glob("*/__init__.py")}
    return sorted(names - _FRAME)


def load_all() -> None:
    """Import every module of commands; cheap, because their heavy imports stay in the functions."""
    for name in _modules():
        import_module(f"nepkit.cli.{name}")


def _root(ctx: click.Context) -> int | None:
    if ctx.invoked_subcommand is not None:
        return None
    from nepkit.cli.menu import open_menu

    return open_menu()


ROOT: Tree = Tree(
    "nepkit",
    help="Toolkit for GPUMD and NEP potentials. Without a command it opens the menu.",
    callback=click.pass_context(_root),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
"""The whole tree of commands."""

click.version_option(__version__, "--version", prog_name="nepkit", message="%(prog)s %(version)s")(ROOT)
