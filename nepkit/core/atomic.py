"""Writing files whole or not at all, and never over somebody's work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nepkit.core.errors import OutputError


def refuse_existing(path: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` where ``path`` cannot be written: it exists, is a folder, or has no folder to lie in."""
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} already exists; choose another name or add --overwrite")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")


@contextmanager
def atomic_path(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block ends without an error.

    Parameters
    ----------
    path : str or Path
        The file to write.
    overwrite : bool
        Whether a file of this name may be replaced.

    Raises
    ------
    OutputError
        Where the file exists already, is a folder, or its folder does not exist.

    Examples
    --------
    >>> with atomic_path("/tmp/nepkit-example.txt", overwrite=True) as temporary:
    ...     _ = temporary.write_text("whole")
    """
    from tempfile import NamedTemporaryFile  # here, because the help of a command need not wait for it

    path = Path(path)
    refuse_existing(path, overwrite)
    # The suffix stays the last one: matplotlib and ASE choose the format by it.
    with NamedTemporaryFile(
        dir=path.absolute().parent, prefix=f".{path.stem}-", suffix=path.suffix, delete=False
    ) as file:
        temporary = Path(file.name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # what open() would have given; temporary files are private
        refuse_existing(path, overwrite)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path`` that takes its name when the block ends without an error.

    Raises
    ------
    OutputError
        Where the name is taken, or its folder does not exist.

    Examples
    --------
    >>> with atomic_folder("/tmp/nepkit-example-folder") as temporary:
    ...     _ = (temporary / "a.txt").write_text("whole")
    >>> sorted(item.name for item in Path("/tmp/nepkit-example-folder").iterdir())
    ['a.txt']
    >>> shutil.rmtree("/tmp/nepkit-example-folder")
    """
    path = Path(path)
    import tempfile  # here, because the help of a command need not wait for it

    refuse_existing_folder(path)
    temporary = Path(tempfile.mkdtemp(dir=path.absolute().parent, prefix=f".{path.name}-"))
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        refuse_existing_folder(path)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_existing_folder(path: Path) -> None:
    """Raise `OutputError` where no folder can be made at ``path``."""
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path} already exists; choose another name for the folder")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")
