"""The entry point: runs the command tree and turns expected errors into one line."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from nepkit.cli.command import ROOT
from nepkit.cli.language import warning
from nepkit.core.errors import NepkitError


def run() -> NoReturn:
    """Entry point of the installed scripts and of ``python -m nepkit``."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):  # a strange byte must not end in a traceback
            stream.reconfigure(errors="replace")
    _warn_of_language()
    sys.exit(main())


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
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", 130)
    except click.UsageError as error:
        return _fail(_usage_message(error))
    except click.ClickException as error:
        return _fail(error.format_message())
    except NepkitError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # The reader has gone (for instance `| head`): say nothing, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        return _fail(f"{error.filename}: {error.strerror}")
    except Exception as error:
        if not _is_long_range_error(error):
            raise
        return _fail(str(error))


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
    print(f"Error: {' '.join(message.split())}", file=sys.stderr)
    return status


def _show_warning(message: Warning | str, category: type[Warning], *_where: object) -> None:
    print(f"Warning: {' '.join(str(message).split())}", file=sys.stderr)
