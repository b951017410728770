import pytest

from nepkit.core.errors import MissingExtraError, NepkitError, UnknownNameError, did_you_mean
from nepkit.core.registry import Registry


def test_did_you_mean_guesses_a_close_name_and_lists_the_known_ones_otherwise():
    assert did_you_mean("trian", ["train", "doctor"]) == "did you mean train?"
    assert did_you_mean("zzz", ["train", "doctor"]) == "known: doctor, train"
    assert did_you_mean("zzz", []) == "known: none"


def test_a_missing_extra_says_how_to_get_it():
    error = MissingExtraError("torch", "train")
    assert isinstance(error, NepkitError)
    assert 'pip install ".[train]"' in str(error)


def test_lazy_entries_are_imported_on_first_use_only():
    registry: Registry[object] = Registry("thing", {"broken": "no.such.module:thing", "pi": "math:pi"})
    assert registry["pi"] == pytest.approx(3.14159, abs=1e-5)
    assert sorted(registry) == ["broken", "pi"]
    assert len(registry) == 2
    with pytest.raises(ModuleNotFoundError):
        registry["broken"]


def test_unknown_names_get_a_guess():
    registry: Registry[int] = Registry("format", {"extxyz": "math:pi"})
    with pytest.raises(UnknownNameError, match=r"unknown format 'extxy': did you mean extxyz\?"):
        registry["extxy"]
    assert "extxy" not in registry


def test_a_name_is_taken_once():
    registry: Registry[int] = Registry("thing")
    registry.register("one")(1)
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("one")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register_path("one", "math:pi")
    assert registry["one"] == 1
