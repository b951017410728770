"""What went wrong in programs that calculate properties, and must not here."""

import numpy as np
from calorine.calculators import CPUNEP

from nepkit.accuracy.prediction import predict_file
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels
from nepkit.models.potentials import load_potential


def test_every_frame_gets_its_own_energy_and_not_that_of_the_last(reference_data, tmp_path):
    folder = reference_data / "pbte_nep_train"
    model = folder / "nep.txt"
    predict_file(load_potential(model), folder / "train.xyz", tmp_path / "out.xyz")
    energies = []
    for atoms in read_frames(tmp_path / "out.xyz"):
        found = labels(atoms)
        atoms.calc = CPUNEP(str(model))
        assert abs(found.energy - atoms.get_potential_energy()) < 1e-9
        np.testing.assert_allclose(found.forces, atoms.get_forces(), atol=1e-9)
        energies.append(round(found.energy, 6))
    assert len(energies) == len(set(energies)) == 25


def test_frames_of_different_sizes_go_together(reference_data, tmp_path):
    folder = reference_data / "pbte_nep_train"
    frames = list(read_frames(folder / "train.xyz"))[:3]
    write_frames(tmp_path / "mixed.xyz", [frames[0], frames[1][:100], frames[2][:37], frames[0]])
    predict_file(load_potential(folder / "nep.txt"), tmp_path / "mixed.xyz", tmp_path / "out.xyz")
    found = list(read_frames(tmp_path / "out.xyz"))
    assert [len(atoms) for atoms in found] == [len(frames[0]), 100, 37, len(frames[0])]
    assert labels(found[0]).energy == labels(found[3]).energy
