"""Parity of the polarizability of a TNEP."""

from __future__ import annotations

from nepkit.plots.named.parity import parity_of

PLOT = parity_of(
    "polarizability",
    "polarizability",
    "Polarizabilities of a TNEP against references.",
    605,
    "Per atom, in the unit of the training set.",
)
