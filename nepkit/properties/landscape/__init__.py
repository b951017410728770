"""Minima of the energy, the paths between them, and what single atoms contribute."""
