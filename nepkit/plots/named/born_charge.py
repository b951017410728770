"""Parity of Born effective charges."""

from __future__ import annotations

from nepkit.plots.named.parity import parity_of

PLOT = parity_of(
    "born-charge",
    "bec",
    "Born effective charges against references.",
    603,
    "A file of frames (xyz) is evaluated by the qNEP of --model. Atoms without a reference are left out.",
    model=True,
    also=("bec",),
)
