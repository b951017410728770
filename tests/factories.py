"""Random models and frames for tests."""

from dataclasses import replace

import ase
import numpy as np

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.nepfile import INVARIANTS, NEP, read_nep, write_nep


def random_nep(
    seed=0,
    *,
    elements=("Li", "Cl", "Y"),
    version=4,
    charge_mode=0,
    zbl=None,
    flexible=False,
    cutoffs=(4.5, 3.5),
    typewise=None,
    n_max=(3, 2),
    basis_size=(5, 4),
    l_max=4,
    invariants=INVARIANTS,
    neurons=6,
):
    """Return a NEP whose parameters are random, scaled so that the hidden layer is neither dead nor saturated."""
    rng = np.random.default_rng(seed)
    types = len(elements)
    dimension = n_max[0] + 1 + (n_max[1] + 1) * (l_max + len(invariants))
    pairs = types * (types + 1) // 2
    rows = np.tile([0.6, 1.9, 0.2, 3.2, 0.5, 0.9, 0.3, 0.4, 0.03, 0.2], (pairs, 1)) * rng.uniform(0.9, 1.1, (pairs, 10))
    nep = NEP(
        elements=elements,
        version=version,
        charge_mode=charge_mode,
        zbl=(0.0, 0.0, None) if flexible else zbl,
        zbl_flexible=rows if flexible else None,
        cutoff_radial=max(c[0] for c in typewise) if typewise else cutoffs[0],
        cutoff_angular=max(c[1] for c in typewise) if typewise else cutoffs[1],
        typewise_cutoffs=typewise,
        max_neighbours_radial=100,
        max_neighbours_angular=60,
        n_max=n_max,
        basis_size=basis_size,
        l_max=l_max,
        invariants=tuple(invariants),
        w0=rng.normal(size=(types, neurons, dimension)) / np.sqrt(dimension),
        b0=0.5 * rng.normal(size=(types, neurons)),
        w1=rng.normal(size=(types, neurons)),
        w1_charge=0.3 * rng.normal(size=(types, neurons)) if charge_mode else None,
        sqrt_epsilon_inf=1.3 if charge_mode else None,
        b1=0.4,
        type_bias=rng.normal(size=types) if version == 5 else None,
        c_radial=rng.normal(size=(n_max[0] + 1, basis_size[0] + 1, types, types)),
        c_angular=rng.normal(size=(n_max[1] + 1, basis_size[1] + 1, types, types)),
        q_scaler=np.ones(dimension),
    )
    if version == 3:
        nep = replace(nep, **{name: np.repeat(getattr(nep, name)[:1], types, axis=0) for name in ("w0", "b0", "w1")})
    batch = Batch.from_atoms([random_frame(seed, elements=elements)], elements)
    descriptors = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors
    return replace(nep, q_scaler=1 / np.abs(descriptors).max(axis=0))


def random_frame(seed=0, *, elements=("Li", "Cl", "Y"), spacing=2.4, grid=(2, 2, 3), rattle=0.25):
    """Return a rattled grid of random elements in a triclinic cell, periodic."""
    rng = np.random.default_rng(seed)
    cell = spacing * np.diag(grid) @ (np.eye(3) + rng.uniform(-0.12, 0.12, (3, 3)))
    fractional = np.stack(np.meshgrid(*[np.arange(n) / n for n in grid], indexing="ij"), axis=-1).reshape(-1, 3)
    symbols = np.concatenate([elements, rng.choice(elements, len(fractional) - len(elements))])
    positions = fractional @ cell + rng.uniform(-rattle, rattle, (len(fractional), 3))
    return ase.Atoms(symbols, positions=positions, cell=cell, pbc=True)


def through_file(nep, path):
    """Write a model and return what was written: the numbers that other programs see."""
    write_nep(nep, path)
    return read_nep(path)
