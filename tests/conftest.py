"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("nepkit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("nepkit")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of files that nepkit did not write, kept outside the repository."""
    folder = Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no reference data: set NEPKIT_REFERENCE_DATA or put them in {folder}")
    return folder
