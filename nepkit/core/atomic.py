"""Writing files whole or not at all, and never over somebody's work."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nepkit.core.errors import OutputError
from nepkit.core.temporary import clear_stale, temporary_name

STDOUT = Path("/dev/stdout")
"""What ``-o -`` stands for."""


def is_stream(path: Path) -> bool:
    """Return whether a path is an open stream of this process: standard output, or bash's ``>(command)``."""
    return path == STDOUT or path.parent in (Path("/dev/fd"), Path("/proc/self/fd"))


def refuse_existing(path: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` where ``path`` cannot be written, before any work is done for it.

    It exists, is no regular file, is write-protected, or its folder does not exist, is write-protected or full.
    """
    path = Path(path)
    if is_stream(path):
        return
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file")
    if path.exists():
        if not path.is_file():
            raise OutputError(f"{path} is not a regular file; give the name of a file, or - for standard output")
        if not overwrite:
            raise OutputError(f"{path} already exists; choose another name or add --overwrite")
        if not os.access(path, os.W_OK):
            raise OutputError(f"{path} is write-protected; choose another name")
    elif path.is_symlink() and not overwrite:
        raise OutputError(f"{path} is a link to a file that does not exist; choose another name or add --overwrite")
    _refuse_folder_of(path)


def _refuse_folder_of(path: Path) -> None:
    """Raise `OutputError` where nothing can be made beside ``path``."""
    folder = _target(path).parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: the folder {path.parent} is write-protected; choose another one")
    if hasattr(os, "statvfs"):
        disk = os.statvfs(folder)
        if disk.f_blocks and not disk.f_bavail:
            raise OutputError(f"{path}: no space left on the disk; choose a folder on another one")


def _target(path: Path) -> Path:
    """Return where the content of a path lies: a link is followed, and stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path.absolute()


@contextmanager
def atomic_path(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block ends without an error.

    Links are followed, and the mode of a file that is replaced is kept. Where the process is killed the temporary file
    stays; the next process that writes into the folder removes it.

    Parameters
    ----------
    path : str or Path
        The file to write; `STDOUT` gets the content when it is whole.
    overwrite : bool
        Whether a file of this name may be replaced.

    Raises
    ------
    OutputError
        Where the file exists already, is a folder, its folder does not exist, or the disk does not take it. Where
        another process made the file meanwhile the content is kept beside it, and the message says where.

    Examples
    --------
    >>> with atomic_path("/tmp/nepkit-example.txt", overwrite=True) as temporary:
    ...     _ = temporary.write_text("whole")
    """
    path = Path(path)
    refuse_existing(path, overwrite)
    if is_stream(path):
        with _stream(path) as temporary:
            yield temporary
        return
    target = _target(path)
    clear_stale(target.parent)
    temporary = target.parent / temporary_name(target.name)
    try:
        with _named(path, temporary):
            temporary.touch(0o600, exist_ok=False)
            yield temporary
            temporary.chmod(_mode(target, 0o666))
            _put(temporary, target, path, overwrite)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _named(path: Path, temporary: Path) -> Iterator[None]:
    """Name the output in what goes wrong with its temporary file."""
    try:
        yield
    except OSError as error:
        other = error.filename is not None and not str(error.filename).startswith(str(temporary))
        if other or isinstance(error, BrokenPipeError):
            raise
        raise OutputError(f"{path}: {_reason(error)}; nothing was written there") from error


def _reason(error: OSError) -> str:
    return error.strerror or f"the disk did not take it ({error})"


def _put(temporary: Path, target: Path, path: Path, overwrite: bool) -> None:
    """Give the temporary file its name; without ``overwrite`` never one that another process took meanwhile."""
    if overwrite:
        refuse_existing(path, overwrite)
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
        temporary.unlink()
    except FileExistsError:
        kept = target.with_name(f"{target.stem}.{os.getpid()}{target.suffix}")
        temporary.rename(kept)
        raise OutputError(f"{path} was made by another process meanwhile; this result is kept in {kept}") from None
    except OSError:  # a file system without hard links
        refuse_existing(path, overwrite)
        temporary.rename(target)


def _mode(target: Path, usual: int) -> int:
    """Return the mode of a file: that of the one it replaces, or what open() would have given."""
    if target.is_file():
        return stat.S_IMODE(target.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return usual & ~umask


@contextmanager
def _stream(path: Path) -> Iterator[Path]:
    """Yield a temporary path whose content goes to an open stream when it is whole."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="nepkit-") as folder:
        temporary = Path(folder) / "stream"
        temporary.touch()
        yield temporary
        number = 1 if path == STDOUT else int(path.name)
        if number == 1:
            sys.stdout.flush()
        with temporary.open("rb") as content, os.fdopen(os.dup(number), "wb") as file:
            shutil.copyfileobj(content, file)


def write_or_keep(path: str | Path, write: Callable[[Path], object], *, overwrite: bool = False) -> None:
    """Write a result that took long to compute; where its disk does not take it, keep it on another one and say where.

    Parameters
    ----------
    path : str or Path
        The file.
    write : callable
        Gets a path and writes there; called again for the other place.
    overwrite : bool
        As of `atomic_path`.

    Raises
    ------
    OutputError
        Where the file could not be written; names where the result is instead.
    """
    import tempfile

    path = Path(path)
    try:
        with atomic_path(path, overwrite=overwrite) as temporary:
            write(temporary)
        return
    except OutputError as error:
        failed = error
    folder = None
    for place in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
        try:
            folder = Path(tempfile.mkdtemp(prefix="nepkit-kept-", dir=place))
            write(folder / path.name)
        except OSError:
            shutil.rmtree(folder or "", ignore_errors=True)
            continue
        raise OutputError(f"{failed}; the result is kept in {folder / path.name}") from failed
    raise failed


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path`` that takes its name when the block ends without an error.

    Raises
    ------
    OutputError
        Where the name is taken, its folder does not exist, or the disk does not take it.

    Examples
    --------
    >>> with atomic_folder("/tmp/nepkit-example-folder") as temporary:
    ...     _ = (temporary / "a.txt").write_text("whole")
    >>> sorted(item.name for item in Path("/tmp/nepkit-example-folder").iterdir())
    ['a.txt']
    >>> shutil.rmtree("/tmp/nepkit-example-folder")
    """
    path = Path(path)
    refuse_existing_folder(path)
    parent = path.absolute().parent
    clear_stale(parent)
    temporary = parent / temporary_name(path.name)
    try:
        with _named(path, temporary):
            temporary.mkdir(0o700)
            yield temporary
            temporary.chmod(_mode(temporary, 0o777))
            refuse_existing_folder(path)
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_existing_folder(path: Path) -> None:
    """Raise `OutputError` where no folder can be made at ``path``."""
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path} already exists; choose another name for the folder")
    _refuse_folder_of(path)
