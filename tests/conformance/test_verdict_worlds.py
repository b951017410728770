"""The verdict in a few worlds where the truth is known; ``benchmarks/verdict.py`` judges all sixty."""

import pytest

from lr_correction.fit import fit_charges
from tests.worlds import null, planted


def judgement(world):
    settings = {"initial_charges": world.start, "scales": (1.0,)}
    return fit_charges(world.nep, world.train, test=world.test, **settings).judgements[0]


@pytest.mark.parametrize(("kind", "seed"), [("own", 1), ("longer", 9), ("dispersion", 1)])
def test_no_long_range_where_there_is_none(kind, seed):
    found = judgement(null(kind, seed))
    assert found.range != "long range", found.text


@pytest.mark.parametrize("seed", [5, 9])
def test_long_range_is_found_where_there_are_charges(seed):
    found = judgement(planted(seed))
    assert found.helps
    assert found.range == "long range", found.text
