"""The interactive menu, generated from the command tree.

It can do nothing that the command line cannot: it asks for the parameters of a command, prints the command line that
they make, and runs that through the same entry point.
"""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable

import click

from nepkit import __version__
from nepkit.cli.command import ROOT, SECTIONS, NepkitCommand, leaves, load_all, load_plugins
from nepkit.cli.language import say, say_short
from nepkit.cli.prompts import Prompter

HEADER = "nepkit {}: toolkit for GPUMD and NEP potentials"
HINT_TOP = "Type a section, a three-digit code, or 0 to leave."
HINT_SECTION = "Type a three-digit code, 000 to go back, or 0 to leave."
NOT_A_CHOICE = "{!r} is not a choice: type one number from the list."
NO_COMMAND = "No command has the number {}: type one from the list."
NO_SECTION = "No section has the number {}: type one from the list."
RUNNING = "Running: {}"
FAILED = "The command ended with status {}."
BYE = "Bye."

BACK = "000"
LEAVE = "0"


class Leave(Exception):
    """The user wants to leave, or the input has ended."""


class Back(Exception):
    """The user wants the main menu."""


class Jump(Exception):
    """The user typed the number of another command."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def open_menu(execute: Callable[[list[str]], int] | None = None) -> int:
    """Run the menu until the user leaves or the input ends.

    Parameters
    ----------
    execute : callable, optional
        What runs a command line, given its words, and returns its exit status; `nepkit.cli.main.main` when left out.

    Returns
    -------
    int
        The status of the last command run; 0 if none was.
    """
    from nepkit.cli.main import main

    load_all()
    load_plugins()
    return Menu(execute or main).run()


class Menu:
    """The loop over sections and commands."""

    def __init__(self, execute: Callable[[list[str]], int]) -> None:
        self._execute = execute
        shown = [leaf for leaf in leaves(ROOT) if leaf.menu is not None and not leaf.hidden]
        self._commands = {number: leaf for leaf in shown for number in (leaf.menu, *leaf.also) if number is not None}
        self._sections = {number: say(SECTIONS[number]) for number in sorted({menu // 100 for menu in self._commands})}
        self._status = 0

    def run(self) -> int:
        """Ask and run until the user leaves; return the status of the last command."""
        _complete_paths()
        _say(say(HEADER).format(__version__))
        section: int | None = None
        number: int | None = None
        try:
            while True:
                try:
                    if number is None:
                        number = self._choose_command(section)
                    section, chosen, number = number // 100, self._commands[number], None
                    self._run_command(chosen)
                except Jump as jump:
                    number = jump.number
                except Back:
                    section = None
        except Leave:
            _say(say(BYE))
        return self._status

    def _choose_command(self, section: int | None) -> int:
        while section is None:
            section = self._choose_section()
        numbers = sorted(number for number in self._commands if number // 100 == section)
        shown = {number: self._commands[number] for number in numbers if self._commands[number].menu == number}
        width = max(len(leaf.path) for leaf in shown.values())
        _say(f"\n{section} {self._sections[section]}\n")
        for menu, leaf in shown.items():
            _say(f"  {menu}  {leaf.path:<{width}}  {say_short(leaf.help or '', 71 - width)}")
        _say(f"\n{say(HINT_SECTION)}")
        while True:
            answer = self._ask(f"nepkit {section}> ")
            if answer == BACK:
                raise Back
            if self._is_section(answer):
                return self._choose_command(int(answer))
            _say(say(NO_COMMAND if answer.isdigit() else NOT_A_CHOICE).format(answer))

    def _choose_section(self) -> int:
        _say("")
        for number, title in self._sections.items():
            _say(f"  {number}  {title}")
        _say(f"\n{say(HINT_TOP)}")
        while True:
            answer = self._ask("nepkit> ")
            if self._is_section(answer):
                return int(answer)
            if answer == BACK:
                continue
            if answer.isdigit() and len(answer) == 3:
                _say(say(NO_COMMAND).format(answer))
            else:
                _say(say(NO_SECTION if answer.isdigit() else NOT_A_CHOICE).format(answer))

    def _is_section(self, answer: str) -> bool:
        return answer.isascii() and answer.isdigit() and len(answer) == 1 and int(answer) in self._sections

    def _ask(self, prompt: str) -> str:
        answer = read_line(prompt)
        if answer == LEAVE:
            raise Leave
        if self._is_command(answer):
            raise Jump(int(answer))
        return answer

    def _is_command(self, answer: str) -> bool:
        return answer.isascii() and answer.isdigit() and len(answer) == 3 and int(answer) in self._commands

    def _run_command(self, chosen: NepkitCommand) -> None:
        from nepkit.cli.main import program_name

        def read(prompt: str) -> str:
            answer = read_line(prompt)
            if answer == BACK:
                raise Back
            return answer

        def leave_for(answer: str) -> None:
            if self._is_command(answer):
                raise Jump(int(answer))

        _say(f"\n{chosen.menu}  {chosen.path}: {say_short(chosen.help or '', 200)}")
        try:
            words = [*chosen.path.split(), *Prompter(chosen, read, leave_for, _say).words()]
        except KeyboardInterrupt:
            _say("")
            raise Back from None
        _say(f"\n{say(RUNNING).format(program_name() + ' ' + shlex.join(words))}\n")
        try:
            self._status = self._execute(words)
        except Exception:  # a bug: show it whole, and keep the menu alive
            traceback.print_exc()
            self._status = 1
        if self._status:
            _say(say(FAILED).format(self._status))


def read_line(prompt: str) -> str:
    """Return one stripped line of input; raise `Leave` at its end."""
    if sys.stdin is None:  # closed by the caller
        raise Leave
    try:
        answer = input(prompt).strip()
    except EOFError:
        _say("")
        raise Leave from None
    if not sys.stdin.isatty():
        _say(answer)  # so that the record of a piped session reads as it would on a terminal
    return answer


def _say(line: str) -> None:
    click.echo(line)


def _complete_paths() -> None:
    """Let the tab key complete file names on a terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        return
    try:
        import readline
    except ImportError:  # not on every platform
        return
    from glob import glob
    from os.path import isdir

    def complete(text: str, state: int) -> str | None:
        found = sorted(path + "/" if isdir(path) else path for path in glob(f"{text}*"))
        return found[state] if state < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
