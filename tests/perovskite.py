"""Perovskites ABO3 of which tilts and displacements are known."""

import numpy as np
from ase import Atoms


def perovskite(repeat=(2, 2, 2), *, a=4.0, symbols=("Ba", "Ti", "O"), angle=0.0, in_phase=True):
    """Return a perovskite whose octahedra are rigid and rotated about z by plus and minus an angle, degrees.

    The distance from B to O is a/2 whatever the angle: the cell shrinks in the plane. Neighbours along z are rotated
    the same way where in phase, the other way where not.
    """
    turn, half = np.radians(angle), 0.5 * a
    edge = np.array([a * np.cos(turn), a * np.cos(turn), a])
    names, positions = [], []
    for cell in np.ndindex(*repeat):
        b = (np.array(cell) + 0.5) * edge
        sign = (-1) ** (cell[0] + cell[1] + (0 if in_phase else cell[2]))
        cos, sin = np.cos(turn), np.sin(sign * turn)
        names += [symbols[0], symbols[1], *[symbols[2]] * 3]
        positions += [np.array(cell) * edge, b, b + half * np.array([cos, sin, 0]), b + half * np.array([-sin, cos, 0]),
                      b + np.array([0, 0, half])]  # fmt: skip
    return Atoms(names, positions=positions, cell=edge * repeat, pbc=True)


def turned(atoms, degrees, axis="z"):
    """Return a crystal rotated in space, and its atoms put anywhere."""
    made = atoms.copy()
    made.rotate(degrees, axis, rotate_cell=True)
    rng = np.random.default_rng(0)
    made.positions += rng.integers(-2, 3, (len(made), 3)) @ made.cell.array
    return made
