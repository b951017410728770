"""nep.in is written as GPUMD documents it, and what its trainer would refuse is refused first."""

from __future__ import annotations

import pytest

from nepkit.core.errors import InputError
from nepkit.training.settings import Settings

GOLDEN = """\
type 3 Li Y Cl
version 4
charge_mode 2
cutoff 8 5.5
n_max 6 4
basis_size 10 8
l_max 4 2 0
neuron 40
zbl 2
lambda_2 0.05
lambda_e 1
lambda_f 2
lambda_v 0.1
output_interval 50
batch 16
population 60"""


def test_nep_in_golden() -> None:
    settings = Settings(
        cutoff=(8.0, 5.5), n_max=(6, 4), basis_size=(10, 8), l_max=(4, 2, 0), neurons=40, zbl=2.0, charge_mode=2,
        lambda_2=0.05, lambda_f=2.0, interval=50,
    )  # fmt: skip
    assert settings.nep_in(["Li", "Y", "Cl"], {"batch": "16", "population": "60"}) == GOLDEN


def test_one_pair_of_cutoffs_per_element() -> None:
    settings = Settings(cutoff=(8.0, 5.0, 6.0, 4.0))
    assert "cutoff 8 5 6 4\n" in settings.nep_in(["O", "H"])
    with pytest.raises(InputError, match=r"cutoff has 4 numbers; for Li Y Cl give 2 or 6"):
        settings.nep_in(["Li", "Y", "Cl"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cutoff": (5.0, 8.0)}, "angular cutoff 8 A exceeds the radial 5 A"),
        ({"cutoff": (8.0,)}, "cutoff takes radial and angular"),
        ({"cutoff": (8.0, 2.5)}, "cutoff must be between 3 and 100, not 2.5"),
        ({"cutoff": (8.0, 5.0, 6.0, 4.0), "charge_mode": 2}, "same cutoffs for all elements"),
        ({"n_max": (13, 4)}, r"n_max \(radial\) must be between 0 and 12, not 13"),
        ({"n_max": (4,)}, "n_max takes 2 numbers"),
        ({"basis_size": (8, 13)}, r"basis_size \(angular\) must be between 0 and 12"),
        ({"l_max": (9,)}, "l_max must be between 2 and 8, not 9"),
        ({"l_max": ()}, "l_max takes l and up to 6 flags"),
        ({"n_max": (8, 8), "l_max": (8, 2, 1, 1)}, "99 angular descriptors"),
        ({"neurons": 121}, "neurons must be between 1 and 120"),
        ({"zbl": 5.0}, "zbl must be between 1 and 4"),
        ({"charge_mode": 3}, "charge_mode must be between 0 and 2"),
        ({"population": 5}, "population must be between 10 and 200"),
        ({"generations": 0}, "generations must be between 1"),
        ({"lambda_f": -1.0}, "lambda_f is a weight"),
        ({"lambda_1": float("nan")}, "lambda_1 is a weight"),
        ({"learning_rate": (1e-4, 1e-2)}, "learning_rate takes 1 >= first >= last > 0"),
    ],
)
def test_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Settings(**values)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
