"""``nepkit report``: the page of a folder has its inputs, warnings, plots and numbers."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from nepkit.cli.main import main


@pytest.fixture
def call(capsys):
    def run(*words):
        status = main(["report", *map(str, words)])
        text = capsys.readouterr()
        return status, text.out, text.err

    return run


@pytest.fixture
def training(tmp_path):
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "loss.out").write_text("100 0.9 0.1 0.1 0.010 0.30 0 0 0 0\n200 0.8 0.1 0.1 0.008 0.20 0 0 0 0\n")
    (folder / "nep.in").write_text("type 1 Al\ncutof 6 5\n")
    np.savetxt(folder / "energy_train.out", [[-3.0, -3.1], [-2.0, -2.1], [-1.0, -0.8]])
    np.savetxt(folder / "nep.restart", np.ones((5, 4)))
    return folder


class Cells(HTMLParser):
    """Collects headings, cells and images."""

    def __init__(self):
        super().__init__()
        self.tag, self.found = "", {"h2": [], "td": [], "li": [], "img": 0}

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if tag == "img":
            self.found["img"] += 1
            assert dict(attrs)["src"].startswith("data:image/png;base64,")
            assert dict(attrs)["alt"]

    def handle_data(self, data):
        if self.tag in ("h2", "td", "li"):
            self.found[self.tag].append(data)


def test_page_of_a_training(call, training, tmp_path):
    page = tmp_path / "report.html"
    status, out, _ = call(training, "-o", page, "--json")
    assert status == 0
    found = json.loads(out)
    assert found["plots"] == ["loss", "parity"]
    assert found["errors"] >= 1
    assert "nep.restart: 4 columns" in found["not drawn"]["restart"]
    cells = Cells()
    cells.feed(page.read_text())
    assert cells.found["img"] == 2
    assert cells.found["h2"] == ["Input files: what was found", "loss", "parity", "Not drawn", "Input files", "Files"]
    assert any("cutof" in cell for cell in cells.found["td"])
    rmse = 1e3 * np.sqrt(np.mean(np.array([0.1, 0.1, -0.2]) ** 2))
    assert f"{rmse:.4g}" in cells.found["td"]
    assert "200" in cells.found["td"]
    assert "energy_train.out" in cells.found["td"]
    status, _, err = call(training, "-o", page)
    assert status == 1
    assert "already exists" in err


def test_the_real_training(call, reference_data, tmp_path):
    """The files of GPUMD's example, without the model, so that nothing is evaluated here."""
    for name in ("loss.out", "energy_train.out", "force_train.out", "nep.in"):
        (tmp_path / name).write_bytes((reference_data / "pbte_nep_train" / name).read_bytes())
    status, out, _ = call(tmp_path, "-o", tmp_path / "report.html", "--json")
    assert status == 0
    assert json.loads(out)["plots"] == ["loss", "parity", "force-errors"]
    cells = Cells()
    cells.feed((tmp_path / "report.html").read_text())
    assert "39.9" in cells.found["td"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{empty}"], "no run.in, nep.in, gnep.in and no file that a plot reads"),
        (["{training}", "-o", "{training}/report.pdf"], "the page is html"),
        (["{training}/nothing"], "does not exist"),
    ],
)
def test_bad_input_gets_one_line(call, training, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    status, out, err = call(*(word.format(empty=tmp_path / "empty", training=training) for word in words))
    assert status in (1, 2)
    assert not out
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("*.html"))
