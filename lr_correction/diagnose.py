"""Is something missing beyond the cutoff? What held-out residual forces of any potential tell, without a fit.

If charges of the elements are missing, the residual force on an atom of element a is the sum over elements b of
``lambda_ab`` times the field, at that atom, of unit charges on all atoms of b further away than the cutoff, and
``lambda_ab = q_a q_b``: symmetric, of rank one, with a positive eigenvalue. One number per pair of elements is found by
linear least squares; it is judged on blocks of frames that it was not found on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .batch import Batch, neighbour_pairs
from .blocks import assign_blocks
from .equations import frame_features
from .errors import DataError
from .ewald import Electrostatics
from .gauss_newton import solve_spd
from .kernels import gpumd, smeared_within
from .nepfile import NEP

FloatArray = NDArray[np.float64]

#: Where a field counts as far begins to rise, in cutoffs; at the cutoff it is whole.
FAR_START = 0.8
#: What a statement needs.
FEWEST_BLOCKS, FRAMES_PER_COEFFICIENT = 8, 5
#: Standard errors by which a share must exceed zero.
STANDARD_ERRORS = 2.0
#: Draws of the null distribution: residuals of other frames.
DRAWS = 200


@dataclass(frozen=True)
class Fragments:
    """Parts of frames that are further apart than the cutoff, which no local potential lets pull on each other.

    Attributes
    ----------
    frames
        Frames that fall into parts.
    force_mev_a
        Root mean square of the net force on a part, by the labels, meV/angstrom.
    residual_mev_a
        The same of label minus model.
    product
        Charge of one part times that of the other by the net forces, e^2; where all such frames have two parts.
    error
        Its standard error by a jackknife over frames.
    """

    frames: int
    force_mev_a: float
    residual_mev_a: float
    product: float | None
    error: float | None

    @property
    def charged(self) -> bool:
        """Whether the parts act on each other as charges do, and the potential does not say so."""
        missing = self.residual_mev_a > 0.5 * self.force_mev_a
        return missing and self.product is not None and bool(self.error) and abs(self.product) > 3 * (self.error or 0.0)


@dataclass(frozen=True)
class Diagnosis:
    """What residual forces say about charges beyond the cutoff.

    Attributes
    ----------
    statement
        ``found``, ``none`` or ``too few frames``.
    text
        That in a sentence.
    next_step
        What to do.
    frames, blocks, coefficients
        How much there was to learn from, and how many numbers were learnt.
    force_mev_a, residual_mev_a
        Root mean square force and residual, meV/angstrom.
    share, error
        Share of the residual's variance, on held-out blocks, that far fields explain, and its standard error.
    chance
        Share of draws with the residuals of other frames that explain as much; None where no frames can be exchanged.
    products
        ``lambda_ab`` by pair of elements, e^2, and standard errors.
    rank_one
        Share of the leading eigenvalue in the sum of absolute eigenvalues; near 1 for charges.
    positive
        Whether it is positive, as for charges.
    charges
        Charge by element from the leading eigenvector, e; the sign is that of the oxidation states.
    cutoff, reach, height
        Cutoff, distance over which the forces of a NEP depend on atoms (two cutoffs), and the median over frames of the
        shortest height of a cell, angstrom.
    fragments
        None where frames do not fall into parts.
    null
        Shares of the draws, for a figure.
    """

    statement: str
    text: str
    next_step: str
    frames: int
    blocks: int
    coefficients: int
    force_mev_a: float
    residual_mev_a: float
    share: float
    error: float
    chance: float | None
    products: dict[str, tuple[float, float]]
    rank_one: float
    positive: bool
    charges: dict[str, float]
    cutoff: float
    reach: float
    height: float
    fragments: Fragments | None
    null: tuple[float, ...]

    def summary(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for JSON."""
        return asdict(self)


def refit_readout(nep: NEP, frames: Sequence[ase.Atoms], ridge: float = 1e-5) -> FloatArray:
    """Return the change of a NEP's last layer, shape (T M,), that fits the forces of frames best.

    Residuals of a refitted readout hold no more of what the NEP could have described.
    """
    matrix: Any = 0.0
    right: Any = 0.0
    for atoms in frames:
        features = frame_features(nep, atoms, bec=False)
        if features.labels.forces is None:
            raise DataError("a frame to refit on has no forces: label it or drop it")
        table = features.readout_forces.reshape(-1, nep.w1.size)
        rest = (features.labels.forces - features.forces).ravel() - table @ nep.w1.ravel()
        matrix = matrix + table.T @ table / len(rest)
        right = right + table.T @ rest / len(rest)
    return solve_spd(matrix / len(frames) + ridge * np.eye(nep.w1.size), right / len(frames))


