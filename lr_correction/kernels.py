"""How two charges interact: the physics of the electrostatic sums, apart from how the sums are done.

Every `Interaction` is a symmetric matrix K with ``E = 1/2 q.K q``, made of up to four parts:

- reciprocal: ``K_ij = K_C (4 pi / V) sum over 0 < |k| < k_cutoff of g(k) cos(k.(r_i - r_j))``,
  with ``g(k) = exp(-k^2 / (4 alpha^2)) / k^2``;
- pairs: ``K_ij = K_C sum over images within pair_cutoff of u(r)``;
- self: ``K_ii = K_C self_term``;
- background: ``K_ij = K_C (4 pi / V) g0`` with ``g0 = -1 / (4 alpha^2)``, the finite part of g(k) at k = 0.

With a high pass beta the reciprocal part is ``g(k) = [exp(-k^2 / (4 alpha^2)) - exp(-k^2 / (4 beta^2))] / k^2``, in
real space ``[erf(alpha r) - erf(beta r)] / r``: smooth to every order and of finite range, with its own value at k = 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .backend import Array, namespace, special_module
from .errors import SettingsError

#: Coulomb constant, eV angstrom / e^2: the value of GPUMD (``src/utilities/common.cuh``).
COULOMB_CONSTANT = 14.399645

#: beta times the reach of a screened interaction: what is left of 1/r there is erfc(1.9) = 0.7 %.
REACH = 1.9
SWITCH_START = 0.5  # of the pair cutoff: where the switch of the "smeared" pair function begins


@dataclass(frozen=True)
class Interaction:
    """Parameters of one way in which charges interact.

    Attributes
    ----------
    alpha
        Splitting or smearing parameter, 1/angstrom. A Gaussian on every site has the width 1/(2 alpha).
    k_cutoff
        Reciprocal vectors with ``0 < |k| < k_cutoff`` are summed, 1/angstrom.
    reciprocal
        Whether there is a reciprocal part.
    pair
        Pair function of the real-space part: ``"coulomb"`` is ``erfc(alpha r) / r``, ``"smeared"`` is
        ``erf(alpha r) / r`` times a switch to zero, None is no real-space part.
    pair_cutoff
        Pairs with ``r < pair_cutoff`` are summed, angstrom.
    self_term
        Diagonal of K in units of K_C, 1/angstrom: the energy is ``K_C self_term / 2 sum q_i^2``.
    background
        Whether the finite part of k = 0 is kept, the energy ``-pi K_C Q^2 / (2 V alpha^2)`` by which the total of
        full Ewald sums does not depend on alpha when the cell carries a charge Q in a uniform background.
    high_pass
        Parameter beta, 1/angstrom, less than alpha: the part of long wavelength, ``erf(beta r) / r``, is taken out of
        the reciprocal part. 0 leaves it in.

    Raises
    ------
    SettingsError
        If a number is out of its range or a pair function is unknown.

    See Also
    --------
    gpumd, screened, smeared_within, coulomb, smeared : the ways in use.
    """

    alpha: float
    k_cutoff: float = 0.0
    reciprocal: bool = False
    pair: str | None = None
    pair_cutoff: float = 0.0
    self_term: float = 0.0
    background: bool = False
    high_pass: float = 0.0
    switch_start: float = SWITCH_START

    def __post_init__(self) -> None:
        _require_positive("alpha", self.alpha)
        if self.reciprocal:
            _require_positive("k_cutoff", self.k_cutoff)
        if not 0.0 <= self.high_pass < self.alpha:
            raise SettingsError(f"high_pass is {self.high_pass}, expected at least 0 and less than alpha, {self.alpha}")
        if self.pair is not None:
            if self.pair not in PAIR_FUNCTIONS:
                raise SettingsError(f'unknown pair function "{self.pair}", expected {" or ".join(PAIR_FUNCTIONS)}')
            _require_positive("pair_cutoff", self.pair_cutoff)

    @property
    def at_zero(self) -> float:
        """The value of g at k = 0 that is kept, square angstrom: zero without a background term or a high pass."""
        if self.high_pass:
            return 0.25 / self.high_pass**2 - 0.25 / self.alpha**2
        return -0.25 / self.alpha**2 if self.background else 0.0

    def in_k(self, k_squared: Array) -> tuple[Array, Array]:
        """Return g(k) and its derivative with respect to k, divided by k.

        Parameters
        ----------
        k_squared
            Squared lengths of reciprocal vectors, not zero, shape (K,).

        Returns
        -------
        g, slope
            ``g``, square angstrom, and ``(dg/dk) / k = -g (2 / k^2 + 1 / (2 alpha^2))``, angstrom^4, shape (K,);
            with a high pass the difference of two such.
        """
        g, slope = _gaussian_in_k(k_squared, self.alpha)
        if self.high_pass:
            broad, broad_slope = _gaussian_in_k(k_squared, self.high_pass)
            g, slope = g - broad, slope - broad_slope
        return g, slope

    def in_r(self, r: Array) -> tuple[Array, Array]:
        """Return the pair function u(r), 1/angstrom, and its derivative du/dr, for distances below the cutoff."""
        if self.pair is None:
            raise SettingsError("this interaction has no pair function")
        return PAIR_FUNCTIONS[self.pair](r, self)


def _require_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise SettingsError(f"{name} is {value}, expected a positive number")


def _gaussian_in_k(k_squared: Array, alpha: float) -> tuple[Array, Array]:
    """Return ``exp(-k^2 / (4 alpha^2)) / k^2`` and its derivative divided by k."""
    g = namespace(k_squared).exp(k_squared * (-0.25 / alpha**2)) / k_squared
    return g, -g * (2.0 / k_squared + 0.5 / alpha**2)


def _gaussian(r: Array, alpha: float) -> Array:
    """Return d erf(alpha r) / dr."""
    return (2.0 * alpha / math.sqrt(math.pi)) * namespace(r).exp(-((alpha * r) ** 2))


def coulomb_pair(r: Array, interaction: Interaction) -> tuple[Array, Array]:
    """Return ``erfc(alpha r) / r`` and its derivative: what a reciprocal sum leaves of point charges."""
    alpha = interaction.alpha
    value = special_module(namespace(r)).erfc(alpha * r) / r
    return value, -(value + _gaussian(r, alpha)) / r


def smeared_pair(r: Array, interaction: Interaction) -> tuple[Array, Array]:
    """Return ``erf(alpha r) / r`` times a switch with two continuous derivatives, and the derivative of that."""
    alpha = interaction.alpha
    bare = special_module(namespace(r)).erf(alpha * r) / r
    bare_slope = (_gaussian(r, alpha) - bare) / r
    switch, switch_slope = _switch(r, interaction.switch_start * interaction.pair_cutoff, interaction.pair_cutoff)
    return bare * switch, bare_slope * switch + bare * switch_slope


def _switch(r: Array, start: float, end: float) -> tuple[Array, Array]:
    """Return 1 - 10 t^3 + 15 t^4 - 6 t^5, t from 0 at `start` to 1 at `end`, and its derivative."""
    xp = namespace(r)
    t = xp.clip((r - start) / (end - start), 0.0, 1.0)
    return 1.0 - t**3 * (10.0 - 15.0 * t + 6.0 * t**2), -30.0 / (end - start) * (t * (1.0 - t)) ** 2


#: The pair functions by name; each returns (u, du/dr).
PAIR_FUNCTIONS: dict[str, Callable[[Array, Interaction], tuple[Array, Array]]] = {
    "coulomb": coulomb_pair,
    "smeared": smeared_pair,
}


def gpumd(mode: int, cutoff_radial: float) -> Interaction:
    """Return the electrostatics of a qNEP model exactly as GPUMD sums it (``src/force/nep_charge.cu``, ``ewald.cu``).

    ``alpha = pi / cutoff_radial`` and ``|k| < 2 pi alpha``. Mode 1 is point charges: the sum over k, the erfc pair
    sum within the cutoff (not shifted: it jumps by 9e-6 e^2 K_C / r there) and the self term. Mode 2 is the sum over
    k alone: Gaussian charges with their self energy. Neither has a background term; k = 0 is left out.

    Parameters
    ----------
    mode
        1 or 2, as in ``nep4_charge1`` and ``nep4_charge2``.
    cutoff_radial
        Radial cutoff of the NEP, angstrom.

    Raises
    ------
    SettingsError
        For another mode or a cutoff that is not positive.

    Examples
    --------
    >>> round(gpumd(2, 5.0).k_cutoff, 4)
    3.9478
    """
    if mode not in (1, 2):
        raise SettingsError(f"charge mode is {mode}, expected 1 (point charges) or 2 (smeared charges)")
    _require_positive("cutoff_radial", cutoff_radial)
    alpha = math.pi / cutoff_radial
    k_cutoff = 2 * math.pi * alpha
    if mode == 1:
        return coulomb(alpha, k_cutoff, cutoff_radial, background=False)
    return smeared(alpha, k_cutoff)


def smeared_within(cutoff_radial: float, switch_start: float = SWITCH_START) -> Interaction:
    """Return mode 2 of `gpumd` cut to pairs within the cutoff: what charges do without any long range.

    ``erf(alpha r) / r`` with alpha = pi / cutoff_radial, switched smoothly to zero between a share of the cutoff (half
    of it unless given) and the cutoff, and the same diagonal ``2 alpha / sqrt(pi)`` that the sum over k contains (the
    limit of erf(alpha r) / r).

    Examples
    --------
    >>> smeared_within(5.0).pair
    'smeared'
    """
    _require_positive("cutoff_radial", cutoff_radial)
    alpha = math.pi / cutoff_radial
    self_term = 2 * alpha / math.sqrt(math.pi)
    return Interaction(alpha, pair="smeared", pair_cutoff=cutoff_radial, self_term=self_term, switch_start=switch_start)


def screened(cutoff_radial: float, reach: float) -> Interaction:
    """Return mode 2 of `gpumd` without what reaches further than a distance: what charges do at a finite range.

    ``[erf(alpha r) - erf(beta r)] / r`` with alpha = pi / cutoff_radial and beta = 1.9 / reach. It differs from the
    full sum in its range alone: the same smearing, the same k, smooth to every order, so that it also serves moments
    whose forces need higher derivatives. With the reach of the cutoff it is the control that shows what charges bring
    without any long range; with a longer one it shows what a longer cutoff would bring.

    Parameters
    ----------
    cutoff_radial
        Radial cutoff of the NEP, angstrom: sets the smearing.
    reach
        Distance at which 0.7 % of the full interaction is left, angstrom.

    Raises
    ------
    SettingsError
        If a length is not positive, or the reach is so short (0.6 cutoffs) that nothing is left.

    Examples
    --------
    >>> round(screened(5.0, 5.0).high_pass, 2)
    0.38
    """
    _require_positive("cutoff_radial", cutoff_radial)
    _require_positive("reach", reach)
    return Interaction(math.pi / cutoff_radial, 2 * math.pi**2 / cutoff_radial, True, high_pass=REACH / reach)


def coulomb(alpha: float, k_cutoff: float, pair_cutoff: float, background: bool = True) -> Interaction:
    """Return the full Ewald sum of point charges with free parameters (Ewald 1921, doi:10.1002/andp.19213690304).

    Converged when exp(-(alpha pair_cutoff)^2) and exp(-k_cutoff^2 / (4 alpha^2)) are both negligible.
    A charged cell lies in a uniform neutralising background unless `background` is False.

    Examples
    --------
    >>> coulomb(0.5, 8.0, 10.0).at_zero
    -1.0
    """
    self_term = -2 * alpha / math.sqrt(math.pi)
    return Interaction(alpha, k_cutoff, True, "coulomb", pair_cutoff, self_term, background)


def smeared(alpha: float, k_cutoff: float) -> Interaction:
    """Return the sum over k alone: charges with the pair potential erf(alpha r) / r and their self energy.

    A charged cell loses its k = 0 part: the uniform background, seen by the same smeared kernel.

    Examples
    --------
    >>> smeared(0.8, 8.0).reciprocal
    True
    """
    return Interaction(alpha, k_cutoff, True)
