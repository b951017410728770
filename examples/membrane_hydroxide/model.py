"""A lattice model of hydroxide in a membrane, with atoms: its rates are put in, so the analysis can be checked.

Oxygens sit on the sites of cubic ice (four neighbours at 2.75 A). Some sites hold fixed cations, some water or OH-, the
others belong to the polymer and are empty; there are as many OH- as cations, and ``water`` molecules for each. In a
step of 0.1 ps an OH- takes a proton from a neighbouring water with probability ``HOP`` per neighbour, slowed down by
``TRAP`` where it would leave a cation behind, and a water or OH- moves to an empty neighbouring site with probability
``MOVE`` per site. Hydrogens point along hydrogen bonds where there is a neighbour to give to, else to an empty site.

This is a model and no force field: of a real membrane it says no more than how connected water at random is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

CELL = 6.36  # A, of cubic ice
CELLS = 4  # along every direction
INTERVAL = 0.1  # ps
HOP, MOVE, TRAP = 0.02, 0.002, 0.3  # probabilities per step and neighbour, and their factor beside a cation
NOISE = 0.05  # A, vibrations
HELD = 0.97  # A, O-H


def lattice() -> tuple[np.ndarray, np.ndarray]:
    """Positions of the sites (A) and the four neighbours of each."""
    basis = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0], [1, 1, 1], [1, 3, 3], [3, 1, 3], [3, 3, 1]])
    corner = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    quarters = (4 * corner + basis).reshape(-1, 3)
    number = {tuple(place): site for site, place in enumerate(quarters)}
    away = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    beside = []
    for place in quarters:
        sign = 1 if place.sum() % 4 == 0 else -1
        beside.append([number[tuple((place + sign * step) % (4 * CELLS))] for step in away])
    return quarters * CELL / 4, np.array(beside)


@dataclass
class Membrane:
    """State of the model; ``hops`` and ``moves`` count what the ions did.

    Parameters
    ----------
    cations : int
        And as many OH-.
    water : float
        Water molecules per cation.
    seed : int
        Of all random numbers.
    """

    cations: int
    water: float
    seed: int = 0
    hops: int = 0
    moves: int = 0
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.place, self.beside = lattice()
        waters = round(self.cations * self.water)
        order = self.rng.permutation(len(self.place))
        self.cation = order[: self.cations]
        self.site = order[self.cations : 2 * self.cations + waters]  # of every oxygen
        if len(self.site) < self.cations + waters:
            raise ValueError(f"{self.cations} cations with {self.water} waters each do not fit on {len(order)} sites")
        self.oxygen = np.full(len(self.place), -1)  # on every site
        self.oxygen[self.site] = np.arange(len(self.site))
        self.ion = np.zeros(len(self.site), dtype=bool)
        self.ion[: self.cations] = True
        self.held = [[] for _ in self.site]  # hydrogens of every oxygen
        count = 0
        for oxygen, single in enumerate(self.ion):
            self.held[oxygen] = list(range(count, count + (1 if single else 2)))
            count += len(self.held[oxygen])
        self.hydrogens = count
        self.trapped = np.isin(self.beside, self.cation).any(axis=1)
        self.image = np.zeros((len(self.site), 3))

    def step(self) -> None:
        """Let every OH- try to hop and every oxygen try to move."""
        for oxygen in self.rng.permutation(np.flatnonzero(self.ion)):
            here = self.site[oxygen]
            for there in self.rng.permutation(self.beside[here]):
                other = self.oxygen[there]
                chance = HOP * (TRAP if self.trapped[here] and not self.trapped[there] else 1.0)
                if other >= 0 and not self.ion[other] and self.rng.random() < chance:
                    self.held[oxygen].append(self.held[other].pop(self.rng.integers(2)))
                    self.ion[oxygen], self.ion[other] = False, True
                    self.hops += 1
                    break
        tries = np.argwhere(self.rng.random((len(self.site), 4)) < MOVE)
        for oxygen, direction in tries:
            here, there = self.site[oxygen], self.beside[self.site[oxygen], direction]
            if self.oxygen[there] < 0 and there not in self.cation:
                self.oxygen[here], self.oxygen[there], self.site[oxygen] = -1, oxygen, there
                self.moves += 1

    def atoms(self, time: float) -> Atoms:
        """Return the atoms: oxygens, hydrogens, cations (K)."""
        box = CELL * CELLS
        oxygen = self.place[self.site]
        hydrogen = np.zeros((self.hydrogens, 3))
        given = set()
        for giver in self.rng.permutation(len(self.site)):
            here = self.site[giver]
            around = self.rng.permutation(self.beside[here]).tolist()

            # To OH- first, then to water that does not give to this one already, then anywhere.
            def rank(there: int, giver: int = giver) -> int:
                other = self.oxygen[there]
                if other < 0 or self.ion[giver]:
                    return 2 if other < 0 else 3
                return 3 if (other, giver) in given else int(not self.ion[other])

            for atom, there in zip(self.held[giver], sorted(around, key=rank), strict=False):
                if self.oxygen[there] >= 0:
                    given.add((giver, self.oxygen[there]))
                away = self.place[there] - self.place[here]
                away -= box * np.round(away / box)
                hydrogen[atom] = oxygen[giver] + HELD * away / np.linalg.norm(away)
        points = np.concatenate([oxygen, hydrogen, self.place[self.cation]])
        points += self.rng.normal(scale=NOISE, size=points.shape)
        symbols = ["O"] * len(oxygen) + ["H"] * len(hydrogen) + ["K"] * len(self.cation)
        atoms = Atoms(symbols, positions=points, cell=[box] * 3, pbc=True, info={"Time": 1000.0 * time})
        atoms.wrap()
        return atoms

    def run(self, frames: int) -> Iterator[Atoms]:
        """Yield frames, one per step."""
        for frame in range(frames):
            if frame:
                self.step()
            yield self.atoms(frame * INTERVAL)
