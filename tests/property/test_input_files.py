"""run.in and nep.in come back as they were read."""

from hypothesis import given
from hypothesis import strategies as st

from nepkit.inputs.inputfile import parse_input

COMMENTS = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)))
LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30), max_size=8)


@given(lines=LINES, newline=st.sampled_from(["\n", "\r\n"]), ended=st.booleans())
def test_any_text_survives(lines, newline, ended):
    text = newline.join(lines) + newline * ended
    assert parse_input(text).text == text


@given(
    lines=LINES, value=st.integers(1, 200), comment=st.text(st.characters(codec="ascii", exclude_categories=("Cc",)))
)
def test_a_change_touches_its_line_only(lines, value, comment):
    before = "\n".join([*lines, f"  neuron 30  #{comment}"])
    file = parse_input(before).with_arguments("neuron", [str(value)])
    assert file.find("neuron") == (str(value),)
    assert file.lines[-1].text == f"  neuron {value}  #{comment}"
    untouched = [line for line in lines if line.partition("#")[0].split()[:1] != ["neuron"]]
    assert [line.text for line in file.lines[:-1] if line.words[:1] != ("neuron",)] == untouched


@given(lines=LINES)
def test_a_keyword_can_be_removed(lines):
    file = parse_input("\n".join([*lines, "batch 5", ""])).without("batch")
    assert file.find("batch") is None
    assert [line.number for line in file.lines] == list(range(1, len(file.lines) + 1))
