"""``nepkit watch``: follow a running job in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("watch", menu=701)
@click.argument("kind", type=click.Choice(["nep", "gpumd"]))
@click.argument("folder", type=options.FOLDER, default=".")
@click.option("--once", is_flag=True, help="Print the state once and exit; implied without a terminal.")
@click.option("--interval", type=click.FloatRange(0.2), default=5.0, show_default=True, help="Seconds between updates.")
@click.option("--log", type=options.FILE, help="Log file of gpumd's screen output (default: detected).")
def watch(kind: str, folder: Path, once: bool, interval: float, log: Path | None) -> Output:
    """Follow a running training or simulation.

    Of nep, gnep, neppo or gpumd. Shows how far it is, errors or temperature, speed, time left, curves and warnings,
    over ssh too. Reads only what is new in the files, which may still be missing. Ends with the job or by Ctrl-C,
    and with status 1 where something looks wrong.
    """
    import sys
    import time

    from nepkit.watch.screen import rows_of
    from nepkit.watch.simulation import SimulationWatcher
    from nepkit.watch.training import TrainingWatcher

    watcher = TrainingWatcher(folder) if kind == "nep" else SimulationWatcher(folder, log)
    state = watcher.look(time.time())
    if not once and sys.stdout.isatty():
        state = _follow(watcher, state, interval)
    text = "\n".join(f"Warning: {line}" for line in state.warnings)
    data = {name: value for name, value in vars(state).items() if name != "curves"}
    return Output(data=data, tables=[Table("", ["what", "now"], rows_of(state))], text=text, ok=not state.warnings)


def _follow(watcher: Any, state: Any, interval: float) -> Any:
    """Show the state until the job ends or the user leaves; return the last one."""
    import time

    from rich.console import Console
    from rich.live import Live

    from nepkit.watch.screen import screen

    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                live.update(screen(state, console.width, console.height), refresh=True)
                if state.finished:
                    return state
                time.sleep(interval)
                state = watcher.look(time.time())
        except KeyboardInterrupt:
            return state
