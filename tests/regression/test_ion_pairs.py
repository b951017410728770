"""Two ions pulled apart beyond the cutoff: the written model follows the reference, the NEP cannot."""

import numpy as np
import pytest
from ase import Atoms

from lr_correction.export import write_qnep
from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.models.charge_fit import FitInput, read_input, run_fit
from nepkit.models.potentials import load_potential
from nepkit.models.separation import separation
from nepkit.quickstart import IONS, IonPairs, plot_ions


def test_charges_fitted_below_8_angstrom_hold_to_15(tmp_path):
    given = read_input(IONS / "nep.txt", IONS / "train.xyz")
    assert max(atoms.info["distance"] for atoms in given.sets["train"]) < 8.0
    fit = run_fit(FitInput(given.nep, given.sets), range_diagnosis=False)
    write_qnep(fit.potential, tmp_path / "qnep.txt")
    models = {"NEP": load_potential(IONS / "nep.txt"), "charges": load_potential(tmp_path / "qnep.txt")}
    curve = separation(list(read_frames(IONS / "scan.xyz"))[::-1], models)
    assert curve.distance[[0, -1]].tolist() == [4.5, 15.0]
    assert np.ptp(curve.models["NEP"][curve.distance > 7.0]) < 1e-6
    assert curve.deviation("NEP") > 1000
    assert curve.deviation("charges") < 60
    axes = plot_ions(IonPairs(fit, curve, 5.0, (3.0, 8.0)))
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "Hartree-Fock"


def test_a_scan_without_distances_is_refused():
    with pytest.raises(InputError, match=r"frame 1 of the scan has no distance; label it"):
        separation([Atoms("H", info={"energy": -1.0})], {})
