"""The fit's equations of one frame: what the model says, and how that moves with every parameter.

With neutralised columns P (q = P c), K the electrostatic operator and phi = K q:

- E = 1/2 c.(P^T K P).c, its gradient P^T K P c;
- F_i = q_i f_i[q] - sum_j phi'_j dq_j/dr_i with phi' = phi - mean(phi) (the chain rule through the neutrality shift);
- W = W_k[q, q] - sum_c phi'_c sum_j r12 x dq_c/dr12.

Everything that does not move with c (K P, f[P], W_k[P, P], the derivatives of P) is computed once per frame, so that an
iteration is a few matrix products. The short-range readout is linear: its Jacobian is constant.
"""

from dataclasses import dataclass

import ase
import numpy as np

from .backend import Array, Namespace, asarray, namespace
from .batch import Batch, forces_and_virial, neighbour_pairs
from .ewald import Electrostatics
from .features import HiddenResponse, hidden_response
from .kernels import Interaction
from .labels import Labels, labels_of
from .moments import columns
from .nepfile import NEP
from .parameters import Layout
from .zbl import zbl

#: xx yy zz xy yz zx of a symmetric matrix, the order of GPUMD's virial files (src/main_nep/structure.cu).
VOIGT_ROWS, VOIGT_COLUMNS = [0, 1, 2, 0, 1, 2], [0, 1, 2, 1, 2, 0]


def six(tensor: Array) -> Array:
    """Return the six components of tensors of shape (3, 3, ...), symmetrised, shape (6, ...)."""
    return 0.5 * (tensor[VOIGT_ROWS, VOIGT_COLUMNS] + tensor[VOIGT_COLUMNS, VOIGT_ROWS])


@dataclass(frozen=True)
class FrameFeatures:
    """One frame seen through the frozen network: everything that does not depend on the electrostatic interaction.

    Attributes
    ----------
    labels
        Reference labels.
    response
        Hidden layer and its derivatives.
    columns
        Neutralised columns of the charge parameters and, last, the uniform charge Q / N; shape (N, p + 1).
    energy, forces, virial
        Constant part (ZBL and biases): eV, (N, 3) eV/angstrom, (6,) eV.
    readout_energy, readout_forces, readout_virial
        Jacobian of the readout weights: (T M,), (N, 3, T M), (6, T M).
    counts
        Atoms of every type, shape (T,).
    bec
        Born effective charges as a linear map of the charge parameters, shape (N, 9, p + 1); None without such labels.
    """

    labels: Labels
    response: HiddenResponse
    columns: Array
    energy: float
    forces: Array
    virial: Array
    readout_energy: Array
    readout_forces: Array
    readout_virial: Array
    counts: Array
    bec: Array | None

    @property
    def atoms(self) -> int:
        """Number of atoms."""
        return len(self.columns)


def frame_features(nep: NEP, atoms: ase.Atoms, *, xp: Namespace = np, bec: bool | None = None) -> FrameFeatures:
    """Compute the features of one frame.

    Parameters
    ----------
    nep
        The frozen network.
    atoms
        The frame with its labels.
    xp
        Array module: ``numpy`` or ``cupy``.
    bec
        Whether to prepare Born effective charges; by default if the frame has such labels.
    """
    labels = labels_of(atoms)
    batch = Batch.from_atoms([atoms], nep.elements, xp)
    pairs = neighbour_pairs(batch, nep.cutoff_radial)
    with_bec = labels.bec is not None if bec is None else bec
    response = hidden_response(nep, batch, pairs, neighbour_strain=with_bec)
    types, count = batch.types, len(atoms)
    layout = Layout(len(nep.elements), response.hidden.shape[1])
    raw = columns(response.hidden, types, layout.types)
    total = (labels.charge or 0.0) / count
    neutral = xp.concatenate([raw - raw.mean(axis=0), xp.full((count, 1), total)], axis=1)
    repulsion, repulsion_gradient = zbl(nep, batch, pairs)
    forces, virial = forces_and_virial(batch, pairs, repulsion_gradient)
    counts = xp.stack([(types == t).sum() for t in range(layout.types)]).astype(raw.dtype)
    bias = nep.b1 + (0.0 if nep.type_bias is None else asarray(nep.type_bias, like=counts))
    return FrameFeatures(
        labels=labels,
        response=response,
        columns=neutral,
        energy=float(repulsion[0]) - float((counts * bias).sum()),
        forces=forces,
        virial=six(virial[0]),
        readout_energy=_by_type(response.hidden, types, layout).sum(axis=0),
        readout_forces=_readout_forces(response, layout),
        readout_virial=-six(_strain_by_type(response, xp.ones(count, dtype=raw.dtype), layout)),
        counts=counts,
        bec=_bec_map(response, neutral, layout) if with_bec else None,
    )


