"""Names of temporary files, by which those of dead processes are known and removed."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
from pathlib import Path

_OWN = re.compile(r"^\..*\.nepkit-(?P<host>[\w-]+)-(?P<pid>\d+)-[0-9a-f]{8}(\.[^.]*)?$")
_LONGEST = 100  # letters of a name: file systems take 255 bytes
_cleared: set[tuple[int, Path]] = set()


def _host() -> str:
    return re.sub(r"[^\w-]", "_", socket.gethostname())[:40]


def temporary_name(name: str) -> str:
    """Return a new name, hidden, for a temporary file or folder of this process.

    The suffix stays the last one: matplotlib and ASE choose the format by it.

    Examples
    --------
    >>> temporary_name("train.xyz").startswith(".train.nepkit-"), temporary_name("train.xyz")[-4:]
    (True, '.xyz')
    """
    path = Path(name)
    suffix = path.suffix if len(path.suffix) < 20 else ""
    return f".{path.stem[:_LONGEST]}.nepkit-{_host()}-{os.getpid()}-{secrets.token_hex(4)}{suffix}"


def clear_stale(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that have ended; once per process and folder."""
    if (os.getpid(), folder) in _cleared:
        return
    _cleared.add((os.getpid(), folder))
    host = _host()
    with os.scandir(folder) as found:
        stale = [item for item in found if item.name.startswith(".") and _is_stale(item.name, host)]
    for item in stale:
        if item.is_dir(follow_symlinks=False):
            shutil.rmtree(item.path, ignore_errors=True)
        else:
            Path(item.path).unlink(missing_ok=True)


def _is_stale(name: str, host: str) -> bool:
    known = _OWN.match(name)
    return known is not None and known["host"] == host and not _lives(int(known["pid"]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
