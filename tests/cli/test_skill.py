import json
from importlib import metadata

from nepkit.cli.command import ROOT, leaves, load_all
from nepkit.cli.main import main


def test_the_page_for_agents_names_every_command(tmp_path, capsys):
    assert main(["skill"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("---\nname: nepkit\n")
    load_all()
    paths = [leaf.path for leaf in leaves(ROOT) if not leaf.hidden]
    assert len(paths) > 100
    assert [path for path in paths if f"- `nepkit {path}`: " not in text] == []
    target = tmp_path / "SKILL.md"
    assert main(["skill", "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").strip() == text.strip()
    assert main(["skill", "-o", str(target)]) == 1
    assert "already exists" in capsys.readouterr().err


def test_the_way_to_update_is_that_of_the_installation(monkeypatch, capsys):
    class Installed:
        text: str | None = '{"url": "file:///home/me/nepkit", "dir_info": {}}'

        def read_text(self, name):
            assert name == "direct_url.json"
            return self.text

    monkeypatch.setattr(metadata, "distribution", lambda name: Installed())
    assert main(["update", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["source"] == "/home/me/nepkit"
    assert data["commands"][0] == 'cd "/home/me/nepkit" && git pull'
    Installed.text = None
    assert main(["update"]) == 0
    assert "-m pip install --upgrade gpumd-nepkit" in capsys.readouterr().out
    assert main(["update", "now"]) == 1
