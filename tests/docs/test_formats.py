"""The page of formats names all of them and no others."""

import re

from nepkit.formats.catalogue import formats


def test_every_format_is_on_the_page(repository):
    text = (repository / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    named = {name for row in rows for name in re.split(r",\s*", row.split("|")[1].strip())}
    assert named == set(formats())


def test_what_the_page_says_is_written_is(repository):
    text = (repository / "docs" / "formats.md").read_text(encoding="utf-8")
    for row in [line for line in text.splitlines() if line.startswith("| ")][2:]:
        cells = [cell.strip() for cell in row.split("|")]
        for name in re.split(r",\s*", cells[1]):
            assert bool(cells[3]) == (formats()[name].write is not None), name
            assert bool(cells[2]) == (formats()[name].read is not None), name
