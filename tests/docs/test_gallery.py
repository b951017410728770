"""The gallery is what its script makes of the plots as they are."""

import importlib.util
import sys

import pytest

from nepkit.plots.catalogue import plots


@pytest.fixture(scope="module")
def gallery(repository):
    spec = importlib.util.spec_from_file_location("make_gallery", repository / "docs" / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_gallery"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_every_picture_and_names_the_other_plots(gallery, repository):
    text = gallery.page()
    for path in (repository / "docs" / "gallery").iterdir():
        assert f"(gallery/{path.name})" in text, "run: python docs/make_gallery.py"
    for name in plots():
        assert f"nepkit plot {name}" in text


def test_every_picture_exists_and_none_is_left_over(gallery, repository):
    files = {path.name for path in (repository / "docs" / "gallery").iterdir()}
    wanted = {f"{entry.name}{'' if number == 1 else f'-{number}'}.png" for entry, number in gallery.numbered()}
    assert files == wanted
    assert sum(path.stat().st_size for path in (repository / "docs" / "gallery").iterdir()) < 1.5e6


def test_every_entry_is_a_plot(gallery):
    assert {entry.name for entry in gallery.ENTRIES} <= set(plots())
