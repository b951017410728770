"""Potentials as data, and what they say about frames."""
