import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from lr_correction import engine as engine_module
from nepkit import doctor
from nepkit.cli.main import main
from nepkit.core.errors import ProgramError
from nepkit.core.programs import find_program, require_program, run_program


def test_the_self_test_computes_the_madelung_constant():
    check = doctor.self_test()
    assert check.state == "ok", check
    assert doctor.madelung_constant() == pytest.approx(1.7475645946, abs=1e-8)


@pytest.mark.parametrize("value", [1.75, float("nan")])
def test_a_wrong_number_fails_the_command(monkeypatch, capsys, value):
    monkeypatch.setattr(doctor, "madelung_constant", lambda: value)
    assert main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert report["checks"][-1]["state"] == "failed"


def test_an_exception_fails_the_command(monkeypatch, capsys):
    def broken() -> float:
        raise OSError("no library")

    monkeypatch.setattr(doctor, "madelung_constant", broken)
    assert main(["doctor"]) == 1
    assert "no library" in capsys.readouterr().out


def test_the_report_is_the_same_in_every_form(capsys):
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {check["area"] for check in checks} >= {"Python", "Compiler", "Program", "GPU", "Self-test"}
    assert main(["doctor", "--csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(checks) + 1
    assert main(["doctor"]) == 0
    assert "nepkit works." in capsys.readouterr().out


def test_it_says_which_compiled_parts_are_there(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "COMPILED", {"nepkit.frames": "frames", "nepkit.formats._no_such": "rows"})
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [(item["name"], item["state"]) for item in checks if item["area"] == "Compiled"] == [
        ("nepkit.frames", "ok"),
        ("nepkit.formats._no_such", "absent"),
    ]


def test_the_compiled_parts_are_those_of_the_installation():
    setup = (Path(__file__).parents[2] / "setup.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"((?:nepkit|lr_correction)\.[\w.]+)', setup)) == set(doctor.COMPILED)


def test_it_says_which_engine_evaluates_a_nep(monkeypatch, capsys):
    def engine():
        assert main(["doctor", "--json"]) == 0
        (found,) = [item for item in json.loads(capsys.readouterr().out)["checks"] if item["area"] == "Engine"]
        return found["found"], found["state"]

    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(engine_module, "kernel", lambda: SimpleNamespace(__name__="lr_correction._kernel_avx512"))
    assert engine() == ("own, AVX-512 vectors, 3 threads", "ok")
    monkeypatch.setattr(engine_module, "kernel", lambda: None)
    assert engine() == ("calorine: our own engine was not compiled", "absent")


def make_program(path, text="exit 0"):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_programs_are_found_by_variable_then_on_path(tmp_path, monkeypatch):
    monkeypatch.delenv("NEPKIT_NEP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("nep") is None
    with pytest.raises(ProgramError, match=r"nep was not found on PATH; build GPUMD .* or set NEPKIT_NEP"):
        require_program("nep")
    program = make_program(tmp_path / "nep")
    assert require_program("nep") == program
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("NEPKIT_NEP", str(other))
    with pytest.raises(ProgramError, match=r"NEPKIT_NEP=.*other: no such executable"):
        find_program("nep")
    assert find_program("gpumd") is None
    renamed = make_program(other / "nep")
    assert find_program("nep") == renamed
    monkeypatch.setenv("NEPKIT_NEP", str(renamed))
    assert find_program("nep") == renamed
    with pytest.raises(ProgramError, match=r"unknown program 'npe': did you mean .*nep"):
        find_program("npe")


def test_a_program_that_fails_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setenv("NEPKIT_NEP", str(make_program(tmp_path / "nep", "echo out of memory; exit 3")))
    log = tmp_path / "nep.log"
    with pytest.raises(ProgramError, match="nep failed with status 3: out of memory"):
        run_program("nep", folder=tmp_path, log=log)
    make_program(tmp_path / "nep", "pwd")
    run_program("nep", folder=tmp_path, log=log)
    assert log.read_text().strip() == str(tmp_path.resolve())
