"""Parity of the dipole of a TNEP."""

from __future__ import annotations

from nepkit.plots.named.parity import parity_of

PLOT = parity_of(
    "dipole",
    "dipole",
    "Dipoles of a TNEP against references.",
    604,
    "Per atom, in the unit of the training set.",
)
