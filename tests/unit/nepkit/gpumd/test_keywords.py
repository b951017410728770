"""The tables of keywords, and how words match them."""

import pytest

from nepkit.core.errors import InputError
from nepkit.inputs.keyword_table import PAGE, page
from nepkit.inputs.keywords import Argument, Form, Keyword
from nepkit.inputs.nep_keywords import GNEP_KEYWORDS, NEP_KEYWORDS
from nepkit.inputs.run_keywords import LASTING, RUN_KEYWORDS

# Examples of GPUMD's manual and of its example folders, each of which it accepts.
ACCEPTED = """
potential nep.txt
replicate 1 2 4
velocity 10
velocity 300 seed 7
time_step 2.0 0.05
change_box 0.1
change_box 1 2 3 0.1 0.2 0.3
correct_velocity 10 0
kspace ewald
kspace pppm 1.5
dftd3 pbe 12 6
lincs all order 6
lincs file constraints.in order 6 iter 2
minimize sd -1 10000
minimize fire 1.0e-5 1000 1 1
compute_phonon 0.01
ensemble nve
ensemble nvt_bao 300 300 100
ensemble npt_ber 300 300 100 0 0 0 53.4059 53.4059 53.4059 2000
ensemble npt_scr 300 300 100 0 50 1000
ensemble npt_scr 300 300 100 0 0 0 0 0 0 50 50 50 50 50 50 1000
ensemble npt_mttk temp 300 300 x 5 5 y 0 0 z 0 0
ensemble nph_mttk iso 10 10
ensemble nvt_mttk temp 300 1000 tperiod 100
ensemble nvt_qtb 300 300 100 f_max 150 N_f 200
ensemble npt_qtb iso 0 0 temp 300 300 tperiod 100 pperiod 1000
ensemble heat_lan 300 100 10 0 1
ensemble pimd 32 300 300 100
ensemble pimd 32 300 300 100 0 50 1000
ensemble trpmd 32
ensemble msst x 15 qmass 10000 mu 10
ensemble ti_spring temp 300 tequil 1000 tswitch 4000 spring Si 6 O 5
fix 0
fix 1 0
move 1 0.001 0 0
deform 0.00001 1 0 0
deposit 5000 2 30 40 atom H 5 -0.1 C 5 -0.1
mc canonical 100 200 500 100 group 1 3
mc sgc 100 1000 300 300 2 Cu 0 Au 0.6
mc vcsgc 200 1000 500 500 2 Al -2 Ag 0 10000
add_efield 2 1 0.1 0 0 bec
add_efield 0 2 add_efield.txt
add_spring ghost_com 0 2 0 0 0 couple 10 0 0 0 0
active 10 1 1 0.01
dump_xyz 100 properties.xyz group 1 0 mass velocity potential force virial
dump_xyz 1 dump.xyz force precision double
dump_netcdf 15 group.nc group 1 0 velocity compression deflate 1
dump_observer observe 100 1000 1 1
dump_shock_nemd interval 1000 bin_size 20
compute 0 100 10 temperature
compute_chunk 10 100 bin/2d x lower 2.0 z lower 2.0 vx vz
compute_msd 5 200 all_groups 1 save_every 100000
compute_ic 5 200 0 1
compute_rdf 8.0 400 1000 atom 0 0 atom 1 1 atom 0 1
compute_adf 100 30 0.0 1.2
compute_adf 500 50 0 1 1 0.0 1.2 0.0 1.3 1 0 1 0.0 1.2 0.0 1.3
compute_orientorder 100 nnn 12 2 4 6 1 1 1
compute_dos 5 200 400.0 group 1 1 num_dos_points 300
compute_hac 10 100000 1
compute_hnemd 1000 0.00001 0 0
compute_hnemdec 2 1000 0 0.00001 0
compute_shc 2 250 1 1000 400.0 group 0 -1
compute_gkma 10 1 27216 f_bin_size 1.0
compute_hnema 10 1000 0.000008 0 0 1 27216 bin_size 1
compute_lsqt x 3000 10001 -8.1 8.1 8.2
compute_extrapolation nep_file nep.txt asi_file active_set.asi gamma_low 5 gamma_high 10 check_interval 10
run 1000
""".strip().splitlines()

