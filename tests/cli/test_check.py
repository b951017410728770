"""``nepkit check``: exit status, JSON, and the files that GPUMD's users gave out."""

import json

import pytest

from nepkit.inputs.check import check_file


def test_findings_have_lines_and_the_status_is_one(in_process, tmp_path):
    (tmp_path / "run.in").write_text("potential nep.txt\nensamble nve\nrun 10\n")
    done = in_process("check", str(tmp_path / "run.in"), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["errors"] == 4
    assert found["findings"][1]["line"] == 2
    assert found["findings"][1]["remedy"] == "did you mean ensemble?"


def test_text_names_file_line_and_remedy(in_process, tmp_path):
    (tmp_path / "nep.in").write_text("type 1 Si\nneurons 30\n")
    done = in_process("check", str(tmp_path))
    assert done.returncode == 1
    assert "did you mean neuron?" in done.stdout
    assert done.stdout.strip().endswith("nep.in: 2 errors, 0 warnings")


@pytest.mark.parametrize("text", ["", "# only\n"])
def test_an_empty_file_is_one_line_of_error(in_process, tmp_path, text):
    (tmp_path / "run.in").write_text(text)
    done = in_process("check", str(tmp_path / "run.in"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "no keyword in it" in done.stderr


def test_files_of_the_field(reference_data):
    """What is found in them is true: potentials that were not given out, a removed keyword, NPT displacements."""
    # Each was looked at by hand.
    expected = {
        "gpumd_outputs/run_dos.in": ["missing file", "model.xyz"],
        "gpumd_outputs/run_emd.in": ["missing file", "model.xyz"],
        "gpumd_outputs/run_hnemd.in": ["missing file", "model.xyz"],
        "gpumd_outputs/run_viscosity.in": ["missing file", *["removed"] * 3, "model.xyz"],
        "gpumd_static_qnep/run.in": ["missing file"],
        **{f"llzo_conductivity/{kelvin}K/run.in": ["ensemble", "model.xyz"] for kelvin in (1000, 1100, 1200)},
        "llzo_conductivity/950K/run.in": ["ensemble"],
        "pbte_nep_train/nep.in": ["virial"],
        "pbte_qnep_train/nep.in": ["virial"],
    }
    paths = [path for name in ("run*.in", "nep.in") for path in reference_data.rglob(name)]
    found = {str(path.relative_to(reference_data)): [item.kind for item in check_file(path)] for path in paths}
    assert found == expected


def test_strict_counts_warnings(in_process, reference_data):
    folder = str(reference_data / "llzo_conductivity" / "950K")
    assert in_process("check", folder).returncode == 0
    assert in_process("check", folder, "--strict").returncode == 1
