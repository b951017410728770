"""The entry point: runs the command tree and turns expected errors into one line."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from nepkit.cli.command import ROOT
from nepkit.cli.language import warning
from nepkit.core.errors import NepkitError
from nepkit.core.table import printable


def run() -> NoReturn:
    """Entry point of the installed scripts and of ``python -m nepkit``."""
    _own_streams()
    for name in ("SIGTERM", "SIGHUP"):  # as Slurm and a closed terminal end a job: clean up as after Ctrl-C
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _terminated)
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):  # a strange byte must not end in a traceback
            stream.reconfigure(errors="replace")
    _warn_of_language()
    sys.exit(main())


def _own_streams() -> None:
    """Leave where standard output is closed: a file would get its number, and what is printed would go there."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.exit(_fail("standard output is closed; send it to a file, or to /dev/null"))
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115


def _terminated(number: int, _frame: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # the way out is not to be interrupted
    raise _Terminated(number)


class _Terminated(KeyboardInterrupt):
    """The process was asked to end; handled as Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; bugs stay tracebacks.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; those of this process when left out.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            words = None if arguments is None else list(arguments)
            status = ROOT.main(args=words, prog_name=program_name(), standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except click.exceptions.Exit as leaving:
        return int(leaving.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        ended = error if isinstance(error, _Terminated) else error.__cause__ or error.__context__
        if isinstance(ended, _Terminated):
            return _fail("ended by a signal", 128 + int(ended.args[0]))
        return _fail("interrupted", 130)
    except click.UsageError as error:
        return _fail(_usage_message(error))
    except click.ClickException as error:
        return _fail(error.format_message())
    except NepkitError as error:
        return _fail(str(error))
    except BrokenPipeError:
        _give_up_output()  # the reader has gone (for instance `| head`): say nothing
        return 1
    except OSError as error:
        if error.filename is not None:
            return _fail(f"{error.filename}: {error.strerror}")
        if _is_of_output(error):
            _give_up_output()
            return _fail(f"standard output: {error.strerror or error}")
        if error.errno is None:
            raise
        return _fail(f"{error.strerror}; is a disk full?")
    except MemoryError:
        return _fail("out of memory; give less at once")
    except RecursionError:
        return _fail("the input is nested too deeply; is the file damaged?")
    except Exception as error:
        if not _is_long_range_error(error):
            raise
        return _fail(str(error))


def _is_of_output(error: OSError) -> bool:
    """Return whether standard output took no more: the error was raised where it is written to."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return module in (__name__, "nepkit.cli.presenter", "click.utils", "click.termui", "nepkit.core.atomic")


def _give_up_output() -> None:
    """Send standard output nowhere, so that Python does not fail again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _warn_of_language() -> None:
    text = warning()
    if text and not any(name.startswith("_") and name.endswith("_COMPLETE") for name in os.environ):
        print(f"Warning: {text}", file=sys.stderr)


def program_name() -> str:
    """Return how this program was called: ``nepkit``, ``gpumd-nepkit`` or ``python -m nepkit``."""
    called = os.path.basename(sys.argv[0]) if sys.argv else ""
    if called == "__main__.py":
        return "python -m nepkit"
    name = called.removesuffix(".exe")
    return name if name in ("nepkit", "gpumd-nepkit") else "nepkit"


def _is_long_range_error(error: Exception) -> bool:
    # Looked up only among modules already imported: the error cannot exist before its module does.
    module = sys.modules.get("lr_correction.errors")
    return module is not None and isinstance(error, module.LongRangeError)


def _usage_message(error: click.UsageError) -> str:
    message = error.format_message()
    path = error.ctx.command_path if error.ctx else program_name()
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} Help: {path} --help"


def _fail(message: str, status: int = 1) -> int:
    print(f"Error: {printable(' '.join(message.split()))}", file=sys.stderr)
    return status


def _show_warning(message: Warning | str, category: type[Warning], *_where: object) -> None:
    print(f"Warning: {printable(' '.join(str(message).split()))}", file=sys.stderr)
