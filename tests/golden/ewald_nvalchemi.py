"""Make ewald_nvalchemi.json: point-charge Ewald sums of displaced crystals by an independent library.

The library is nvalchemi-toolkit-ops (NVIDIA, Apache-2.0); run ``python ewald_nvalchemi.py`` where it is installed.
Its own real-space cutoff and tuned parameters are replaced by converged ones. Units: e, angstrom, e^2 / angstrom.
"""

import json
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

ALPHA, PAIR_CUTOFF, K_CUTOFF = 1.0, 7.0, 13.0


def crystals() -> dict[str, tuple[Atoms, list[float]]]:
    """Return displaced crystals in sheared cells with their charges, the last two not neutral."""
    generator = np.random.default_rng(20)
    shear = np.array([[1.0, 0.11, -0.07], [0.03, 0.95, 0.13], [-0.05, 0.02, 1.08]])
    flat = Atoms("X5", scaled_positions=generator.random((5, 3)), cell=[[3, 0, 0], [1, 3, 0], [2, -1, 11]], pbc=True)
    systems = {
        "rock salt": (bulk("NaCl", "rocksalt", a=5.64, cubic=True), [1.0, -1.0] * 4),
        "fluorite": (bulk("CaF2", "fluorite", a=5.46, cubic=True), [2.0, -1.0, -1.0] * 4),
        "charged flat cell": (flat, [0.7, -0.4, 1.1, -0.9, 0.3]),
        "one species": (bulk("Cu", "fcc", a=3.6, cubic=True), [1.0, 1.0, 1.0, 1.0]),
    }
    for atoms, _ in systems.values():
        atoms.set_cell(atoms.cell.array @ shear, scale_atoms=True)
        atoms.positions += generator.uniform(-0.2, 0.2, (len(atoms), 3))
    return systems


def oracle(atoms: Atoms, charges: list[float]) -> dict[str, object]:
    """Return energy, forces, dE/dq and virial -dE/d(strain) by nvalchemi-toolkit-ops and automatic differentiation."""
    import torch
    from nvalchemiops.torch.interactions.electrostatics.ewald import ewald_summation
    from vesin import NeighborList

    search = NeighborList(cutoff=PAIR_CUTOFF, full_list=True, sorted=True)
    i, j, shift = search.compute(atoms.positions, atoms.cell.array, True, "ijS")
    q = torch.tensor(charges, dtype=torch.float64, requires_grad=True)
    positions = torch.tensor(atoms.positions, dtype=torch.float64, requires_grad=True)
    strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    deformation = torch.eye(3, dtype=torch.float64) + strain
    energy = ewald_summation(
        positions @ deformation.T,
        q,
        (torch.tensor(atoms.cell.array, dtype=torch.float64) @ deformation.T)[None],
        alpha=ALPHA,
        k_cutoff=K_CUTOFF,
        neighbor_list=torch.tensor(np.stack([i, j]).astype(np.int32)),
        neighbor_ptr=torch.tensor(np.searchsorted(i, np.arange(len(atoms) + 1)).astype(np.int32)),
        neighbor_shifts=torch.tensor(shift.astype(np.int32)),
    ).sum()
    gradients = [g.numpy() for g in torch.autograd.grad(energy, [positions, q, strain])]
    return {
        "energy": energy.item(),
        "forces": (-gradients[0]).tolist(),
        "potential": gradients[1].tolist(),
        "virial": (-gradients[2]).tolist(),
    }


def main() -> None:
    """Write the file beside this script."""
    records = {
        name: {
            "cell": atoms.cell.array.tolist(),
            "positions": atoms.positions.tolist(),
            "charges": charges,
            **oracle(atoms, charges),
        }
        for name, (atoms, charges) in crystals().items()
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()
