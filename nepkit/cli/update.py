"""How nepkit is brought up to date."""

from __future__ import annotations

import json
import sys
from importlib import metadata

from nepkit import __version__
from nepkit.cli.command import command
from nepkit.cli.output import Output

PACKAGE = "gpumd-nepkit"


@command("update", menu=733)
def update() -> Output:
    """The installed version, and how to get a newer one.

    The commands to type are shown for the way in which it was installed. Nothing is changed, and no other folder is
    touched.
    """
    source = origin()
    lines = [f'cd "{source}" && git pull', f'"{sys.executable}" -m pip install "{source}"'] if source else []
    lines = lines or [f'"{sys.executable}" -m pip install --upgrade {PACKAGE}']
    text = "\n".join([f"nepkit {__version__}" + (f", installed from {source}" if source else ""), "To update:", *lines])
    return Output(data={"version": __version__, "source": source or None, "commands": lines}, text=text)


def origin() -> str:
    """Return the folder of sources that the package was installed from, empty for one from a package index."""
    try:
        text = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    url = str(json.loads(text).get("url", "")) if text else ""
    return url.removeprefix("file://") if url.startswith("file://") else ""
