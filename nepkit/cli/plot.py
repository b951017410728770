"""``nepkit plot NAME``: a command for every plot of `nepkit.plots.named`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.output import Output

if TYPE_CHECKING:
    from nepkit.core.table import Table
    from nepkit.plots.compose import Look
    from nepkit.plots.plot import Option, Plot

PLACE = click.Path(exists=True, path_type=Path)
"""An existing file or folder."""

TABLES = (".csv", ".json")
"""Suffixes of files of numbers."""

LOOK = (
    click.Option(["--title"], help="Title (default: that of the plot)."),
    click.Option(["--xlabel"], help="Label of the x axis."),
    click.Option(["--ylabel"], help="Label of the y axis."),
    click.Option(["--xlim"], type=float, nargs=2, help="Limits of the x axis."),
    click.Option(["--ylim"], type=float, nargs=2, help="Limits of the y axis."),
    click.Option(["--log"], type=click.Choice(["x", "y", "xy"]), help="Logarithmic axes."),
    click.Option(["--size"], type=float, nargs=2, help="Width and height of the image, inches."),
    click.Option(
        ["--dpi"],
        type=click.FloatRange(10, 2400),
        default=150.0,
        show_default=True,
        help="Resolution, pixels per inch.",
    ),
    click.Option(["--style"], help="Matplotlib style sheet applied over the plot's own: a name or a file."),
)


def _declare_all() -> None:
    from nepkit.plots.catalogue import plots

    tree = group("plot", "Plots of the files of GPUMD and NEP; without a name, all of them.")
    for plot in plots().values():
        _declare(plot)
        tree.also |= {other: (plot.name, *words) for other, words in plot.also.items()}


def _declare(plot: Plot) -> None:
    def run(**values: Any) -> Output:
        return _run(plot, values)

    others = [" ".join([name, *(f"(with {' '.join(words)})" for words in [words] if words)])
              for name, words in plot.also.items()]  # fmt: skip
    also = f"\n\nAlso called {', '.join(others)}." * bool(others)
    run.__doc__ = f"{plot.summary}\n\n{' '.join(plot.help.split())}\n\n{_files_help(plot)}{also}"
    made = command(f"plot {plot.name}", menu=plot.menu, csv=True)(options.save("Output image (png, pdf or svg).")(run))
    several = plot.takes != "one"
    files = click.Argument(["files"], type=PLACE, nargs=-1 if several else 1, default=None if several else ".")
    own = [_option(option) for option in plot.options]
    panel = [click.Option(["--panel"], help="Panel to draw (default: all).")] * (plot.panels is not None)
    labels = [click.Option(["--label", "labels"], multiple=True, help="Legend label; one for each of FILES.")]
    terminal = [click.Option(["--terminal"], is_flag=True, help="Draw in the terminal with characters.")]
    shared = [*labels * (plot.takes == "each"), *panel, *terminal, *LOOK]
    # The presenter's options (-o, --overwrite, --csv, --json) were added by the decorators; the plot's own go first.
    made.params[:0] = [files, *own, *shared]


def _files_help(plot: Plot) -> str:
    names = [file.name if file.needed else f"{file.name} where it is there" for file in plot.files]
    listed = ", ".join(names[:-1]) + (" and " if names[:-1] else "") + names[-1]
    many = {"each": "Several are drawn over each other.", "all": "Several make one result.", "one": ""}[plot.takes]
    return f"FILES are files or run folders, this folder when left out; a folder is looked through for {listed}. {many}"


def _option(option: Option) -> click.Option:
    kind: Any = option.type
    if option.choices:
        kind = click.Choice(list(option.choices))
    elif option.type is Path:
        kind = PLACE
    elif option.minimum is not None:
        kind = click.IntRange(int(option.minimum)) if option.type is int else click.FloatRange(option.minimum)
    name = "--" + option.name.replace("_", "-")
    if option.type is bool:
        return click.Option([name, option.name], is_flag=True, default=bool(option.default), help=option.help)
    return click.Option(
        [name, option.name],
        type=kind,
        multiple=option.several,
        nargs=option.count,
        default=option.default,
        show_default=option.default not in (None, ()),
        help=option.help,
    )


def _run(plot: Plot, values: dict[str, Any]) -> Output:
    from nepkit.plots.labels import merged

    given = values.pop("files")
    paths = [given] if isinstance(given, Path) else list(given) or [Path()]
    own = {option.name: values.pop(option.name) for option in plot.options}
    loaded = plot.load(paths, own, values.pop("labels", ()))
    panels = loaded.panels(values.pop("panel", None) or "")
    notes = loaded.notes()
    series = loaded.series() if _curves_are_asked_for() else None
    tables = loaded.numbers()
    drawn, text = _drawn(plot, panels, values)
    return Output(
        data={
            "plot": plot.name,
            "files": paths,
            "options": own,
            "numbers": {table.title: table.records() for table in tables},
            "series": {} if series is None else _by_column(series),
            "notes": notes,
        },
        tables=tables,
        csv=series,
        text="\n".join([*([""] * bool(notes)), *(f"Note: {note}" for note in merged(notes)), text]).rstrip("\n"),
        figure=drawn,
    )


def _curves_are_asked_for() -> bool:
    """Return whether --json or --csv, or a file of these, needs every point that is drawn: slow to tell where many."""
    meta = click.get_current_context().meta
    save = meta.get("nepkit.save")
    return bool(meta.get("nepkit.form")) or (save is not None and save.suffix.lower() in TABLES)


def _by_column(table: Table) -> dict[str, list[Any]]:
    return {name: [row[index] for row in table.rows] for index, name in enumerate(table.columns)}


def _drawn(plot: Plot, panels: dict[str, Any], values: dict[str, Any]) -> tuple[Any, str]:
    """Return the figure where it is saved, and the text that stands for it."""
    from nepkit.plots.style import SUFFIXES, check_image, with_sheets

    context = click.get_current_context()
    save, terminal, sheet = context.meta.get("nepkit.save"), values.pop("terminal"), values.pop("style")
    table = save is not None and save.suffix.lower() in TABLES
    if save is not None and not table:
        check_image(save, bool(context.meta.get("nepkit.overwrite")), also=TABLES)
    if table or (save is None and not terminal):
        hint = f"\nThe image: add -o {plot.name}.png ({', '.join(SUFFIXES)}); in the terminal: --terminal"
        return None, "" if table else hint
    from nepkit.plots.compose import compose

    with with_sheets(*([sheet] if sheet else [])):
        figure = compose(panels, _look(values), size=plot.size)
    text = ""
    if terminal:
        from nepkit.plots.terminal import to_text

        text = "\n" + to_text(figure)
    return (figure if save is not None else None), text


def _look(values: dict[str, Any]) -> Look:
    from nepkit.plots.compose import Look

    return Look(**{name: value for name, value in values.items() if value is not None})


_declare_all()
