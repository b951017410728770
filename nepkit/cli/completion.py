"""``nepkit completion``: the script that teaches a shell to complete commands and options."""

from __future__ import annotations

import click

from nepkit.cli.command import ROOT, command
from nepkit.cli.output import Output


@command("completion", menu=702)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> Output:
    """Print the completion script of a shell.

    Add one line to the start-up file of the shell: for bash, eval "$(nepkit completion bash)" in ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    from nepkit.cli.main import program_name

    name = program_name().split()[-1]
    found = get_completion_class(shell)
    assert found is not None  # the choices above are those that click has
    script = found(ROOT, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE").source()
    return Output(data={"shell": shell, "script": script}, text=script)