def _by_type(values: Array, types: Array, layout: Layout) -> Array:
    """Place rows (N, M) in the block of the atom's type: (N, T M)."""
    xp = namespace(values)
    return xp.concatenate([values * (types == t)[:, None] for t in range(layout.types)], axis=1)


def _readout_forces(response: HiddenResponse, layout: Layout) -> Array:
    xp = namespace(response.hidden)
    ones = xp.ones(len(response.hidden), dtype=response.hidden.dtype)
    return xp.concatenate([-gradient.contract_centres(ones) for gradient in response.gradients], axis=2)


def _strain_by_type(response: HiddenResponse, weights: Array, layout: Layout) -> Array:
    """Return ``sum_c weights[c] strain[c]`` over the centres of every type, shape (3, 3, T M)."""
    xp, count = namespace(weights), len(weights)
    flat = response.strain.reshape(count, -1)
    parts = [((weights * (response.batch.types == t)) @ flat).reshape(3, 3, -1) for t in range(layout.types)]
    return xp.concatenate(parts, axis=2)


def _bec_map(response: HiddenResponse, neutral: Array, layout: Layout) -> Array:
    """Z_i = q_i 1 + 1/2 sum_pairs r12 x dq/dr12, centre plus, neighbour minus (src/force/nep_charge.cu)."""
    xp, count = namespace(neutral), len(neutral)
    result = xp.zeros((count, 3, 3, neutral.shape[1]), dtype=neutral.dtype)
    types, width = response.batch.types, layout.neurons + 1
    for t in range(layout.types):
        block = slice(t * width, t * width + layout.neurons)
        result[..., block] += 0.5 * response.strain * (types == t)[:, None, None, None]
        if response.neighbour_strain is not None:
            result[..., block] -= 0.5 * response.neighbour_strain[:, :, :, t]
    for a in range(3):
        result[:, a, a] += neutral
    return result.reshape(count, 9, -1)


@dataclass(frozen=True)
class FrameElectrostatics:
    """What an interaction makes of a frame's charge columns (p + 1 of them).

    Attributes
    ----------
    hessian
        P^T K P, eV, shape (p + 1, p + 1).
    potential
        K P minus its mean, eV, shape (N, p + 1).
    field
        -d(K P)_i / dr_i at fixed columns, shape (N, 3, p + 1).
    virial
        Bilinear virial at fixed columns, shape (6, p + 1, p + 1); NaN where it was not asked for.
    """

    hessian: Array
    potential: Array
    field: Array
    virial: Array


def frame_electrostatics(
    features: FrameFeatures, interaction: Interaction, *, virial: bool = True
) -> FrameElectrostatics:
    """Apply an interaction to the columns of a frame; its virial is most of the work in a large cell."""
    source = features.columns
    operator = Electrostatics(features.response.batch, features.response.pairs, interaction)
    potential = operator.potential(source)
    size = source.shape[1]
    moved = six(operator.virial_matrix(source)[0]) if virial else namespace(source).full((6, size, size), np.nan)
    return FrameElectrostatics(
        hessian=source.T @ potential,
        potential=potential - potential.mean(axis=0),
        field=operator.field(source),
        virial=moved,
    )


@dataclass(frozen=True)
class Prediction:
    """Model values of a frame and, when asked for, their Jacobians (last axis: all parameters of the layout).

    Energies in eV, forces (N, 3) in eV/angstrom, virial (6,) in eV, charges (N,) in e, bec (N, 9) in e or None.
    """

    energy: Array
    forces: Array
    virial: Array
    charges: Array
    bec: Array | None
    energy_jacobian: Array | None = None
    forces_jacobian: Array | None = None
    virial_jacobian: Array | None = None
    bec_jacobian: Array | None = None