REFUSED = [
    ("run", "0 arguments, expected <steps>"),
    ("run 1e6", "an integer, not 1e6: write 1000000"),
    ("run 0", "steps is 0, expected at least 1"),
    ("run 10 20", "2 arguments, expected <steps>"),
    ("velocity 300 sed 7", "sed is no option: did you mean seed?"),
    ("velocity 300 seed", "expected seed <seed>"),
    ("ensemble nvt_nch 300 300 100", "did you mean nvt_nhc"),
    ("ensemble nvt_nhc 300 300", "3 arguments, expected"),
    ("ensemble npt_mttk iso 0 0", "temp is missing"),
    ("ensemble npt_scr 300 300 100 0 0 0 53 53 1000", "10 arguments, expected npt_ber|npt_scr"),
    ("correct_velocity 5", "expected at least 10"),
    ("compute_shc 20 250 1 1000 400", "expected 1 to 10"),
    ("compute_chunk 10 100 bin/1d w lower 1", "axis 1 is w"),
    ("dump_xyz 100 a.xyz velocities", "did you mean velocity"),
    ("dump_xyz 100 a.xyz force force", "force is given twice"),
    ("kspace mesh", "kspace mesh: known: ewald, pppm"),
    ("kspace pppm 5", "expected 0.2 to 2"),
    ("time_step nan", "a number, not nan"),
    ("mc sgc 100 1000 300 300 2 Cu 0 Xx 0.6", "Xx is no chemical symbol"),
]


@pytest.mark.parametrize("line", ACCEPTED)
def test_lines_of_the_manual_are_accepted(line):
    name, *words = line.split()
    RUN_KEYWORDS[name].match(words)


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_wrong_lines_are_refused_with_the_reason(line, message):
    name, *words = line.split()
    with pytest.raises(InputError) as caught:
        RUN_KEYWORDS[name].match(words)
    assert message in str(caught.value)


@pytest.mark.parametrize("entry", [*RUN_KEYWORDS.values(), *NEP_KEYWORDS.values(), *GNEP_KEYWORDS.values()])
def test_every_entry_can_be_used_or_says_what_to_use(entry):
    assert bool(entry.forms) != bool(entry.removed), entry.name
    assert entry.meaning.endswith("."), entry.name
    for form in entry.forms:
        assert form.needed is None or 0 <= form.needed <= len(form.arguments)
        assert set(form.must) <= set(form.options)
        assert bool(form.tail) == (form.repeats != (0, 0))


def test_the_default_of_a_keyword_is_a_value_it_accepts():
    for entry in NEP_KEYWORDS.values():
        if entry.default and entry.default[0].isdigit() and "..." not in entry.default:
            entry.match(entry.default.split())


def test_values_have_names_and_types():
    match = RUN_KEYWORDS["compute_msd"].match(["5", "200", "group", "1", "2", "save_every", "1000"])
    assert match.number("sampling interval") == 5
    assert match.options == {"group": (1.0, 2.0), "save_every": (1000.0,)}
    match = RUN_KEYWORDS["compute_rdf"].match(["8.0", "400", "1000", "atom", "0", "1", "atom", "1", "1"])
    assert match.tail == (("atom", 0.0, 1.0), ("atom", 1.0, 1.0))
    assert RUN_KEYWORDS["ensemble"].match(["nvt_nhc", "300", "400", "100"]).word("ensemble") == "nvt_nhc"


def test_limits_that_exclude_the_limit_itself():
    assert Argument("T", "number", 0, above=True).fault("0") == "T is 0, expected above 0"
    assert Argument("T", "number", 0).fault("0") is None


def test_optional_arguments_end_at_an_option():
    entry = Keyword("x", "X.", (Form((Argument("a"), Argument("b", "word")), 1, {"flag": ()}),))
    assert entry.match(["1", "flag"]).options == {"flag": ()}
    assert entry.match(["1", "c", "flag"]).values == {"a": 1.0, "b": "c"}


def test_what_lasts():
    assert {"potential", "time_step", "velocity", "kspace", "dftd3", "replicate"} <= set(LASTING)
    assert not {"run", "dump_xyz", "ensemble", "fix"} & set(LASTING)


def test_the_page_of_keywords_is_up_to_date(repository):
    text = (repository / PAGE).read_text(encoding="utf-8")
    assert text == page(text), "run: python -m nepkit.inputs.keyword_table"