def far_fields(atoms: ase.Atoms, elements: Sequence[str], cutoff: float) -> FloatArray:
    """Return the field at every atom of unit charges on all atoms of one element beyond the cutoff.

    Returns
    -------
    ndarray
        Shape (N, 3, T), eV/(e angstrom): the full periodic sum (smeared by pi / cutoff) minus pairs within the cutoff.
    """
    batch = Batch.from_atoms([atoms], elements)
    pairs = neighbour_pairs(batch, cutoff)
    units = np.eye(len(elements))[np.asarray(batch.types)]
    full = Electrostatics(batch, pairs, gpumd(2, cutoff)).field(units)
    near = Electrostatics(batch, pairs, smeared_within(cutoff, FAR_START)).field(units)
    return np.asarray(full - near)


def design(fields: FloatArray, types: NDArray[np.int64]) -> FloatArray:
    """Return the forces that ``lambda_ab = 1`` makes for every pair of elements a <= b, shape (3 N, pairs)."""
    count = fields.shape[2]
    columns = []
    for a in range(count):
        for b in range(a, count):
            forces = (types == a)[:, None] * fields[:, :, b]
            if a != b:
                forces = forces + (types == b)[:, None] * fields[:, :, a]
            columns.append(forces.ravel())
    return np.array(columns).T


