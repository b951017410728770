import pytest
from ase.data import atomic_numbers

from lr_correction.errors import SettingsError
from lr_correction.oxidation import OXIDATION_STATES, oxidation_states


def test_common_states_make_common_salts_neutral():
    states = oxidation_states(["Na", "Li", "Y", "Ca", "Ti", "Ba", "O", "Cl", "F", "H"])
    for formula in ({"Na": 1, "Cl": 1}, {"Li": 3, "Y": 1, "Cl": 6}, {"Ca": 1, "F": 2}, {"Ba": 1, "Ti": 1, "O": 3},
                    {"H": 2, "O": 1}):  # fmt: skip
        assert sum(n * states[e] for e, n in formula.items()) == 0


def test_the_table_holds_chemical_symbols_and_sane_states():
    assert set(OXIDATION_STATES) <= set(atomic_numbers)
    assert all(-4 <= q <= 8 for q in OXIDATION_STATES.values())


def test_given_charges_replace_the_table_and_fill_its_gaps():
    assert oxidation_states(["Fe", "O", "Ac"], {"Fe": 2.5, "Ac": 3}) == {"Fe": 2.5, "O": -2.0, "Ac": 3.0}


def test_a_charge_for_an_absent_element_is_refused():
    with pytest.raises(SettingsError, match="a charge is given for Cl, but the model's elements are H O"):
        oxidation_states(["H", "O"], {"Cl": -1.0})


def test_an_element_without_a_common_state_needs_a_charge():
    with pytest.raises(SettingsError, match="no common oxidation state is known for Ac: give its starting charge"):
        oxidation_states(["Ac", "O"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "plus"])
def test_a_charge_must_be_a_finite_number(value):
    with pytest.raises(SettingsError, match="starting charge of O"):
        oxidation_states(["O"], {"O": value})