def predict(
    features: FrameFeatures,
    electrostatics: FrameElectrostatics | None,
    parameters: Array,
    layout: Layout,
    *,
    jacobian: bool = False,
) -> Prediction:
    """Evaluate the model on a frame from its features.

    Parameters
    ----------
    features, electrostatics
        Precomputed parts; without electrostatics there are no charges.
    parameters
        Vector in the order of `layout`, on the device of the features.
    layout
        Order of the parameters.
    jacobian
        Whether to return the derivatives as well.
    """
    xp, count = namespace(features.columns), features.atoms
    readout, energies = parameters[layout.readout], parameters[layout.energies]
    energy = features.energy + features.readout_energy @ readout + features.counts @ energies
    forces = features.forces + features.readout_forces @ readout
    virial = features.virial + features.readout_virial @ readout
    extended = xp.concatenate([parameters[layout.charges], xp.ones(1, dtype=parameters.dtype)])
    charges = features.columns @ extended
    tables: dict[str, Array] = {}
    if jacobian:
        tables = {
            "energy": xp.zeros(layout.size),
            "forces": xp.zeros((count, 3, layout.size)),
            "virial": xp.zeros((6, layout.size)),
        }
        tables["energy"][layout.readout] = features.readout_energy
        tables["energy"][layout.energies] = features.counts
        tables["forces"][:, :, layout.readout] = features.readout_forces
        tables["virial"][:, layout.readout] = features.readout_virial
    if electrostatics is not None:
        parts = _long_range(features, electrostatics, extended, charges, layout, jacobian=jacobian)
        energy, forces, virial = energy + parts.energy, forces + parts.forces, virial + parts.virial
        if jacobian:
            tables["energy"][layout.charges] = parts.energy_jacobian
            tables["forces"][:, :, layout.charges] = parts.forces_jacobian
            tables["virial"][:, layout.charges] = parts.virial_jacobian
    bec, bec_jacobian = _bec(features, parameters, extended, layout, jacobian=jacobian)
    return Prediction(
        energy=energy,
        forces=forces,
        virial=virial,
        charges=charges,
        bec=bec,
        energy_jacobian=tables.get("energy"),
        forces_jacobian=tables.get("forces"),
        virial_jacobian=tables.get("virial"),
        bec_jacobian=bec_jacobian,
    )


def _bec(
    features: FrameFeatures, parameters: Array, extended: Array, layout: Layout, *, jacobian: bool
) -> tuple[Array | None, Array | None]:
    if features.bec is None:
        return None, None
    unscaled = features.bec @ extended
    if not jacobian:
        return parameters[layout.scale] * unscaled, None
    table = namespace(unscaled).zeros((*unscaled.shape, layout.size))
    table[..., layout.charges] = parameters[layout.scale] * features.bec[..., :-1]
    table[..., layout.scale] = unscaled
    return parameters[layout.scale] * unscaled, table


def _long_range(
    features: FrameFeatures,
    electrostatics: FrameElectrostatics,
    extended: Array,
    charges: Array,
    layout: Layout,
    *,
    jacobian: bool,
) -> Prediction:
    """Electrostatic part of a prediction; Jacobians over the charge parameters alone."""
    xp, response = namespace(charges), features.response
    table = extended[:-1].reshape(layout.types, layout.neurons + 1)[:, :-1]
    potential = electrostatics.potential @ extended
    field = electrostatics.field @ extended
    moved = [gradient.contract_parameters(table[t]) for t, gradient in enumerate(response.gradients)]
    forces = charges[:, None] * field
    for gradient, vectors in zip(response.gradients, moved, strict=True):
        forces = forces - gradient.spread(vectors, potential[:, None])[:, :, 0]
    strain = (response.strain * table[response.batch.types][:, None, None, :]).sum(axis=3)
    virial = (electrostatics.virial @ extended) @ extended - six(
        (potential @ strain.reshape(len(charges), 9)).reshape(3, 3)
    )
    curvature = electrostatics.hessian @ extended
    energy = 0.5 * (extended @ curvature)
    if not jacobian:
        return Prediction(energy, forces, virial, charges, None)
    every = (
        features.columns[:, None, :-1] * field[:, :, None] + charges[:, None, None] * electrostatics.field[:, :, :-1]
    )
    width = layout.neurons + 1
    for t, (gradient, vectors) in enumerate(zip(response.gradients, moved, strict=True)):
        every = every - gradient.spread(vectors, electrostatics.potential[:, :-1])
        every[:, :, t * width : t * width + layout.neurons] -= gradient.contract_centres(potential)
    stretched = xp.concatenate(
        [
            six(_strain_by_type(response, potential, layout)).reshape(6, layout.types, layout.neurons),
            xp.zeros((6, layout.types, 1)),
        ],
        axis=2,
    ).reshape(6, -1)
    moments = six((strain.reshape(len(charges), 9).T @ electrostatics.potential[:, :-1]).reshape(3, 3, -1))
    return Prediction(
        energy,
        forces,
        virial,
        charges,
        None,
        energy_jacobian=curvature[:-1],
        forces_jacobian=every,
        virial_jacobian=2.0 * (electrostatics.virial @ extended)[:, :-1] - moments - stretched,
    )
