"""Conductivity from the dipole of formal charges, which needs to know of no ion, and from the assigned ions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import UnknownNameError, did_you_mean
from nepkit.core.neighbours import neighbours
from nepkit.core.statistics.quantity import Quantity
from nepkit.transport.conductivity import conductivity_per_diffusion
from nepkit.transport.diffusion import diffusion
from nepkit.transport.hydroxide.identity import Identity
from nepkit.transport.hydroxide.protonation import NONMETALS, REACH, Protonation, bonds
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.msd import msd, total_dipole
from nepkit.transport.source import FORMAL_CHARGES
from nepkit.transport.window import NotDiffusiveError

Array = NDArray[np.float64]

HYDROGEN, OXYGEN = 1.0, -2.0
"""Formal charges of water, e."""


@dataclass(frozen=True)
class Currents:
    """Collective conductivity (Einstein and Helfand) by two ways that have no assignment in common.

    Parameters
    ----------
    formal : Quantity or None
        From formal charges of all atoms, mS/cm: hydrogen +1, oxygen -2, cations as given. None where the dipole does
        not diffuse yet.
    assigned : Quantity or None
        From the charges and paths of the assigned ions and the cations, mS/cm.
    correlation : float
        Of the displacements of the two dipoles over a tenth of the run: near one where every hop was found; the
        turning of water molecules, which the first has in addition, lowers it in short runs.
    net_charge : float
        Sum of the formal charges, e; should be zero.
    why : str
        Why a conductivity is missing.
    """

    formal: Quantity | None
    assigned: Quantity | None
    correlation: float
    net_charge: float
    why: str


def formal_charges(motion: Motion, protons: Protonation, cations: Mapping[str, float]) -> Array:
    """Return the formal charge of every atom, e, shape (N,).

    Hydrogen and oxygen of water and its ions have theirs, free atoms of other elements their usual one; atoms that are
    bonded to a nonmetal in the first frame, such as the fluorine of a polymer, have none.

    Parameters
    ----------
    motion, protons
        Trajectory and assignment, of which only the elements and who takes part are used.
    cations : mapping of str to float
        Charges by element that go before, for instance ``{"N": 1.0}`` for quaternary ammonium or ``{"S": -1.0}`` for
        sulfonate.
    """
    symbols = np.array(motion.symbols)
    pairs = neighbours(motion.place(0), motion.cells[0], REACH).directed()
    bound = np.zeros(len(symbols), dtype=bool)
    bound[
        bonds(motion, pairs, np.isin(symbols[pairs.first], NONMETALS) & np.isin(symbols[pairs.second], NONMETALS))
    ] = True
    usual = {element: charge for element, charge in FORMAL_CHARGES.items() if element not in ("H", "O", "S", "Se")}
    charges = np.array([0.0 if tied else usual.get(name, 0.0) for name, tied in zip(symbols, bound, strict=True)])
    for element, charge in cations.items():
        if element not in symbols:
            raise UnknownNameError(
                f"{motion.name}: no {element} to have a charge: {did_you_mean(element, set(symbols))}"
            )
        charges[symbols == element] = charge
    charges[protons.hydrogen] = HYDROGEN
    charges[protons.oxygen] = OXYGEN
    return charges


def currents(
    motion: Motion,
    protons: Protonation,
    ions: Identity,
    temperature: float,
    cations: Mapping[str, float] | None = None,
    window: tuple[float, float] | None = None,
) -> Currents:
    """Compare the conductivity of the formal charges with that of the assigned ions.

    Parameters
    ----------
    motion, protons, ions
        Trajectory, assignment and ions.
    temperature : float
        K.
    cations : mapping of str to float, optional
        As for `formal_charges`.
    window : pair of float, optional
        Part of the lag range to fit.
    """
    charges = formal_charges(motion, protons, cations or {})
    paths = motion.fractional[ions.start :] @ motion.cell
    formal = total_dipole(paths, charges)
    others = charges.copy()
    others[protons.hydrogen] = others[protons.oxygen] = 0.0
    sign = -1.0 if protons.excess < 0 else 1.0
    assigned = total_dipole(paths, others) + sign * ions.path.sum(axis=1)
    lag = max(1, len(formal) // 10)
    moved = [(dipole[lag:] - dipole[:-lag]).ravel() for dipole in (formal, assigned)]
    correlation = float(np.corrcoef(moved)[0, 1]) if min(part.std() for part in moved) > 0.0 else float("nan")
    results: list[Quantity | None] = []
    reasons: list[str] = []
    for name, dipole in (("formal charges", formal), ("assigned ions", assigned)):
        try:
            results.append(_conductivity(dipole, motion, temperature, window))
        except NotDiffusiveError as error:
            results.append(None)
            reasons.append(f"{name}: {error}")
    return Currents(results[0], results[1], correlation, float(charges.sum()), "; ".join(reasons))


def _conductivity(dipole: Array, motion: Motion, temperature: float, window: tuple[float, float] | None) -> Quantity:
    walker = dipole[:, None, :]
    fit = diffusion(msd(walker, motion.interval, labels=["dipole"]), "dipole", positions=walker, window=window)
    return fit.D.scaled(conductivity_per_diffusion(motion.volume, temperature), "mS/cm")
