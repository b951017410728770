"""Whatever the user does wrong: one line on standard error, status 1, nothing written, no traceback."""

import subprocess
import sys

import click
import pytest

from nepkit.cli import options
from nepkit.cli.command import command, group
from nepkit.cli.main import main
from nepkit.cli.output import Output
from nepkit.core.errors import InputError


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["doctr"], "no command 'doctr' in python -m nepkit: did you mean doctor?"),
        (["xyz"], "known: "),
        (["doctor", "--jsn"], "--json"),
        (["doctor", "extra"], "extra"),
        (["completion"], "Missing argument"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_mistyped_words(nepkit, words, message):
    done = nepkit(*words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert "--help" in done.stderr


@pytest.fixture
def copy(scratch_tree):
    """A command that copies frames, as the converters do."""
    group("scratch", "Commands of this test.")

    @command("scratch copy")
    @click.argument("source", type=options.FILE)
    @options.save("The copy.")
    def copy(source):
        """Copy frames."""
        from nepkit.formats.files import read_frames

        return Output(frames=read_frames(source))

    return copy


FRAME = '1\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3\nH 0.0 0.0 0.0\n'


def test_bad_input_leaves_no_output(copy, tmp_path, capsys):
    source, target = tmp_path / "in.xyz", tmp_path / "out.xyz"
    for text in ("", "nonsense\n", FRAME + "2\ncut short\nH 0 0 0\n"):
        source.write_text(text)
        assert main(["scratch", "copy", str(source), "-o", str(target)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"Error: {source}")
        assert err.count("\n") == 1
        assert [path.name for path in tmp_path.iterdir()] == ["in.xyz"]


def test_an_existing_output_is_refused_before_the_work(copy, tmp_path, capsys):
    source, target = tmp_path / "in.xyz", tmp_path / "out.xyz"
    source.write_text("the reader must not see this")
    target.write_text("old")
    assert main(["scratch", "copy", str(source), "-o", str(target)]) == 1
    assert capsys.readouterr().err == f"Error: {target} already exists; choose another name or add --overwrite\n"
    source.write_text(FRAME)
    assert main(["scratch", "copy", str(source), "-o", str(target), "--overwrite"]) == 0
    assert target.read_text() != "old"
    assert main(["scratch", "copy", str(source), "-o", str(tmp_path / "no" / "out.xyz")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_the_command_line_equals_the_library(copy, tmp_path, capsys):
    from nepkit.formats.files import read_frames, write_frames

    source = tmp_path / "in.xyz"
    source.write_text(FRAME * 3)
    assert main(["scratch", "copy", str(source)]) == 0
    write_frames(tmp_path / "api.xyz", read_frames(source))
    assert capsys.readouterr().out == (tmp_path / "api.xyz").read_text()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.xyz, frame 3:\n no energy"), "Error: a.xyz, frame 3: no energy\n"),
        (FileNotFoundError(2, "No such file or directory", "gone.txt"), "Error: gone.txt: No such file or directory\n"),
        (click.ClickException("bad"), "Error: bad\n"),
    ],
)
def test_expected_errors_are_one_line(scratch_tree, capsys, error, line):
    @command("fail")
    def fail():
        """Fail."""
        raise error

    assert main(["fail"]) == 1
    assert capsys.readouterr() == ("", line)


def test_errors_of_the_long_range_library_are_expected_errors(scratch_tree, capsys):
    @command("fail")
    def fail():
        """Fail."""
        from lr_correction.errors import ModelError

        raise ModelError("nep.txt is cut short")

    assert main(["fail"]) == 1
    assert capsys.readouterr().err == "Error: nep.txt is cut short\n"


def test_bugs_stay_tracebacks(scratch_tree):
    @command("fail")
    def fail():
        """Fail."""
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main(["fail"])


def test_interruption_is_one_line_and_status_130(scratch_tree, capsys):
    @command("fail")
    def fail():
        """Fail."""
        raise KeyboardInterrupt

    assert main(["fail"]) == 130
    assert capsys.readouterr().err.strip() == "Error: interrupted"  # click ends the line of ^C first


def test_warnings_are_one_line(scratch_tree, capsys, recwarn):
    import warnings

    @command("warn")
    def warn():
        """Warn."""
        warnings.warn("mind\nthe gap", stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["warn"]) == 0
    assert capsys.readouterr().err == "Warning: mind the gap\n"


def test_a_reader_that_goes_away_is_no_error():
    command_line = f"{sys.executable} -m nepkit completion bash | head -c 1"
    done = subprocess.run(command_line, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_a_group_alone_shows_its_help(copy, capsys):
    assert main(["scratch"]) == 0
    out, err = capsys.readouterr()
    assert "Copy frames." in out
    assert err == ""
    assert main(["scratch", "cpy"]) == 1
    assert (
        "no command 'cpy' in nepkit scratch: did you mean copy? Help: nepkit scratch --help" in capsys.readouterr().err
    )


def test_declarations_are_checked(scratch_tree):
    def nothing():
        """Do nothing."""

    with pytest.raises(ValueError, match="outside 101 to 999"):
        command("one", menu=1000)(nothing)
    command("one", menu=998)(nothing)
    with pytest.raises(ValueError, match="two and one both have menu number 998"):
        command("two", menu=998)(nothing)
    with pytest.raises(ValueError, match=r"declare group\('nogroup', help\) first"):
        command("nogroup two")(nothing)
