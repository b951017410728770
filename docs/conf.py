"""Sphinx: the pages of this folder, tutorials that run, the commands and the API, made anew at every build."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import nepkit  # noqa: E402

project = "nepkit"
author = "the nepkit authors"
copyright = author
version = release = nepkit.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}  # the first is that of generated pages
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]

html_theme = "furo"
html_title = f"nepkit {release}"

# Tutorials are notebooks in text form; they run at every build and a failing cell fails the build.
nb_execution_mode = "cache"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings tell shapes and units, which types cannot
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
# Names in single back-quotes are code here, as in the source.
default_role = "code"


def _generate(app: Any) -> None:
    """Write the pages that are made from the program: commands, gallery, and the list of public names."""
    from nepkit.cli.reference import write_pages

    write_pages(HERE)
    spec = importlib.util.spec_from_file_location("make_gallery", HERE / "make_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    gallery = importlib.util.module_from_spec(spec)
    sys.modules["make_gallery"] = gallery
    spec.loader.exec_module(gallery)
    gallery.write_page()


def setup(app: Any) -> None:
    app.connect("builder-inited", _generate)
