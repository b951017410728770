import pytest

from nepkit.cli.command import ROOT, SECTIONS, format_overview, leaves, load_all, read_overview
from nepkit.cli.reference import CHINESE, OVERVIEW, PAGE, main, reference


def test_the_page_of_commands_is_up_to_date(repository):
    page = (repository / PAGE).read_text(encoding="utf-8")
    assert page == reference(), "run: python -m nepkit.cli.reference"
    chinese = (repository / CHINESE).read_text(encoding="utf-8")
    assert chinese == reference("zh"), "run: python -m nepkit.cli.reference"


def test_the_overview_of_help_is_up_to_date(repository):
    assert (repository / OVERVIEW).read_text(encoding="utf-8") == format_overview(), (
        "run: python -m nepkit.cli.reference"
    )
    assert read_overview() is not None


def test_check_fails_on_drift_and_writing_mends_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def status(*words: str) -> int:
        with pytest.raises(SystemExit) as left:
            main(list(words))
        return int(left.value.code or 0)

    assert status("--check") == 1
    assert not PAGE.exists()
    assert status() == 0
    assert status("--check") == 0
    PAGE.write_text(PAGE.read_text().replace("doctor", "nurse"))
    assert status("--check") == 1
    assert "-### nepkit nurse" in capsys.readouterr().out


def test_every_command_has_help_and_a_section():
    load_all()
    for leaf in leaves(ROOT):
        assert leaf.help, leaf.path
        assert leaf.menu is not None, leaf.path
        assert leaf.menu // 100 in SECTIONS, leaf.path
        for parameter in leaf.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{leaf.path} {parameter.name}"