def diagnose(
    frames: Sequence[ase.Atoms],
    forces: Sequence[FloatArray],
    predictions: Sequence[FloatArray],
    elements: Sequence[str],
    cutoff: float,
    *,
    signs: dict[str, float] | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Ask residual forces for charges beyond the cutoff.

    Parameters
    ----------
    frames
        Held-out periodic frames; those of one ``info["trajectory"]`` share a block.
    forces, predictions
        Labels and what the potential says, (N, 3) for every frame, eV/angstrom.
    elements
        Elements of the frames.
    cutoff
        Of the potential, angstrom.
    signs
        Charge of elements, e, of which the sign is taken.
    seed
        Of the draws of the null distribution.

    Returns
    -------
    Diagnosis

    Raises
    ------
    DataError
        For no frames, or frames that are not periodic in all three directions.

    Examples
    --------
    >>> diagnose(frames, labels, predictions, ["H", "O"], 5.0).text  # doctest: +SKIP
    'nothing is seen of charges beyond the cutoff: ...'
    """
    if not frames:
        raise DataError("no frames: at least one labelled frame is needed")
    for number, atoms in enumerate(frames, start=1):
        if not atoms.pbc.all() or atoms.cell.rank < 3:
            raise DataError(f"frame {number} is not periodic in three directions, which far fields are summed for")
    present = [element for element in elements if any(element in atoms.symbols for atoms in frames)]
    residuals = [np.ravel(label) - np.ravel(model) for label, model in zip(forces, predictions, strict=True)]
    tables = []
    for atoms in frames:
        types = np.array([present.index(symbol) for symbol in atoms.symbols])
        tables.append(design(far_fields(atoms, present, cutoff), types))
    regression = _Regression(tables, residuals, assign_blocks(frames))
    share, error = regression.share()
    products, spread = regression.products()
    null = regression.null([atoms.numbers.tobytes() for atoms in frames], np.random.default_rng(seed))
    chance = float(np.mean(null >= share)) if len(null) else None
    size = len(present)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = products
    matrix = matrix + np.triu(matrix, 1).T
    values, vectors = np.linalg.eigh(matrix)
    leading = int(np.argmax(np.abs(values)))
    charges = np.sqrt(abs(values[leading])) * vectors[:, leading]
    formal = np.array([(signs or {}).get(element, 0.0) for element in present])
    charges = charges * (-1.0 if charges @ formal < 0 else 1.0)
    rank_one = float(abs(values[leading]) / max(np.abs(values).sum(), np.finfo(float).tiny))
    names = [f"{a}-{b}" for k, a in enumerate(present) for b in present[k:]]
    heights = [float(1.0 / np.linalg.norm(atoms.cell.reciprocal(), axis=1).max()) for atoms in frames]
    positive = bool(values[leading] > 0)
    found = {element: round(float(q), 4) for element, q in zip(present, charges, strict=True)}
    statement, text, following = _words(
        regression, share, error, chance, positive, rank_one, found, cutoff, float(np.median(heights))
    )
    fragments = _fragments(frames, forces, residuals, cutoff)
    if fragments is not None and fragments.charged:
        statement = "found"
        text = (
            f"charges are missing beyond the cutoff: in {fragments.frames} frames parts that are further apart than"
            f" {cutoff:g} A act on each other with {fragments.force_mev_a:.0f} meV/A, as charges with a product of"
            f" {fragments.product:+.2f} +- {fragments.error:.2f} e^2 would"
        )
        following = "Fit charges: nepkit lr fit."
    every = np.concatenate([np.ravel(label) for label in forces])
    return Diagnosis(
        statement=statement,
        text=text,
        next_step=following,
        frames=len(frames),
        blocks=regression.blocks,
        coefficients=len(names),
        force_mev_a=1e3 * float(np.sqrt(np.mean(every**2))),
        residual_mev_a=1e3 * float(np.sqrt(np.mean(np.concatenate(residuals) ** 2))),
        share=share,
        error=error,
        chance=chance,
        products={n: (float(v), float(e)) for n, v, e in zip(names, products, spread, strict=True)},
        rank_one=rank_one,
        positive=positive,
        charges=found,
        cutoff=cutoff,
        reach=2 * cutoff,
        height=float(np.median(heights)),
        fragments=fragments,
        null=tuple(float(value) for value in null),
    )


class _Regression:
    """Normal equations of every frame, solved with and without blocks of frames."""

    def __init__(self, tables: Sequence[FloatArray], residuals: Sequence[FloatArray], block: NDArray[np.int64]) -> None:
        self.tables, self.residuals = tables, residuals
        self.curvature = np.array([table.T @ table for table in tables])
        self.slope = np.array([table.T @ rest for table, rest in zip(tables, residuals, strict=True)])
        self.square = np.array([rest @ rest for rest in residuals])
        self.block, self.blocks = block, int(block.max()) + 1

    def _solve(self, inside: NDArray[np.bool_], slope: FloatArray) -> FloatArray:
        return solve_spd(self.curvature[inside].sum(axis=0), slope[inside].sum(axis=0))

    def _without(self, slope: FloatArray) -> FloatArray:
        return np.array([self._solve(self.block != k, slope) for k in range(self.blocks)])

    def _held_out(self, slope: FloatArray) -> FloatArray:
        """Return by block how much less its residuals are with what the other blocks say."""
        if self.blocks < 2:
            return np.zeros(1)
        gains = np.zeros(self.blocks)
        for k, solution in enumerate(self._without(slope)):
            inside = self.block == k
            gains[k] = 2 * solution @ slope[inside].sum(axis=0) - solution @ self.curvature[inside].sum(0) @ solution
        return gains

    def share(self) -> tuple[float, float]:
        """Return the held-out share of the residuals' variance and its jackknife error."""
        gains = self._held_out(self.slope)
        totals = np.bincount(self.block, weights=self.square)
        if self.blocks < 2 or totals.sum() <= 0:
            return 0.0, float("inf")
        left = (gains.sum() - gains) / np.maximum(totals.sum() - totals, np.finfo(float).tiny)
        error = np.sqrt((self.blocks - 1) / self.blocks * ((left - left.mean()) ** 2).sum())
        return float(gains.sum() / totals.sum()), float(error)

    def products(self) -> tuple[FloatArray, FloatArray]:
        """Return lambda of every pair of elements and its jackknife error."""
        every = self._solve(np.ones(len(self.block), dtype=bool), self.slope)
        if self.blocks < 2:
            return every, np.full(len(every), np.inf)
        left = self._without(self.slope)
        return every, np.sqrt((self.blocks - 1) / self.blocks * ((left - left.mean(axis=0)) ** 2).sum(axis=0))

    def null(self, kinds: Sequence[bytes], rng: np.random.Generator) -> FloatArray:
        """Return shares of draws in which frames of the same atoms have exchanged their residuals."""
        groups = [np.flatnonzero([kind == one for kind in kinds]) for one in dict.fromkeys(kinds)]
        if self.blocks < 2 or max(map(len, groups)) < 2:
            return np.zeros(0)
        shares = []
        for _ in range(DRAWS):
            source = np.arange(len(kinds))
            for group in groups:
                source[group] = rng.permutation(group)
            slope = np.array([table.T @ self.residuals[int(k)] for table, k in zip(self.tables, source, strict=True)])
            shares.append(self._held_out(slope).sum() / self.square.sum())
        return np.array(shares)


def _words(
    regression: _Regression,
    share: float,
    error: float,
    chance: float | None,
    positive: bool,
    rank_one: float,
    charges: dict[str, float],
    cutoff: float,
    height: float,
) -> tuple[str, str, str]:
    """Return the statement, the sentence, and what to do next."""
    frames, coefficients = len(regression.block), regression.curvature.shape[1]
    needed = FRAMES_PER_COEFFICIENT * coefficients
    if frames < needed or regression.blocks < FEWEST_BLOCKS:
        text = (
            f"no statement from {frames} frames in {regression.blocks} blocks: {coefficients} pairs of elements need"
            f" {needed} frames in {FEWEST_BLOCKS} blocks"
        )
        return "too few frames", text, "Label more frames of other trajectories, in cells as large as can be afforded."
    measured = f"{100 * share:.2f} +- {100 * error:.2f} % of the residual variance"
    small = (
        f" Half of the shortest height of these cells is {height / 2:.1f} A and the forces of a NEP depend on atoms"
        f" within {2 * cutoff:.0f} A: what is beyond can hardly be seen in them."
        if height < 4 * cutoff
        else ""
    )
    seen = share > STANDARD_ERRORS * error and share > 0 and (chance is None or chance < 0.05)
    if not seen:
        text = f"nothing is seen of charges beyond the cutoff: far fields explain {measured}"
        return "none", text, f"Charges are not what is missing here; more data or a larger network may be.{small}"
    named = ", ".join(f"{element} {charge:+.2f}" for element, charge in charges.items())
    if not positive or rank_one < 0.6:
        text = f"something reaches beyond the cutoff, but not as charges do: far fields explain {measured}"
        return "found", text, f"A longer cutoff may help; compare with charges by nepkit lr fit.{small}"
    text = f"charges are missing beyond the cutoff: far fields explain {measured}, as charges {named} e would"
    return "found", text, f"Fit charges: nepkit lr fit.{small}"


def _fragments(
    frames: Sequence[ase.Atoms], forces: Sequence[FloatArray], residuals: Sequence[FloatArray], cutoff: float
) -> Fragments | None:
    """Return what parts of frames that are further apart than the cutoff do to each other; None without such parts."""
    net, left, slopes, squares, pairs_only = [], [], [], [], True
    for atoms, label, rest in zip(frames, forces, residuals, strict=True):
        batch = Batch.from_atoms([atoms], sorted(set(atoms.symbols)))
        pairs = neighbour_pairs(batch, cutoff)
        count = len(atoms)
        graph = coo_array((np.ones(len(pairs.centre)), (pairs.centre, pairs.neighbour)), shape=(count, count))
        parts, member = connected_components(graph, directed=False)
        if parts < 2:
            continue
        total = [np.asarray(label)[member == k].sum(axis=0) for k in range(parts)]
        net.append(np.mean(np.square(total)))
        left.append(np.mean([np.square(rest.reshape(-1, 3)[member == k].sum(axis=0)) for k in range(parts)]))
        pairs_only = pairs_only and parts == 2
        if parts == 2:
            units = np.array([(member == k) / (member == k).sum() for k in range(2)]).T
            field = np.asarray(Electrostatics(batch, pairs, gpumd(2, cutoff)).field(units))
            pull = (units[:, 0, None] * field[:, :, 1]).sum(axis=0)
            slopes.append(float(pull @ total[0]))
            squares.append(float(pull @ pull))
    if not net:
        return None
    product = error = None
    if pairs_only and sum(squares) > 0:
        top, bottom = np.array(slopes), np.array(squares)
        product = float(top.sum() / bottom.sum())
        if len(top) > 1:
            without = (top.sum() - top) / (bottom.sum() - bottom)
            error = float(np.sqrt((len(top) - 1) / len(top) * ((without - without.mean()) ** 2).sum()))
    return Fragments(len(net), 1e3 * float(np.sqrt(np.mean(net))), 1e3 * float(np.sqrt(np.mean(left))), product, error)
