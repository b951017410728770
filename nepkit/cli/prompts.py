"""Asking for the parameters of one command, with each parameter's own type, default and help."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from shutil import get_terminal_size

import click

from nepkit.cli import parameters
from nepkit.cli.language import say, say_wrapped

HINT = "Enter takes the [value in brackets], go takes all that are left, 000 goes back."
NEEDED = "A value is needed here."
YES_OR_NO = "Type y or n."
MORE_NEEDED = "{} values are needed here."
ALL_DEFAULTS = "go"
YES = ("y", "yes")
NO = ("n", "no")
NOT_ASKED = ("as_json", "as_csv")


class Prompter:
    """Turns answers into the words of a command line.

    Parameters
    ----------
    command : click.Command
        Whose parameters are asked for.
    read : callable
        Shows a prompt and returns the answer.
    leave_for : callable
        Given an answer that cannot be a value; may raise to leave for another command.
    say : callable
        Shows a line.
    """

    def __init__(
        self,
        command: click.Command,
        read: Callable[[str], str],
        leave_for: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        self._context = click.Context(command, info_name=command.name, resilient_parsing=True)
        self._read, self._leave_for, self._say = read, leave_for, say
        self._parameters = [item for item in parameters.described(command) if item.name not in NOT_ASKED]
        self._take_defaults = False

    def words(self) -> list[str]:
        """Ask for every parameter, needed ones first, and return the words after the command's path."""
        arguments: list[str] = []
        options: list[str] = []
        if any(not item.required for item in self._parameters):
            self._say(say(HINT))
        for parameter in sorted(self._parameters, key=lambda item: not item.required):
            values = self._ask(parameter)
            if isinstance(parameter, click.Option):
                options += values
            else:
                arguments += values
        if any(word.startswith("-") for word in arguments):
            arguments.insert(0, "--")
        return [*options, *arguments] if arguments[:1] == ["--"] else [*arguments, *options]

    def _ask(self, parameter: click.Parameter) -> list[str]:
        if self._take_defaults and not parameter.required:
            return []
        if isinstance(parameter, click.Option) and parameter.help:
            width = min(get_terminal_size().columns, 100)
            self._say("\n" + say_wrapped(parameter.help, width, "  "))
        else:
            self._say("")
        while True:
            answer = self._read(self.prompt(parameter))
            if answer == ALL_DEFAULTS and not parameter.required:
                self._take_defaults = True
                return []
            if not answer:
                if not parameter.required:
                    return []
                self._say(f"  {say(NEEDED)}")
                continue
            try:
                return list(self._words_of(parameter, answer))
            except (click.BadParameter, ValueError) as error:
                self._leave_for(answer)
                message = error.message if isinstance(error, click.ClickException) else str(error)
                self._say(f"  {message[:1].upper()}{message[1:]}")

    def prompt(self, parameter: click.Parameter) -> str:
        """Return what stands before the answer: name, type and default."""
        name = parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.name
        shown = "" if parameter.required else f" [{parameters.default(parameter, self._context)}]"
        return f"  {name} ({parameters.kind(parameter)}){shown}: "

    def _words_of(self, parameter: click.Parameter, answer: str) -> Iterator[str]:
        option = parameter if isinstance(parameter, click.Option) else None
        if option is not None and option.is_flag:
            yield from self._flag(option, answer)
            return
        several = parameters.takes_several(parameter)
        # One value may contain spaces, as file names do; several are split as a shell splits them.
        values = shlex.split(answer) if several else [_unquote(answer)]
        if parameter.nargs > 1 and len(values) % parameter.nargs:
            raise ValueError(say(MORE_NEEDED).format(parameter.nargs))
        if isinstance(parameter.type, click.Tuple):
            for start in range(0, len(values), parameter.nargs):
                parameter.type.convert(tuple(values[start : start + parameter.nargs]), parameter, self._context)
        else:
            for value in values:
                parameter.type.convert(value, parameter, self._context)
        if option is None:
            yield from values
            return
        if not several and parameters.default(parameter, self._context) == values[0]:
            return
        step = max(parameter.nargs, 1)
        for start in range(0, len(values), step):
            yield option.opts[-1]
            yield from values[start : start + step]

    def _flag(self, option: click.Option, answer: str) -> Iterator[str]:
        if answer.lower() not in YES + NO:
            raise ValueError(say(YES_OR_NO))
        wanted = answer.lower() in YES
        if wanted == bool(parameters.default_value(option, self._context)):
            return
        if wanted:
            yield option.opts[-1]
        elif option.secondary_opts:
            yield option.secondary_opts[-1]


def _unquote(answer: str) -> str:
    if len(answer) > 1 and answer[0] == answer[-1] and answer[0] in "'\"":
        return answer[1:-1]
    return answer
