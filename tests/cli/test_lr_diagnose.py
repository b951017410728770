"""``nepkit lr diagnose``: numbers, page, and one line where the input is wrong."""

import json

import pytest

from nepkit.cli.main import main
from nepkit.models.diagnosis import diagnose_file
from nepkit.quickstart import DATA, IONS


def test_the_command_says_what_the_library_says_and_writes_a_page(tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ["lr", "diagnose", str(IONS / "nep.txt"), str(IONS / "test.xyz")]
    assert main([*words, "--json", "-o", str(page)]) == 0
    found = json.loads(capsys.readouterr().out)
    result = diagnose_file(str(IONS / "nep.txt"), IONS / "test.xyz")
    assert found["share"] == pytest.approx(result.share)
    assert found["statement"] == "found"
    assert found["fragments"]["product"] == pytest.approx(-1.0, abs=0.1)
    text = page.read_text()
    assert "Charges are missing beyond the cutoff" in text
    assert "What to do next" in text
    assert "data:image/svg+xml" in text
    assert main([*words, "-o", str(page)]) != 0
    assert "exists" in capsys.readouterr().err


def test_the_bundled_nep_lacks_nothing(capsys):
    assert main(["lr", "diagnose", str(DATA / "nep.txt"), str(DATA / "train.xyz")]) == 0
    assert capsys.readouterr().out.startswith("Nothing is seen of charges beyond the cutoff")


def test_a_potential_without_a_cutoff_is_asked_for_one(capsys):
    assert main(["lr", "diagnose", "emt", str(DATA / "test.xyz")]) == 1
    assert "emt does not say its cutoff: give it by --cutoff" in capsys.readouterr().err
